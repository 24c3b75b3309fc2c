"""A file's bytes to a Document, in this process: whoever does not trust the file calls `rag.readers.read` instead."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rag.errors import DocumentError
from rag.language import UNKNOWN, detect
from rag.readers import metadata
from rag.readers.canonical import cut_marks, tidy
from rag.readers.draft import Draft, Unreadable
from rag.readers.formats import MAX_BYTES, MAX_CHARACTERS, format_of, too_large, too_much_text
from rag.readers.furniture import find_furniture
from rag.types import Document, Span

#: A reason is one line.
MAX_REASON = 200
#: The language is told from this many characters: more of them don't make it surer.
SAMPLE = 20_000
#: In a text with fewer letters, what the file says of its language goes before what the letters look like.
SURE_LETTERS = 200


def parse(path: Path, *, id: str) -> Document:
    """Read a file to a document, by the reader for its suffix.

    Raises:
        UnsupportedFormat: no reader for this suffix.
        DocumentError: the file is missing, unreadable, empty, damaged or too large.
    """
    parser = format_of(path, id)
    try:
        data = _load(path)
        return _document(parser.draft(data), data, id)
    except Unreadable as error:
        # What a library says in it may be long, and have line breaks.
        raise DocumentError(id, " ".join(str(error).split())[:MAX_REASON], error.why) from error


def without(text: str, spans: tuple[Span, ...]) -> str:
    """A text with spans left out."""
    kept, position = [], 0
    for span in spans:
        kept.append(text[position : span.start])
        position = span.end
    return "".join([*kept, text[position:]])


def _document(draft: Draft, data: bytes, id: str) -> Document:
    if len(draft.text) > MAX_CHARACTERS:
        raise too_much_text()
    text, marks = cut_marks(tidy(draft.text))
    if not text.strip():
        raise Unreadable("is empty", "empty")
    furniture = find_furniture(text, marked_headings=draft.marked, numbered_pages=draft.numbered)
    url = draft.url or metadata.find_url(text)
    return Document(
        id=id,
        text=text,
        title=draft.title or metadata.find_title(text, furniture),
        language=draft.language or _language(without(text, furniture)[:SAMPLE], draft.hint),
        date=draft.date or metadata.find_date(text, url),
        url=url,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        pages=marks.pages,
        furniture=furniture,
        headings=marks.headings if draft.marked else None,
        verbatim=marks.verbatim,
    )


def _language(text: str, hint: str | None) -> str:
    if hint and sum(character.isalpha() for character in text) < SURE_LETTERS:
        return hint
    found = detect(text)
    return hint if hint and found == UNKNOWN else found


def _load(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise too_large(size, MAX_BYTES)
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"can't be opened: {error.strerror or error}", "unopened") from error
    if not data.strip():
        raise Unreadable("is empty", "empty")
    return data
