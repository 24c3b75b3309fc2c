"""The numbers before the paragraphs of a Word document: nobody wrote them, styles and lists say how to count.

Mammoth numbers each run of items from 1, and headings not at all: of a clause 2.1 it makes 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.readers.archive import Archive
from rag.readers.numbering import written
from rag.readers.runs import run

if TYPE_CHECKING:
    from lxml.etree import _Element

NUMBERING = "word/numbering.xml"
_STYLES = "word/styles.xml"
#: Word's names for the ways of counting, as HTML calls them; what is not here is written in figures.
_KINDS = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
_PLACE = re.compile(r"%([1-9])")
#: A style may be based on another one, and so on.
_MOST_BASES = 10
#: Word writes 27 as "aa", 28 as "bb": so far, in figures after that.
_LAST_LETTERS = 26 * 30
#: No list is longer, and int() refuses a number of thousands of figures.
_MOST_FIGURES = 9


@dataclass(frozen=True)
class _Level:
    """How the items of one level are counted; ``text`` has %1 for the number of the first level, and so on.

    It begins anew behind an item of a level before ``restart``.
    """

    start: int
    kind: str
    text: str
    in_figures: bool
    restart: int


@dataclass
class _List:
    """The levels of a list, and how far it has counted; lists that are made alike may count on together."""

    levels: Mapping[int, _Level]
    counts: dict[int, int]
    #: From where levels begin anew when this list first has an item in them.
    starts: dict[int, int] = field(default_factory=dict)

    def label(self, depth: int) -> str:
        """Count one item of a level, and return what stands before it."""
        level = self.levels.get(depth)
        if level is None:
            return ""
        begun = self.starts.pop(depth, None)
        number = begun if begun is not None else self.counts.get(depth, level.start - 1) + 1
        for deeper in [other for other in self.counts if other > depth and self._begins_anew(other, depth)]:
            del self.counts[deeper]
        self.counts[depth] = number
        if level.kind in ("bullet", "none"):
            return ""
        return _PLACE.sub(lambda place: self._number(int(place[1]) - 1, in_figures=level.in_figures), level.text)

    def _begins_anew(self, deeper: int, depth: int) -> bool:
        """Whether the items of a level are counted from its start again behind one of a level above."""
        level = self.levels.get(deeper)
        return level is None or depth < level.restart

    def _number(self, depth: int, *, in_figures: bool) -> str:
        level = self.levels.get(depth)
        if level is None:
            return ""
        return _written(self.counts.get(depth, level.start), "decimal" if in_figures else level.kind)


def write_out_numbers(archive: Archive, document: _Element) -> None:
    """Write before each numbered paragraph of a document the number that Word shows there."""
    if NUMBERING not in archive:
        return
    lists = _lists(archive.xml(NUMBERING))
    styles = dict(_styles(archive.xml(_STYLES))) if _STYLES in archive else {}
    for paragraph in document.iter("{*}p"):
        properties = next(paragraph.iterchildren("{*}pPr"), None)
        if properties is None or _is_deleted(properties):
            continue
        name, depth = _numbered_as(properties, styles)
        label = lists[name].label(depth) if name in lists else ""
        if label and any(text.text for text in paragraph.iter("{*}t")):
            properties.addnext(run(properties, properties.tag.removesuffix("pPr"), f"{label} "))


def as_bullets(numbering: _Element) -> _Element:
    """Make every list one without numbers: these are written out."""
    for kind in numbering.iter("{*}numFmt"):
        for key in list(kind.attrib):
            kind.set(key, "bullet")
    return numbering


def _is_deleted(properties: _Element) -> bool:
    """Whether a paragraph ends no more, by a change that is tracked: what is left of it belongs to the next one."""
    marks = (mark for run in properties.iterchildren("{*}rPr") for mark in run.iterchildren("{*}del", "{*}moveFrom"))
    return next(marks, None) is not None


def _written(number: int, kind: str) -> str:
    """Write a number as Word does: 28 in letters is "bb", and 5 may be "05"."""
    if kind == "decimalZero":
        return f"{number:02}"
    if kind not in ("lowerLetter", "upperLetter"):
        return written(number, _KINDS.get(kind))
    if not 0 < number <= _LAST_LETTERS:
        return str(number)
    times, place = divmod(number - 1, 26)
    return written(place + 1, _KINDS[kind]) * (times + 1)


def _numbered_as(properties: _Element, styles: Mapping[str, _Element]) -> tuple[str, int]:
    """The list that a paragraph belongs to, "" if none, and its level there: as it says itself, or else its style."""
    name, depth, style = "", "", _value(properties, "pStyle")
    for _ in range(_MOST_BASES):
        for numbered in properties.iterchildren("{*}numPr"):
            name, depth = name or _value(numbered, "numId"), depth or _value(numbered, "ilvl")
        if name or style not in styles:
            break
        properties = next(styles[style].iterchildren("{*}pPr"), properties)
        style = _value(styles[style], "basedOn")
    return name, _whole(depth, 0)


def _styles(root: _Element) -> Iterator[tuple[str, _Element]]:
    for style in root.iterchildren("{*}style"):
        yield _attribute(style, "styleId"), style


def _lists(root: _Element) -> dict[str, _List]:
    """The lists by the names that paragraphs call them; those made after the same pattern share their counts."""
    abstract = {_attribute(pattern, "abstractNumId"): pattern for pattern in root.iter("{*}abstractNum")}
    named = {style: name for name, pattern in abstract.items() if (style := _value(pattern, "styleLink"))}
    patterns = {name: dict(_levels(pattern)) for name, pattern in abstract.items()}
    counts: dict[str, dict[int, int]] = {name: {} for name in patterns}
    lists = {}
    for one in root.iterchildren("{*}num"):
        pattern = _value(one, "abstractNumId")
        if pattern not in patterns:
            continue
        # A list may be made after a style's one, and then has no levels of its own.
        pattern = named.get(_value(abstract[pattern], "numStyleLink"), pattern)
        made = _List({**patterns[pattern], **dict(_levels(one))}, counts[pattern])
        for override in one.iterchildren("{*}lvlOverride"):
            start, depth = _whole(_value(override, "startOverride"), -1), _whole(_attribute(override, "ilvl"), -1)
            if start >= 0 and depth >= 0:
                made.starts[depth] = start
        lists[_attribute(one, "numId")] = made
    return lists


def _levels(pattern: _Element) -> Iterator[tuple[int, _Level]]:
    for level in pattern.iter("{*}lvl"):
        depth = _whole(_attribute(level, "ilvl"), -1)
        if depth >= 0:
            yield (
                depth,
                _Level(
                    start=_whole(_value(level, "start"), 1),
                    kind=_value(level, "numFmt") or "decimal",
                    text=_value(level, "lvlText"),
                    in_figures=next(level.iterchildren("{*}isLgl"), None) is not None,
                    restart=_whole(_value(level, "lvlRestart"), depth),
                ),
            )


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) <= _MOST_FIGURES else otherwise


def _value(element: _Element, name: str) -> str:
    """The value of an element's first child of this name."""
    child = next(element.iterchildren(f"{{*}}{name}"), None)
    return "" if child is None else _attribute(child, "val")


def _attribute(element: _Element, name: str) -> str:
    return next((value for key, value in element.items() if key.endswith(f"}}{name}")), "")
