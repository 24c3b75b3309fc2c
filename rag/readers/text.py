"""Plain text: lines as they are, or joined to paragraphs when they were broken at a fixed width."""

from __future__ import annotations

from rag.readers.draft import Draft
from rag.readers.layout import unwrap


def parse_text(text: str) -> Draft:
    """The paragraphs of a plain text."""
    return Draft(unwrap(text), numbered=True)
