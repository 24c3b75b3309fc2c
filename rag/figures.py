"""Numbers in a text as values, so that "fast 600 Milliarden", "almost 600 billion" and "約6,000億" agree.

A number is read in every way its notation allows ("1.500" is 1500 in German and 1.5 in English), because texts mix
notations; a figure is found in a source when one of its readings is one of the source's readings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rag import language

_ALSO = {
    3: "thousands tsd tys tis тыс хил ngàn हजार tuhannen k",
    5: "lakh lakhs",
    6: "mio mn mln млн miljoonan",
    7: "crore crores",
    9: "mrd mld mia bn млрд tỉ miljardin",
    12: "трлн",
}
"""Scale words that CLDR's long forms do not have, by their power of ten."""

_AMBIGUOUS = {"billion": (1e9, 1e12), "billions": (1e9, 1e12), "billionen": (1e12,), "bio": (1e12,)}
"""A billion is 10^9 in English and 10^12 in German and French."""

_BEFORE_A_SCALE = "de"
"""The word between a numeral and its scale word in "20 de milioane"."""

EAST_ASIAN = {"千": 1e3, "万": 1e4, "萬": 1e4, "億": 1e8, "亿": 1e8, "兆": 1e12,
              "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12}  # fmt: skip
"""What the signs for powers of ten multiply by, in Chinese, Japanese and Korean."""

_SHORT = {"M": 1e6, "B": 1e9, "T": 1e12}
"""What a capital letter directly behind a numeral may mean: "671B parameters"."""

# Groups of three digits and no more: in "Q3 2023" there are two numbers.
_NUMERAL = r"(?:10\^[+\-\u2212]?\d{1,2}(?!\d)|(?:\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3}(?!\d))+|\d+)(?:[.,]\d+)?)"
_NUMBER = re.compile(rf"(?<![\w.,-])({_NUMERAL})|(?<=[^\W\d_])({_NUMERAL})|(?<=[-–])({_NUMERAL})")
_SMALL_POWER = re.compile(r"(?<![\d.,])10([⁺⁻]?[⁰¹²³⁴-⁹]{1,2})(?![⁰¹²³⁴-⁹])")
_NOTE = re.compile(r"^\[\d{1,3}\]|(?<=\S)\[\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\]")
"""The mark of a note at the beginning or behind a word ("built in 1802[1]") is no number of a sentence."""
_CODE = re.compile(r"[A-Za-z\u00c0-\u024f]-?$")
"""What stands before the digits of "R1", "A100" and "GPT-4", which are part of a name."""
# Not across a line's end: what stands in the next line of a program is another value.
_LETTERS = r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e])*"
_WORD = re.compile(rf"(?:[^\S\n]|-)*({_LETTERS}(?:-{_LETTERS})?)")
_NEXT_PART = re.compile(rf"[^\S\n]*({_NUMERAL})")


@dataclass(frozen=True)
class Figure:
    """A number as it is written from ``start`` to ``end``, the values it may have, and the numeral without its scale.

    ``code`` tells that its digits are part of a name ("R1").
    """

    text: str
    start: int
    end: int
    values: frozenset[float]
    numeral: str
    scaled: bool
    code: bool


def load() -> None:
    """Load what `figures` needs, so that the first question need not wait .2 s for it."""
    _scales()


def figures(text: str) -> list[Figure]:
    """Return the numbers of a text in order of appearance.

    >>> [sorted(figure.values) for figure in figures("約6,000億ドル")]
    [[600000000000.0]]
    """
    plain, places = _plain(text)
    notes = {note.start() + 1: note.end() for note in _NOTE.finditer(plain)}
    found: list[Figure] = []
    position = 0
    while match := _NUMBER.search(plain, position):
        if match.start() in notes:
            position = notes[match.start()]
            continue
        values, position = _read(plain, match)
        start, end = places[match.start()], places[position - 1] + 1
        code = bool(_CODE.search(plain, 0, match.start()))
        scaled = position > match.end()
        found.append(Figure(text[start:end], start, end, _rounded(values), match.group(), scaled, code))
    return found


