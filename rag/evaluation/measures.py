"""The measures of an answered golden set, all computed without a model as judge.

Definitions: ``correct`` over answerable items; ``false_refusal`` over answerable, ``false_answer`` over unanswerable
items; ``citation_precision`` over all citations of answered answerable items; ``citation_recall`` over answerable
items; ``quote_integrity`` over all citations; ``language`` over answers long enough to tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from rag import language
from rag.evaluation.golden import GoldenItem
from rag.types import Answer, Citation

_SHORTEST_OVERLAP = 12
"""A quote inside an evidence string proves it from this many characters on."""

_LONG_ENOUGH = 20
"""Characters from which the language of an answer can be told; scripts without spaces need half as many."""


@dataclass(frozen=True)
class Row:
    """What became of one item. ``None`` stands where a measure does not apply to it."""

    item: GoldenItem
    answer: Answer
    correct: bool | None
    citations_right: tuple[bool, ...]
    quotes_exact: tuple[bool, ...]
    language_right: bool | None


@dataclass(frozen=True)
class Measure:
    """A share with its counts and 95 % Wilson interval (Wilson 1927)."""

    name: str
    hits: int
    total: int

    @property
    def value(self) -> float:
        return self.hits / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        if not self.total:
            return (0.0, 1.0)
        z, n, p = 1.96, self.total, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return (max(0.0, middle - half), min(1.0, middle + half))


def judge(item: GoldenItem, answer: Answer, text_of: Callable[[str], str]) -> Row:
    """Judge one answer; ``text_of`` gives the canonical text of a document."""
    right = tuple(_proves(citation, item.evidence) for citation in answer.citations)
    return Row(
        item=item,
        answer=answer,
        correct=_is_correct(item, answer, right) if item.answerable else None,
        citations_right=right if item.answerable and answer.answered else (),
        quotes_exact=tuple(
            text_of(citation.document)[citation.start : citation.end] == citation.quote for citation in answer.citations
        ),
        language_right=_language_right(item, answer),
    )


def measures(rows: Sequence[Row]) -> list[Measure]:
    """Return the measures in the order in which they are reported."""
    answerable = [row for row in rows if row.item.answerable]
    unanswerable = [row for row in rows if not row.item.answerable]
    citations = [right for row in answerable for right in row.citations_right]
    return [
        _share("correct", (bool(row.correct) for row in answerable)),
        _share("false_refusal", (not row.answer.answered for row in answerable)),
        _share("false_answer", (row.answer.answered for row in unanswerable)),
        _share("citation_precision", citations),
        _share("citation_recall", (any(row.citations_right) for row in answerable)),
        _share("quote_integrity", (exact for row in rows for exact in row.quotes_exact)),
        _share("language", (row.language_right for row in rows if row.language_right is not None)),
    ]


def latencies(rows: Sequence[Row]) -> dict[str, float]:
    """Return median and 95th percentile in seconds of evidence, first token and whole answer."""
    result: dict[str, float] = {}
    for name, values in (
        ("evidence", [row.answer.timings.retrieve_ms for row in rows]),
        ("first_token", [row.answer.timings.first_token_ms for row in rows]),
        ("total", [row.answer.timings.total_ms for row in rows]),
    ):
        known = sorted(value / 1000 for value in values if value is not None)
        if known:
            result[f"{name}_median"] = median(known)
            result[f"{name}_p95"] = known[min(len(known) - 1, int(0.95 * len(known)))]
    return result


def _is_correct(item: GoldenItem, answer: Answer, citations_right: Sequence[bool]) -> bool:
    if not answer.answered:
        return False
    text = _folded(answer.text)
    met = sum(any(_folded(option) in text for option in group) for group in item.must)
    if met < item.min_groups or any(_folded(wrong) in text for wrong in item.must_not):
        return False
    if item.min_documents > 1:
        proved = {c.document for c, right in zip(answer.citations, citations_right, strict=True) if right}
        return len(proved) >= item.min_documents
    return True


def _proves(citation: Citation, evidence: Iterable[str]) -> bool:
    quote = _folded(citation.quote)
    return any(
        _folded(words) in quote or (len(quote) >= _SHORTEST_OVERLAP and quote in _folded(words)) for words in evidence
    )


def _language_right(item: GoldenItem, answer: Answer) -> bool | None:
    text = re.sub(r"\[\d+\]", "", answer.text)
    needed = _LONG_ENOUGH // 2 if language.is_unspaced(text) else _LONG_ENOUGH
    if len(text.strip()) < needed:
        return None
    return language.detect(text, expected=item.language) == item.language


def _share(name: str, values: Iterable[bool]) -> Measure:
    known = list(values)
    return Measure(name, sum(known), len(known))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())
