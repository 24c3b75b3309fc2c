"""Runs, which Word's and PowerPoint's paragraphs are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element


def run(beside: _Element, space: str, text: str) -> _Element:
    """Make a run of text in a namespace (in braces), for the tree that another element is in."""
    made = beside.makeelement(f"{space}r")
    words = beside.makeelement(f"{space}t", {"{http://www.w3.org/XML/1998/namespace}space": "preserve"})
    words.text = text
    made.append(words)
    return made
