"""Golden questions: what is asked, what a right answer contains, and which words of the documents prove it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import CrossciteError
from rag.types import Question, Turn


class GoldenError(CrossciteError):
    """A line of a golden set cannot be used."""


@dataclass(frozen=True)
class GoldenItem:
    """One golden question.

    ``must`` holds groups of alternatives; an answer is right when it meets at least ``min_groups`` of them and
    contains nothing of ``must_not``. ``evidence`` are exact words of the documents, in any of their languages.
    """

    id: str
    kind: str
    language: str
    question: str
    answerable: bool
    history: tuple[Turn, ...] = ()
    must: tuple[tuple[str, ...], ...] = ()
    min_groups: int = 0
    must_not: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    min_documents: int = 0
    evidence: tuple[str, ...] = ()

    def asked(self) -> Question:
        """Return the question as a user would send it: without saying its language."""
        return Question(self.question, self.history)


def load(path: Path) -> list[GoldenItem]:
    """Read a golden set, one JSON object a line.

    Raises:
        GoldenError: the file is missing, or a line is not JSON or lacks a field; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise GoldenError(f"{path} cannot be read: {error.strerror}.") from error
    return [_item(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def _item(line: str, place: str) -> GoldenItem:
    try:
        fields: dict[str, Any] = json.loads(line)
        return GoldenItem(
            id=fields["id"],
            kind=fields["kind"],
            language=fields["lang"],
            question=fields["question"],
            answerable=fields["answerable"],
            history=tuple(Turn(turn["role"], turn["content"]) for turn in fields.get("history", ())),
            must=tuple(tuple(group) for group in fields.get("must", ())),
            min_groups=fields.get("min_groups", 0),
            must_not=tuple(fields.get("must_not", ())),
            documents=tuple(fields.get("documents", ())),
            min_documents=fields.get("min_documents", 0),
            evidence=tuple(fields.get("evidence", ())),
        )
    except json.JSONDecodeError as error:
        raise GoldenError(f"{place} is not JSON: {error.msg}.") from error
    except (KeyError, TypeError) as error:
        raise GoldenError(f"{place} lacks or misuses a field: {error}.") from error
