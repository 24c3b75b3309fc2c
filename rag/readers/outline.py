"""The lines of a draft in the making: headings, paragraphs, list items and table rows in one form for all formats."""

from __future__ import annotations

from collections.abc import Sequence

from rag.readers.canonical import HEADING, VERBATIM, clean, one_line
from rag.writing import ends_sentence

#: Between the cells of a row.
CELL = " | "
#: A cell that reaches over several rows is repeated in them if it has no more characters than these.
MAX_REPEATED = 600


class Outline:
    """Collects blocks in reading order; `text` is what a Draft holds (``marked`` headings included).

    A blank line stands between blocks, none between the items of a list or the rows of a table.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._kind = ""
        self._term = ""
        self._pages = 0
        self.title: str | None = None
        #: How much there is, to stop in time.
        self.characters = 0

    @property
    def text(self) -> str:
        """All blocks, a line each."""
        return "\n".join(self._lines)

    def heading(self, text: str) -> None:
        """Add a heading; the first one is kept as ``title``."""
        line = one_line(text)
        if line:
            self.title = self.title or line
            self._add("heading", HEADING + line)

    def term(self, text: str) -> None:
        """Name what the next paragraph describes; an empty text ends a list of terms.

        Like a column's name it stands in the line of what is said of it, which is found and cited on its own. A term
        that no paragraph follows is one by itself.
        """
        self._leave_term()
        self._term = one_line(text)

    def paragraph(self, text: str) -> None:
        """Add a paragraph; line breaks in it (a poem, an address) stay."""
        lines = _lines_of(text)
        if lines and self._term:
            lines[0], self._term = _described(self._term, lines[0]), ""
        for line in lines:
            self._add("paragraph", line)
            # The further lines of the same paragraph follow without a blank one.
            self._kind = "paragraph's line"
        self._kind = "paragraph"

    def item(self, text: str, marker: str = "-") -> None:
        """Add an item of a list, with what stands before it ("-", "3.")."""
        lines = _lines_of(text)
        if lines:
            self._add("item", f"{marker} {lines[0]}".lstrip())
            for line in lines[1:]:
                self._add("item", line)

    def code(self, text: str) -> None:
        """Add lines whose breaks and indentation mean something."""
        for line in clean(text).replace("\t", "    ").split("\n"):
            if line.strip():
                self._add("code", VERBATIM + line.rstrip())
            else:
                self._kind = ""
        self._kind = ""

    def table(self, rows: Sequence[Sequence[str]], *, header: bool, names: Sequence[str] = ()) -> None:
        """Add a table, a line a row.

        With a ``header``, each cell of the other rows has its column's name before it, because a row is found and
        cited on its own: ``Year: 1802 | Ships: 40``. A table without one may have the ``names`` of another.
        """
        tidied = [[one_line(cell) for cell in row] for row in rows]
        self._kind = ""
        for position, row in enumerate(tidied):
            known = (tidied[0] if position else None) if header else [one_line(name) for name in names] or None
            line = row_line(row, known)
            if line:
                self._add("row", line)
        self._kind = ""

    def page(self) -> None:
        """Begin the next page; the first begins by itself."""
        self._pages += 1
        if self._pages > 1:
            self._lines.append("\f")
            self.characters += 1
            self._kind = ""

    def _leave_term(self) -> None:
        term, self._term = self._term, ""
        if term:
            self._add("paragraph", term)

    def _add(self, kind: str, line: str) -> None:
        self._leave_term()
        if self._lines and not (kind == self._kind and kind in _TIGHT) and self._kind != "paragraph's line":
            self._lines.append("")
        self._lines.append(line)
        self.characters += len(line)
        self._kind = kind


_TIGHT = ("item", "row", "code")


def repeated(cell: str) -> str:
    """What a cell that reaches over several rows says in each: what they are about, which is short, or nothing."""
    return cell if len(cell) <= MAX_REPEATED else ""


def row_line(cells: Sequence[str], names: Sequence[str] | None = None) -> str:
    """The cells of a row that hold something, each behind its column's name where the names are known.

    >>> row_line(["1802", "", "40"], ["Year", "Port", "Ships"])
    'Year: 1802 | Ships: 40'
    """
    if names is None or len(names) != len(cells):
        return CELL.join(cell for cell in cells if cell)
    pairs = zip(names, cells, strict=True)
    return CELL.join(f"{name}: {cell}" if name and name != cell else cell for name, cell in pairs if cell)


def _described(term: str, description: str) -> str:
    """Put a term before what is said of it, unless that begins with it.

    >>> _described("Port", "Riga."), _described("Port", "Port Royal."), _described("Where?", "In Riga.")
    ('Port: Riga.', 'Port Royal.', 'Where? In Riga.')
    """
    if description.startswith(term):
        return description
    return f"{term} {description}" if ends_sentence(term) or term.endswith((":", "：")) else f"{term}: {description}"


def _lines_of(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in clean(text).split("\n"))
    return [line for line in lines if line]
