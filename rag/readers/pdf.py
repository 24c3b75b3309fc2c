"""PDF through PDFium: pages, columns, paragraphs joined over lines and pages, without running heads and feet.

PDFium knows which characters stand where; what belongs together is read off their places on the page.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from statistics import median
from typing import TYPE_CHECKING

from rag.readers.canonical import one_line
from rag.readers.draft import Draft, Unreadable
from rag.readers.formats import MAX_CHARACTERS, encrypted, too_much_text
from rag.readers.garbled import is_garbled
from rag.readers.layout import BULLET, is_page_number, join
from rag.readers.metadata import stated_title
from rag.readers.outline import CELL
from rag.readers.raised import raised
from rag.writing import ends_sentence, is_cjk

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

#: More pages than any book has.
MAX_PAGES = 20_000
#: Lines this near to the top and bottom, in shares of the page's height, can be running heads and feet.
MARGIN = 0.12
#: A running head stands on so many pages at the same height.
MIN_REPEATS = 3
#: Points by which a running head may move from page to page.
JITTER = 4.0
#: A gap in a line of so many line heights separates columns or the cells of a table.
CELL_GAP = 1.5
#: Parts of a line nearer than this, in line heights, are one text, and with less between them one word.
WORD_GAP = 0.6
LETTER_GAP = 0.12
#: Words of a justified line are no further apart, or where all gaps are alike.
SPREAD = 2.5
SPREAD_ALIKE = 5.0
SPREAD_ALONE = 1.2
ALIKE = 1.15
#: Cells of neighbouring rows begin at the same place, within so many points.
ALIGNED = 2.0
ALIGNED_SHARE = 0.75
#: What is raised stands by this share of the line's height above its base, and is no higher than that one of it.
RAISED = 0.25
#: In a line, so that PDFium need not look for each of thousands among all characters of the page.
MOST_RAISED = 100
SMALLER = 0.85
#: Below this share of characters that are letters, digits, marks or spaces, fonts do not say what they show.
READABLE_SHARE = 0.6
#: Lines further apart than this, in line heights from base to base, are different paragraphs ...
PARAGRAPH_GAP = 1.75
#: ... and so are lines whose sizes differ by more than this share.
SIZE_CHANGE = 0.18
#: A line shorter than this share of its column is no part of a paragraph that goes on in lower case.
HALF = 0.5

#: What is a form's field or a text in its own frame, as PDFium numbers the kinds of annotations: FreeText and Widget.
_WRITTEN_UPON = (3, 20)
# Both stand where a word was broken at the end of a line; PDFium then puts no line end.
_BROKEN = re.compile("[\x02\ufffe]")
_ONE_LINE = re.compile("[^\r\n\x02\ufffe]*(?:[\x02\ufffe]|\r?\n|$)")
#: The dots of a table of contents: its lines repeat the headings.
_LEADER = re.compile(r"(?:\.\s?){6,}\s*\S{0,6}\s*$|(?:\s[.·…]){6,}")
_CLOCK = re.compile(r"D?:?((?:19|20)\d\d)(\d\d)(\d\d)")
_FIGURES = re.compile(r"[+\-\u2212]?\d{1,3}(?:[,\u2013-]\d{1,3})*")
_NOTE = re.compile(r"\[?(\d{1,3}|[*†‡])\]?[ \t]*(?=[^\W\d_])")
_DIGITS = re.compile(r"\d+|\b[ivxlc]{1,6}\b")


@dataclass(frozen=True)
class _Line:
    """A line, or a part of one between wide gaps: its text and its box in points from the page's lower left."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    #: Whether the number of a clause was drawn before it.
    numbered: bool = False
    #: How many figures at its beginning are raised.
    raised: int = 0
    #: Whether it begins with a space.
    spaced: bool = False

    @property
    def height(self) -> float:
        return max(self.top - self.bottom, 1.0)


@dataclass(frozen=True)
class _Page:
    lines: tuple[_Line, ...]
    height: float


