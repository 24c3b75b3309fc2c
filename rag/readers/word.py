"""Word documents in a form that mammoth reads whole: it passes over some elements with all the text in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.readers.archive import Archive
from rag.readers.formulas import write_out_formulas
from rag.readers.word_numbering import NUMBERING, as_bullets, write_out_numbers

if TYPE_CHECKING:
    from lxml.etree import _Element

_TEXTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
#: What stands around runs and says how they came about or which way they are written.
_WRAPPERS = ("{*}fldSimple", "{*}dir", "{*}bdo", "{*}oMathPara")


def readable(archive: Archive) -> io.BytesIO:
    """What mammoth reads of a document, as an archive in which its texts have nothing that mammoth leaves out."""
    from lxml import etree

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in archive:
            if name in _TEXTS:
                root = archive.xml(name)
                _open_up(root)
                if name == _TEXTS[0]:
                    write_out_numbers(archive, root)
                made.writestr(name, etree.tostring(root, encoding="utf-8"))
            elif name == NUMBERING:
                made.writestr(name, etree.tostring(as_bullets(archive.xml(name)), encoding="utf-8"))
            elif name.endswith((".xml", ".rels")) and name.startswith(("word/", "_rels/", "[Content_Types]")):
                made.writestr(name, archive.read(name))
    return file


def _open_up(root: _Element) -> None:
    """Put into the place of what mammoth has no rule for the runs and paragraphs in it."""
    for alternatives in list(root.iterdescendants("{*}AlternateContent")):
        _replace(alternatives, _best(alternatives))
    for drawing in list(root.iterdescendants("{*}drawing")):
        if boxes := list(_boxes(drawing)):
            # Mammoth sets what is in a picture of the old kind after the paragraph in which it is anchored.
            picture = drawing.makeelement(drawing.tag.replace("}drawing", "}pict"))
            picture.extend(boxes)
            _replace(drawing, [picture])
    write_out_formulas(root)
    for ruby in list(root.iterdescendants("{*}ruby")):
        _replace(ruby, [run for base in ruby.iterchildren("{*}rubyBase") for run in base])
    for control in list(root.iterdescendants("{*}sdt")):
        # Of a box to tick mammoth makes a field to fill in, without what says whether it is ticked.
        if next(control.iterfind("{*}sdtPr/{*}checkbox"), None) is not None:
            _replace(control, [part for content in control.iterchildren("{*}sdtContent") for part in content])
    for run in list(root.iterdescendants("{*}r")):
        if any(not _is_off(hidden) for hidden in run.iterfind("{*}rPr/{*}vanish")) and run.getparent() is not None:
            run.getparent().remove(run)
    for wrapper in list(root.iterdescendants(*_WRAPPERS)):
        _replace(wrapper, list(wrapper))


def _is_off(toggle: _Element) -> bool:
    return any(value in ("0", "false", "off") for key, value in toggle.items() if key.endswith("}val"))


def _best(alternatives: _Element) -> list[_Element]:
    """The alternative that has the text: the newest, but for drawings that hold none."""
    choice = next(alternatives.iterchildren("{*}Choice"), None)
    fallback = next(alternatives.iterchildren("{*}Fallback"), None)
    if choice is not None and (fallback is None or next(_boxes(choice), None) is not None):
        return list(choice)
    return [] if fallback is None else list(fallback)


def _boxes(element: _Element) -> Iterator[_Element]:
    """The contents of the text boxes below an element; a box within a box is part of it."""
    from lxml import etree

    walk = etree.iterwalk(element, events=("start",), tag="{*}txbxContent")
    for _, box in walk:
        yield box
        walk.skip_subtree()


def _replace(element: _Element, by: list[_Element]) -> None:
    for part in by:
        element.addprevious(part)
    element.getparent().remove(element)
