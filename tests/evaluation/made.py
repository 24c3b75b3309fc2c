"""Golden questions, answers and rows that a reader can judge in his head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rag.evaluation.golden import GoldenItem
from rag.evaluation.measures import Judged, judge
from rag.evaluation.results import Ranked, Row
from rag.types import Answer, Citation, Evidence, Refusal, Timings

GERMAN = "Äpfel kosten 3 Euro."
OTHER = "Birnen kosten 2 Euro."
TEXTS = {"a.txt": f"{GERMAN} {OTHER}", "b.txt": "バナナは安い。"}
REFUSAL = "I did not find the answer to this question in the documents."


def item(id: str, **fields: Any) -> GoldenItem:
    made = GoldenItem(
        id=id,
        kind="fact",
        language="en",
        question="What do apples cost?",
        answerable=True,
        must=(("3 euro",),),
        min_groups=1,
        documents=("a.txt",),
        min_documents=1,
        evidence=("3 Euro",),
    )
    if fields.get("answerable") is False:
        made = replace(made, kind="unanswerable", must=(), min_groups=0, documents=(), min_documents=0, evidence=())
    return replace(made, **fields)


def citation(number: int = 1, quote: str = GERMAN) -> Citation:
    start = TEXTS["a.txt"].index(quote)
    return Citation(number, "a.txt", "Preise", "de", start, start + len(quote), quote, 0.9)


def evidence(number: int, quote: str) -> Evidence:
    start = TEXTS["a.txt"].index(quote)
    return Evidence(number, "a.txt", "Preise", "de", start, start + len(quote), quote, 1.0 / number)


def answer(text: str = "Apples cost 3 euro at the market. [1]", **fields: Any) -> Answer:
    made = Answer(
        question="What do apples cost?",
        language="en",
        answered=True,
        text=text,
        refusal=None,
        sentences=(),
        citations=(citation(),),
        evidence=(evidence(1, GERMAN), evidence(2, OTHER)),
        dropped=(),
        model="fake-llm",
        timings=Timings(50, 3000, 4000),
    )
    return replace(made, **fields)


ANSWER = answer()


def refused(text: str = REFUSAL) -> Answer:
    return answer(text, answered=False, citations=(), refusal=Refusal("not_in_documents", text))


def row(item: GoldenItem, given: Answer | None = ANSWER, **fields: Any) -> Row:
    made = Row(
        item,
        given,
        ranking=(Ranked("a.txt", 21, 42), Ranked("a.txt", 0, 20, (0,) if item.evidence else ())),
        quotes_exact=tuple(True for _ in given.citations) if given else None,
        evidence_languages=tuple(("de",) for _ in item.evidence),
        confidence=0.9,
    )
    return replace(made, **fields)


def judged(item: GoldenItem, given: Answer | None = ANSWER, **fields: Any) -> Judged:
    return judge(row(item, given, **fields))


def run_of(outcomes: Sequence[bool], per_document: int = 1) -> list[Judged]:
    """Return a run of questions, right or refused; each document has some of them."""
    return [
        judged(
            item(
                f"q{at:03}", question=f"What do apples cost in shop {at}?", documents=(f"{at // per_document:03}.txt",)
            ),
            ANSWER if right else refused(),
        )
        for at, right in enumerate(outcomes)
    ]
