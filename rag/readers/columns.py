"""Which rows of a table of cells name its columns: nothing marks them, so what they look like has to tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rag.readers.dates import parse_date
from rag.writing import ends_sentence

#: A longer cell is no name.
MAX_NAME = 60
#: What the columns are is told from this many rows.
SAMPLE = 200
#: A column of data has cells of one kind, at least this share of them.
ALIKE = 0.75
#: A year, a financial year, a month or a day.
_TIME = re.compile(r"(?:1[5-9]|2[01])\d\d(?:[-/–]\d{1,4}){0,2}|\d{1,2}([./])\d{1,2}\1\d{2,4}")
#: What can be a name of a column in which there is something else.
_UNUSUAL = ("time", "measure", "question", "statement")
_WORDS = ("upper", "lower", "letters")
_NUMBERS = {"number", "measure", "time"}
#: What stands in the place of a number.
_NOTHING = frozenset((
    "-", "–", "—", "n/a", "n.a.", "na", "k.a.", "none", "null", "unknown", "unbekannt", "free", "closed", "gratis",
    "frei", "kostenlos", "geschlossen", "gratuit", "fermé", "cerrado", "chiuso", "gesloten", "inconnu", "desconocido",
    "бесплатно", "закрыто", "無料", "休み", "不明", "免费", "未知", "무료", "휴무",
))  # fmt: skip
#: The name of a column that may hold anything.
_VALUE = frozenset((
    "value", "values", "wert", "werte", "valeur", "valor", "valore", "waarde", "wartość", "значение", "значення",
    "hodnota", "värde", "værdi", "değer", "nilai", "giá trị", "値", "值", "값", "answer", "antwort", "meaning",
    "definition", "description",
))  # fmt: skip


def first_names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: short different words, none of them a number, unlike the rows below.

    Where nothing tells, as between one row of words and others, it does: few tables are without names.
    """
    if len(rows) < 2:
        return False
    names = [cell for cell in rows[0] if cell]
    widest = max(sum(map(bool, row)) for row in rows[1:])
    named = [(name, below) for name, below in _columns(rows) if name]
    return (
        len(names) >= max(2, widest - 1)
        and len(set(names)) == len(names)
        and 2 * sum(bool(below) for _, below in named) >= len(named)
        and all(_fits(name, below) for name, below in named)
        and not _is_row_like_the_others(rows)
        and not _is_form(rows)
    )


def first_surely_names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names three columns or more, which words above nothing but numbers tell in two of them.

    Of two columns the first may name what stands in the second: "Age | 33" below "Name | Ann Lee". So may the first of
    three: "Pupils | 6–17 | 5 €" below "Children | under 6 | free".
    """
    if not rows or len(rows[0]) < 3 or not first_names_columns(rows):
        return False
    if any(cell.casefold() in _NOTHING or (any(map(str.isdigit, cell)) and _kind(cell) != "time") for cell in rows[0]):
        return False
    return len(_words_above_numbers(rows)) > 1


def first_names_columns_anew(rows: Sequence[Sequence[str]], names: Sequence[str]) -> bool:
    """Whether the first row names the columns though rows above it, with the same columns, had names already.

    It does if it repeats them, or has words above columns of numbers.
    """
    if list(rows[0]) == list(names):
        return True
    return bool(_words_above_numbers(rows)) and first_names_columns(rows)


def _words_above_numbers(rows: Sequence[Sequence[str]]) -> list[str]:
    """The words in the first row that stand above nothing but numbers."""
    return [
        name
        for name, below in _columns(rows)
        if below and _kind(name) in _WORDS and {_kind(cell) for cell in below} <= _NUMBERS
    ]


def _is_form(rows: Sequence[Sequence[str]]) -> bool:
    """Whether two columns are labels and what is said of them: words, dates and numbers below one another."""
    labels, said = ([below for _, below in _columns(rows)] + [[], []])[:2]
    if max(map(len, rows)) > 2 or len(said) < 2:
        return False
    if sum(label.endswith((":", "：")) for label in labels) > len(labels) / 2:
        return True
    if rows[0][-1].casefold() in _VALUE:
        return False
    groups = Counter(_group(cell) for cell in said if cell.casefold() not in _NOTHING)
    return bool(groups) and max(groups.values()) < ALIKE * groups.total()


def _group(cell: str) -> str:
    """Whether a cell says when, how much, or something else."""
    kind = _kind(cell)
    if kind == "time" or parse_date(cell):
        return "time"
    return "number" if kind in _NUMBERS else "words"


def _columns(rows: Sequence[Sequence[str]]) -> list[tuple[str, list[str]]]:
    """The first cell of each column and those below it that hold something, but for rows that repeat the first."""
    body = [row for row in rows[1:SAMPLE] if row != rows[0]]
    return [(name, [row[p] for row in body if len(row) > p and row[p]]) for p, name in enumerate(rows[0])]


def _fits(name: str, below: Sequence[str]) -> bool:
    kind = _kind(name)
    if kind == "number" or len(name) > MAX_NAME:
        return False
    return any(_kind(cell) != kind for cell in below) if kind in _UNUSUAL else name not in below


def _is_row_like_the_others(rows: Sequence[Sequence[str]]) -> bool:
    """Whether some words of the first row are capitalized and some not, just as below: names are written alike."""
    columns = _columns(rows)
    kinds = {_kind(name) for name, _ in columns if name}
    return {"upper", "lower"} <= kinds and all(
        below and {_kind(cell) for cell in below} == {_kind(name)} for name, below in columns
    )


def _kind(cell: str) -> str:
    if _TIME.fullmatch(cell):
        return "time"
    letter = next(filter(str.isalpha, cell), "")
    if not letter:
        return "number" if any(map(str.isdigit, cell)) else "sign"
    if cell[0].isdigit():
        return "measure"
    if cell.endswith(("?", "？")):
        return "question"
    # "No." and "Tel. no." end with a point too.
    if ends_sentence(cell) and (len(cell.split()) > 2 or not cell.isascii()):
        return "statement"
    return "lower" if letter.islower() else "upper" if letter.isupper() else "letters"
