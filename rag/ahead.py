"""Evidence that the model has read already, and what of it serves the next question. Pure.

Reading is what takes time: a sentence of evidence costs 0.3 s on two cores. A question that is still being typed, or a
follow-up, mostly needs the sentences that were read for what was asked before, but in another order or with one more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

from rag.retriever import Retrieval
from rag.types import Evidence, Question, Sentence, question_before

TYPED = 0.6
"""Part of what was read for with which a question must begin: words at the end are still changed while typing."""

UNASKED = 2
"""Sentences read before that the question itself would not have brought along, at most. Simulated with 39 golden
questions typed at 40 words a minute and 120 tokens read a second: 0.98 s from Enter to the first word (median) instead
of 2.81, .85 of the questions with their own evidence in its own order, .13 with such a sentence; 3 gain nothing."""


@dataclass(frozen=True)
class Reading:
    """Evidence in the order in which the model read it, and the question it was found for, typed or asked."""

    question: Question
    evidence: tuple[Evidence, ...]
    asked: bool

    def serves(self, question: Question) -> bool:
        """Whether this was read while the question was typed, or for the question before it.

        What others ask changes nothing in an answer, however alike it is.
        """
        text = self.question.text
        if self.question.documents != question.documents:
            return False
        if self.asked:
            return text == question_before(question.history)
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(text, question.text, strict=False))
        return len(list(alike)) >= TYPED * len(text)


def continued(read: Reading, found: Retrieval) -> tuple[Evidence, ...]:
    """Return the evidence for a question with what was read first, in its order, and what is new behind it.

    What was read stays as long as the question's own search takes it for possible evidence; all that the question needs
    is there in any case.
    """
    possible = {_place(hit.sentence): hit.score for hit in found.candidates}
    wanted = {_place(piece) for piece in found.evidence}
    kept: list[Evidence] = []
    unasked = 0
    for piece in read.evidence:
        unasked += _place(piece) not in wanted
        if _place(piece) not in possible or unasked > UNASKED:
            break
        kept.append(replace(piece, score=possible[_place(piece)]))
    there = {_place(piece) for piece in kept}
    new = [piece for piece in found.evidence if _place(piece) not in there]
    return tuple(replace(piece, number=number) for number, piece in enumerate([*kept, *new], 1))


def _place(span: Evidence | Sentence) -> tuple[str, int]:
    return span.document, span.start
