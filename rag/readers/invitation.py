"""Invitations in mails (text/calendar, RFC 5545): what takes place, when and where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.readers.canonical import clean, one_line
from rag.readers.outline import CELL

_FOLDED = re.compile(r"\n[ \t]")
_PROPERTY = re.compile(r'([A-Z-]+)((?:;[A-Z-]+=(?:"[^"]*"|[^":;])*)*):(.*)', re.IGNORECASE)
_ZONE = re.compile(r';TZID="?([^";:]+)', re.IGNORECASE)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ESCAPED = re.compile(r"\\(.)")
_NAMES = {
    "SUMMARY": "Event", "DTSTART": "Begins", "DTEND": "Ends", "LOCATION": "Place", "STATUS": "Status",
    "DESCRIPTION": "",
}  # fmt: skip


def read_events(text: str) -> Iterator[tuple[str, str]]:
    """Each event of a calendar in one line, since a line is found and cited on its own, and its description."""
    for event in _events(_FOLDED.sub("", clean(text))):
        description = event.pop("", "")
        yield CELL.join(f"{name}: {event[name]}" for name in _NAMES.values() if name in event), description


def _events(text: str) -> Iterator[dict[str, str]]:
    """What is said of each event, by name; an alarm within one has a description of its own."""
    event: dict[str, str] = {}
    inside: list[str] = []
    for line in text.split("\n"):
        found = _PROPERTY.fullmatch(line.strip())
        name, parameters, value = (found[1].upper(), found[2], found[3]) if found else ("", "", "")
        if name == "BEGIN":
            inside.append(value.upper())
        elif name == "END" and inside:
            if inside.pop() == "VEVENT":
                yield event
                event = {}
        elif name in _NAMES and inside[-1:] == ["VEVENT"] and value.strip():
            event[_NAMES[name]] = _said(name, parameters, value)


def _said(name: str, parameters: str, value: str) -> str:
    if name.startswith("DT"):
        return _time(value, parameters)
    plain = _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
    return plain if name == "DESCRIPTION" else one_line(plain)


def _time(value: str, parameters: str) -> str:
    """A point in time with its zone: ``2024-03-12 09:00 UTC``, or a day."""
    found = _TIME.fullmatch(value.strip())
    if not found:
        return one_line(value)
    year, month, day, hour, minute, utc = found.groups()
    named = _ZONE.search(parameters)
    zone = "UTC" if utc else named[1] if named else ""
    return " ".join(filter(None, (f"{year}-{month}-{day}", f"{hour}:{minute}" if hour else "", zone)))
