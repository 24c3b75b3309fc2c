"""Which language a text is written in, by py3langid over the languages the models were trained on.

Names of people and firms pull a short question towards whatever language their letters look like ("Why did Zizheng
Pan join DeepSeek?" is 0.34 Nigerian Pidgin to the classifier), so capitalised words inside a sentence are left out; a
longer text is read with them too.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rag.types import Question, question_before
from rag.writing import UNSPACED

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNKNOWN = "und"

NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil",
    "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""English names of the languages that can be told apart and answered in, by ISO 639-1 code."""

_ALSO_CALLED = {"fil": "tl", "in": "id", "iw": "he", "nb": "no", "nn": "no"}
"""Codes that systems and browsers use for some of them."""

_OTHER_NAMES = {
    "am": "Amharic", "bo": "Tibetan", "dv": "Dhivehi", "gu": "Gujarati", "hy": "Armenian", "ka": "Georgian",
    "km": "Khmer", "kn": "Kannada", "lo": "Lao", "ml": "Malayalam", "my": "Burmese", "or": "Odia", "pa": "Punjabi",
    "si": "Sinhala",
}  # fmt: skip
"""Names of those that are told by their script: of what the models do in them nothing was measured."""

ANSWER_IN = {
    "ar": "أجب باللغة العربية.", "bg": "Отговори на български.", "bn": "বাংলায় উত্তর দাও।",
    "ca": "Respon en català.", "cs": "Odpověz česky.", "da": "Svar på dansk.", "de": "Antworte auf Deutsch.",
    "el": "Απάντησε στα ελληνικά.", "en": "Answer in English.", "es": "Responde en español.",
    "et": "Vasta eesti keeles.", "fa": "به فارسی پاسخ بده.", "fi": "Vastaa suomeksi.", "fr": "Réponds en français.",
    "he": "ענה בעברית.", "hi": "हिन्दी में उत्तर दो।", "hr": "Odgovori na hrvatskom.", "hu": "Válaszolj magyarul.",
    "id": "Jawab dalam bahasa Indonesia.", "it": "Rispondi in italiano.", "ja": "日本語で答えてください。",
    "ko": "한국어로 대답하세요.", "lt": "Atsakyk lietuviškai.", "lv": "Atbildi latviski.",
    "nl": "Antwoord in het Nederlands.", "no": "Svar på norsk.", "pl": "Odpowiedz po polsku.",
    "pt": "Responda em português.", "ro": "Răspunde în română.", "ru": "Ответь по-русски.",
    "sk": "Odpovedz po slovensky.", "sl": "Odgovori v slovenščini.", "sr": "Одговори на српском.",
    "sv": "Svara på svenska.", "sw": "Jibu kwa Kiswahili.", "ta": "தமிழில் பதிலளி.", "te": "తెలుగులో సమాధానం ఇవ్వు.",
    "th": "ตอบเป็นภาษาไทย", "tl": "Sumagot sa Tagalog.", "tr": "Türkçe cevap ver.", "uk": "Відповідай українською.",
    "ur": "اردو میں جواب دو۔", "vi": "Trả lời bằng tiếng Việt.", "zh": "请用中文回答。",
}  # fmt: skip
"""The wish for a language in that language, which small models follow better than "Answer in German."."""

SURE_TO_TELL = 50
"""Characters of a sentence from which its language can be told: of 1,641 sentences of XQuAD (de, en) and JaQuAD with as
many, detected with the right language expected, none was taken for another."""

LEAST_LETTERS = 0.4
"""Share of letters outside addresses, paths and code among the characters of a text, without white space, from which it
is in a language. Of 4,900 sentences of XQuAD (de, en) and JaQuAD four have fewer, and in no language a sentence of the
Universal Declaration of Human Rights; directory listings, logs and checksums have."""

_FOR_MACHINES = re.compile(r"(?<![!-~])[!-~]*[/\\_=@<>{}$#~^|][!-~]*")
"""Characters without white space between them that hold one which hardly stands in prose; from their first one only,
since a long run without such a one would be searched from each of its characters."""

_ASKED_AGAIN = 2000
"""Characters up to which a text's language is remembered: a question or a sentence, but no document."""

_SURE = 0.5
"""Below this probability a short text's language is a guess, and `detect` prefers what the caller expects."""

_SURE_OF_NAMES = 0.9
"""The same where every word has a capital, so that all of it may be a name."""

_SURE_IN_SPITE = 0.9
"""Below this probability the word that begins a question tells its language: "Wo liegt Seeland?" is rather Dutch to
the classifier."""

