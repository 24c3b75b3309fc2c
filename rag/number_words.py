"""Numbers written in words -> digits: "douze", "osiem", "열두" and "四十" say 12, 8, 12 and 40.

The words of each language, with their genders and cases, come from the spelling rules of the Unicode Common Locale Data
Repository (CLDR), read by unicode-rbnf. East Asian numerals are read by their values in Unicode.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from rag import language

if TYPE_CHECKING:
    from unicode_rbnf import RbnfEngine

_SPELT = (*range(1, 101), *range(200, 1000, 100), *range(1000, 10_001, 1000), *range(20_000, 100_000, 10_000))
"""Numbers that texts write in words of their own; scale words ("million") follow digits as well as words."""

_LOCALES = {"tl": "fil"}
"""Languages that CLDR has under another code."""

_TOKEN = re.compile(r"[^\s!-/:-@\[-`{-~«»‘’“”„…‐–—、。，！？：；（）「」।]+")
_BETWEEN = re.compile(r"[\s‐-]+")
"""What stands between the words of one number: "vingt-trois", "on iki"."""

_INVISIBLE = str.maketrans("", "", "\u00ad\u200b")

_HAN = re.compile(r"[〇零一二三四五六七八九十百千两兩廿][〇零一二三四五六七八九十百千两兩廿万萬億亿]*")
_HAN_VALUES = {"〇": 0.0, "零": 0.0, "两": 2.0, "兩": 2.0, "廿": 20.0}
_HAN_DECIMAL = re.compile(r"(?<=\d)[点點](?=\d)")
_LEAST_HANGUL = 2
"""Syllables from which a number in Korean is told inside a word: 이 and 일 are in many."""


def in_digits(text: str, code: str) -> str:
    """Return a text with the numbers that it writes in the words of a language in digits.

    >>> in_digits("Dwanaście osób, grupy do ośmiu", "pl"), in_digits("不少于四十小时", "zh")
    ('12 osób, grupy do 8', '不少于40小时')
    """
    if code in ("zh", "ja"):
        return _HAN_DECIMAL.sub(".", _HAN.sub(_han_in_digits, text))
    if code == "ko" or language.is_unspaced(text):
        return _unspaced_in_digits(text, code)
    parts, end = [], 0
    for start, stop, value in _found(text, code):
        parts += [text[end:start], str(value)]
        end = stop
    return "".join([*parts, text[end:]])


@lru_cache(maxsize=4096)
def and_in_digits(text: str, code: str) -> str:
    r"""Return a text, and behind it the same with its number words in digits, if it has any.

    >>> and_in_digits("Zwölf Wärter, Zimmer 3", "de"), and_in_digits("Zimmer 3", "de")
    ('Zwölf Wärter, Zimmer 3\n12 Wärter, Zimmer 3', 'Zimmer 3')
    """
    digits = in_digits(text, code)
    return text if digits == text else f"{text}\n{digits}"


def _found(text: str, code: str) -> Iterator[tuple[int, int, int]]:
    """Yield where a number in words stands, the longest first, and its value."""
    words = _words(code)
    longest = max(map(len, words), default=0)
    tokens = list(_TOKEN.finditer(text))
    at = 0
    while at < len(tokens):
        for length in range(min(longest, len(tokens) - at), 0, -1):
            taken = tokens[at : at + length]
            value = words.get(tuple(_folded(token.group()) for token in taken))
            gaps = (text[one.end() : other.start()] for one, other in pairwise(taken))
            if value is not None and all(map(_BETWEEN.fullmatch, gaps)):
                yield taken[0].start(), taken[-1].end(), value
                at += length
                break
        else:
            at += 1


@lru_cache(maxsize=64)
def _words(code: str) -> dict[tuple[str, ...], int]:
    """Return the numbers by their words; empty where CLDR has no rules for a language."""
    from unicode_rbnf import RbnfEngine

    locale = _LOCALES.get(code, code)
    if locale not in RbnfEngine.get_supported_languages():
        return {}
    engine = RbnfEngine.for_language(locale)
    words: dict[tuple[str, ...], int] = {}
    for number in _SPELT:
        for spelling in _all_spellings(engine, number):
            key = tuple(map(_folded, _TOKEN.findall(spelling)))
            if key and not any(character.isdigit() for character in spelling):
                words.setdefault(key, number)
    return words


def _all_spellings(engine: RbnfEngine, number: int) -> list[str]:
    """Return a number's cardinals and ordinals in every gender and case that the rules have."""
    from unicode_rbnf import FormatPurpose
    from unicode_rbnf.engine import RbnfError

    spellings: list[str] = []
    for purpose in (FormatPurpose.CARDINAL, FormatPurpose.ORDINAL):
        rules = [name for name in engine.rulesets if FormatPurpose.from_ruleset_name(name) is purpose]
        # Not all rules go as far as 90,000, and not all languages have ordinals.
        with suppress(RbnfError):
            spellings += engine.format_number(number, ruleset_names=rules).text_by_ruleset.values() if rules else []
    return spellings


@lru_cache(maxsize=8)
def _spellings(code: str) -> tuple[re.Pattern[str] | None, dict[str, int]]:
    """Return a pattern of the spellings of a language without spaces between words, longest first, and their values."""
    values = {"".join(key): value for key, value in _words(code).items()}
    if code == "ko":
        values = {spelling: value for spelling, value in values.items() if len(spelling) >= _LEAST_HANGUL}
    longest_first = sorted(values, key=lambda spelling: (-len(spelling), spelling))
    return (re.compile("|".join(map(re.escape, longest_first))) if values else None), values


def _unspaced_in_digits(text: str, code: str) -> str:
    pattern, values = _spellings(code)
    plain = text.translate(_INVISIBLE)
    return pattern.sub(lambda found: str(values[found.group()]), plain) if pattern else text


def _han_in_digits(found: re.Match[str]) -> str:
    """Write "三千五百" as 3500 and "一万二千" as 12000; digits one after another ("二〇二五") are a year."""
    numeral = found.group()
    values = [_HAN_VALUES.get(one, unicodedata.numeric(one, 0.0)) for one in numeral]
    if all(value < 10 for value in values):
        return "".join(str(int(value)) for value in values)
    total = part = digit = 0.0
    for value in values:
        if value < 10:
            digit = value
        elif value < 10_000:
            part += value if value == 20 else (digit or 1) * value
            digit = 0
        else:
            total += (part + digit or 1) * value
            part = digit = 0
    return str(int(total + part + digit))


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).translate(_INVISIBLE).casefold().replace("ё", "е")
