"""What one format's reader hands on: the text, and what the format itself says about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Draft:
    """A text in reading order, one line a paragraph; form feeds mark pages. None: the format doesn't say.

    ``marked`` tells that every heading, and nothing else, has a heading mark before it. ``hint`` is a language that a
    program wrote into the file by itself (a template, an office suite's default): it counts where the text is too
    short to tell. ``numbered`` tells that pages of the text may still have their numbers, as lines of their own.
    """

    text: str
    title: str | None = None
    language: str | None = None
    date: str | None = None
    url: str | None = None
    hint: str | None = None
    marked: bool = False
    numbered: bool = False


class Unreadable(Exception):
    """A file that its format's reader cannot read; the message says why, as the end of a sentence about the file.

    ``why`` says it in one word, by which other languages find their own sentence.
    """

    def __init__(self, message: str, why: str = "damaged") -> None:
        super().__init__(message)
        self.why = why
