"""What a text says about itself: title, date and address."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.readers.canonical import one_line
from rag.readers.dates import date_in_address, parse_date
from rag.readers.furniture import TOP_LINES, lines_of, source_address, title_line
from rag.types import Span

#: A sentence that stands in for a title is cut to this many characters.
MAX_STAND_IN = 90


def find_title(text: str, furniture: Iterable[Span]) -> str:
    """The title line, or the first sentence cut at a word with an ellipsis where no line looks like a title."""
    hidden = tuple(furniture)
    line = title_line(text, hidden)
    if line:
        return line.text.strip()
    starts = {span.start for span in hidden}
    first = next((line.text.strip() for line in lines_of(text) if line.start not in starts), text.strip())
    return shorten(first)


def shorten(text: str) -> str:
    """A text cut to 90 characters at a word boundary, with an ellipsis if anything was cut."""
    flat = " ".join(text.split())
    if len(flat) <= MAX_STAND_IN:
        return flat
    head = flat[: MAX_STAND_IN + 1]
    # A script without spaces has no boundary near the end: cut at the length.
    cut = head.rfind(" ") if head.rfind(" ") > MAX_STAND_IN // 2 else MAX_STAND_IN
    return flat[:cut].rstrip(" ,;:.-–—、，") + "…"


def find_url(text: str) -> str | None:
    """The address of a source line such as ``Quelle: https://…``, or None."""
    return next((url for line in lines_of(text) if (url := source_address(line.text))), None)


def find_date(text: str, url: str | None) -> str | None:
    """The ISO date of a date line among the first lines, else the one in the source's address, else None."""
    for line, _ in zip(lines_of(text), range(TOP_LINES), strict=False):
        found = parse_date(line.text)
        if found:
            return found
    return date_in_address(url) if url else None


def stated_title(value: str | None) -> str | None:
    """The title in a file's metadata, unless a program filled it in ("Microsoft Word - a.doc", "Untitled")."""
    title = one_line(value) if value else ""
    return None if not title or _FILLED_IN.search(title) else title


def language_code(value: str | None) -> str | None:
    """The two-letter code at the beginning of a language tag ("de-AT", "pt_BR"), or None."""
    match = _LANGUAGE.fullmatch(value) if value else None
    return match[1].lower() if match else None


_LANGUAGE = re.compile(r"\s*([a-zA-Z]{2})(?:[-_].*)?\s*")
_FILLED_IN = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\b.*|untitled.*|document\s?\d*|dokument\s?\d*|presentation\s?\d*|"
    r"powerpoint[- ].*|slide 1|title|titel|no title|\W*|.*\.(?:docx?|xlsx?|pptx?|od[tps]|rtf|tex|dvi|indd|qxd|"
    r"pdf|html?))$",
    re.IGNORECASE,
)
