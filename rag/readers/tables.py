"""Spreadsheets (XLSX, XLS, ODS by calamine) and CSV: a row is a line, with the names of its columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from rag.readers.archive import Archive, is_encrypted_office
from rag.readers.columns import first_names_columns, first_names_columns_anew
from rag.readers.draft import Draft, Unreadable
from rag.readers.formats import MAX_CHARACTERS, decoded, encrypted, too_much_text
from rag.readers.number_formats import NumberFormat, Place, number_formats
from rag.readers.office import CORE, drafted, stated
from rag.readers.opendocument import META
from rag.readers.outline import Outline, repeated

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

#: The dialect of a CSV file is told from this many characters.
SAMPLE = 64 * 1024
#: A cell may hold a text; csv's own limit is 128 KB.
MAX_CELL = 10_000_000
#: In a workbook no more cells than these repeat what the merged cell above them says.
MAX_COVERED = 100_000
_DELIMITERS = ",;\t|"


def parse_sheets(data: bytes) -> Draft:
    """The sheets of a workbook, the name of each as a heading."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    archive = Archive(data) if data.startswith(b"PK") else None
    if archive is not None:
        archive.check_size(".xml")
    elif is_encrypted_office(data):
        raise encrypted()
    outline = Outline()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        formats = number_formats(archive) if archive is not None else {}
        for name in _shown_sheets(book):
            rows = _rows(book.get_sheet_by_name(name), formats.get(name, {}))
            if any(any(row) for row in rows):
                outline.heading(name)
                _add(rows, outline)
    except PasswordError as error:
        raise encrypted() from error
    except CalamineError as error:
        raise Unreadable(f"is damaged, or not what its name says ({error})") from error
    # The name of a sheet is no title of the workbook.
    outline.title = None
    return drafted(outline, {} if archive is None else stated(archive, META) | stated(archive, CORE))


def _shown_sheets(book: CalamineWorkbook) -> list[str]:
    """The names of the sheets that have a tab."""
    from python_calamine import SheetVisibleEnum

    return [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]


def _rows(sheet: CalamineSheet, formats: Mapping[Place, NumberFormat]) -> list[list[str]]:
    """The cells of a sheet as texts; calamine leaves out the blank rows and columns before the first one."""
    top, left = sheet.start or (0, 0)
    rows = [
        [_shown(value, formats.get((row, column))) for column, value in enumerate(values, left)]
        for row, values in enumerate(sheet.to_python(), top)
    ]
    held = [sum(map(bool, row)) for row in rows]
    names = next((row for row, cells in enumerate(held) if cells > 1), 0)
    for first, row, column in islice(_covered(sheet, top + len(rows)), MAX_COVERED):
        # A blank row still parts two tables, and the names of columns may stand in two rows.
        if first - top > names and held[row - top] and 0 <= column - left < len(rows[0]):
            rows[row - top][column - left] = repeated(rows[first - top][column - left])
    _join_names(rows, names, _groups(sheet, top + names, left))
    return rows


def _groups(sheet: CalamineSheet, row: int, left: int) -> list[range]:
    """The columns, counted from the leftmost, that each merged cell of a single row spans."""
    ranges = sheet.merged_cell_ranges or ()
    return [
        range(max(0, first - left), last - left + 1)
        for (top, first), (end, last) in ranges
        if top == end == row and last > first
    ]


def _join_names(rows: list[list[str]], first: int, groups: Sequence[range]) -> None:
    """Put the names of groups of columns before those of their columns, in the row below: "2022" above "Q1"."""
    if not groups or first + 2 >= len(rows):
        return
    above, names = rows[first], rows[first + 1]
    grouped = {column for group in groups for column in group if 0 <= column < len(names)}
    alone = set(range(len(names))) - grouped
    if any(names[column] for column in alone) or not all(names[column] for column in grouped):
        return
    if any(len({names[column] for column in group if column in grouped}) < 2 for group in groups):
        return
    for group in groups:
        for column in grouped.intersection(group):
            names[column] = f"{above[group.start]} {names[column]}"
    for column in alone:
        names[column] = above[column]
    rows[first] = [""] * len(above)


