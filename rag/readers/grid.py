"""The cells of an HTML table in the columns where one sees them, and what its columns are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from rag.readers.columns import first_names_columns, first_surely_names_columns
from rag.readers.elements import flat, tag_of

if TYPE_CHECKING:
    from lxml.etree import _Element

#: What cells that span others repeat may be so many times as long as the table, and a little more: a span is but a
#: number, and ten thousand rows of a thousand columns are soon asked for.
MOST_REPEATED = 10
FEW_REPEATED = 2000
#: Places of a table, for each cell ten and these.
MOST_PLACES = 20_000
_NUMBER = re.compile(r"\s*(\d{1,5})")


@dataclass(frozen=True)
class Cell:
    """The text of a cell, how many columns and rows it spans, whether it may or does name columns, or is bold."""

    text: str
    across: int
    down: int
    may_name: bool
    names: bool
    bold: bool = False


def cells_of(table: _Element) -> list[list[Cell]]:
    """The rows of a table that have cells; a span ends with its part of the table (head, body)."""
    rows = [row for row in table.iter("tr") if any(tag_of(cell) in ("td", "th") for cell in row)]
    last: dict[_Element | None, int] = {row.getparent(): position for position, row in enumerate(rows)}
    return [
        [_cell(cell, last[row.getparent()] - position + 1) for cell in row if tag_of(cell) in ("td", "th")]
        for position, row in enumerate(rows)
    ]


def _cell(cell: _Element, rows_left: int) -> Cell:
    # Zero rows are all that are left.
    down = _span(cell, "rowspan") or rows_left
    row = cell.getparent()
    in_head = row is not None and tag_of(row.getparent()) == "thead"
    return Cell(
        flat(cell),
        max(1, _span(cell, "colspan")),
        min(down, rows_left),
        may_name=in_head or tag_of(cell) == "th",
        names=in_head,
        bold=_is_bold(cell),
    )


def _is_bold(cell: _Element) -> bool:
    """Whether all of a cell is set in bold."""
    bold = next((inner for inner in cell.iter("b", "strong")), None)
    return bold is not None and flat(bold) == flat(cell)


def _span(cell: _Element, name: str) -> int:
    number = _NUMBER.match(cell.get(name) or "")
    return int(number[1]) if number else 1


def titles(rows: Sequence[Sequence[Cell]]) -> int:
    """The number of rows of one cell above the names of a table's columns."""
    count = 0
    while count + 1 < len(rows) and len(rows[count]) == 1 and rows[count][0].down == 1:
        count += 1
    return count if len(rows[count]) > 1 and all(cell.may_name for cell in rows[count]) else 0


def laid_out(rows: Sequence[Sequence[Cell]]) -> tuple[list[list[str]], bool]:
    """The texts of the rows by column, and whether the first of them names the columns.

    What spans rows is repeated in each of them, because each is found and cited on its own. What spans columns is
    repeated only where they have names. Several rows of names become one: "Ships" above "2022" is "Ships 2022".
    """
    height = _height_of_names(rows)
    grid = _grid(rows, across=height > 0)
    if grid is None:
        return [[cell.text for cell in row] for row in rows], height > 0
    if height == 0:
        bold = _is_bold_above_others(rows) and first_names_columns(grid)
        return grid, bold or first_surely_names_columns(grid)
    names = [" ".join(dict.fromkeys(filter(None, column))) for column in zip_longest(*grid[:height])]
    return [names, *grid[height:]], True


def _is_bold_above_others(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether the first row alone is bold, as names of columns are that nothing marks."""
    first, second = ([cell for cell in row if cell.text] for row in (*rows, (), ())[:2])
    if len(first) < 2 or any(cell.text.endswith((":", "：")) for cell in first):
        return False
    return all(cell.bold for cell in first) and bool(second) and not any(cell.bold for cell in second)


def _height_of_names(rows: Sequence[Sequence[Cell]]) -> int:
    """The number of the first rows that name the columns; where all rows could do so, it is the first."""
    height = 0
    while height < len(rows) and _may_name(rows, height):
        if height and not _is_below_names(rows[height], rows[height - 1]):
            break
        # Below the name of a group of columns stand theirs, whether they are marked as names or not.
        height += max(cell.down for cell in rows[height])
    return height if height < len(rows) else min(height, 1)


def _may_name(rows: Sequence[Sequence[Cell]], position: int) -> bool:
    """Whether a row may name columns: it is marked, or stands below a group's name and has none for its row."""
    row = rows[position]
    if all(cell.may_name for cell in row):
        return True
    return position == 1 and not row[0].text and all(cell.text for cell in row[1:])


def _is_below_names(row: Sequence[Cell], above: Sequence[Cell]) -> bool:
    """Whether a row goes on with the names above it, and begins no part of the table."""
    return len(row) > 1 and (row[0].names or any(cell.across > 1 for cell in above))


def _grid(rows: Sequence[Sequence[Cell]], *, across: bool) -> list[list[str]] | None:
    """The texts in all places that their cells cover; None if they would be too many.

    A row of a single cell stays one: it is a title between the others.
    """
    left = FEW_REPEATED + MOST_REPEATED * sum(len(cell.text) + 1 for row in rows for cell in row)
    # There are no more columns than cells, whatever a cell says that it spans.
    widest = sum(map(len, rows)) if across else 1
    reaching: dict[int, tuple[str, int]] = {}
    begun: set[int] = set()
    lines: list[dict[int, str]] = []
    for row in rows:
        line = {column: text for column, (text, _) in reaching.items()}
        reaching = {column: (text, down - 1) for column, (text, down) in reaching.items() if down > 1}
        spans = [min(cell.across, widest) for cell in row] if line or len(row) > 1 else [1]
        left -= sum(len(text) + 1 for text in line.values())
        left -= sum((len(cell.text) + 1) * span for cell, span in zip(row, spans, strict=True))
        if left < 0:
            return None
        column = 0
        for cell, span in zip(row, spans, strict=True):
            while column in line:
                column += 1
            begun.add(column)
            for place in range(column, column + span):
                line.setdefault(place, cell.text)
                if cell.down > 1:
                    reaching[place] = (cell.text, cell.down - 1)
        lines.append(line)
    # Blank places cost as well: a table of names may be a stair, each row a column further than the one above.
    if len(lines) * len(begun) > MOST_PLACES + MOST_REPEATED * sum(map(len, rows)):
        return None
    # In a column where no cell begins there is nothing of its own.
    places = sorted(begun)
    return [list(line.values()) if len(line) == 1 else [line.get(place, "") for place in places] for line in lines]
