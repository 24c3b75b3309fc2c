"""Cut a document's text into the parts that a page shows differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.errors import QuestionError
from rag.types import Document, Span

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