def values_of(texts: Iterable[str]) -> set[float]:
    """Return all values that the numbers of some texts may have."""
    return {value for text in texts for figure in figures(text) for value in figure.values}


def unsupported(text: str, sources: Iterable[str], *, codes: bool = True) -> list[str]:
    """Return the numbers of ``text``, as written, that none of the ``sources`` has in any notation.

    Those within names ("R1") count unless ``codes`` is false.
    """
    known = values_of(sources)
    return [figure.text for figure in figures(text) if (codes or not figure.code) and not figure.values & known]


def differ(text: str, other: str) -> bool:
    """Whether two texts both have numbers, and not the same ones, in whatever notation.

    >>> differ("fast 600 Milliarden US-Dollar", "約6,000億ドル")
    False
    """
    both = bool(figures(text)) and bool(figures(other))
    return both and bool(unsupported(text, [other]) or unsupported(other, [text]))


def rescaled(text: str, sources: Sequence[str], answer_language: str) -> str:
    """Give numbers the scale that the source has: small models turn "600 Milliarden" into "600 million".

    A number that no source has, but whose numeral stands in a source with one other scale, is written anew in the
    answer's language; every other one is left as it is.

    >>> rescaled("about 600 million dollars", ["fast 600 Milliarden US-Dollar"], "en")
    'about 600 billion dollars'
    """
    known = [figure for source in sources for figure in figures(source)]
    values = {value for figure in known for value in figure.values}
    for figure in reversed(figures(text)):
        if figure.values & values or not figure.scaled:
            continue
        meant = {other.values for other in known if other.scaled and other.numeral == figure.numeral}
        if len(meant) == 1 and len(value := next(iter(meant))) == 1:
            text = text[: figure.start] + _written(next(iter(value)), answer_language) + text[figure.end :]
    return text


def _written(value: float, answer_language: str) -> str:
    """Write a large number with its scale word: "600 billion", "600 Milliarden", "6000億"."""
    from babel import Locale, UnknownLocaleError
    from babel.numbers import format_compact_decimal

    try:
        locale = Locale.parse(answer_language)
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    kind: Literal["long", "short"] = "long" if "long" in locale.compact_decimal_formats else "short"
    return str(format_compact_decimal(value, format_type=kind, locale=locale, fraction_digits=2))


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """Return a text with every digit in ASCII, and for each of its characters the place that it has in the text.

    The small digits of "km²" and "CO₂" are no numbers; "10³⁰" becomes "10^30", and "1½" 1.5.
    """
    if unicodedata.is_normalized("NFKC", text):
        return text, range(len(text))
    plain, places = "", []
    powers = {place for power in _SMALL_POWER.finditer(text) for place in range(*power.span(1))}
    for place, character in enumerate(text):
        kind = unicodedata.decomposition(character).partition(" ")[0]
        if place in powers:
            character = ("" if place - 1 in powers else "^") + unicodedata.normalize("NFKC", character)
        elif kind in ("<super>", "<sub>") and character.isdigit():
            continue
        elif kind == "<fraction>" and (value := unicodedata.numeric(character, 0.0)):
            character = f"{value:.3g}"[1 if plain[-1:].isdigit() else 0 :]
        else:
            character = unicodedata.normalize("NFKC", character)
        plain += character
        places += [place] * len(character)
    return plain, places


def _read(text: str, match: re.Match[str]) -> tuple[set[float], int]:
    """Return the values of a numeral with what gives its scale, and where that ends."""
    end = match.end()
    values = _readings(match.group())
    if end < len(text) and text[end] in EAST_ASIAN:
        return _read_east_asian(text, end, values)
    word = _WORD.match(text, end)
    if word and word.start(1) == end and word.group(1) in _SHORT:
        return values | {value * _SHORT[word.group(1)] for value in values}, word.end()
    return with_scale(values, text, end)


