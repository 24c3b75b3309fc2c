"""Which endings of file names can be read, and by which module; the modules are loaded when one is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from rag.errors import UnsupportedFormat
from rag.readers.draft import Draft, Unreadable

#: Larger files are refused: they are data dumps, and would fill the memory that the models need.
MAX_BYTES = 256 * 1024 * 1024
#: The same for files that are text from end to end.
MAX_TEXT_BYTES = 64 * 1024 * 1024
#: More text than this (forty thick books) is a data dump whatever it was packed in.
MAX_CHARACTERS = 20_000_000


@dataclass(frozen=True)
class Format:
    """A reader: ``function`` of ``rag.readers.<module>`` makes a Draft of a text, or of bytes where ``binary``."""

    module: str
    function: str
    binary: bool = True

    def draft(self, data: bytes) -> Draft:
        """Read the bytes of a file; whatever the reader raises is passed on."""
        function = getattr(import_module(f"rag.readers.{self.module}"), self.function)
        return cast(Draft, function(data if self.binary else _text(data)))


_TEXT = Format("text", "parse_text", binary=False)
_MARKDOWN = Format("markdown", "parse_markdown", binary=False)
_HTML = Format("html", "parse_html")
_SHEETS = Format("tables", "parse_sheets")
_OPEN_DOCUMENT = Format("opendocument", "parse_odf")
_CSV = Format("tables", "parse_csv")

_FORMATS: Mapping[str, Format] = {
    ".txt": _TEXT,
    ".text": _TEXT,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".pdf": Format("pdf", "parse_pdf"),
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".docx": Format("office", "parse_docx"),
    ".pptx": Format("office", "parse_pptx"),
    ".xlsx": _SHEETS,
    ".xls": _SHEETS,
    ".ods": _SHEETS,
    ".odt": _OPEN_DOCUMENT,
    ".odp": _OPEN_DOCUMENT,
    ".epub": Format("epub", "parse_epub"),
    ".csv": _CSV,
    ".tsv": _CSV,
    ".eml": Format("mail", "parse_mail"),
}

SUFFIXES = tuple(_FORMATS)
"""Endings of the file names that can be read, lower case."""


def format_of(path: Path, id: str) -> Format:
    """The reader for a file, by its name.

    Raises:
        UnsupportedFormat: there is none for this suffix.
    """
    found = _FORMATS.get(path.suffix.lower())
    if found is None:
        kind = path.suffix or "no suffix"
        readable = ", ".join(SUFFIXES)
        raise UnsupportedFormat(id, f"there is no reader for {kind} files. Readable are: {readable}.", "format")
    return found


def too_large(size: int, limit: int) -> Unreadable:
    """What is said of a file above a limit, both in bytes."""
    return Unreadable(f"has {size / 2**20:.0f} MB; the limit is {limit // 2**20} MB. Split it into parts.", "large")


def too_much_text() -> Unreadable:
    """What is said of a file with more text than `MAX_CHARACTERS`."""
    return Unreadable(
        f"holds more than {MAX_CHARACTERS // 1_000_000} million characters. Split it into parts.", "large"
    )


def encrypted() -> Unreadable:
    """What is said of a file that wants a password."""
    return Unreadable("is encrypted. Save it without a password.", "encrypted")


def decoded(data: bytes) -> str:
    """The text of a file that is text from end to end.

    Raises:
        Unreadable: it is too large, or `rag.readers.charset.decode` refuses it.
    """
    from rag.readers.charset import decode

    if len(data) > MAX_TEXT_BYTES:
        raise too_large(len(data), MAX_TEXT_BYTES)
    return decode(data)


def _text(data: bytes) -> str:
    from rag.readers.canonical import clean

    return clean(decoded(data))
