"""Office documents: DOCX by mammoth, PPTX and OpenDocument (ODT, ODP) by their XML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from rag.readers.archive import Archive, target
from rag.readers.columns import first_surely_names_columns
from rag.readers.draft import Draft, Unreadable
from rag.readers.formats import encrypted
from rag.readers.formulas import formula, write_out_formulas
from rag.readers.html import iso_date, render, tree
from rag.readers.metadata import language_code, stated_title
from rag.readers.outline import Outline, repeated
from rag.readers.raised import BEFORE, raised
from rag.readers.word import readable

if TYPE_CHECKING:
    from lxml.etree import _Element

_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
comment-reference => !
"""
#: The member with what a file of Microsoft Office says about itself, and that of an OpenDocument file.
CORE = "docProps/core.xml"
META = "meta.xml"
#: The attribute by which an element names a relation of its member.
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TRUE = ("1", "true")
#: How far a run stands above the line, in thousandths of a percent or with a percent sign.
_RAISED = re.compile(r"0*[1-9][\d.]*%?")


# Microsoft Office


def parse_docx(data: bytes) -> Draft:
    """The text of a Word document: tracked insertions are in, deletions and comments out, footnotes at the end."""
    import mammoth

    archive = Archive(data)
    archive.require("word/document.xml")
    archive.check_size(".xml", ".rels")
    page = mammoth.convert_to_html(readable(archive), style_map=_STYLES, convert_image=_no_picture).value
    outline = Outline()
    if page.strip():
        # The arrow leads back from a footnote to its place.
        render(tree(page.replace("↑", "")), outline)
    return drafted(outline, stated(archive, CORE))


def _no_picture(_: object) -> list[object]:
    return []


def parse_pptx(data: bytes) -> Draft:
    """The slides of a presentation as pages: titles as headings, then texts, tables, diagrams and notes."""
    archive = Archive(data)
    presentation = "ppt/presentation.xml"
    archive.require(presentation)
    parts = links(archive, presentation)
    outline = Outline()
    for slide in archive.xml(presentation).iter("{*}sldId"):
        name = parts.get(slide.get(RELATION) or "", ("", ""))[1]
        outline.page()
        if name in archive:
            _slide(archive, name, outline)
    return drafted(outline, stated(archive, CORE))


def _slide(archive: Archive, name: str, outline: Outline) -> None:
    for shape in _shapes(archive.xml(name)):
        if _local(shape) == "tbl":
            _slide_table(shape, outline)
        else:
            _slide_text(shape, outline)
    for kind, part in links(archive, name).values():
        if part not in archive:
            continue
        if kind.endswith("/diagramData"):
            for point in archive.xml(part).iter("{*}pt"):
                outline.item(" ".join(_paragraphs(point)))
        elif kind.endswith("/notesSlide"):
            for shape in _shapes(archive.xml(part)):
                if _placeholder(shape) == "body":
                    for text in _paragraphs(shape):
                        outline.paragraph(text)


def _shapes(root: _Element) -> Iterator[_Element]:
    """Shapes with text and tables in order; of alternatives the first."""
    from lxml import etree

    walk = etree.iterwalk(root, events=("start",))
    for _, element in walk:
        name = _local(element)
        if name == "Fallback":
            walk.skip_subtree()
        elif name in ("sp", "tbl"):
            yield element
            walk.skip_subtree()


def _slide_text(shape: _Element, outline: Outline) -> None:
    kind = _placeholder(shape)
    if kind in ("dt", "ftr", "sldNum", "hdr", "sldImg"):
        return
    texts = list(_paragraphs(shape))
    if kind in ("title", "ctrTitle"):
        outline.heading(" ".join(texts))
    elif len(texts) > 1 and kind != "subTitle":
        for text in texts:
            outline.item(text)
    else:
        outline.paragraph("\n".join(texts))


def _slide_table(table: _Element, outline: Outline) -> None:
    rows: list[list[str]] = []
    for row in table.iter("{*}tr"):
        rows.append(
            [
                _above(rows, column) if cell.get("vMerge") in _TRUE else " ".join(_paragraphs(cell))
                for column, cell in enumerate(row.iter("{*}tc"))
            ]
        )
    properties = next(table.iter("{*}tblPr"), None)
    outline.table(rows, header=properties is not None and properties.get("firstRow") in _TRUE)