_ASKING = {
    word: code
    for code, words in {
        "en": "who whom whose what when where which why how did does were",
        "de": "wer wem wen wessen wann wo woher wohin warum wieso weshalb welche welcher welches welchen welchem woran "
        "worauf woraus worin worüber womit wofür wodurch wovon wonach wozu",
        "fr": "où pourquoi combien quand quels quelles",
        "es": "quién quiénes qué cuándo dónde cómo cuál cuáles cuánto cuánta cuántos cuántas",
        "it": "perché quali quanti quante",
        "pt": "quem onde quais quantos quantas",
        "ca": "què quants quantes quins quines",
        "ro": "când câți câte",
        "nl": "wanneer waar waarom hoeveel hoelang welke waaraan waarmee waarvan waarvoor waardoor waarin "
        "waarop waaruit",
        "sv": "vad hur när varför vilken vilket vilka",
        "da": "hvad hvornår",
        "no": "hva",
        "fi": "kuka kenen kuinka mikä mitä missä mistä mihin miksi miten milloin montako paljonko",
        "et": "millal miks mitu kuidas milline millest millesse",
        "lv": "kāpēc kurš cik",
        "lt": "kodėl kiek kuris",
        "pl": "kiedy gdzie dlaczego który która które",
        "cs": "kdy kolik proč který která které",
        "sk": "kedy koľko prečo ktorý ktorá ktoré",
        "sl": "kje kdaj zakaj",
        "hr": "tko gdje",
        "hu": "mikor hol miért miben mennyi hány hogyan melyik",
        "tr": "hangi kaç neden nerede niçin",
        "id": "siapa berapa mengapa kenapa bagaimana",
        "ru": "кто когда почему сколько отчего зачем откуда куда каков какова каково какие",
        "uk": "хто коли чому скільки звідки навіщо",
        "bg": "кой къде кога защо каква какво",
    }.items()
    for word in words.split()
}
"""Words that begin questions in one of the languages alone, as far as is known. With them four of 3,323 questions of
XQuAD (de, en) and NoMIRACL (de, ja) are taken for another language, without them eleven; of 163 short ones with foreign
names in 39 languages ("Vad hette Fatma Gülserens man?") 15, with the words of nine languages only 25."""

_CLOSE = 0.2
"""A guess keeps the expected language when that one is at least this share of the best one's probability."""

_HOPELESS = 0.2
"""Below this probability nothing is known (a name alone), and the expected language is kept in any case."""


def load() -> None:
    """Load what `detect` needs, so that the first question need not wait half a second for it."""
    _identifier()


def detect(text: str, *, expected: str | None = None) -> str:
    """Return the ISO 639-1 code of the language of ``text``, or "und" when it has no letters.

    ``expected`` is returned for a text too short to tell (a name, a number) and wins a close race.

    >>> detect("Wie viele Forscher beschäftigt DeepSeek?")
    'de'
    """
    return (_detected_before if len(text) <= _ASKED_AGAIN else _detected)(text, expected)


@lru_cache(maxsize=256)
def asked_in(question: Question) -> str:
    """Return the language of a question; one too short to tell is in that of the question before, or the asker's.

    "Is Liang Wenfeng married?" is rather Tagalog to the classifier. Of the 343 questions in tests/golden without a
    conversation three are taken for another language, none where the asker's is known, and one (asker's language
    English) to six (Dutch, Romanian) where the asker is known to speak another one than that of the question.
    """
    before = question_before(question.history)
    spoken = _likeliest(before or question.text, question.spoken)
    return detect(question.text, expected=spoken if before is None else detect(before, expected=spoken))


def _likeliest(text: str, codes: Sequence[str]) -> str | None:
    """Return the one of some languages that a text is most likely in, the first one for mere names; None of none."""
    words = _without_names(text)
    if len(codes) < 2 or _may_be_names(words):
        return next(iter(codes), None)
    ranked = _probabilities(words)
    return max(codes, key=lambda one: ranked.get(one, 0.0))


def _may_be_names(words: str) -> bool:
    """Whether every word has a capital."""
    return all(word[0].isupper() for word in words.split())


def _detected(text: str, expected: str | None) -> str:
    long_enough = len(text) >= SURE_TO_TELL
    if not long_enough and _EAST_ASIAN_RUN.search(text):
        told = _told_in_spite_of_names(text)
        if told:
            return told
    fallback = expected or UNKNOWN
    words = _without_names(text)
    if not any(character.isalpha() for character in words):
        return _by_script(text) or fallback
    script = _by_script(words) or (_by_script(text) if long_enough else None)
    if script:
        return script
    ranked = _in_its_script(text, words) if long_enough else _probabilities(words)
    best, probability = max(ranked.items(), key=lambda item: item[1])
    asking = None if long_enough else _asking(words)
    if asking and probability < _SURE_IN_SPITE:
        return asking
    only_names = _may_be_names(words)
    unsure = probability < (_SURE_OF_NAMES if only_names else _SURE)
    near = ranked.get(expected or "", 0.0) >= _CLOSE * probability
    left_out = expected in NAMES and expected not in ranked
    if expected and unsure and not left_out and (near or only_names or probability < _HOPELESS):
        return expected
    return best


