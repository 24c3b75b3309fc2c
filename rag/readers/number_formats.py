"""How cells of an Excel workbook show their numbers: calamine hands on the number alone, 0.256 for 25.6%, 7 for 007."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.readers.archive import Archive
from rag.readers.office import RELATION, links

if TYPE_CHECKING:
    from lxml.etree import _Element

_WORKBOOK = "xl/workbook.xml"
_STYLES = "xl/styles.xml"
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
#: What a format (ECMA-376, part 1, 18.8.31) shows as it stands, leaves room for (_x) or repeats (*x), the symbol of a
#: currency or a condition ([$€-407], [Red]), the digits, and what a number has not: dates, powers, fractions.
_PART = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[\$(?P<symbol>[^\]-]*)(?:-[^\]]*)?\]|'
    r"(?P<condition>\[[<>=][^\]]*\])|\[[^\]]*\]|"
    r"(?P<digits>[0#?.,]+)|(?P<percent>%)|(?P<other>[A-Za-z/@])|(?P<sign>.)"
)
#: Excel's own limit.
MAX_FORMAT = 255
#: What stands around a number says something if it has a letter or is a currency or a unit.
_SAYS = re.compile(r"[^\W\d_]|[$¢£¥€₩₹₺₽°%‰]")

Place = tuple[int, int]
"""A row and a column, from 0."""


@dataclass(frozen=True)
class NumberFormat:
    """What a format adds to a number: a percent sign, zeros up to ``digits``, words or signs before and behind it."""

    percent: bool = False
    digits: int = 0
    before: str = ""
    after: str = ""

    def shown(self, number: str) -> str:
        """Return a number, of a percentage already times a hundred, as the format shows it.

        >>> NumberFormat(digits=5).shown("1067"), NumberFormat(before="$").shown("-12")
        ('01067', '-$12')
        """
        sign, bare = ("-", number[1:]) if number.startswith("-") else ("", number)
        padded = bare.zfill(self.digits) if bare.isdecimal() else bare
        return f"{sign}{self.before}{padded}{'%' if self.percent else ''}{self.after}"


_PLAIN = NumberFormat()
#: Excel's own formats 0% and 0.00%, which no file writes out.
_BUILT_IN = {"9": NumberFormat(percent=True), "10": NumberFormat(percent=True)}


def number_formats(archive: Archive) -> dict[str, dict[Place, NumberFormat]]:
    """The cells whose format adds something to their number, by the name of their sheet."""
    if _WORKBOOK not in archive or _STYLES not in archive:
        return {}
    styles = _styles(archive.xml(_STYLES))
    if not styles:
        return {}
    parts = {id: part for id, (_, part) in links(archive, _WORKBOOK).items()}
    named = {
        sheet.get("name") or "": parts.get(sheet.get(RELATION) or "", "")
        for sheet in archive.xml(_WORKBOOK).iter("{*}sheet")
    }
    return {name: dict(_places(archive.read(part), styles)) for name, part in named.items() if part in archive}


def _styles(styles: _Element) -> dict[str, NumberFormat]:
    """What the cell styles add to a number, by their own number; without those that add nothing."""
    own = {one.get("numFmtId") or "": read_format(one.get("formatCode") or "") for one in styles.iter("{*}numFmt")}
    known = {**_BUILT_IN, **own}
    cells = (style for group in styles.iterchildren("{*}cellXfs") for style in group.iterchildren("{*}xf"))
    formats = {str(number): known.get(style.get("numFmtId") or "", _PLAIN) for number, style in enumerate(cells)}
    return {number: one for number, one in formats.items() if one != _PLAIN}


def read_format(code: str) -> NumberFormat:
    """What a format adds to a positive number; nothing where it is one of dates, fractions or thousands.

    >>> read_format('#,##0.00 "kg"') == NumberFormat(after=" kg"), read_format("[$€-2] 0") == NumberFormat(before="€ ")
    (True, True)
    >>> read_format("00000").digits, read_format("0.0%").percent, read_format("yyyy-mm-dd") == NumberFormat()
    (5, True, True)
    """
    before, digits, after, percent = "", "", "", False
    for part in _PART.finditer(code[:MAX_FORMAT]):
        if part["sign"] == ";":
            break
        if part["other"] or part["condition"] or (part["digits"] and digits):
            return _PLAIN
        percent = percent or bool(part["percent"])
        if part["digits"]:
            digits = part["digits"]
            continue
        said = part["quoted"] or part["escaped"] or part["symbol"] or part["sign"] or ""
        before, after = (before, after + said) if digits else (before + said, after)
    if not digits or digits.endswith(","):
        return _PLAIN
    zeros = len(digits) if len(digits) > 1 and not digits.strip("0") else 0
    return NumberFormat(percent, zeros, *(said if _SAYS.search(said) else "" for said in (before, after.rstrip())))


def _places(sheet: bytes, styles: Mapping[str, NumberFormat]) -> Iterator[tuple[Place, NumberFormat]]:
    from lxml import etree

    rows = etree.iterparse(io.BytesIO(sheet), tag="{*}row", resolve_entities=False, no_network=True, load_dtd=False)
    try:
        for _, row in rows:
            for cell in row.iterchildren("{*}c"):
                style = styles.get(cell.get("s") or "")
                if style is not None and (place := _PLACE.fullmatch(cell.get("r") or "")):
                    yield (int(place[2]) - 1, _column(place[1])), style
            row.clear()
    except etree.XMLSyntaxError:
        # Calamine could read it: the numbers are shown, if not in their formats.
        return


def _column(letters: str) -> int:
    """The number of a column from 0.

    >>> _column("A"), _column("Z"), _column("AB")
    (0, 25, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
