"""How fast questions are answered, beside what the machine could do and what a peer does, in one run.

Each golden question is asked as the first one after the start, again for a fresh answer, again as it is, and once more
to be broken off somewhere. In between llama.cpp evaluates as many tokens in a bare loop, so that both find the machine
in the same state.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from rag.chatbot import Chatbot
from rag.embedding import Embedder
from rag.errors import Cancelled
from rag.evaluation.golden import GoldenItem
from rag.evaluation.statistics import percentile_95
from rag.evaluation.tables import aligned
from rag.index import Index
from rag.llm import LLM, Message, Prompt, Usage, never
from rag.retriever import PASSAGES
from rag.types import Question, question_before
from rag.wiring import load_words


class Limit(Protocol):
    """What the machine can do: see ``rag.bench.bare``."""

    def reading(self, calls: Sequence[Usage]) -> float:
        """Return the seconds in which as many tokens are evaluated."""

    def writing(self, behind: int) -> float:
        """Return the tokens a second that are generated behind others."""


@dataclass
class Asked:
    """What one golden question took, in seconds, tokens, and tokens a second; None is what could not be measured."""

    id: str
    evidence: float
    embedder: float
    faiss: float
    first_token: float | None
    limit: float
    total: float
    evaluated: int
    evaluated_before: int
    reused: int
    written: int
    writing: float | None
    writing_limit: float
    retry: float | None = None
    identical: float | None = None
    idle: float | None = None
    follow_up: float | None = None
    peer: float | None = None

    @property
    def over_limit(self) -> float | None:
        """How much longer than bare llama.cpp it took until the first word was there."""
        return self.first_token / self.limit if self.first_token and self.limit else None

    @property
    def over_peer(self) -> float | None:
        """How much longer the peer took for the whole answer."""
        return self.peer / self.total if self.peer else None


class Counting:
    """A model that notes what each call evaluated, reused and wrote, and when the pieces of the last text came."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self.name = llm.name
        self.begin()

    @property
    def usage(self) -> Usage:
        return self._llm.usage

    def begin(self) -> None:
        """Forget the calls of the question before."""
        self.calls: list[Usage] = []
        self.pieces: list[float] = []

    def count_tokens(self, text: str) -> int:
        return self._llm.count_tokens(text)

    def generate(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = (), cancelled: Callable[[], bool] = never
    ) -> Iterator[str]:
        self.calls.append(Usage(0, 0, 0))
        self.pieces = []
        for piece in self._llm.generate(prompt, max_tokens=max_tokens, stop=stop, cancelled=cancelled):
            self.calls[-1] = self._llm.usage
            self.pieces.append(time.perf_counter())
            yield piece
        self.calls[-1] = self._llm.usage

    def choose(self, prompt: Prompt, options: Sequence[str], *, cancelled: Callable[[], bool] = never) -> list[float]:
        chances = self._llm.choose(prompt, options, cancelled=cancelled)
        self.calls.append(self._llm.usage)
        return chances

    def warm(self, messages: Sequence[Message]) -> None:
        self._llm.warm(messages)

    def forget(self) -> None:
        self._llm.forget()


