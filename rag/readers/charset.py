"""Bytes to text: UTF-8 where possible, else what a byte order mark says, else the likeliest legacy encoding."""

from __future__ import annotations

import codecs
import re

import charset_normalizer

from rag.errors import DocumentError

# The longer marks first: the UTF-32 one begins with the UTF-16 one.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
#: A file with more than this share of control bytes is no text: ISO-2022-JP's escapes stay below, machine code doesn't.
MAX_CONTROLS = 0.02
#: Valid multi-byte characters there must be for each broken one to call a file damaged UTF-8 instead of a legacy text.
VALID_PER_BROKEN = 10


def decode(data: bytes, *, path: str) -> str:
    """The text of a file's bytes.

    Raises:
        DocumentError: the bytes are binary, break off in the middle of their own encoding, or fit no encoding.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise DocumentError(path, f"starts as {encoding} but is not: {error.reason} at byte {error.start}") from error
    if b"\0" in data or len(_CONTROLS.findall(data)) > MAX_CONTROLS * len(data):
        raise DocumentError(path, "looks like a binary file. Save it as plain text (UTF-8).")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _damaged_utf8(data) or _legacy(data, path=path)


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken bytes (a file cut off, a bad copy) is still UTF-8: read it with replacement marks."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    valid = sum(character > "\x7f" for character in text) - broken
    return text if valid >= VALID_PER_BROKEN * broken else None


def _legacy(data: bytes, *, path: str) -> str:
    match = charset_normalizer.from_bytes(data).best()
    if match is None:
        raise DocumentError(path, "is in no known character set. Save it as UTF-8.")
    return str(match)
