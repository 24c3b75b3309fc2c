"""OpenDocument texts and presentations (ODT, ODP) by their XML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.readers.archive import Archive, target
from rag.readers.draft import Draft, Unreadable
from rag.readers.formats import encrypted
from rag.readers.formulas import formula
from rag.readers.grid import Cell, laid_out
from rag.readers.numbering import written
from rag.readers.office import drafted, local_name, stated, whole
from rag.readers.outline import Outline
from rag.readers.raised import BEFORE, raised

if TYPE_CHECKING:
    from lxml.etree import _Element

#: The member with what a file says about itself.
META = "meta.xml"
_MEMBERS_WITH_STYLES = ("styles.xml", "content.xml")
#: "super 58%", "33% 58%": raised, and how large.
_RAISED = re.compile(r"\s*(?:super\b|0*[1-9][\d.]*%)")
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


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
    members = {name: archive.xml(name) for name in _MEMBERS_WITH_STYLES if name in archive}
    styles = _read_styles((members | {"content.xml": content}).values())
    outline = Outline()
    for body in content.iter("{urn:oasis:names:tc:opendocument:xmlns:office:1.0}body"):
        _Odf(outline, styles).run(body)
    return drafted(outline, stated(archive, META))


def _write_out_objects(archive: Archive, content: _Element) -> None:
    """Put into the place of each frame around a formula what it says: it is an object, in a member of its own."""
    for held in list(content.iter("{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}object")):
        frame, said = held.getparent(), _said_by_object(archive, held)
        if not said or local_name(frame) != "frame" or frame.getparent() is None:
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
    member = target("content.xml", f"{_said(held, 'href').rstrip('/')}/content.xml")
    if found is None and member in archive:
        try:
            found = archive.xml(member)
        except Unreadable:
            return None
    return None if found is None else formula(found)


_LEFT_OUT = frozenset((
    "tracked-changes", "annotation", "table-of-content", "alphabetical-index", "forms", "desc", "title",
    "hidden-paragraph",
))  # fmt: skip


@dataclass(frozen=True)
class _Level:
    """How the items of a level of lists are numbered; an empty ``kind`` is a bullet."""

    kind: str = ""
    before: str = ""
    after: str = ""
    start: int = 1
    shown: int = 1


@dataclass(frozen=True)
class _Styles:
    """What styles say that is to be read: which text is raised, and the levels of each kind of list, from 1."""

    raised: frozenset[str]
    lists: Mapping[str, Mapping[int, _Level]]


def _read_styles(members: Iterable[_Element]) -> _Styles:
    raised, lists = set(), {}
    for member in members:
        for style in member.iter("{*}style"):
            properties = style.iterchildren("{*}text-properties")
            if any(_RAISED.match(_said(one, "text-position")) for one in properties):
                raised.add(_said(style, "name"))
        for style in member.iter("{*}list-style"):
            numbered = style.iterchildren("{*}list-level-style-number")
            lists[_said(style, "name")] = {whole(_said(one, "level")): _level(one) for one in numbered}
    return _Styles(frozenset(raised), lists)


def _level(style: _Element) -> _Level:
    kind, before, after = (_said(style, name) for name in ("num-format", "num-prefix", "num-suffix"))
    return _Level(kind, before, after, whole(_said(style, "start-value")), whole(_said(style, "display-levels")))


class _Lists:
    """Counts the items of lists within lists."""

    def __init__(self, styles: Mapping[str, Mapping[int, _Level]]) -> None:
        self._styles = styles
        self._open: list[tuple[str, int]] = []
        self._ids: list[str] = []
        self._last: dict[tuple[str, int], int] = {}
        self._last_of: dict[str, int] = {}

    def begin(self, element: _Element) -> None:
        """Enter a list, which goes on with the numbers of the one before if it says so."""
        name = _said(element, "style-name") or (self._open[-1][0] if self._open else "")
        depth = len(self._open) + 1
        number = self._styles.get(name, {}).get(depth, _Level()).start - 1
        if continued := _said(element, "continue-list"):
            number = self._last_of.get(continued, number)
        elif _said(element, "continue-numbering") == "true":
            number = self._last.get((name, depth), number)
        self._open.append((name, number))
        self._ids.append(_said(element, "id"))

    def end(self) -> None:
        """Leave the innermost list."""
        if self._open:
            name, number = self._open.pop()
            self._last[name, len(self._open) + 1] = self._last_of[self._ids.pop()] = number

    def marker(self, item: _Element) -> str:
        """Return what stands before the next item: its number, or "-"."""
        if not self._open:
            return "-"
        name, number = self._open[-1]
        stated = _said(item, "start-value")
        self._open[-1] = name, whole(stated) if stated else number + 1
        level = self._styles.get(name, {}).get(len(self._open), _Level())
        if not level.kind:
            return "-"
        shown = self._open[-min(level.shown, len(self._open)) :]
        return level.before + ".".join(written(count, level.kind) for _, count in shown) + level.after


class _Odf:
    """Walks over the body of an OpenDocument file; paragraphs within paragraphs (notes, frames) come after them."""

    def __init__(self, outline: Outline, styles: _Styles) -> None:
        self._outline = outline
        self._styles = styles

    def run(self, root: _Element) -> None:
        from lxml import etree

        items: list[str] = []
        lists = _Lists(self._styles.lists)
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            name = local_name(element)
            if event == "end":
                if name == "list-item" and items:
                    items.pop()
                elif name == "list":
                    lists.end()
            elif name in _LEFT_OUT or (name == "section" and _is_said_to_be(element, "display", "none")):
                walk.skip_subtree()
            elif name == "page":
                self._outline.page()
            elif name == "list":
                lists.begin(element)
            elif name == "list-item":
                items.append(lists.marker(element))
            elif name == "table" and _namespace(element).endswith(":table:1.0"):
                self._table(element)
                walk.skip_subtree()
            elif name in ("p", "h") and _namespace(element).endswith(":text:1.0"):
                self._paragraph(element, items)
                walk.skip_subtree()

    def _paragraph(self, element: _Element, items: list[str]) -> None:
        text, inner = _text_of(element, self._styles.raised)
        if local_name(element) == "h" or _is_slide_title(element):
            self._outline.heading(text)
        elif items and items[-1]:
            self._outline.item(text, items[-1])
            items[-1] = ""
        else:
            self._outline.paragraph(text)
        for block in inner:
            self.run(block)

    def _table(self, table: _Element) -> None:
        rows = [
            [self._cell(cell) for cell in row if local_name(cell) == "table-cell"] for row in table.iter("{*}table-row")
        ]
        texts, header = laid_out([row for row in rows if row])
        self._outline.table(texts, header=header)

    def _cell(self, cell: _Element) -> Cell:
        text = " ".join(_text_of(part, self._styles.raised)[0] for part in cell.iter("{*}p", "{*}h"))
        across, down = (whole(_said(cell, f"number-{of}-spanned")) for of in ("columns", "rows"))
        names = next(cell.iterancestors("{*}table-header-rows"), None) is not None
        return Cell(text, across, down, may_name=names, names=names)


def _is_slide_title(element: _Element) -> bool:
    return any(_is_said_to_be(frame, "class", "title") for frame in element.iterancestors("{*}frame"))


def _is_said_to_be(element: _Element, what: str, value: str) -> bool:
    """Whether an element has an attribute with this value, whatever the attribute's namespace."""
    return _said(element, what) == value


def _said(element: _Element, what: str) -> str:
    """The value of an attribute, whatever its namespace; nothing where it has none."""
    return next((value for key, value in element.items() if key.endswith(f"}}{what}")), "")


def _text_of(element: _Element, raised_styles: Set[str]) -> tuple[str, list[_Element]]:
    """The words of a paragraph, and the notes and frames that are anchored in it."""
    from lxml import etree

    words = [element.text or ""]
    inner: list[_Element] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, part in walk:
        if part is element:
            continue
        name = local_name(part)
        if event == "end":
            words.append(part.tail or "")
        elif not name:
            # A reference to an entity that is not resolved.
            continue
        elif name in ("annotation", "deletion", "desc", "title", "ruby-text", "hidden-text"):
            walk.skip_subtree()
        elif name == "span" and _said(part, "style-name") in raised_styles and next(part.iterchildren(), None) is None:
            words.append(raised(part.text or "", "".join(words[-BEFORE:])[-BEFORE:], part.tail or ""))
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


def _namespace(element: _Element) -> str:
    return element.tag.rpartition("}")[0] if isinstance(element.tag, str) else ""
