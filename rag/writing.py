"""What a character or a line's end says, in any script: the few facts that readers and splitters share."""

from __future__ import annotations

import re
import unicodedata

#: Han, kana, bopomofo, their punctuation and full-width forms. Korean is left out: it separates words by spaces.
CJK = (
    "\u2e80-\u2fdf\u3000-\u30ff\u3100-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f"
    "\uff00-\uff9f\uffe0-\uffef\U00020000-\U0003ffff"
)
#: South-East Asian scripts that are written without spaces between words.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
#: Characters that end a sentence: Latin, CJK, Arabic, Urdu, Devanagari, Armenian, Ethiopic, Khmer, Burmese.
TERMINATORS = ".!?…。！？｡؟۔।॥։።។៕။‼⁇-⁉"
#: Quotation marks and brackets that may follow the end of a sentence and still belong to it.
CLOSERS = "\"'”“’‘»«›‹)\\]}」』】）〉》〕］｝〞＂"

_JOINERS = "\u200c\u200d"
_HIDDEN = frozenset(("Cc", "Cf", "Cs"))
#: A text can be hidden in a row of them, as in the tag characters, which are Cf.
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_CJK = re.compile(f"[{CJK}]")
_WORD = re.compile(rf"[^\W_{CJK}]+(?:['’\-.][^\W_{CJK}]+)*")
_FINAL = re.compile(rf"[{TERMINATORS}][{CLOSERS}\s]*$")

#: Words that introduce the credit of a picture, in about a dozen languages.
PICTURE = (
    "fotoquelle|bildquelle|bildnachweis|bildrechte|titelbild|foto|fotos|bild|photo|photos|image|picture|photograph|"
    "crédit photo|crédits photo|crédits|imagen|immagine|imagem|afbeelding|beeld|zdjęcie|zdj|фото|изображение|ảnh|"
    "写真|写真提供|画像|画像提供|撮影|图片|图片来源|图源|图|圖片|圖片來源|照片|사진|사진제공"
)
#: What may stand between such a word and the colon before the name.
CREDIT = r"(?:\s?(?:credits?|by|source|courtesy|courtesy of|von|de|di|quelle))?"
_CAPTION = re.compile(rf"(?:[-–—|(（\[/.。]\s*|^)(?:{PICTURE}){CREDIT}\s*[:：/©]\s*\S.{{0,60}}$", re.IGNORECASE)


def is_cjk(character: str) -> bool:
    """Whether one character is Chinese or Japanese writing (letters, punctuation or full-width forms)."""
    return bool(_CJK.match(character))


def count_cjk(text: str) -> int:
    """The number of Chinese and Japanese characters in a text."""
    return len(_CJK.findall(text))


def count_words(text: str) -> int:
    """The number of words of a text that stand between spaces or punctuation; Chinese and Japanese don't count."""
    return len(_WORD.findall(text))


def ends_sentence(text: str) -> bool:
    """Whether a text ends with sentence-final punctuation, closing quotes and brackets aside."""
    return bool(_FINAL.search(text))


def is_prose(text: str) -> bool:
    """Whether a line is surely a sentence: final punctuation and six words or fifteen CJK characters."""
    return ends_sentence(text) and (count_words(text) >= 6 or count_cjk(text) >= 15)


def is_caption(text: str) -> bool:
    """Whether a line ends with, or is, the credit of a picture: ``… - Foto: dpa``, ``写真:共同通信``."""
    return bool(_CAPTION.search(text))


def width(text: str) -> int:
    """The columns a text fills in a fixed-width font: two for each East Asian wide character, none for marks."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def visible(text: str) -> str:
    """A text without the characters that nobody sees: controls, zero-width and tag characters, variation selectors.

    Joiners stay, because they belong to words in Persian and Indic scripts.
    """
    return "".join(character for character in text if character in _JOINERS or not _is_hidden(character))


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN or bool(_VARIATION.match(character))
