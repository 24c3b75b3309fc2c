"""Text -> the terms by which the lexical index finds it, the same for documents and questions."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

PREFIX_LENGTH = 6
"""Letters that stand for a longer word, so that inflections and German compounds meet."""

LONGEST_RUN = 8
"""A run of Han or Katakana up to this length is most likely one name, so it is also a term of its own."""

# Scripts written without spaces (Korean puts spaces around phrases rather than words): here the term is the pair of
# neighbouring characters, because no analyser is shared by all of them.
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HIRAGANA = "\u3041-\u309f"
_HANGUL = "\u1100-\u11ff\uac00-\ud7a3"
_SOUTH_EAST_ASIAN = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1780-\u17d3"
_UNSPACED = _HAN + _KATAKANA + _HIRAGANA + _HANGUL + _SOUTH_EAST_ASIAN

# Python's \w leaves out the vowel signs and points that belong inside words of these scripts.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0971-\u0dff"

_TERM = re.compile(
    rf"""
      (?P<unspaced> [{_UNSPACED}]+ )
    | (?P<number> (?<!\d[.,]) (?:
          \d{{1,3}} (?P<separator>[.,'’\ ]) \d{{3}} (?:(?P=separator)\d{{3}})* (?!\d) (?:[.,]\d+)?   # 1.000.000,5
        | \d+ [.,] \d+ (?![.,]?\d)                                                                   # 3,5; not a date
      ) )
    | (?P<word> (?: (?![{_UNSPACED}])[^\W_] | [{_MARKS}] )+ )
    """,
    re.VERBOSE,
)
_NAME_RUN = re.compile(rf"[{_HAN}]{{3,}}|[{_KATAKANA}]{{3,}}")
_DIGITS = re.compile(r"\d+")
_ACCENTS = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})


def terms(text: str) -> list[str]:
    """The terms of a text in order, with repetitions.

    A term consists of ``a-z``, ``0-9``, ``_`` and characters outside ASCII, so the SQLite tokenizer "ascii" neither
    splits nor alters it and it can never be query syntax.

    >>> terms("Die Forscherinnen, 1.000 Leute")
    ['die', 'forscherinnen', 'forsch', '1000', 'leute']
    >>> terms("梁文鋒氏")
    ['梁文', '文鋒', '鋒氏', '梁文鋒氏']
    >>> terms("Škoda 3,5 %")
    ['škoda', 'skoda', '3_5']
    """
    normalised = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    found: list[str] = []
    for match in _TERM.finditer(normalised):
        if match["unspaced"]:
            found += _pairs(match["unspaced"])
        elif match["number"]:
            found.append(_number(match["number"], match["separator"]))
        else:
            found += _word(match["word"])
    return found


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [run]
    names = [name for name in _NAME_RUN.findall(run) if len(name) <= LONGEST_RUN]
    return [first + second for first, second in pairwise(run)] + names


def _number(number: str, separator: str | None) -> str:
    whole = number.replace(separator, "") if separator else number
    whole, _, fraction = whole.replace(",", ".").partition(".")
    fraction = _ascii_digits(fraction).rstrip("0")
    return _integer(whole) + (f"_{fraction}" if fraction else "")


def _word(word: str) -> list[str]:
    if word.isdecimal():
        return [_integer(word)]
    folded = _fold(word)
    variants = [word, folded]
    if len(folded) > PREFIX_LENGTH:
        variants.append(folded[:PREFIX_LENGTH])
    variants += [_integer(digits) for digits in _DIGITS.findall(word)]
    return [variant for variant in dict.fromkeys(variants) if variant]


def _fold(word: str) -> str:
    without = _ACCENTS.sub("", unicodedata.normalize("NFD", word.translate(_UNDECOMPOSED)))
    return unicodedata.normalize("NFC", without)


def _integer(digits: str) -> str:
    return _ascii_digits(digits).lstrip("0") or "0"


def _ascii_digits(digits: str) -> str:
    return "".join(str(unicodedata.decimal(digit)) for digit in digits)
