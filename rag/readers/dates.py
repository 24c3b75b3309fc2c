"""Dates as people write them in about fifteen languages, read to ISO 8601."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from rag.readers import words

_MONTH_LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "cs", "sv", "da", "nb", "tr", "id", "vi",
)  # fmt: skip
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_CLOCK = re.compile(
    r"[\s,T–-]*(?:um|at|à|a las|alle|om|в|kl\.?)?\s*\d{1,2}[:.h時时点]\s?\d{2}(?:[:分]\d{2})?"
    r"\s*(?:uhr|am|pm|a\.m\.|p\.m\.|분|分)?"
    r"\s*(?:\(?[A-Z]{2,4}\)?|Z|[+-]\d\d:?\d\d)?$",
    re.IGNORECASE,
)
_NUMERIC = (
    re.compile(rf"{_YEAR}[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)"),
    re.compile(rf"{_YEAR}\s?[年년]\s?(?P<month>\d\d?)\s?[月월]\s?(?P<day>\d\d?)\s?[日일号號]"),
    # A point between the numbers is the day-first notation of continental Europe.
    re.compile(rf"(?P<day>\d\d?)\.\s?(?P<month>\d\d?)\.\s?{_YEAR}"),
)
_SLASHED = re.compile(rf"(?P<first>\d\d?)(?P<mark>[-/])(?P<second>\d\d?)(?P=mark){_YEAR}")
_WORD = r"[^\W\d_]+"
_NAMED = (
    re.compile(
        rf"(?P<day>\d\d?)(?:st|nd|rd|th|er|[.ºª°])?\s*(?:de\s+|of\s+)?(?P<name>{_WORD}|tháng \d\d?)"
        rf"\.?,?\s*(?:de\s+|del\s+|năm\s+)?{_YEAR}"
    ),
    re.compile(rf"(?P<name>{_WORD})\.?\s+(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s+{_YEAR}"),
)
_ON = r"(?:ngày|el|le|il|den|am|em|on|op|at|dnia)"
#: "Deadline: 1 March 2025" and "Born: ..." are what the text says, not when it was written.
_LABEL = rf"{words.any_of(words.DATED)}(?:\s+{_ON})?(?:\s?[:：]\s*|\s+|(?=\d))"
_AROUND = re.compile(
    rf"^(?:[^\W\d_]{{2,12}}(?:[\s-][^\W\d_]{{1,5}})?\.?\s*,\s*|{_LABEL}|{_ON}\s+)|"
    r"\s*[(（]?[月火水木金土日]曜?日?[)）]$|\s*(?:г\.?|года|р\.)$",
    re.IGNORECASE,
)
_IN_ADDRESS = (
    re.compile(rf"/{_YEAR}[/-](?P<month>\d\d)[/-](?P<day>\d\d)(?:[/.?#-]|$)"),
    re.compile(rf"(?<!\d){_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"),
    re.compile(rf"(?<!\d){_YEAR}(?P<month>\d\d)(?P<day>\d\d)(?:\d{{4,9}})?(?!\d)"),
)

#: A line that says a date, its label and the time of day with it.
MAX_LINE = 200


def parse_date(text: str) -> str | None:
    """The ISO date that a whole line says, with or without weekday, label and time of day, or None.

    A date of two equal readings (``04/07/2023``) is None.

    >>> parse_date("19. November, 2024"), parse_date("July 4, 2023"), parse_date("2024年7月23日")
    ('2024-11-19', '2023-07-04', '2024-07-23')
    """
    if len(text) > MAX_LINE:
        return None
    line = _CLOCK.sub("", text.strip()).strip()
    for candidate in (line, _AROUND.sub("", line).strip(), _AROUND.sub("", _AROUND.sub("", line)).strip()):
        found = _parse_bare(candidate.rstrip(".,"))
        if found:
            return found
    return None


def date_in_address(url: str) -> str | None:
    """The ISO date in the path of a web address, or None.

    >>> date_in_address("https://example.org/news-20250207152041687.htm")
    '2025-02-07'
    """
    for pattern in _IN_ADDRESS:
        for match in pattern.finditer(url):
            found = _iso(match["year"], match["month"], match["day"])
            if found:
                return found
    return None


def _parse_bare(text: str) -> str | None:
    for pattern in _NUMERIC:
        match = pattern.fullmatch(text)
        if match:
            return _iso(match["year"], match["month"], match["day"])
    match = _SLASHED.fullmatch(text)
    if match:
        return _from_slashes(int(match["first"]), int(match["second"]), match["year"])
    for pattern in _NAMED:
        match = pattern.fullmatch(text)
        month = _months().get(match["name"].casefold()) if match else None
        if match and month:
            return _iso(match["year"], month, match["day"])
    return None


def _from_slashes(first: int, second: int, year: str) -> str | None:
    """Day and month in the only order that makes a date; None when both orders do."""
    if first > 12 or first == second:
        return _iso(year, second, first)
    return _iso(year, first, second) if second > 12 else None


def _iso(year: str, month: str | int, day: str | int) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Names and abbreviations of the months, lower case; the earlier language wins where two disagree."""
    from babel import Locale

    names: dict[str, int] = {}
    for language in _MONTH_LANGUAGES:
        months = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for form in ("wide", "abbreviated"):
                for number, name in months[context][form].items():
                    names.setdefault(str(name).casefold().rstrip("."), int(number))
    return names