def _told_in_spite_of_names(text: str) -> str | None:
    """Return the language of a short text that is written in an East Asian script too; None if it would be a guess.

    "Who is 梁文锋?" asks in English, "machine learning 是什么？" in Chinese.
    """
    if asking := _asking(text):
        return asking
    if _EAST_ASIAN_GRAMMAR.search(text):
        return "ja" if _KANA.search(text) else "zh"
    around = _EAST_ASIAN_RUN.sub(" ", text)
    words = _WORD.findall(around)
    # Two words and more for each name, and not all of them names.
    if len(words) < 2 * len(_EAST_ASIAN_RUN.findall(text)) or not any(word[0].islower() for word in words):
        return None
    best, probability = max(_probabilities(around).items(), key=lambda item: item[1])
    return best if probability >= _SURE else None


def _asking(text: str) -> str | None:
    """Return the language of the word that a text begins with, if questions begin so in that language only."""
    first = _WORD.search(text)
    # The WHO is no question.
    return _ASKING.get(first.group().casefold()) if first and not first.group().isupper() else None


def _in_its_script(text: str, words: str) -> dict[str, float]:
    """Return the probability of the languages in the script of most of a text, by all of it and by ``words`` of it.

    A German page about a Russian university quotes its name, and a text without its capitalised words has lost the
    nouns of German. Of 3,144 passages of NoMIRACL (de, ja), the wrong language is told of one, of four by the words
    without a capital alone.
    """
    scripts = _scripts_of(text)
    readings = [_probabilities(reading) for reading in dict.fromkeys((text, words))]
    written = [one for one in readings[0] if _is_written_so(one, scripts)] or list(readings[0])
    sums = {one: sum(reading[one] for reading in readings) for one in written}
    total = sum(sums.values()) or 1.0
    return {one: value / total for one, value in sums.items()}


def _probabilities(text: str) -> dict[str, float]:
    return {one: float(probability) for one, probability in _identifier().rank(text)}


_detected_before = lru_cache(maxsize=4096)(_detected)


def same(first: str, second: str) -> bool:
    """Whether two codes name the same language; an unknown one never differs from anything."""
    return first == second or UNKNOWN in (first, second)


def name(code: str) -> str:
    """Return the English name of a language for the model's instruction; an unknown code is returned as it is."""
    return NAMES.get(code) or _OTHER_NAMES.get(code, code)


def code(tag: str) -> str:
    """Return the ISO 639-1 code of a language tag: "pt-BR" is "pt".

    Raises:
        ValueError: it is none of the languages that can be told apart.
    """
    first = tag.replace("_", "-").partition("-")[0].strip().lower()
    first = _ALSO_CALLED.get(first, first)
    if first not in NAMES:
        raise ValueError(f"{tag!r} is not a language that can be answered in; one of {', '.join(NAMES)}")
    return first


