"""Which cells of an Excel workbook show a percentage: calamine hands on the number alone, 0.256 for 25.6%."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.readers.archive import Archive
from rag.readers.office import RELATION, links

if TYPE_CHECKING:
    from lxml.etree import _Element

_WORKBOOK = "xl/workbook.xml"
_STYLES = "xl/styles.xml"
#: Excel's own formats 0% and 0.00%, which no file writes out.
_BUILT_IN = ("9", "10")
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
#: What a format shows as it stands, leaves room for (_x) or repeats (*x): ECMA-376, part 1, 18.8.31.
_LITERAL = re.compile(r'"[^"]*"|[\\_*].')

Place = tuple[int, int]
"""A row and a column, from 0."""


def percentages(archive: Archive) -> dict[str, set[Place]]:
    """The cells that show a percentage, by the name of their sheet."""
    if _WORKBOOK not in archive or _STYLES not in archive:
        return {}
    styles = _percent_styles(archive.xml(_STYLES))
    if not styles:
        return {}
    parts = {id: part for id, (_, part) in links(archive, _WORKBOOK).items()}
    named = {
        sheet.get("name") or "": parts.get(sheet.get(RELATION) or "", "")
        for sheet in archive.xml(_WORKBOOK).iter("{*}sheet")
    }
    return {name: set(_places(archive.read(part), styles)) for name, part in named.items() if part in archive}


def _percent_styles(styles: _Element) -> set[str]:
    """The numbers of the cell styles that show a percentage."""
    own = {
        format.get("numFmtId") or ""
        for format in styles.iter("{*}numFmt")
        if "%" in _LITERAL.sub("", format.get("formatCode") or "").partition(";")[0]
    }
    cells = (style for group in styles.iterchildren("{*}cellXfs") for style in group.iterchildren("{*}xf"))
    return {str(number) for number, style in enumerate(cells) if style.get("numFmtId") in own.union(_BUILT_IN)}


def _places(sheet: bytes, styles: set[str]) -> Iterator[Place]:
    from lxml import etree

    rows = etree.iterparse(io.BytesIO(sheet), tag="{*}row", resolve_entities=False, no_network=True, load_dtd=False)
    try:
        for _, row in rows:
            for cell in row.iterchildren("{*}c"):
                if cell.get("s") in styles and (place := _PLACE.fullmatch(cell.get("r") or "")):
                    yield int(place[2]) - 1, _column(place[1])
            row.clear()
    except etree.XMLSyntaxError:
        # Calamine could read it: the numbers are shown, if not as percentages.
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