_Box = tuple[float, float, float, float]
"""Left, bottom, right and top in points."""

_Key = tuple[str, int]
"""What a line at the edge of a page says, and at which height."""


def parse_pdf(data: bytes) -> Draft:
    """The text of a PDF, a form feed between its pages; title, date and language as its metadata has them."""
    document = _open(data)
    try:
        if len(document) > MAX_PAGES:
            raise Unreadable(f"has {len(document):,} pages; the limit is {MAX_PAGES:,}. Split it into parts.", "large")
        pages = _without_running_heads(list(_pages(document)))
        said = document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()
    _check(pages)
    known = frozenset(
        word.casefold() for page in pages for line in page.lines for word in re.findall(r"\w+(?:-\w+)*", line.text)
    )
    return Draft(
        text=_text([_paragraphs(_in_columns(page), known) for page in pages], known),
        title=stated_title(said.get("Title")),
        date=_date(said.get("CreationDate") or said.get("ModDate")),
    )


def _open(data: bytes) -> PdfDocument:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            raise encrypted() from error
        raise Unreadable("is damaged: no complete PDF") from error


def _check(pages: Sequence[_Page]) -> None:
    """Refuse what has no text, or a text that nobody could read."""
    text = "\n".join(line.text for page in pages for line in page.lines)
    characters = [character for character in text if not character.isspace()]
    if not characters:
        raise Unreadable("has no text, only pictures (a scan?). Run it through text recognition (OCR) first.", "scan")
    readable = sum(character.isalnum() or character.isascii() or is_cjk(character) for character in characters)
    if readable < READABLE_SHARE * len(characters) or is_garbled(text):
        raise Unreadable(
            "has fonts that do not say which characters they show. Run it through text recognition (OCR) first.",
            "fonts",
        )


def _pages(document: PdfDocument) -> Iterator[_Page]:
    import pypdfium2

    characters = 0
    # Without it no value is drawn that a form's own file does not draw.
    document.init_forms()
    for number in range(len(document)):
        try:
            page = _page(document, number)
        except pypdfium2.PdfiumError:
            # A page of a damaged file: the others can still be read, and keep their numbers.
            yield _Page((), 0.0)
            continue
        characters += sum(len(line.text) for line in page.lines)
        if characters > MAX_CHARACTERS:
            raise too_much_text()
        yield page


def _page(document: PdfDocument, number: int) -> _Page:
    """A page with what was written into its form or upon it; PDFium finds no text in those by itself."""
    from pypdfium2 import raw

    page = document[number]
    lines, height = _text_lines(page), page.get_height()
    if any(_subtype(page, position) in _WRITTEN_UPON for position in range(raw.FPDFPage_GetAnnotCount(page))):
        raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
        page.close()
        page = document[number]
        lines = _written_in(lines, _text_lines(page))
    page.close()
    return _Page(tuple(lines), height)


def _text_lines(page: PdfPage) -> list[_Line]:
    text_page = page.get_textpage()
    try:
        return list(_lines(text_page))
    finally:
        text_page.close()


def _written_in(printed: Sequence[_Line], filled: Sequence[_Line]) -> list[_Line]:
    """The lines of a page that was filled in: what was written comes last in the file, and belongs into a row."""
    known = {_place(line) for line in printed}
    lines = [line for line in filled if _place(line) in known]
    for line in filled:
        if _place(line) not in known:
            beside = [position for position, other in enumerate(lines) if _same_row(other, line)]
            above = [position for position, other in enumerate(lines) if other.bottom >= line.top]
            nearest = max(beside, key=lambda p: lines[p].right) if beside else max(above, default=-1)
            lines.insert(nearest + 1, line)
    return lines


def _place(line: _Line) -> tuple[str, int, int]:
    return line.text, round(line.left), round(line.bottom)


def _subtype(page: PdfPage, position: int) -> int:
    from pypdfium2 import raw

    annotation = raw.FPDFPage_GetAnnot(page, position)
    if not annotation:
        return int(raw.FPDF_ANNOT_UNKNOWN)
    try:
        return int(raw.FPDFAnnot_GetSubtype(annotation))
    finally:
        raw.FPDFPage_CloseAnnot(annotation)