class Bench:
    """A chatbot with a counting model, and what it is compared with."""

    def __init__(
        self, index: Index, embedder: Embedder, llm: LLM, limit: Limit, peer: Callable[[str], float] | None = None
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._llm = Counting(llm)
        self._limit = limit
        self._peer = peer
        load_words(index)  # as where questions are answered: the first one does not wait for it
        self._chatbot = Chatbot(index, embedder, self._llm)
        self._random = random.Random(0)

    def ask(self, item: GoldenItem, *, peer: bool = False) -> Asked:
        """Ask one question in all the ways."""
        question = item.asked()
        asked = self._first(item.id, question)
        asked.retry = self._answer(replace(question, fresh=True)).first_token
        asked.identical = self._answer(question).total
        asked.idle = self._broken_off(question, after=self._random.uniform(0, asked.total))
        if question.history:
            asked.follow_up = self._follow_up(question)
        if peer and self._peer:
            asked.peer = self._peer(question.text)
        return asked

    def _first(self, id: str, question: Question) -> Asked:
        """Ask as the first question, then measure what the parts take alone."""
        self._chatbot.forget()
        took = self._answer(question)
        before = took.calls if took.before is None else took.before
        pieces = self._llm.pieces
        return Asked(
            id=id,
            evidence=took.evidence,
            embedder=_seconds(lambda: self._embedder.queries([question.text] * 3)),
            faiss=self._search_alone(question),
            first_token=took.first_token,
            limit=self._limit.reading(before),
            total=took.total,
            evaluated=sum(call.evaluated for call in took.calls),
            evaluated_before=sum(call.evaluated for call in before),
            reused=sum(call.reused for call in took.calls),
            written=sum(call.written for call in took.calls),
            writing=(len(pieces) - 1) / (pieces[-1] - pieces[0]) if len(pieces) > 1 else None,
            writing_limit=self._limit.writing(max((call.evaluated + call.reused for call in before), default=0)),
        )

    def _answer(self, question: Question) -> _Took:
        """Ask, and note when evidence, first word and end came, as whoever reads the events sees it."""
        self._llm.begin()
        took = _Took()
        started = time.perf_counter()
        for event in self._chatbot.answer(question):
            now = time.perf_counter() - started
            if event.kind == "evidence":
                took.evidence = now
            elif event.kind == "token" and took.before is None:
                took.first_token, took.before = now, list(self._llm.calls)
            took.total = now
        took.calls = self._llm.calls
        return took

    def _search_alone(self, question: Question) -> float:
        vector = self._embedder.queries([question.text])[0]
        return _seconds(lambda: self._index.nearest_passages(vector, PASSAGES))

    def _broken_off(self, question: Question, after: float) -> float | None:
        """Return how long the model goes on when the asker leaves; None where the answer was there before."""
        self._chatbot.forget()
        leaves = time.perf_counter() + after
        try:
            for _ in self._chatbot.answer(question, cancelled=lambda: time.perf_counter() >= leaves):
                pass
        except Cancelled:
            return time.perf_counter() - leaves
        return None

    def _follow_up(self, question: Question) -> float | None:
        """Ask the question before it as the first one, then this."""
        before = question_before(question.history)
        self._chatbot.forget()
        self._answer(replace(question, text=before or "", history=()))
        return self._answer(question).first_token


@dataclass
class _Took:
    """Seconds until each thing was there, and the model's calls before the first word and in all."""

    evidence: float = 0.0
    first_token: float | None = None
    total: float = 0.0
    before: list[Usage] | None = None
    calls: list[Usage] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """A measure over all questions: ``targets`` are for median and 95th percentile, None where there is none."""

    name: str
    unit: str
    values: tuple[float, ...]
    targets: tuple[float | None, float | None] = (None, None)
    at_least: bool = False

    @property
    def median(self) -> float:
        return float(np.median(self.values))

    @property
    def high(self) -> float:
        return percentile_95(self.values)

    def meets(self) -> bool | None:
        """Whether the targets are met; None without any."""
        pairs = [
            (value, target) for value, target in zip((self.median, self.high), self.targets, strict=True) if target
        ]
        return all(value >= target if self.at_least else value <= target for value, target in pairs) if pairs else None


def lines(asked: Sequence[Asked]) -> list[Line]:
    """Return every measure that some question has a value for."""

    def values(of: Callable[[Asked], float | None]) -> tuple[float, ...]:
        return tuple(value for value in map(of, asked) if value is not None)

    found = [
        Line("evidence on screen", "s", values(lambda one: one.evidence), (0.08, 0.2)),
        Line("  embedder alone", "s", values(lambda one: one.embedder)),
        Line("  passage search alone", "s", values(lambda one: one.faiss)),
        Line("first token, new question", "s", values(lambda one: one.first_token), (2.5, 4.5)),
        Line("  tokens read before it", "", values(lambda one: one.first_token and one.evaluated_before)),
        Line("  bare llama.cpp, as many tokens", "s", values(lambda one: one.first_token and one.limit)),
        Line("  first token over bare llama.cpp", "x", values(lambda one: one.over_limit), (1.15, None)),
        Line("whole answer", "s", values(lambda one: one.total)),
        Line("  tokens read", "", values(lambda one: one.evaluated)),
        Line("  tokens reused", "", values(lambda one: one.reused)),
        Line("writing", "tokens/s", values(lambda one: one.writing)),
        Line("  bare llama.cpp", "tokens/s", values(lambda one: one.writing_limit)),
        Line("first token, follow-up", "s", values(lambda one: one.follow_up), (1.0, None)),
        Line("first token, asked for a fresh answer", "s", values(lambda one: one.retry), (1.0, None)),
        Line("identical question, whole answer", "s", values(lambda one: one.identical), (0.1, 0.1)),
        Line("cancel to idle", "s", values(lambda one: one.idle), (None, 0.7)),
        Line("the peer's whole answer", "s", values(lambda one: one.peer)),
        Line("  over crosscite's", "x", values(lambda one: one.over_peer), (6.0, None), at_least=True),
    ]
    return [line for line in found if line.values]


def table(asked: Sequence[Asked]) -> str:
    """Lay the measures out for a terminal."""
    rows = [("", "questions", "median", "95th", "target", "")]
    for line in lines(asked):
        targets = "; ".join(
            f"{name} {'>=' if line.at_least else '<='} {target:g}"
            for name, target in zip(("median", "95th"), line.targets, strict=True)
            if target is not None
        )
        verdict = {True: "met", False: "missed", None: ""}[line.meets()]
        median, high = (f"{value:.3g} {line.unit}".strip() for value in (line.median, line.high))
        rows.append((line.name, str(len(line.values)), median, high, targets, verdict))
    return aligned(rows)


def as_dict(conditions: Mapping[str, Any], asked: Sequence[Asked], peer: str) -> dict[str, Any]:
    """Return conditions, measures and what each question took as JSON values."""
    measures = [
        {
            "name": line.name.strip(),
            "unit": line.unit,
            "questions": len(line.values),
            "median": line.median,
            "p95": line.high,
            "targets": {"median": line.targets[0], "p95": line.targets[1]},
            "met": line.meets(),
        }
        for line in lines(asked)
    ]
    return {
        "conditions": dict(conditions),
        "peer": peer,
        "measures": measures,
        "questions": [asdict(one) for one in asked],
    }


def _seconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started