def _placeholder(shape: _Element) -> str:
    found = next(shape.iter("{*}ph"), None)
    return "" if found is None else found.get("type") or "body"


def _paragraphs(element: _Element) -> Iterator[str]:
    """The paragraphs of DrawingML below an element."""
    write_out_formulas(element)
    for paragraph in element.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}p"):
        text = _text_of_runs(list(paragraph.iter("{*}t", "{*}br"))).strip()
        if text:
            yield text


def _text_of_runs(parts: Sequence[_Element]) -> str:
    """The words of runs and the breaks between them; what is raised is written as in web pages."""
    text = ""
    for part, following in zip_longest(parts, parts[1:]):
        words = "\n" if _local(part) == "br" else part.text or ""
        if _is_raised(part):
            words = raised(words, text[-BEFORE:], "" if following is None else following.text or "")
        text += words
    return text


def _is_raised(part: _Element) -> bool:
    properties = next(part.getparent().iterchildren("{*}rPr"), None)
    return properties is not None and bool(_RAISED.fullmatch(properties.get("baseline") or ""))


def links(archive: Archive, name: str) -> dict[str, tuple[str, str]]:
    """The kind and the member that each relation of a member leads to; what lies outside is left out."""
    folder, _, file = name.rpartition("/")
    relations = f"{folder}/_rels/{file}.rels"
    if relations not in archive:
        return {}
    return {
        link.get("Id") or "": (link.get("Type") or "", target(name, link.get("Target") or ""))
        for link in archive.xml(relations).iter("{*}Relationship")
        if link.get("TargetMode") != "External"
    }


# OpenDocument


def parse_odf(data: bytes) -> Draft:
    """The text of an OpenDocument text or presentation; slides are pages, deletions and comments are out."""
    archive = Archive(data)
    if (
        "META-INF/manifest.xml" in archive
        and next(archive.xml("META-INF/manifest.xml").iter("{*}encryption-data"), None) is not None
    ):
        raise encrypted()
    content = archive.xml("content.xml")
    _write_out_objects(archive, content)
    outline = Outline()
    for body in content.iter("{urn:oasis:names:tc:opendocument:xmlns:office:1.0}body"):
        _Odf(outline).run(body)
    return drafted(outline, stated(archive, META))


def _write_out_objects(archive: Archive, content: _Element) -> None:
    """Put into the place of each frame around a formula what it says: it is an object, in a member of its own."""
    for held in list(content.iter("{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}object")):
        frame, said = held.getparent(), _said_by_object(archive, held)
        if not said or _local(frame) != "frame" or frame.getparent() is None:
            continue
        made = span = frame.makeelement(f"{_TEXT}span")
        if next(frame.iterancestors(f"{_TEXT}p", f"{_TEXT}h"), None) is None:
            made = frame.makeelement(f"{_TEXT}p")
            made.append(span)
        span.text, made.tail = said, frame.tail
        frame.getparent().replace(frame, made)


def _said_by_object(archive: Archive, held: _Element) -> str | None:
    """What an embedded object says if it is a formula; a damaged one says nothing."""
    found = next(held.iter("{*}math"), None)
    leads_to = next((value for key, value in held.items() if key.endswith("}href")), "")
    member = target("content.xml", f"{leads_to.rstrip('/')}/content.xml")
    if found is None and member in archive:
        try:
            found = archive.xml(member)
        except Unreadable:
            return None
    return None if found is None else formula(found)


_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_LEFT_OUT = frozenset(
    (
        "tracked-changes",
        "annotation",
        "table-of-content",
        "alphabetical-index",
        "forms",
        "desc",
        "title",
        "hidden-paragraph",
    )
)


