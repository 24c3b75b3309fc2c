"""What one format's reader hands on: the text, and what the format itself says about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Draft:
    """A text in reading order, one line a paragraph; form feeds mark pages. None: the format doesn't say."""

    text: str
    title: str | None = None
    language: str | None = None
    date: str | None = None
    url: str | None = None