def codes(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the ISO 639-1 codes of language tags, each once, without those that cannot be answered in.

    >>> codes(["nb-NO", "no", "tlh", "en_US"])
    ('no', 'en')
    """
    known = []
    for tag in tags:
        try:
            known.append(code(tag))
        except ValueError:
            continue
    return tuple(dict.fromkeys(known))


@lru_cache(maxsize=4096)
def could_be(code: str, text: str) -> bool:
    """Whether a text is in a script that a language is written in, as far as that is known.

    >>> could_be("ja", "Do not remove this."), could_be("ja", "羅生門")
    (False, True)
    """
    return not (code in NAMES or code in _SCRIPTS) or _is_written_so(code, _scripts_of(text))


@lru_cache(maxsize=4096)
def is_in_none(text: str) -> bool:
    """Whether hardly anything of a text is words: figures, code, addresses, output of programs.

    >>> is_in_none("→ https://example.org/page"), is_in_none("Die Datei /etc/fstab nennt sie.")
    (True, False)
    """
    letters = sum(map(is_of_a_word, _FOR_MACHINES.sub(" ", text)))
    return letters < LEAST_LETTERS * sum(not character.isspace() for character in text)


def is_of_a_word(character: str) -> bool:
    """Whether a character is a letter or a mark: in Indian scripts most vowels are marks."""
    return unicodedata.category(character)[0] in "LM"


def is_unspaced(text: str) -> bool:
    """Whether most letters of a text belong to a script without spaces between words."""
    letters = [character for character in text if character.isalpha()]
    return bool(letters) and sum(bool(_UNSPACED.match(character)) for character in letters) * 2 > len(letters)


_UNSPACED = re.compile(f"[{UNSPACED}\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[^\W\d_]+")
_ALONE = {
    "ARMENIAN": "hy", "ETHIOPIC": "am", "GEORGIAN": "ka", "GUJARATI": "gu", "GURMUKHI": "pa", "KANNADA": "kn",
    "KHMER": "km", "LAO": "lo", "MALAYALAM": "ml", "MYANMAR": "my", "ORIYA": "or", "SINHALA": "si", "THAANA": "dv",
    "TIBETAN": "bo",
}  # fmt: skip
"""The language that nearly all texts in a script are in, where the classifier knows none in it: it would call any of
them Serbian."""

_SCRIPTS = {
    "ar": "ARABIC", "bg": "CYRILLIC", "bn": "BENGALI", "el": "GREEK", "fa": "ARABIC", "he": "HEBREW",
    "hi": "DEVANAGARI", "ja": "CJK", "ko": "HANGUL", "ru": "CYRILLIC", "sr": "CYRILLIC LATIN", "ta": "TAMIL",
    "te": "TELUGU", "th": "THAI", "uk": "CYRILLIC", "ur": "ARABIC", "zh": "CJK",
    **{code: script for script, code in _ALONE.items()},
}  # fmt: skip
"""What each language is written in that is not in Latin letters alone, the usual script first, by the first word of
the letters' names in Unicode."""

_KIN = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}
"""Scripts that are written together with another one."""

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_EAST_ASIAN_RUN = re.compile(r"[\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_EAST_ASIAN_GRAMMAR = re.compile(
    r"[\u3041-\u3096的了是谁誰什怎哪吗嗎呢吧在这這们們没沒不把被从從请請]|如何|为何|為何|多少"
)
"""Hiragana and what makes sentences in Chinese; names hardly have them."""


def _by_script(text: str) -> str | None:
    """Tell the languages that their script alone gives away, when it makes up a good part of the letters."""
    letters = sum(character.isalpha() for character in text)
    kana, han, hangul = (len(pattern.findall(text)) for pattern in (_KANA, _HAN, _HANGUL))
    if hangul * 3 >= letters > 0:
        return "ko"
    if kana and (kana + han) * 3 >= letters:
        return "ja"
    if han * 3 >= letters > 0:
        return "zh"
    return _ALONE.get(_scripts_of(text)[0])


def _without_names(text: str) -> str:
    """Drop capitalised words that do not start a sentence, unless little else would be left (as in German)."""
    words = unicodedata.normalize("NFKC", text).split()
    kept = [word for position, word in enumerate(words) if position == 0 or not word[0].isupper()]
    return " ".join(kept if len(kept) > 2 else words)


def _is_written_so(code: str, scripts: Sequence[str]) -> bool:
    """Whether a language may be what is written in some scripts, most of it in the first.

    Serbian in Latin letters has no Cyrillic ones: these would be another language's.
    """
    main, *others = _SCRIPTS.get(code, "LATIN").split()
    return scripts[0] == main or (scripts[0] in others and main not in scripts)


def _scripts_of(text: str) -> list[str]:
    """Return the scripts of a text, what is most first, apart from words in capitals, as many names are.

    A Chinese character, a kana and a syllable in hangul count as three letters.
    """
    plain = unicodedata.normalize("NFKC", text)
    words = _EAST_ASIAN_RUN.sub(" ", plain).split()
    spaced = [word for word in words if len(word) == 1 or not word.isupper()]
    if not spaced and not _EAST_ASIAN_RUN.search(plain):
        spaced = words
    shares: Counter[str] = Counter()
    for characters, weight in (("".join(spaced), 1), ("".join(_EAST_ASIAN_RUN.findall(plain)), 3)):
        for character, count in Counter(characters).items():
            if is_of_a_word(character):
                shares[_script(character)] += weight * count
    return [script for script, _ in shares.most_common()] or ["LATIN"]


@lru_cache(maxsize=8192)
def _script(letter: str) -> str:
    """Return the script of a letter or mark, by the first word of its name in Unicode."""
    script = re.split("[ -]", unicodedata.name(letter, ""))[0]
    return _KIN.get(script, script)


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(NAMES))
    return identifier
