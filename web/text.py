"""Cut a document's text into the parts that a page shows differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from rag.errors import QuestionError
from rag.types import Document, Passage, Span

Kind = Literal["plain", "furniture", "cited"]


@dataclass(frozen=True)
class Segment:
    """Consecutive characters that look the same."""

    text: str
    kind: Kind


def segments(document: Document, cited: Span | None) -> list[Segment]:
    """Return the whole text in order; the cited span is one segment, even where it covers furniture.

    >>> text = Document("a.txt", "An ad. A fact.", "A", "en", furniture=(Span(0, 6),))
    >>> [(part.text, part.kind) for part in segments(text, Span(7, 14))]
    [('An ad.', 'furniture'), (' ', 'plain'), ('A fact.', 'cited')]
    """
    spans: list[tuple[int, int, Kind]] = [] if cited is None else [(cited.start, cited.end, "cited")]
    for span in document.furniture:
        for start, end in _without(span, cited):
            spans.append((start, end, "furniture"))
    parts: list[Segment] = []
    position = 0
    for start, end, kind in sorted(spans):
        if position < start:
            parts.append(Segment(document.text[position:start], "plain"))
        parts.append(Segment(document.text[max(start, position) : end], kind))
        position = max(position, end)
    parts.append(Segment(document.text[position:], "plain"))
    return [part for part in parts if part.text]


@dataclass(frozen=True)
class Block:
    """Consecutive characters of one passage (None: of no passage, such as the space between two).

    ``begins`` where they are its first, ``page`` where they are the first of a page.
    """

    segments: tuple[Segment, ...]
    passage: int | None = None
    begins: bool = False
    page: int | None = None


def blocks(document: Document, passages: Sequence[Passage], cited: Span | None) -> list[Block]:
    """Return the whole text in order, cut where passages and pages begin and end."""
    pages = {offset: number for number, offset in enumerate(document.pages, 1)}
    starts = {passage.start: passage for passage in passages}
    edges = {0, len(document.text), *pages, *starts, *(passage.end for passage in passages)}
    cuts = sorted(edge for edge in edges if 0 <= edge <= len(document.text))
    parts = _cut(segments(document, cited), cuts)
    found: list[Block] = []
    current: Passage | None = None
    for start, part in zip(cuts, parts, strict=False):
        current = starts.get(start, current if current and start < current.end else None)
        number = current.position if current else None
        found.append(Block(part, number, start in starts, pages.get(start)))
    return found


def _cut(parts: Sequence[Segment], cuts: Sequence[int]) -> list[tuple[Segment, ...]]:
    """Cut segments that follow each other from 0 on at some offsets, the first and the last of which are their ends."""
    pieces = [(part.text, part.kind) for part in reversed(parts)]
    result: list[tuple[Segment, ...]] = []
    for start, end in pairwise(cuts):
        piece: list[Segment] = []
        wanted = end - start
        while wanted:
            text, kind = pieces.pop()
            if len(text) > wanted:
                pieces.append((text[wanted:], kind))
                text = text[:wanted]
            piece.append(Segment(text, kind))
            wanted -= len(text)
        result.append(tuple(piece))
    return result


def cited_span(document: Document, start: int | None, end: int | None) -> Span | None:
    """Return the span to highlight, None when neither end is given.

    Raises:
        QuestionError: one end is missing, or they are not a stretch of the text.
    """
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise QuestionError("end" if end is None else "start", "start and end go together")
    return stretch(document, start, end)


def stretch(document: Document, start: int, end: int) -> Span:
    """Return the span from ``start`` to ``end``.

    Raises:
        QuestionError: they are not a stretch of the text.
    """
    length = len(document.text)
    if not 0 <= start < length:
        raise QuestionError("start", f"must be from 0 to {length - 1} in {document.id}, not {start}")
    if not start < end <= length:
        raise QuestionError("end", f"must be from {start + 1} to {length} in {document.id}, not {end}")
    return Span(start, end)


def _without(span: Span, hole: Span | None) -> list[tuple[int, int]]:
    if hole is None or hole.end <= span.start or span.end <= hole.start:
        return [(span.start, span.end)]
    return [(a, b) for a, b in ((span.start, hole.start), (hole.end, span.end)) if a < b]
