"""From a question that was asked to a golden question: its answer gives the evidence, the asker says what is right."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from rag.evaluation.golden import GoldenError, GoldenItem, folded, to_fields
from rag.types import Answer, Citation, Evidence, Turn

S = TypeVar("S", Citation, Evidence)


def item(
    answer: Answer,
    *,
    id: str,
    kind: str,
    proofs: Sequence[Citation | Evidence],
    must: Sequence[Sequence[str]],
    must_not: Sequence[str] = (),
    history: Sequence[Turn] = (),
    answerable: bool = True,
) -> GoldenItem:
    """Return the golden question of an answer; ``proofs`` are those of its sources that prove what is right."""
    if not answerable:
        proofs, must = (), ()
    return GoldenItem(
        id=id,
        kind=kind,
        language=answer.language,
        question=answer.question,
        answerable=answerable,
        history=tuple(history),
        must=tuple(tuple(group) for group in must),
        min_groups=len(must),
        must_not=tuple(must_not),
        documents=tuple(dict.fromkeys(source.document for source in proofs)),
        min_documents=int(answerable),
        evidence=tuple(dict.fromkeys(" ".join(source.quote.split()) for source in proofs)),
    )


def chosen(answer: Answer, cited: Sequence[int], evidence: Sequence[int]) -> list[Citation | Evidence]:
    """Return the citations and the pieces of evidence with these numbers.

    Raises:
        GoldenError: the answer has none of such a number.
    """
    return [*_numbered("citation", answer.citations, cited), *_numbered("evidence", answer.evidence, evidence)]


def groups(wanted: Sequence[str]) -> list[list[str]]:
    """Return groups of alternatives: "6 million | six million" is one group with two.

    >>> groups(["6 million | six million", "2023"])
    [['6 million', 'six million'], ['2023']]
    """
    return [[option.strip() for option in group.split("|") if option.strip()] for group in wanted if group.strip(" |")]


def new_id(question: str, taken: Sequence[str]) -> str:
    """Return a short id made of the question's longest words, unlike those that are taken.

    >>> new_id("Who founded DeepSeek?", ["founded-deepseek"])
    'founded-deepseek-2'
    """
    words = re.findall(r"\w+", folded(question))
    longest = sorted(words, key=len, reverse=True)[:2]
    name = "-".join(word[:24] for word in words if word in longest) or "question"
    numbered = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in numbered if candidate not in taken)


def append(path: Path, new: GoldenItem) -> None:
    """Add an item to the end of a golden set, which is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    gap = "" if not before or before.endswith("\n") else "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(gap + json.dumps(to_fields(new), ensure_ascii=False) + "\n")


def _numbered(kind: str, sources: Sequence[S], numbers: Sequence[int]) -> list[S]:
    by_number = {source.number: source for source in sources}
    for number in numbers:
        if number not in by_number:
            has = ", ".join(map(str, sorted(by_number))) or "none"
            raise GoldenError(f"The answer has no {kind} {number}; it has {has}.")
    return [by_number[number] for number in numbers]
