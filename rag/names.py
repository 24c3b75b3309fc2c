"""What looks like a name in a text: Latin words with a capital, and codes such as "H100" or "R1".

Names are what question, answer and source share word for word across languages. Scripts without capitals give none.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile

from rag import language
from rag.writing import UNSPACED

_UNSPACED = UNSPACED + "\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_LETTER = rf"(?:(?![{_UNSPACED}])[^\W_])"
WORD = re.compile(rf"{_LETTER}(?:(?:{_LETTER}|[&.-])*{_LETTER})?|[{_UNSPACED}]+")
"""A word; a run of a script without spaces counts as one, apart from Latin words inside it ("DeepSeekの")."""

_KEY_LETTERS = 4
_LATIN = "[A-Za-z\u00c0-\u024f]"
_NOUNS_CAPITALISED = frozenset({"de", "lb"})


def names(text: str, text_language: str, *, first: bool = False) -> list[str]:
    """Return the words of a text that look like names; ``first`` also those that begin the text."""
    return [word for run in runs(text, text_language, first=first) for word in run]


def runs(text: str, text_language: str, *, first: bool = False) -> list[list[str]]:
    """Return the names of a text, neighbouring words together: [["Liang", "Wenfeng"], ["R1"]].

    In languages that capitalise every noun only codes and inner capitals count; where the script has no capitals, every
    Latin word with one is a name, even at the beginning.
    """
    found: list[list[str]] = [[]]
    first = first or language.is_unspaced(text)
    for position, word in enumerate(WORD.findall(text)):
        capital = word[0].isupper() and (first or position > 0) and text_language not in _NOUNS_CAPITALISED
        if is_latin(word) and (capital or _is_code(word)):
            found[-1].append(word)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def keys(text: str) -> set[str]:
    """Return the keys of all words of a text, to look names up in."""
    return {key(word) for word in WORD.findall(text)}


def keys_of_capitalised(text: str) -> set[str]:
    """Return the keys of the words that a text writes with a capital, but of its first one, which has one anyway."""
    return {key(word) for word in WORD.findall(text)[1:] if word[0].isupper()}


def key(word: str) -> str:
    """Return what is left of a word when inflection ("Chinese", "chinesische") and accents are taken off."""
    bare = unicodedata.normalize("NFD", word.casefold())
    return "".join(character for character in bare if character.isalnum())[:_KEY_LETTERS]


def begins_a_word(name: str, text: str) -> bool:
    """Whether a text has a name, inflected or not: "Pans" and "Pan氏" have "Pan", "Japan" and "Panik" have not.

    A short name may have one letter more, a long one any ending.
    """
    ending = "" if len(name) > _KEY_LETTERS else f"{_LATIN}?(?!{_LATIN})"
    return re.search(f"(?<!{_LATIN}){re.escape(name)}{ending}", text) is not None


def shared_letters(first: str, second: str) -> int:
    """Return how many letters two words begin with alike."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def is_latin(text: str) -> bool:
    """Whether a text is written in Latin letters for the most part."""
    return not language.is_unspaced(text) and any("LATIN" in unicodedata.name(character, "") for character in text)


def _is_code(word: str) -> bool:
    has_digit = any(character.isdigit() for character in word)
    return any(character.isupper() for character in word[1:]) or (has_digit and any(map(str.isalpha, word)))
