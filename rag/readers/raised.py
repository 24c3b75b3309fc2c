"""Small raised and lowered figures, which glued to what stands before them would make another number of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from rag.writing import TERMINATORS

if TYPE_CHECKING:
    from lxml.etree import _Element

#: As much of what stands before as tells what is raised.
BEFORE = 40
#: What is raised holds at most this many elements and characters: else it is text, or a tag that was never closed.
_MOST_ELEMENTS = 12
_MOST_CHARACTERS = 20

_EXPONENT = re.compile(r"[+\-\u2013\u2212]?\d+|\d+[+\-\u2013\u2212]")
_DECIMAL = re.compile(r"[+\-\u2013\u2212]?\d+[.,/\u2044]\d+")
_NOTES = re.compile(r"\d{1,3}(?:\s*[,;\-\u2013]\s*\d{1,3})*")
_LETTER_OF_A_NOTE = re.compile(r"[A-Za-z]|[ivxlc]{1,5}")
#: Small figures and signs.
RAISED = str.maketrans("0123456789+-\u2013\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
LOWERED = str.maketrans("0123456789+-\u2013\u2212", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋")
#: A note's mark follows the end of a sentence or clause, or a quotation.
_AFTER_A_CLAUSE = re.compile(rf"(?:[{TERMINATORS},;:，、；：][)\]）」』]?|[\"”’»›“])$")
#: So it does a word or a year; powers are of short units, of variables and of smaller numbers ...
_WORD = re.compile(r"[^\W\d_⁰¹²³⁴-⁹₀-₉]{3,}$|(?<![\d.,])\d{4,}$")
#: ... or of functions and units as long as a word.
_FUNCTION = re.compile(r"\b(?:sin|cos|tan|cot|sec|log|mol|rad|min|bar|yds?|[kMGT]?eV|[mk]?bit)$")
_UNIT_IN_WORDS = re.compile(
    r"(?:met(?:er|re|ro)s?|m[eè]tres?|foot|feet|inch(?:es)?|yards?|miles?|fuß|zoll|meilen?|"
    r"\b(?:alpha|beta|gamma|delta|sigma|lambda|omega))$",
    re.IGNORECASE,
)
_TEN = re.compile(r"(?<![\d.,])10$")
#: "¹⁴C": only the lightest elements have so few particles that one digit counts them.
_ISOTOPE = re.compile(r"(?:\d(?:H|He|Li|Be|B)|\d{2,3}[A-Z][a-z]?)(?![^\W\d_])")
_NOTE_NAME = re.compile(r"note|\bfn|\bref|\bcit", re.IGNORECASE)
#: Sphinx names every link "reference".
_NOTE_LINK_NAME = re.compile(r"noteref|(?:foot|end)-?note", re.IGNORECASE)


def raised(text: str, before: str, after: str = "", *, noted: bool = False) -> str:
    """Return what is raised behind a text as it stands in plain text: a power, the mark of a note, or letters.

    ``noted`` tells that it is known to lead to a note.

    >>> raised("30", "2 × 10"), raised("1", "in 1802"), raised("2", "they say."), raised("e", "19")
    ('³⁰', '[1]', '[2]', 'e')
    """
    plain, before = text.strip(), before[-BEFORE:]
    if _is_note(plain, before, after, noted):
        tail = " " if before[-1:].strip() == "" and after[:1].isalnum() else ""
        return f"[{plain}]{tail}"
    if after[:1] in ("/", "\u2044") and plain.isdecimal():
        return f" {plain}" if before[-1:].isdecimal() else plain
    if _EXPONENT.fullmatch(plain):
        return plain.translate(RAISED)
    if _DECIMAL.fullmatch(plain) and before[-1:].isdecimal():
        return f" {plain}" if "/" in plain or "\u2044" in plain else f"^{plain}"
    return text


def lowered(text: str, before: str) -> str:
    """Return what is lowered behind a text: figures behind letters stay as one types them (CO2), behind others small.

    >>> lowered("2", "CO"), lowered("2", "1011")
    ('2', '₂')
    """
    return text.translate(LOWERED) if text.isdecimal() and before[-1:].isdecimal() else text


def _is_note(plain: str, before: str, after: str, noted: bool) -> bool:
    if noted and _LETTER_OF_A_NOTE.fullmatch(plain):
        return True
    if not _NOTES.fullmatch(plain):
        return False
    if noted or _AFTER_A_CLAUSE.search(before):
        return True
    if not plain.isdecimal():
        return "," in plain or ";" in plain
    if after[:1] in ("/", "\u2044"):
        return False
    if before[-1:].strip() == "" or not before[-1].isalnum():
        return before[-1:] not in (")", "]", "/", "-") and not _ISOTOPE.match(plain + after)
    if _UNIT_IN_WORDS.search(before) and plain in ("2", "3"):
        return False
    # Nobody writes "to the power of one", but in a row of powers of ten.
    return (plain == "1" and not _TEN.search(before)) or bool(_WORD.search(before) and not _FUNCTION.search(before))


def small(element: _Element, words: Sequence[str]) -> str | None:
    """Return what an element says behind these words if it is raised, lowered, or leads to a note; else None."""
    if element.tag not in ("sup", "sub") and not (element.tag == "a" and _is_named(element, _NOTE_LINK_NAME)):
        return None
    if sum(1 for _ in islice(element.iter(), _MOST_ELEMENTS + 1)) > _MOST_ELEMENTS:
        return None
    text = "".join(element.itertext())
    if len(text) > _MOST_CHARACTERS:
        return None
    before = "".join(word[-BEFORE:] for word in words[-BEFORE:])
    if element.tag == "sub":
        return lowered(text, before)
    if element.tag == "a" and next(element.iter("sup"), None) is not None:
        return None
    return raised(text, before, _after(element), noted=element.tag == "a" or _leads_to_a_note(element))


def _after(element: _Element) -> str:
    following = element.getnext()
    return element.tail or ("" if following is None else following.text or "")


def _leads_to_a_note(element: _Element) -> bool:
    """Whether an element is all of a link, holds one, or is named as the mark of a note."""
    if _is_named(element, _NOTE_NAME) or next(element.iter("a"), None) is not None:
        return True
    # Not by counting what is around: a paragraph of a hundred thousand raised figures would be counted as often.
    around = element.getparent()
    if around is None or element.getprevious() is not None or element.getnext() is not None:
        return False
    if (around.text or "").strip() or (element.tail or "").strip():
        return False
    return around.tag == "a" or (around.tag == "span" and _is_named(around, _NOTE_NAME))


def _is_named(element: _Element, name: re.Pattern[str]) -> bool:
    told = (element.get("epub:type") or "", element.get("role") or "")
    return "noteref" in " ".join(told) or bool(name.search(element.get("class") or ""))
