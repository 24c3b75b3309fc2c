"""What stands before the items of a numbered HTML list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_NUMBER = re.compile(r"\s*([+-]?\d{1,8})(?!\d)")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
#: Roman numerals go no further.
_LAST_ROMAN = 3999


class Numbering:
    """Counts the items of a list as a browser does: from a start, upwards or downwards, in figures or letters."""

    def __init__(self, numbered: _Element) -> None:
        self._kind = numbered.get("type")
        self._step = 1 if numbered.get("reversed") is None else -1
        first = 1 if self._step > 0 else sum(1 for _ in numbered.iterchildren("li"))
        self._next = _number(numbered, "start", first)

    def marker(self, item: _Element) -> str:
        """Return what stands before the next item, which may have a number of its own."""
        number = _number(item, "value", self._next)
        self._next = number + self._step
        return f"{written(number, item.get('type') or self._kind)}."


def _number(element: _Element, name: str, otherwise: int) -> int:
    found = _NUMBER.match(element.get(name) or "")
    return int(found[1]) if found else otherwise


def written(number: int, kind: str | None) -> str:
    """Write a number as a kind of list does.

    >>> written(28, "a"), written(9, "I"), written(0, "i"), written(3, None)
    ('ab', 'IX', '0', '3')
    """
    if kind in ("a", "A") and number > 0:
        letters = _letters(number)
    elif kind in ("i", "I") and 0 < number <= _LAST_ROMAN:
        letters = _roman(number)
    else:
        return str(number)
    return letters.upper() if kind.isupper() else letters


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return letters


def _roman(number: int) -> str:
    letters = ""
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        letters += sign * count
    return letters