def _lines(page: PdfTextPage) -> Iterator[_Line]:
    """The lines of a page in the order in which PDFium reads them, cut at wide gaps."""
    from pypdfium2.raw import FPDFText_GetCharIndexFromTextIndex

    position = 0
    for match in _ONE_LINE.finditer(page.get_text_range()):
        text = match[0].rstrip("\r\n")
        if text.strip() and not _LEADER.search(text):
            first = FPDFText_GetCharIndexFromTextIndex(page, position)
            last = FPDFText_GetCharIndexFromTextIndex(page, position + _units(text) - 1)
            boxes = [page.get_rect(i) for i in range(page.count_rects(first, last - first + 1))] if first >= 0 else []
            whole, leading = _with_raised_figures(page, _BROKEN.sub("-", text), position, boxes)
            yield from _cut(page, whole, leading, boxes)
        position += _units(match[0])


def _units(text: str) -> int:
    """The length of a text as PDFium counts it, in 16-bit units."""
    return len(text) + sum(character > "\uffff" for character in text)


def _cut(page: PdfTextPage, text: str, leading: int, boxes: list[_Box]) -> Iterator[_Line]:
    if not boxes:
        return
    pieces = [[boxes[0]]]
    for box, following in pairwise(boxes):
        gap = following[0] - box[2]
        if gap > CELL_GAP * max(box[3] - box[1], following[3] - following[1], 6.0):
            pieces.append([])
        pieces[-1].append(following)
    if len(pieces) == 1:
        yield replace(_line(text, pieces[0]), raised=leading)
        return
    for piece in pieces:
        place = _line("", piece)
        # A point more on each side: the outermost characters must not be cut off.
        part = page.get_text_bounded(place.left - 1, place.bottom - 1, place.right + 1, place.top + 1)
        part = one_line(_BROKEN.sub("-", part))
        if part:
            yield replace(place, text=part)


def _line(text: str, boxes: Sequence[_Box]) -> _Line:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    place = min(lefts), min(bottoms), max(rights), max(tops)
    return _Line(one_line(text), *place, spaced=text[:1].isspace())


def _with_raised_figures(page: PdfTextPage, text: str, position: int, boxes: Sequence[_Box]) -> tuple[str, int]:
    """A text with its raised figures written as such, and how many of them begin it: these stand behind another one."""
    if len(boxes) < 2 or _units(text) > len(text):
        return text, 0
    leading = 0
    for start, figures in reversed([_at(page, run, position) for run in islice(_raised(boxes), MOST_RAISED)]):
        end = start + len(figures)
        if not _FIGURES.fullmatch(figures) or text[start:end] != figures:
            continue
        if start == 0:
            leading = end
        elif text[start - 1] != "[":
            text = text[:start] + raised(figures, text[:start], text[end:]) + text[end:]
    return text, leading


