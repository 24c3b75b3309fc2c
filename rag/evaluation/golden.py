"""Golden questions: what is asked, what a right answer contains, and which words of the documents prove it."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from rag.errors import CrossciteError
from rag.types import Question, Turn

Words = Annotated[str, StringConstraints(min_length=1)]


class GoldenError(CrossciteError):
    """A golden set or one of its lines cannot be used."""


class GoldenTurn(BaseModel):
    """One message of the conversation before the question."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["user", "assistant"]
    content: str


class GoldenLine(BaseModel):
    """A question whose answer is known. A golden set is a JSON Lines file with one such object a line."""

    model_config = ConfigDict(extra="forbid", title="crosscite golden question")

    id: Words = Field(description="Unique in the set; results are compared by it.")
    kind: Words = Field(description="fact, list, why, conflict, follow-up, unanswerable, or a kind of your own.")
    lang: Annotated[str, StringConstraints(pattern="^[a-z]{2,3}$")] = Field(description="ISO 639 code of the question.")
    question: Words
    history: list[GoldenTurn] = Field(default_factory=list, description="The turns before it, oldest first.")
    answerable: bool = Field(description="Whether the documents contain the answer.")
    must: list[Annotated[list[Words], Field(min_length=1)]] = Field(
        default_factory=list,
        description="Groups of alternatives; a group is met when the answer contains one of its strings.",
    )
    min_groups: Annotated[int, Field(ge=0)] = Field(default=0, description="Groups that a right answer meets.")
    must_not: list[Words] = Field(default_factory=list, description="Strings that make an answer wrong.")
    documents: list[Words] = Field(default_factory=list, description="Ids of the documents that hold the answer.")
    min_documents: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Documents that a right answer cites; 2 or more where sources disagree."
    )
    evidence: list[Words] = Field(
        default_factory=list, description="Exact words of the documents, in any of their languages, that prove it."
    )


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
        GoldenError: the file is missing or empty, or a line cannot be used; the message names the line and the field.
    """
    lines = read_lines(path, GoldenError)
    items = [parse(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not items:
        raise GoldenError(f"{path} holds no question. Add one: crosscite eval add {path} QUESTION")
    return items


def read_lines(path: Path, failure: type[CrossciteError]) -> list[str]:
    """Return the lines of a JSON Lines file; what cannot be read is a ``failure``.

    They end at line feeds alone: JSON leaves U+2028 and its like, which are line ends too, within a line.
    """
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise failure(f"{path} cannot be read: {reason}.") from error


def parse(line: str, place: str) -> GoldenItem:
    """Read one line of a golden set; ``place`` says in an error where it stands."""
    try:
        return from_fields(json.loads(line))
    except json.JSONDecodeError as error:
        raise GoldenError(f"{place} is not JSON: {error.msg}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the line"
        raise GoldenError(f"{place}: {field}: {first['msg'].lower()}.") from error


def from_fields(fields: Any) -> GoldenItem:
    """Return the item of one JSON object.

    Raises:
        pydantic.ValidationError: a field is missing, unknown or misused.
    """
    line = GoldenLine.model_validate(fields)
    return GoldenItem(
        id=line.id,
        kind=line.kind,
        language=line.lang,
        question=line.question,
        answerable=line.answerable,
        history=tuple(Turn(turn.role, turn.content) for turn in line.history),
        must=tuple(tuple(group) for group in line.must),
        min_groups=line.min_groups,
        must_not=tuple(line.must_not),
        documents=tuple(line.documents),
        min_documents=line.min_documents,
        evidence=tuple(line.evidence),
    )


def to_fields(item: GoldenItem) -> dict[str, Any]:
    """Return the JSON object of an item, the fields in the order of the schema."""
    return {
        "id": item.id,
        "kind": item.kind,
        "lang": item.language,
        "question": item.question,
        "history": [{"role": turn.role, "content": turn.content} for turn in item.history],
        "answerable": item.answerable,
        "must": [list(group) for group in item.must],
        "min_groups": item.min_groups,
        "must_not": list(item.must_not),
        "documents": list(item.documents),
        "min_documents": item.min_documents,
        "evidence": list(item.evidence),
    }


def schema() -> dict[str, Any]:
    """Return the JSON schema of one line, as it is shipped in ``golden.schema.json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **GoldenLine.model_json_schema()}


def folded(text: str) -> str:
    r"""Return a text as it is compared: NFKC, lower case, every run of white space one space.

    >>> folded("Ｈigh-\n Flyer")
    'high- flyer'
    """
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())
