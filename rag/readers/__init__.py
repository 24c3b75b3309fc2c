"""Files to documents, one small module a format."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from rag.errors import DocumentError, UnsupportedFormat
from rag.language import detect
from rag.readers import charset, metadata
from rag.readers.canonical import clean, cut_pages, tidy
from rag.readers.draft import Draft
from rag.readers.furniture import find_furniture
from rag.readers.markdown import parse_markdown
from rag.readers.text import parse_text
from rag.types import Document, Span

#: Larger files are refused: they are data dumps, and would fill the memory that the models need.
MAX_BYTES = 64 * 1024 * 1024
#: The language is told from this many characters: more of them don't make it surer.
SAMPLE = 20_000

_PARSERS: Mapping[str, Callable[[str], Draft]] = {
    ".txt": parse_text,
    ".text": parse_text,
    ".md": parse_markdown,
    ".markdown": parse_markdown,
}

SUFFIXES = tuple(_PARSERS)
"""Endings of the file names that can be read, lower case."""


def read(path: Path, *, id: str) -> Document:
    """Read a file to a document, by the reader for its suffix.

    Raises:
        UnsupportedFormat: no reader for this suffix.
        DocumentError: the file is missing, unreadable, empty, binary or too large.
    """
    parse = _PARSERS.get(path.suffix.lower())
    if parse is None:
        kind = path.suffix or "no suffix"
        raise UnsupportedFormat(id, f"there is no reader for {kind} files. Readable are: {', '.join(SUFFIXES)}.")
    data = _load(path, id)
    draft = parse(clean(charset.decode(data, path=id)))
    text, pages = cut_pages(tidy(draft.text))
    if not text.strip():
        raise DocumentError(id, "is empty")
    furniture = find_furniture(text)
    url = draft.url or metadata.find_url(text)
    return Document(
        id=id,
        text=text,
        title=draft.title or metadata.find_title(text, furniture),
        language=draft.language or detect(without(text, furniture)[:SAMPLE]),
        date=draft.date or metadata.find_date(text, url),
        url=url,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        pages=pages,
        furniture=furniture,
    )


def without(text: str, spans: tuple[Span, ...]) -> str:
    """A text with spans left out."""
    kept, position = [], 0
    for span in spans:
        kept.append(text[position : span.start])
        position = span.end
    return "".join([*kept, text[position:]])


def _load(path: Path, id: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            limit = MAX_BYTES // 2**20
            raise DocumentError(id, f"has {size / 2**20:.0f} MB; the limit is {limit} MB. Split it into parts.")
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(id, f"can't be opened: {error.strerror or error}") from error
    if not data.strip():
        raise DocumentError(id, "is empty")
    return data
