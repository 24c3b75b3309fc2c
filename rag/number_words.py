"""Numbers that texts write in words: "douze", "osiem", "열두" and "四十" say 12, 8, 12 and 40.

The words of a language, with their genders and cases, come from the spelling rules of the Unicode Common Locale Data
Repository (CLDR), read by unicode-rbnf; those of Chinese and Japanese are read by their values in Unicode. What cannot
be read as one number ("nineteen ninety-nine", "三四十") is left alone: a number that is not known proves nothing, a
wrong one would prove what is false. Not read: 1, which is an article in many languages, and what Thai and other
languages write without spaces.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from rag import figures

if TYPE_CHECKING:
    from unicode_rbnf import FormatPurpose, RbnfEngine

_SPELT = (*range(1, 200), *range(200, 1000, 100), *range(1000, 10_001, 1000))
"""Numbers whose words are looked for; larger ones are composed of them."""

_SPELT_ORDINALS = range(3, 101)
"""The same of ordinals; a second is a time, too."""

_LOCALES = {"tl": "fil"}
"""Languages that CLDR has under another code."""

_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f\u0900-\u0dff])+")
_JOINT = re.compile(r"(?:[\s‐-]+(?:and|und|y|et|e|og|och|en|i|și|lẻ)(?=\s))?[\s‐-]+")
"""What stands between the words of one number: "vingt-trois", "on iki", "one hundred and five"."""

_BEFORE_DIGITS, _BEHIND_DIGITS = re.compile(r"[\s‐-]*\d"), re.compile(r"\d[\s‐-]*$")

_IN_HAN = ("zh", "ja")
_HAN_DIGITS = "〇零一二三四五六七八九两兩"
_HAN = re.compile(
    rf"(?<![\d.,])([{_HAN_DIGITS}十百千万萬億亿]+)(?:[点點]([{_HAN_DIGITS}]+)(?![十百千分半刻钟]))?(?!\d)"
)
_HAN_MYRIADS = (("[億亿]", 1e8), ("[万萬]", 1e4))
_HAN_PART = re.compile(
    "".join(rf"(?:([{_HAN_DIGITS}]?){unit})?[零〇]?" for unit in "千百十") + rf"([{_HAN_DIGITS}]?)",
)
_HAN_YEAR = 4
"""Digits one after another that are a number ("二〇二五"), and not "seven or eight"."""

_HANGUL = re.compile(r"[\uac00-\ud7a3]+")
_HANGUL_REST = re.compile(r"([만억조]?)(?:[명개년월일시분초원권대호회차번층살세])?[은는이가을를의에로과와도만]{0,2}")
"""What may follow a number within a Korean word: a scale, what is counted, and endings."""
_LEAST_HANGUL = 2
"""Syllables of a Korean number that is told: 이 and 일 are other words as well."""


def load(codes: Iterable[str]) -> None:
    """Load the words of some languages, so that the first question need not wait for them: .01 to .09 s each."""
    for code in codes:
        if code not in _IN_HAN:
            _words(code)


@lru_cache(maxsize=4096)
def and_in_digits(text: str, code: str) -> str:
    r"""Return a text, and behind it the numbers in digits that it writes in the words of a language, one a line.

    >>> and_in_digits("Zwölf Wärter, Zimmer 3", "de"), and_in_digits("Zimmer 3", "de")
    ('Zwölf Wärter, Zimmer 3\n12', 'Zimmer 3')
    """
    return "\n".join([text, *(f"{value:.10g}" for value in values(text, code))])


def values(text: str, code: str) -> list[float]:
    """Return the numbers that a text writes in the words of a language, in order of appearance.

    >>> values("Dwanaście osób, grupy do ośmiu", "pl"), values("不少于四十小时", "zh")
    ([12.0, 8.0], [40.0])
    """
    found: Iterator[float | None]
    if code in _IN_HAN:
        found = (_of_han(numeral, code) for numeral in _HAN.finditer(text))
    elif code == "ko":
        found = (_of_hangul(run.group()) for run in _HANGUL.finditer(text))
    else:
        found = _of_words(_folded(text), code)
    return [value for value in found if value is not None]


def _of_words(text: str, code: str) -> Iterator[float | None]:
    for run in _runs(text, code):
        start, end = run[0][0], run[-1][1]
        if _BEHIND_DIGITS.search(text, 0, start) or _BEFORE_DIGITS.match(text, end):
            continue
        parts = [part for _, _, value in run for part in _parts(value)]
        if parts[0] == 1 and parts[1:2] not in ([100], [1000]):
            parts = parts[1:]  # an article
        value = _composed(parts) if parts else None
        if value is not None:
            yield max(figures.with_scale({value}, text, end)[0])


def _runs(text: str, code: str) -> Iterator[list[tuple[int, int, int]]]:
    """Yield the numbers that stand together: where each begins and ends, and its value."""
    run: list[tuple[int, int, int]] = []
    for number in _found(text, code):
        if run and not _JOINT.fullmatch(text, run[-1][1], number[0]):
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _found(text: str, code: str) -> Iterator[tuple[int, int, int]]:
    """Yield where a number stands, by the longest row of words that is one, and its value."""
    words = _words(code)
    longest = max(map(len, words), default=0)
    tokens = list(_WORD.finditer(text))
    at = 0
    while at < len(tokens):
        for length in range(min(longest, len(tokens) - at), 0, -1):
            taken = tokens[at : at + length]
            value = words.get(tuple(token.group() for token in taken))
            if value and all(_JOINT.fullmatch(text, one.end(), other.start()) for one, other in pairwise(taken)):
                yield taken[0].start(), taken[-1].end(), value
                at += length
                break
        else:
            at += 1


def _parts(value: int) -> tuple[int, ...]:
    """Part the hundred from what follows it: "trois cent vingt" is three hundreds, and not three and 120."""
    return (100, value - 100) if 100 < value < 200 else (value,)


def _composed(parts: Sequence[int]) -> float | None:
    """Return the one number that some numbers in a row say; None if they do not say one.

    >>> _composed([3, 100, 20]), _composed([20, 1000, 500]), _composed([19, 99])
    (320.0, 20500.0, None)
    """
    total = current = 0
    for part in parts:
        if part == 1000 and 0 < current < 1000:
            total, current = total + current * part, 0
        elif part == 100 and 0 < current < 10:
            current *= part
        elif current == 0 or (part < 100 and current % 100 == 0) or (part < 1000 and current % 1000 == 0):
            current += part
        else:
            return None
    return float(total + current)


@lru_cache(maxsize=64)
def _words(code: str) -> dict[tuple[str, ...], int]:
    """Return the numbers by their words; empty where CLDR has no rules for a language."""
    from unicode_rbnf import FormatPurpose, RbnfEngine

    locale = _LOCALES.get(code, code)
    if locale not in RbnfEngine.get_supported_languages():
        return {}
    engine = RbnfEngine.for_language(locale)
    known: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    for purpose, numbers in ((FormatPurpose.CARDINAL, _SPELT), (FormatPurpose.ORDINAL, _SPELT_ORDINALS)):
        rules = _rules(engine, purpose)
        for number in numbers:
            for spelling in _spellings(engine, number, rules):
                known[tuple(_WORD.findall(_folded(spelling)))].add(number)
    return {words: min(said) for words, said in known.items() if words and len(said) == 1}


def _rules(engine: RbnfEngine, purpose: FormatPurpose) -> list[str]:
    """Return the names of the rules that spell whole numbers, one for each gender and case."""
    from unicode_rbnf import FormatPurpose

    return [
        name
        for name, rule in engine.rulesets.items()
        if FormatPurpose.from_ruleset_name(name) is purpose and not rule.is_private and not _is_of_a_part(name)
    ]


def _spellings(engine: RbnfEngine, number: int, rules: Sequence[str]) -> list[str]:
    """Return the words for a number by each of some rules; they may lack the large ones."""
    from unicode_rbnf.engine import RbnfError

    if 100 < number < 200:
        # For the "ciento" of "ciento dos", which a hundred alone is not; all cases of them would take a second.
        rules = [name for name in rules if name == "spellout-numbering"]
    with suppress(RbnfError):
        spelt = engine.format_number(number, ruleset_names=[*rules]).text_by_ruleset.values() if rules else ()
        return [one for one in spelt if one != "ERROR" and not any(character.isdigit() for character in one)]
    return []


def _is_of_a_part(rules: str) -> bool:
    """Whether rules spell a part of a number only, as others use them: "piętnaście" has its tens by such ones."""
    return rules.endswith(("-tens", "-ones", "-cents", "-with-e", "-with-i", "-with-a", "-priv", "-larger", "-smaller"))


@lru_cache(maxsize=1)
def _hangul() -> dict[str, int]:
    """Return the numbers by their Korean words, written together."""
    return {"".join(words): value for words, value in _words("ko").items()}


def _of_hangul(run: str) -> float | None:
    for end in range(len(run), _LEAST_HANGUL - 1, -1):
        if (value := _hangul().get(run[:end])) and (rest := _HANGUL_REST.fullmatch(run, end)):
            return value * figures.EAST_ASIAN.get(rest.group(1), 1.0)
    return None


def _of_han(numeral: re.Match[str], code: str) -> float | None:
    """Read "三千五百", "一万二千", "二〇二五" and "三点二"; None for what is no one number, or is 1."""
    rest, decimals = numeral.groups()
    total = 0.0
    for mark, size in _HAN_MYRIADS:
        head, *tail = re.split(mark, rest)
        if not tail:
            continue
        part = _below_a_myriad(head, code, places=2)
        # "一万五" may be 15,000.
        if part is None or len(tail) > 1 or re.fullmatch(f"[{_HAN_DIGITS}]", tail[0]):
            return None
        total, rest = total + part * size, tail[0]
    last = _below_a_myriad(rest, code, places=_HAN_YEAR) if rest else 0.0
    if last is None:
        return None
    value = total + last
    if decimals:
        value = float(f"{value:.0f}.{''.join(str(_digit(one)) for one in decimals)}")
    return value if value != 1 else None


def _below_a_myriad(part: str, code: str, *, places: int) -> float | None:
    """Read what is less than 10,000: digits, of which ``places`` are a number, or thousands, hundreds and tens."""
    digits = [_digit(one) for one in part if one in _HAN_DIGITS]
    if len(digits) == len(part):
        in_a_row = len(part) == 2 and digits[1] == digits[0] + 1  # "三四万" are 30,000 or 40,000
        known = len(part) == 1 or (not in_a_row and (len(part) >= places or 0 in digits))
        return float("".join(map(str, digits))) if known else None
    read = _HAN_PART.fullmatch(part)
    if read is None or part in "百千" or (code == "zh" and re.search(r"[百千][^零〇十百千]$", part)):
        return None
    *multiples, ones = read.groups()
    sizes = [
        size * _digit(one or "一") for one, size in zip(multiples, (1000, 100, 10), strict=True) if one is not None
    ]
    return float(sum(sizes) + _digit(ones or "〇"))


def _digit(character: str) -> int:
    return {"两": 2, "兩": 2, "〇": 0, "零": 0}.get(character) or int(unicodedata.numeric(character, 0.0))


def _folded(text: str) -> str:
    """Return a text in small letters, spelt as the rules are: п'ять, двадцати трех, iki."""
    plain = unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold()
    return re.sub("[\u02bc\u2019']", "", plain).replace("\u0307", "").replace("ё", "е")
