"""Spreadsheets (XLSX, XLS, ODS by calamine) and CSV: a row is a line, with the names of its columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from rag.readers.archive import Archive, is_encrypted_office
from rag.readers.columns import first_names_columns, first_names_columns_anew
from rag.readers.draft import Draft, Unreadable
from rag.readers.formats import MAX_CHARACTERS, decoded, encrypted, too_much_text
from rag.readers.outline import Outline

#: The dialect of a CSV file is told from this many characters.
SAMPLE = 64 * 1024
#: A cell may hold a text; csv's own limit is 128 KB.
MAX_CELL = 10_000_000
_DELIMITERS = ",;\t|"


def parse_sheets(data: bytes) -> Draft:
    """The sheets of a workbook, the name of each as a heading."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    if data.startswith(b"PK"):
        Archive(data).check_size(".xml")
    elif is_encrypted_office(data):
        raise encrypted()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        outline = Outline()
        for name in book.sheet_names:
            rows = [[_shown(value) for value in row] for row in book.get_sheet_by_name(name).to_python()]
            if any(any(row) for row in rows):
                outline.heading(name)
                _add(rows, outline)
    except PasswordError as error:
        raise encrypted() from error
    except CalamineError as error:
        raise Unreadable(f"is damaged, or not what its name says ({error})") from error
    return Draft(outline.text, marked=True)


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

    A table that fills the same columns as a named one above goes on with it.
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
        columns = [
            position for position in range(max(map(len, body), default=0)) if any(r[position:][:1] > [""] for r in body)
        ]
        table = [[cell for p in columns for cell in (row[p : p + 1] or [""])] for row in body]
        goes_on = bool(table) and columns == named
        header = first_names_columns_anew(table, names) if goes_on else first_names_columns(table)
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


def _shown(value: Any) -> str:
    """A cell's value as text: whole numbers without a point, dates in ISO 8601."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