def _covered(sheet: CalamineSheet, end: int) -> Iterator[tuple[int, int, int]]:
    """The rows that a merged cell reaches into: its first row, the row and the column."""
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        for row in range(first + 1, min(last + 1, end)):
            yield first, row, column


def parse_csv(data: bytes) -> Draft:
    """The rows of a CSV file with commas, semicolons, tabs or bars."""
    text = decoded(data)
    csv.field_size_limit(MAX_CELL)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text[:SAMPLE])))
    except csv.Error as error:
        raise Unreadable(f"is damaged: {error}") from error
    outline = Outline()
    _add(rows, outline)
    return Draft(outline.text, marked=True)


def _delimiter(sample: str) -> str:
    """The separator that cuts the first rows into the same number of cells, more of them before fewer."""

    def fitness(delimiter: str) -> tuple[float, int]:
        rows = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row][:50]
        widths = [len(row) for row in rows]
        if not widths or max(widths) < 2:
            return 0.0, 0
        usual = max(set(widths), key=widths.count)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0), usual

    return max(_DELIMITERS, key=fitness)


def _add(rows: Iterable[Sequence[str]], outline: Outline) -> None:
    """Add the tables of a sheet: blank rows part them, and a row of one cell above a table is its title.

    A table that fills the same columns as a named one above goes on with it, unless it has a title, or its first row
    could name its columns as well: a name that is missing is better than a false one.
    """
    characters = 0
    named: list[int] = []
    names: Sequence[str] = ()
    for region in _regions(rows):
        body = list(region)
        characters += sum(len(cell) for row in body for cell in row)
        if characters > MAX_CHARACTERS:
            raise too_much_text()
        while body and sum(map(bool, body[0])) == 1:
            outline.paragraph(next(filter(None, body.pop(0))))
        columns = sorted({position for row in body for position, cell in enumerate(row) if cell})
        table = [[cell for p in columns for cell in (row[p : p + 1] or [""])] for row in body]
        alike = bool(table) and columns == named and len(body) == len(region)
        header = first_names_columns_anew(table, names) if alike else first_names_columns(table)
        goes_on = alike and (header or not first_names_columns(table))
        outline.table(table, header=header, names=names if goes_on else ())
        if header:
            named, names = columns, table[0]


def _regions(rows: Iterable[Sequence[str]]) -> Iterator[list[list[str]]]:
    region: list[list[str]] = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        if any(cells):
            region.append(cells)
        elif region:
            yield region
            region = []
    if region:
        yield region


def _shown(value: Any, shown_as: NumberFormat | None = None) -> str:
    """A cell's value as text: numbers with the digits that Excel shows, dates in ISO 8601."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        if shown_as is None:
            return _number(value)
        return shown_as.shown(_number(value * 100 if shown_as.percent else value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _hours(value)
    return str(value)


def _hours(time: timedelta) -> str:
    """A length of time as Excel shows one in hours.

    >>> _hours(timedelta(days=1, hours=12)), _hours(timedelta(minutes=5, seconds=7))
    ('36:00', '0:05:07')
    """
    sign, seconds = ("-" if time < timedelta() else ""), round(abs(time.total_seconds()))
    shown = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}"
    return f"{shown}:{seconds % 60:02}" if seconds % 60 else shown


def _number(value: float) -> str:
    """A number without the noise behind its fifteenth digit; whole ones without a point.

    >>> _number(0.1 + 0.2), _number(40.0), _number(1e20)
    ('0.3', '40', '1e+20')
    """
    whole = float(value).is_integer() and abs(value) < 1e15
    return str(int(value)) if whole else format(value, ".15g")
