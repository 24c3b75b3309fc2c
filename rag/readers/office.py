"""Documents of Microsoft Office: DOCX by mammoth, PPTX by its XML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from rag.readers.archive import Archive, target
from rag.readers.draft import Draft
from rag.readers.formulas import write_out_formulas
from rag.readers.grid import Cell, laid_out
from rag.readers.html import iso_date, render, tree
from rag.readers.metadata import language_code, stated_title
from rag.readers.outline import Outline
from rag.readers.raised import BEFORE, raised
from rag.readers.word import readable

if TYPE_CHECKING:
    from lxml.etree import _Element

_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
comment-reference => !
"""
#: The member with what a file says about itself.
CORE = "docProps/core.xml"
#: The attribute by which an element names a relation of its member.
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TRUE = ("1", "true")
#: A table has not so many rows.
MOST_DIGITS = 6
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
        if local_name(shape) == "tbl":
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
        name = local_name(element)
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
    properties = next(table.iter("{*}tblPr"), None)
    named = properties is not None and properties.get("firstRow") in _TRUE
    rows = [
        [_cell(cell, names=named and number == 0) for cell in row.iter("{*}tc") if not _is_covered(cell)]
        for number, row in enumerate(table.iter("{*}tr"))
    ]
    texts, header = laid_out([row for row in rows if row])
    outline.table(texts, header=header)


def _cell(cell: _Element, *, names: bool) -> Cell:
    across, down = (whole(cell.get(name)) for name in ("gridSpan", "rowSpan"))
    return Cell(" ".join(_paragraphs(cell)), across, down, may_name=names, names=names)


def _is_covered(cell: _Element) -> bool:
    """Whether a cell is one that another one reaches over."""
    return cell.get("vMerge") in _TRUE or cell.get("hMerge") in _TRUE


def whole(number: str | None) -> int:
    """A number of rows or columns; one where none is stated."""
    return max(1, int(number)) if number and number.isdecimal() and len(number) < MOST_DIGITS else 1


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
        words = "\n" if local_name(part) == "br" else part.text or ""
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


# What they share


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
    return {local_name(element): element.text.strip() for element in elements if element.text and element.text.strip()}


def local_name(element: _Element) -> str:
    """The name of an element without its namespace; nothing for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
