"""From a question that was asked to a golden question: its answer gives the evidence, the asker says what is right."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from rag.evaluation.golden import GoldenError, GoldenItem, folded, to_fields
from rag.types import Answer, Citation, Evidence, Turn


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
    documents = tuple(dict.fromkeys(source.document for source in proofs))
    return GoldenItem(
        id=id,
        kind=kind,
        language=answer.language,
        question=answer.question,
        answerable=answerable,
        history=tuple(history),
        must=tuple(tuple(group) for group in must) if answerable else (),
        min_groups=len(must) if answerable else 0,
        must_not=tuple(must_not),
        documents=documents if answerable else (),
        min_documents=int(answerable),
        evidence=tuple(dict.fromkeys(" ".join(source.quote.split()) for source in proofs)) if answerable else (),
    )


def chosen(answer: Answer, cited: Sequence[int], evidence: Sequence[int]) -> list[Citation | Evidence]:
    """Return the citations and the pieces of evidence with these numbers.

    Raises:
        GoldenError: the answer has none of such a number.
    """
    citations = {source.number: source for source in answer.citations}
    pieces = {source.number: source for source in answer.evidence}
    for number in cited:
        if number not in citations:
            raise GoldenError(f"The answer has no citation {number}; it has {_numbers(citations)}.")
    for number in evidence:
        if number not in pieces:
            raise GoldenError(f"The answer has no evidence {number}; it has {_numbers(pieces)}.")
    return [*(citations[number] for number in cited), *(pieces[number] for number in evidence)]


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
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", folded(question)))
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


def _numbers(sources: dict[int, object] | dict[int, Citation] | dict[int, Evidence]) -> str:
    return ", ".join(map(str, sorted(sources))) or "none"
