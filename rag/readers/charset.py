"""Bytes to text: UTF-8 where possible, else what a byte order mark says, else the likeliest legacy encoding."""

from __future__ import annotations

import codecs
import re
import unicodedata

import chardetng_py

from rag.language import detect
from rag.readers.draft import Unreadable
from rag.readers.garbled import is_garbled

# The longer marks first: the UTF-32 one begins with the UTF-16 one.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# UTF-32 first: read as UTF-16, it holds a NUL beside every character.
_UNMARKED = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_STATEFUL = (("iso2022_jp_2", b"\x1b$B"), ("iso2022_jp_2", b"\x1b$@"), ("iso2022_kr", b"\x1b$)C"))
# What a file says it is in is often a part of what it is in. The standard https://encoding.spec.whatwg.org/#names-and-labels
# has browsers read the whole of it; Python's names take the part at its word, and its Big5 is in two parts.
_WHOLE = {
    "ascii": ("cp1252",), "iso8859-1": ("cp1252",), "iso8859-9": ("cp1254",), "iso8859-11": ("cp874",),
    "tis-620": ("cp874",), "gb2312": ("gb18030",), "gbk": ("gb18030",), "euc_kr": ("cp949",), "shift_jis": ("cp932",),
    "big5": ("cp950", "big5hkscs"),
}  # fmt: skip
_MANY_BYTES = frozenset(("gb18030", "cp949", "cp932", "cp950", "euc_jp"))
_LATIN = frozenset(("cp1250", "cp1254", "cp1257", "iso8859-2", "iso8859-4", "iso8859-13", "iso8859-16"))
_WESTERN = frozenset(("ca", "da", "de", "en", "es", "fi", "fr", "id", "it", "nl", "no", "pt", "sv"))
# What ISO 8859-15, which chardetng does not know, reads as "cœur", "Œuvre" and "5 €".
_LATIN_9 = re.compile(r"[^\W\d_][¼½]|[¼½][^\W\d_]{2}|¤")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
#: A file with more than this share of control bytes is no text: ISO-2022-JP's escapes stay below, machine code doesn't.
MAX_CONTROLS = 0.02
#: Bytes beyond ASCII from which the encoding of a text can't be told if its language doesn't tell it.
FEW = 10
#: Valid multi-byte characters there must be for each broken one to call a file damaged UTF-8 instead of a legacy text.
VALID_PER_BROKEN = 10
#: A reading of which more than this share of the characters beyond ASCII means nothing is no reading.
MAX_MEANINGLESS = 0.1


def decode(data: bytes) -> str:
    """The text of a file's bytes.

    Raises:
        Unreadable: the bytes are binary, break off in the middle of their own encoding, or fit no encoding.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                reason = f"starts as {encoding} but is damaged: {error.reason} at byte {error.start}"
                raise Unreadable(reason) from error
    text = _unmarked(data) if b"\0" in data else _stateful(data)
    if text is not None:
        return text
    if b"\0" in data or len(_CONTROLS.findall(data)) > MAX_CONTROLS * len(data):
        raise Unreadable("looks like a binary file. Save it as plain text (UTF-8).", "binary")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _damaged_utf8(data) or _legacy(data)


def decode_declared(data: bytes, encoding: str | None) -> str:
    """The text of bytes in the encoding that they are said to be in; as `decode` where none is said, or a wrong one."""
    try:
        wholes = _whole(encoding) if encoding else ()
    except (LookupError, ValueError):
        wholes = ()
    # A text in a single-byte encoding, not all ASCII, hardly ever is valid UTF-8: it was saved as UTF-8 since.
    if wholes and wholes[0] not in _MANY_BYTES and not data.isascii():
        wholes = ("utf-8", *wholes)
    text = next((text for whole in wholes if (text := _try(data, whole)) is not None), None)
    return decode(data) if text is None else text


def _whole(encoding: str) -> tuple[str, ...]:
    name = codecs.lookup(encoding).name
    return _WHOLE.get(name, (name,))


def _unmarked(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without its mark: the first reading with spaces or lines in which nothing is meaningless."""
    for encoding in _UNMARKED:
        text = _try(data, encoding)
        if text and "\0" not in text and (" " in text or "\n" in text) and not any(map(_is_meaningless, text)):
            return text
    return None


def _stateful(data: bytes) -> str | None:
    for encoding, escape in _STATEFUL:
        if escape in data and (text := _try(data, encoding)) is not None:
            return text
    return None


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken bytes (a file cut off, a bad copy) is still UTF-8: read it with replacement marks."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    valid = sum(character > "\x7f" for character in text) - broken
    return text if valid >= VALID_PER_BROKEN * broken else None


def _legacy(data: bytes) -> str:
    # Firefox's detector looks at the words beyond ASCII only, so that the markup and programs around them don't count.
    text = _reading(data, chardetng_py.detect(data))
    beyond = [character for character in text if character > "\x7f"]
    if sum(map(_is_meaningless, beyond)) > MAX_MEANINGLESS * len(beyond) or is_garbled(text):
        raise Unreadable("is in no known character set. Save it as UTF-8.", "charset")
    return text


def _reading(data: bytes, guess: str) -> str:
    names = _whole(guess)
    texts = (_try(data, name) for name in names)
    text = next((text for text in texts if text is not None), None) or data.decode(names[0], errors="replace")
    # A single "£" or "ï" in an English text is a guess between all Latin encodings.
    few = sum(byte > 0x7F for byte in data) <= FEW
    if few and names[0] in _LATIN and detect(text) in _WESTERN and (western := _try(data, "cp1252")) is not None:
        text = western
    if names[0] in (*_LATIN, "cp1252") and _LATIN_9.search(text) and (latin_9 := _try(data, "iso8859_15")) is not None:
        text = latin_9
    return text


def _is_meaningless(character: str) -> bool:
    """A replacement mark, a control character, or one that Unicode has given no meaning."""
    return character == "\ufffd" or (
        unicodedata.category(character) in {"Cc", "Cn", "Co"} and character not in "\t\n\r\f\v"
    )


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (LookupError, ValueError):
        # What is declared may be no encoding of texts ("rot13"), or one that decodes nothing ("undefined").
        return None
