"""What HTML elements are, and their text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.readers.formulas import formula
from rag.readers.raised import small

if TYPE_CHECKING:
    from lxml.etree import _Element

#: A table with a cell longer than this is a layout, not a table.
MAX_CELL = 600

#: What is not read: it is not to be seen, or no text.
HIDDEN = frozenset((
    "script", "style", "head", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "audio", "video",
    "button", "select", "option", "input", "textarea", "datalist", "dialog", "map", "rt", "rp", "nav", "menu",
    "progress",
))  # fmt: skip
#: What begins a line of its own, beside headings.
BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li",
    "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))  # fmt: skip
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
#: What is struck out is not said any more.
_STRUCK = frozenset(("del", "s", "strike"))
#: Where a button is the text itself.
_OPENERS = HEADINGS | {"dt", "summary"}
#: A line break of the source between two East Asian characters, which shows as nothing.
ASIAN_BREAK = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])[ \t]*\n\s*(?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])"
)


def flat(element: _Element) -> str:
    """The text below an element on one line."""
    from lxml import etree

    words: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walk:
        if event == "start":
            if is_hidden(inner):
                walk.skip_subtree()
                continue
            if inner is not element and (said := said_as_a_whole(inner, words)) is not None:
                words.append(said)
                walk.skip_subtree()
                continue
            words.append(" " if tag_of(inner) in BLOCKS or tag_of(inner) == "br" else "")
            words.append(inner.text or "")
        elif inner is not element:
            words += [" " if tag_of(inner) in BLOCKS else "", inner.tail or ""]
    return " ".join(ASIAN_BREAK.sub("", "".join(words)).split())


def said_as_a_whole(element: _Element, words: Sequence[str]) -> str | None:
    """Return what a formula or raised figures say behind these words; None for all that is read part by part."""
    said = formula(element)
    return small(element, words) if said is None else said


def is_hidden(element: _Element) -> bool:
    """Whether an element is no text; the button that opens a panel is the heading above it."""
    tag = tag_of(element)
    if tag in _STRUCK:
        # A tag that was never closed has the rest of the page in it.
        return not any(map(is_block, element.iterdescendants()))
    return tag in HIDDEN and not (tag == "button" and tag_of(element.getparent()) in _OPENERS)


def tag_of(element: _Element | None) -> str:
    """The name of an element in lower case, without its namespace; nothing for none, a comment or an instruction."""
    return element.tag.rpartition("}")[2].lower() if element is not None and isinstance(element.tag, str) else ""


def is_block(element: _Element) -> bool:
    """Whether an element begins a line of its own."""
    return tag_of(element) in BLOCKS or tag_of(element) in HEADINGS