def with_scale(values: set[float], text: str, end: int) -> tuple[set[float], int]:
    """Return what values are with the scale words that stand at a place of a text, and where these end."""
    word = _WORD.match(text, end)
    if word and word.group(1).casefold() == _BEFORE_A_SCALE:
        word = _WORD.match(text, word.end())
    # "5 mil millones", "2 nghìn tỷ": the second scale is the larger one.
    before = 0.0
    while word and (factors := _factors(word.group(1))) and max(factors) > before:
        values = {value * factor for value in values for factor in factors}
        end, before = word.end(), max(factors)
        word = _WORD.match(text, end)
    return values, end


def _factors(word: str) -> tuple[float, ...]:
    """Return what a word multiplies the number before it by; nothing if it is no scale word."""
    size = word.casefold()
    return _scales().get(size) or _scales().get(size.split("-")[0], ())


@lru_cache(maxsize=1)
def _scales() -> dict[str, tuple[float, ...]]:
    """Return the powers of ten by their words in all languages, with their plurals and cases, as CLDR has them."""
    from babel import Locale

    found: dict[str, set[float]] = {}
    for code in language.NAMES:
        formats = Locale.parse(code).compact_decimal_formats.get("long", {})
        for magnitude, pattern in (one for sizes in formats.values() for one in sizes.items()):
            word = re.fullmatch(rf"(0+)\W*(?:{_BEFORE_A_SCALE} )?([^\s0;.'\u200f]+)", pattern.pattern.strip("\u200f"))
            if word:
                size = float(magnitude) / 10.0 ** (len(word.group(1)) - 1)
                found.setdefault(word.group(2).casefold(), set()).add(size)
    for power, words_of in _ALSO.items():
        for one in words_of.split():
            found.setdefault(one, set()).add(10.0**power)
    return {word: tuple(sorted(sizes)) for word, sizes in found.items()} | _AMBIGUOUS


def _read_east_asian(text: str, end: int, values: set[float]) -> tuple[set[float], int]:
    """Read "1億2000万" and "9万": parts in falling powers of ten thousand, added up."""
    total = {0.0}
    part: set[float] | None = {max(values)}  # a comma before 万 or 億 parts thousands
    while part is not None:
        factor = 1.0
        while end < len(text) and text[end] in EAST_ASIAN:
            factor *= EAST_ASIAN[text[end]]
            end += 1
        total = {before + value * factor for before in total for value in part}
        following = _NEXT_PART.match(text, end) if factor > 1 else None
        part = {max(_readings(following.group(1)))} if following and _continues(text, following.end()) else None
        if part is not None and following is not None:
            end = following.end()
    return total, end


def _continues(text: str, end: int) -> bool:
    return end < len(text) and text[end] in EAST_ASIAN


def _readings(numeral: str) -> set[float]:
    """Read a numeral with its separators as thousands marks and, where possible, as a decimal mark.

    >>> sorted(_readings("90.000"))
    [90.0, 90000.0]
    """
    base, _, exponent = numeral.partition("^")
    if exponent:
        return {float(base) ** int(exponent.replace("\u2212", "-"))}
    plain = re.sub(r"['’\u00a0\u202f ]", "", numeral)
    marks = [character for character in plain if character in ".,"]
    digits = re.sub(r"[.,]", "", plain)
    values = set()
    if not marks or all(len(part) == 3 for part in re.split(r"[.,]", plain)[1:]):
        values.add(float(digits))
    if marks and (len(set(marks)) == len(marks) == 1 or marks[-1] != marks[0]):
        last = max(plain.rfind("."), plain.rfind(","))
        values.add(float(re.sub(r"[.,]", "", plain[:last]) + "." + plain[last + 1 :]))
    return values or {float(digits)}


def _rounded(values: set[float]) -> frozenset[float]:
    return frozenset(float(f"{value:.9g}") for value in values)