class _Odf:
    """Walks over the body of an OpenDocument file; paragraphs within paragraphs (notes, frames) come after them."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline

    def run(self, root: _Element) -> None:
        from lxml import etree

        items: list[str] = []
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            name = _local(element)
            if event == "end":
                if name == "list-item" and items:
                    items.pop()
            elif name in _LEFT_OUT or (name == "section" and _is_said_to_be(element, "display", "none")):
                walk.skip_subtree()
            elif name == "page":
                self._outline.page()
            elif name == "list-item":
                items.append("-")
            elif name == "table" and _namespace(element).endswith(":table:1.0"):
                self._table(element)
                walk.skip_subtree()
            elif name in ("p", "h") and _namespace(element).endswith(":text:1.0"):
                self._paragraph(element, items)
                walk.skip_subtree()

    def _paragraph(self, element: _Element, items: list[str]) -> None:
        text, inner = _odf_text(element)
        if _local(element) == "h" or _is_slide_title(element):
            self._outline.heading(text)
        elif items and items[-1]:
            self._outline.item(text)
            items[-1] = ""
        else:
            self._outline.paragraph(text)
        for block in inner:
            self.run(block)

    def _table(self, table: _Element) -> None:
        rows: list[list[str]] = []
        # How far down the cell reaches that covers a column.
        reaches: dict[int, int] = {}
        for number, row in enumerate(table.iter("{*}table-row")):
            cells = [cell for cell in row if _local(cell) in ("table-cell", "covered-table-cell")]
            texts = [" ".join(_odf_text(part)[0] for part in cell.iter("{*}p", "{*}h")) for cell in cells]
            for column, cell in enumerate(cells):
                if _local(cell) == "table-cell":
                    reaches[column] = number + _rows_spanned(cell) - 1
                elif reaches.get(column, -1) >= number:
                    texts[column] = _above(rows, column)
            rows.append(texts)
        marked = next(table.iter("{*}table-header-rows"), None) is not None
        self._outline.table(rows, header=marked or first_surely_names_columns(rows))


def _rows_spanned(cell: _Element) -> int:
    """How many rows a cell of a table reaches over."""
    stated = next((value for key, value in cell.items() if key.endswith("}number-rows-spanned")), "1")
    return int(stated) if stated.isdecimal() and len(stated) < 9 else 1


def _is_slide_title(element: _Element) -> bool:
    return any(_is_said_to_be(frame, "class", "title") for frame in element.iterancestors("{*}frame"))


def _is_said_to_be(element: _Element, what: str, value: str) -> bool:
    """Whether an element has an attribute with this value, whatever the attribute's namespace."""
    return any(said == value for key, said in element.items() if key.endswith(f"}}{what}"))


def _odf_text(element: _Element) -> tuple[str, list[_Element]]:
    """The words of a paragraph, and the notes and frames that are anchored in it."""
    from lxml import etree

    words = [element.text or ""]
    inner: list[_Element] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, part in walk:
        if part is element:
            continue
        name = _local(part)
        if event == "end":
            words.append(part.tail or "")
        elif not name:
            # A reference to an entity that is not resolved.
            continue
        elif name in ("annotation", "deletion", "desc", "title", "ruby-text", "hidden-text"):
            walk.skip_subtree()
        elif name == "note-body" or (_namespace(part).endswith(":drawing:1.0") and name != "a"):
            inner.append(part)
            walk.skip_subtree()
        elif name == "s" or name == "tab":
            words.append(" ")
        elif name == "line-break":
            words.append("\n")
        elif name != "note-citation":
            words.append(part.text or "")
    return "".join(words), inner


# What they share


def _above(rows: Sequence[Sequence[str]], column: int) -> str:
    """What the cell above says, which reaches over the next row too."""
    return repeated(rows[-1][column]) if rows and column < len(rows[-1]) else ""


def drafted(outline: Outline, said: dict[str, str]) -> Draft:
    """What is handed on of an outline, with what the file says about itself."""
    return Draft(
        text=outline.text,
        title=stated_title(said.get("title")) or outline.title,
        hint=language_code(said.get("language")),
        date=iso_date(said.get("modified") or said.get("date") or said.get("created") or said.get("creation-date")),
        marked=True,
    )


def stated(archive: Archive, name: str) -> dict[str, str]:
    """The texts of the elements of a member with metadata by their name; it may be missing."""
    elements = archive.xml(name).iter() if name in archive else ()
    return {_local(element): element.text.strip() for element in elements if element.text and element.text.strip()}


def _local(element: _Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _namespace(element: _Element) -> str:
    return element.tag.rpartition("}")[0] if isinstance(element.tag, str) else ""
