"""Bytes to text: UTF-8 where possible, else what a byte order mark says, else the likeliest legacy encoding."""

from __future__ import annotations

import codecs
import re

import charset_normalizer

from rag.language import detect
from rag.readers.draft import Unreadable

# The longer marks first: the UTF-32 one begins with the UTF-16 one.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = (
    "cp932", "euc_jp", "gb18030", "big5", "cp949", "cp1252", "cp1250", "cp1251", "koi8_r", "koi8_u", "cp866", "cp1253",
    "cp1255", "cp1256", "cp874",
)  # fmt: skip
# Equal fitness goes to the earlier, more common one.
_LATIN = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "iso8859_15")
_TYPOGRAPHY = "“”„‚‘’«»‹›–—…€£©®°§¡¿·•\u00a0\u0307"
_ALPHABETS = {
    "ca": "àçèéíïòóúü", "cs": "áčďéěíňóřšťúůýž", "da": "æøåé", "de": "äöüß", "en": "éèïöçñ", "es": "áéíñóúü",
    "et": "äöõüšž", "fi": "äöå", "fr": "àâæçéèêëîïôœùûüÿ", "hr": "čćđšž", "hu": "áéíóöőúüű", "id": "é",
    "it": "àèéìîòù", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "nl": "éëèïóöü", "no": "æøåéòô", "pl": "ąćęłńóśźż",
    "pt": "áâãàçéêíóôõú", "ro": "ăâîșțşţ", "sk": "áäčďéíĺľňóôŕšťúýž", "sl": "čšž", "sv": "åäöé", "tr": "çğıöşüâî",
}  # fmt: skip
_STATEFUL = (("iso2022_jp_2", b"\x1b$B"), ("iso2022_jp_2", b"\x1b$@"), ("iso2022_kr", b"\x1b$)C"))
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
#: A file with more than this share of control bytes is no text: ISO-2022-JP's escapes stay below, machine code doesn't.
MAX_CONTROLS = 0.02
#: Valid multi-byte characters there must be for each broken one to call a file damaged UTF-8 instead of a legacy text.
VALID_PER_BROKEN = 10


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
    if b"\0" in data or len(_CONTROLS.findall(data)) > MAX_CONTROLS * len(data):
        raise Unreadable("looks like a binary file. Save it as plain text (UTF-8).", "binary")
    for encoding, escape in _STATEFUL:
        if escape in data and (text := _try(data, encoding)) is not None:
            return text
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _damaged_utf8(data) or _legacy(data)


def decode_declared(data: bytes, encoding: str | None) -> str:
    """The text of bytes in the encoding that they are said to be in; as `decode` where none is said, or a wrong one."""
    if encoding:
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken bytes (a file cut off, a bad copy) is still UTF-8: read it with replacement marks."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    valid = sum(character > "\x7f" for character in text) - broken
    return text if valid >= VALID_PER_BROKEN * broken else None


def _legacy(data: bytes) -> str:
    # The same few characters again and again look suspicious at first: a second, more lenient look.
    looks = (
        charset_normalizer.from_bytes(data, cp_isolation=list(_CANDIDATES), threshold=t).best() for t in (0.2, 0.5)
    )
    match = next((match for match in looks if match is not None), None)
    if match is not None and not _is_latin(str(match)):
        return str(match)
    text = _western(data) or (str(match) if match is not None else None)
    if text is None:
        raise Unreadable("is in no known character set. Save it as UTF-8.", "charset")
    return text


def _is_latin(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return sum(character < "\u0250" for character in letters) * 2 > len(letters)


def _western(data: bytes) -> str | None:
    """The reading whose accented letters fit best to the alphabet of the language it is in.

    The statistics of charset-normalizer can't tell the Latin encodings apart: "à" and "ŕ" are the same byte.
    """
    readings = [text for encoding in _LATIN if (text := _try(data, encoding)) is not None]
    return max(readings, key=_fitness, default=None)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    # The ISO encodings map the codes of 0x80-0x9f to control characters, which no text holds.
    return None if any("\x80" <= character <= "\x9f" for character in text) else text


def _fitness(text: str) -> float:
    """Share of the characters beyond ASCII that the language's alphabet or typography knows, in [0, 1]."""
    beyond = [character for character in text.lower() if character > "\x7f"]
    known = _TYPOGRAPHY + _ALPHABETS.get(detect(text), "")
    return sum(character in known for character in beyond) / max(len(beyond), 1)
