r"""One form of text: NFC, ``\n`` line ends, nothing invisible, at most one blank line in a row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rag.types import Span

_LINE_ENDS = re.compile("\r\n?|[\v\x1c-\x1e\x85\u2028\u2029]")
_SOFT_HYPHEN_AT_LINE_END = re.compile("\u00ad[ \t]*\n[ \t]*")
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f]")
# Control characters, zero-width and bidirectional controls, and the "tag" characters that can hide a text in a text.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Zero-width (non-)joiners shape Arabic, Indic and South-East Asian letters and join emoji; elsewhere they are noise.
_STRAY_JOINER = re.compile(
    "(?<![\u0600-\u08ff\u0900-\u109f\u1780-\u18af\ufb50-\ufdff\ufe00-\ufe0f\ufe70-\ufefc\u2190-\u2bff"
    "\U0001f000-\U0001faff])[\u200c\u200d]"
)
# Half of a pair that encodes one character beyond 16 bits: no text, and not to be written as UTF-8.
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK_RUN = re.compile("\n{3,}")
_MARK = re.compile("[\f\x02\x03]")

#: Stands before a line of a draft that is a heading; `clean` leaves none in what comes out of a file.
HEADING = "\x02"
#: Stands before each line of a block whose line breaks mean something: a program, the output of one.
VERBATIM = "\x03"


def clean(text: str) -> str:
    r"""Bring characters and line ends into canonical form; form feeds stay, as they mark pages for the layout.

    >>> clean("Cafe\u0301\u200b\r\nau\u00a0lait")
    'Café\nau lait'
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _SOFT_HYPHEN_AT_LINE_END.sub("", text)
    text = _SPACES.sub(" ", text)
    text = _SURROGATE.sub("\ufffd", text)
    text = _INVISIBLE.sub("", text)
    text = _STRAY_JOINER.sub("", text)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """A text in canonical form on one line."""
    return " ".join(clean(text).split())


def tidy(text: str) -> str:
    """Strip trailing spaces, blank lines at both ends, and runs of blank lines down to one.

    Form feeds move to the first word of their page, and the one that ends the last page goes.
    """
    text = "\n".join(line.rstrip(" \t\u3000") for line in _feeds_last(text).rstrip(" \t\n\f").split("\n"))
    return _BLANK_RUN.sub("\n\n", text).lstrip("\n")


def _feeds_last(text: str) -> str:
    """Move the form feeds within white space to its end."""
    first, *pages = text.split("\f")
    moved, feeds = [first], ""
    for page in pages:
        feeds += "\f"
        words = page.lstrip()
        moved.append(page[: len(page) - len(words)])
        if words:
            moved += [feeds, words]
            feeds = ""
    return "".join([*moved, feeds])


@dataclass(frozen=True)
class Marks:
    """What was marked in a draft: the offset at which each page starts (none without form feeds), and marked lines."""

    pages: tuple[int, ...]
    headings: tuple[Span, ...]
    verbatim: tuple[Span, ...]


def cut_marks(text: str) -> tuple[str, Marks]:
    """Take the form feeds and the marks of lines out of a text and return where they stood."""
    kept: list[str] = []
    places: dict[str, list[int]] = {"\f": [0], HEADING: [], VERBATIM: []}
    length = position = 0
    for match in _MARK.finditer(text):
        kept.append(text[position : match.start()])
        length += match.start() - position
        position = match.end()
        places[match[0]].append(length)
    whole = "".join([*kept, text[position:]])
    pages = tuple(places["\f"])
    headings, verbatim = (_lines_at(places[mark], whole) for mark in (HEADING, VERBATIM))
    return whole, Marks(pages if len(pages) > 1 else (), headings, verbatim)


def _lines_at(starts: Sequence[int], text: str) -> tuple[Span, ...]:
    """The rest of the line from each of these offsets on."""
    ends = (text.find("\n", start) for start in starts)
    return tuple(Span(start, end if end >= 0 else len(text)) for start, end in zip(starts, ends, strict=True))