def _raised(boxes: Sequence[_Box]) -> Iterator[list[_Box]]:
    """The boxes that stand above the base of their line, those side by side together; often each holds a character."""
    bottoms = sorted(bottom for _, bottom, _, _ in boxes)
    # Of most lines a quarter of the characters, and no more, reaches below the others.
    base, height = bottoms[len(bottoms) // 4], max(top for *_, top in boxes) - bottoms[0]
    run: list[_Box] = []
    for box in boxes:
        is_raised = box[1] - base > RAISED * height and box[3] - box[1] < SMALLER * height
        if run and not (is_raised and -1 < box[0] - run[-1][2] < height / 4):
            yield run
            run = []
        run += [box] if is_raised else []
    if run:
        yield run


def _at(page: PdfTextPage, boxes: Sequence[_Box], position: int) -> tuple[int, str]:
    """Where the text in some boxes begins, counted from a position in the page's text, and that text."""
    from pypdfium2.raw import FPDFText_GetTextIndexFromCharIndex

    left, bottom, right, top = boxes[0]
    index = page.get_index(left + min(1.0, (right - left) / 4), (bottom + top) / 2, 1.0, 1.0)
    if index is None:
        return -1, ""
    text = "".join(page.get_text_bounded(*box).strip() for box in boxes)
    return FPDFText_GetTextIndexFromCharIndex(page, index) - position, text


# Running heads and feet


def _without_running_heads(pages: list[_Page]) -> list[_Page]:
    """Leave out what stands at the same height near the edge of three pages, numbers aside, and page numbers.

    What is there on an earlier page word for word is left out as well: two pages of a letter have a head, too.
    """
    edges = [{line: key for line in page.lines if (key := _edge_key(line, page))} for page in pages]
    places = Counter(near for edge in edges for key in set(edge.values()) for near in _near(key))
    kept: list[_Page] = []
    before: set[_Key] = set()
    for page, edge in zip(pages, edges, strict=True):
        running = {line for line, key in edge.items() if places[key] >= MIN_REPEATS or (line.text, key[1]) in before}
        before.update(near for line, key in edge.items() for near in _near((line.text, key[1])))
        lines = (line for line in page.lines if line not in edge or not _runs(line, page, running))
        kept.append(replace(page, lines=tuple(lines)))
    return kept


def _near(key: _Key) -> Iterator[_Key]:
    yield from ((key[0], key[1] + shift) for shift in (-1, 0, 1))


def _runs(line: _Line, page: _Page, running: Set[_Line]) -> bool:
    """Whether a line at the edge is a running head or foot, or its page's number, and no number in a table's row."""
    beside = [other for other in page.lines if _same_row(line, other) or _same_row(other, line)]
    if beside and is_page_number(line.text):
        return any(other in running and not is_page_number(other.text) for other in beside)
    return line in running or is_page_number(line.text)


def _edge_key(line: _Line, page: _Page) -> _Key | None:
    """What a running head has in common with those of other pages, or None for a line inside the page."""
    middle = (line.top + line.bottom) / 2
    if MARGIN * page.height < middle < (1 - MARGIN) * page.height:
        return None
    return _DIGITS.sub("#", line.text.casefold()), round(middle / JITTER)


# Columns


def _in_columns(page: _Page) -> list[_Line]:
    """The lines in reading order: where two columns were written line by line, the left one before the right one."""
    lines = list(page.lines)
    gutter = _gutter(lines)
    if gutter is None:
        return lines
    ordered: list[_Line] = []
    left: list[_Line] = []
    right: list[_Line] = []
    for line in lines:
        if line.left < gutter < line.right:
            ordered += [*left, *right, line]
            left, right = [], []
        else:
            (left if line.right <= gutter else right).append(line)
    return [*ordered, *left, *right]


def _gutter(lines: Sequence[_Line]) -> float | None:
    """The middle of the gap between two columns of prose that are written alternately, or None.

    A table has such gaps too, but its cells do not fill their column line after line.
    """
    pairs = [(a, b) for a, b in pairwise(lines) if _same_row(a, b)]
    if len(pairs) < 8 or 2 * len(pairs) < 0.6 * len(lines):
        return None
    low, high = max(a.right for a, _ in pairs), min(b.left for _, b in pairs)
    if low >= high:
        return None
    widths = [a.right - a.left for a, _ in pairs] + [b.right - b.left for _, b in pairs]
    columns = max(widths)
    full = sum(width >= 0.85 * columns for width in widths)
    return (low + high) / 2 if full >= 0.7 * len(widths) else None


def _same_row(first: _Line, second: _Line) -> bool:
    overlap = min(first.top, second.top) - max(first.bottom, second.bottom)
    return second.left >= first.right and overlap > 0.5 * min(first.height, second.height)


# Paragraphs


def _paragraphs(lines: Sequence[_Line], known: frozenset[str]) -> list[str]:
    """The lines of a page joined to paragraphs, and the cells of a row to a row."""
    rows = _rows(lines)
    paragraphs: list[str] = []
    for position, row in enumerate(rows):
        if position and _continues(rows[position - 1], row, _column(rows, position)):
            paragraphs[-1] = join(paragraphs[-1], row.text, known)
        else:
            paragraphs.append(row.text)
    return paragraphs


def _rows(lines: Sequence[_Line]) -> list[_Line]:
    """The lines with what stands beside one another in one."""
    rows: list[list[_Line]] = []
    for line in lines:
        # A point behind a raised figure is in one row with what is before that.
        if rows and any(_same_row(part, line) for part in rows[-1][-2:]) and rows[-1][-1].right <= line.left:
            rows[-1].append(line)
        else:
            rows.append([line])
    around = zip([[], *rows[:-1]], [*rows[1:], []], strict=True)
    return [
        _row(parts, prose=_is_spread(parts) and not any(_is_aligned(parts, other) for other in near))
        for parts, near in zip(rows, around, strict=True)
    ]


def _is_aligned(parts: Sequence[_Line], others: Sequence[_Line]) -> bool:
    """Whether nearly all parts of a row but the first begin where those of another do, as cells below each other."""
    lefts = sorted(other.left for other in others[1:])
    found = 0
    for part in parts[1:]:
        near = bisect_left(lefts, part.left - ALIGNED)
        found += near < len(lefts) and lefts[near] <= part.left + ALIGNED
    return found >= ALIGNED_SHARE * (len(parts) - 1)


def _row(parts: Sequence[_Line], *, prose: bool) -> _Line:
    """The parts of a row in one: cells of a table, or words that were only set far apart."""
    row = parts[0]
    for part in parts[1:]:
        if prose or part.left - row.right < WORD_GAP * row.height:
            row = _side_by_side(row, part)
            continue
        clause = _CLAUSE.fullmatch(row.text) is not None and len(part.text.split()) >= _WORDS_OF_A_CLAUSE
        number = clause or BULLET.fullmatch(f"{row.text} ") or row.text in _BULLETS
        row = _Line(
            row.text + (" " if number else CELL) + part.text,
            row.left,
            min(row.bottom, part.bottom),
            part.right,
            max(row.top, part.top),
            clause or row.numbered,
        )
    return row


def _is_spread(parts: Sequence[_Line]) -> bool:
    """Whether the parts are the words of a justified line: most go on in lower case, with small gaps or equal ones."""
    height = max(part.height for part in parts)
    gaps = [(following.left - part.right) / height for part, following in pairwise(parts)]
    if not gaps or 2 * sum(part.text[:1].islower() for part in parts[1:]) <= len(gaps):
        return False
    if len(gaps) == 1:
        return gaps[0] < SPREAD_ALONE
    return max(gaps) < (SPREAD_ALIKE if max(gaps) < ALIKE * min(gaps) else SPREAD)


def _side_by_side(before: _Line, line: _Line) -> _Line:
    """Two parts of a line that nothing but the size or the height of their letters parts."""
    figures, text = line.text[: line.raised], line.text[line.raised :]
    above = line.bottom - before.bottom
    if not figures and _FIGURES.fullmatch(text) and above > RAISED * before.height > 0 and line.height < before.height:
        figures, text = text, ""
    bare = line.left - before.right < LETTER_GAP * before.height and not line.spaced
    # Figures on two heights are two numbers.
    bare = bare and not (before.text[-1:].isdecimal() and text[:1].isdecimal())
    between = "" if bare or figures or text[:1] in ",.;:!?)]" else " "
    small = raised(figures, before.text, text) if figures else ""
    return replace(
        before,
        text=before.text + between + small + text,
        bottom=min(before.bottom, line.bottom),
        right=line.right,
        top=before.top if figures and not text else max(before.top, line.top),
    )


#: "1.1", "4.2.1)", "§ 5": a word or two behind it may be a cell of a table.
_CLAUSE = re.compile(r"\(?\d{1,3}(?:\.\d{1,3}){1,5}[.)]?|§\s?\d{1,4}[a-z]?")
_WORDS_OF_A_CLAUSE = 3
_BULLETS = "-*+•‣◦▪●○■□·–—"
#: Lines before and after that tell how wide a line's column is.
_NEIGHBOURS = 12
#: Lines of justified text end within so many points of each other, and in a quarter of the lines around.
_FLUSH = 4.0
_FLUSH_SHARE = 0.25


def _column(rows: Sequence[_Line], position: int) -> float:
    """The right edge of the column that a line stands in: where most lines around it end, or the furthest does."""
    row = rows[position]
    around = rows[max(0, position - _NEIGHBOURS) : position + _NEIGHBOURS]
    # A line of the other column does not overlap this one.
    edges = [other.right for other in around if other.left < row.right and row.left < other.right]
    support = {edge: sum(abs(edge - other) <= _FLUSH for other in edges) for edge in edges}
    best = max(edges, key=lambda edge: (support[edge], edge))
    return best if support[best] >= max(3, _FLUSH_SHARE * len(edges)) else max(edges)


def _continues(line: _Line, following: _Line, right: float) -> bool:
    """Whether a line goes on in the following one: they belong together, and the first has no room for more."""
    if CELL in line.text or CELL in following.text or BULLET.match(following.text):
        return False
    if following.numbered:
        return False
    size = median((line.height, following.height))
    distance = line.bottom - following.bottom
    if not 0 < distance <= PARAGRAPH_GAP * size + 2:
        # Up again: the next column. A sentence goes on there, a paragraph that has ended does not.
        return distance <= 0 and following.left > line.right and _is_open(line.text, following.text)
    if abs(line.height - following.height) > SIZE_CHANGE * size + 1.5:
        return False
    first = following.text.split(maxsplit=1)[0]
    characters = 1 if is_cjk(first[0]) else len(first) + 1
    width = characters * (following.right - following.left) / len(following.text)
    if line.right + width < right - 0.02 * (right - line.left):
        return line.right - line.left > HALF * (right - line.left) and _is_open(line.text, following.text)
    indented = following.left - line.left > 0.8 * size
    return not (ends_sentence(line.text) and indented)


def _is_open(text: str, following: str) -> bool:
    """Whether a sentence is cut between two paragraphs."""
    bare = following.lstrip("\"'„“«(")
    if not text or not bare or ends_sentence(text) or text.endswith(":") or CELL in text or BULLET.match(following):
        return False
    return bare[0].islower() or (is_cjk(text[-1]) and is_cjk(bare[0]) and len(text) > 20)


def _text(pages: Sequence[Sequence[str]], known: frozenset[str]) -> str:
    """All pages, with a sentence that a page break cuts in one line; the form feed stays at its place in it."""
    lines: list[str] = []
    feeds = ""
    lines_before = 0
    for number, paragraphs in enumerate(pages):
        feeds += "\f" if number else ""
        page_begins, lines_before = lines_before, len(lines)
        for position, paragraph in enumerate(paragraphs):
            cut = _before_notes(lines, page_begins) if position == 0 else -1
            if cut >= 0 and _is_open(lines[cut], paragraph):
                # The notes that stood between follow on the next page.
                lines[cut] = join(lines[cut], feeds + paragraph, known)
            else:
                lines.append(feeds + paragraph)
            feeds = ""
    return "\n".join(lines) + feeds


def _before_notes(lines: Sequence[str], page_begins: int) -> int:
    """The position of the last line but for notes that are marked in the text of its page; -1 without lines."""
    position = len(lines) - 1
    while position > page_begins and (note := _NOTE.match(lines[position])):
        text = "\n".join(lines[page_begins:position])
        if (f"[{note[1]}]" if note[1].isdecimal() else note[1]) not in text:
            break
        position -= 1
    return position


def _date(value: str | None) -> str | None:
    match = _CLOCK.match(value or "")
    if not match or not 1 <= int(match[2]) <= 12 or not 1 <= int(match[3]) <= 31:
        return None
    return "-".join(match.groups())
