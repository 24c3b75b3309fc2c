"""The measures of an answered golden set, all computed without a model as judge.

Every measure is a share or a mean over parts: a question brings a sum and a number of parts (its citations, or
itself), and the measure is the sum of sums over the sum of parts. So one way of comparing fits all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Literal

from rag import figures, language
from rag.evaluation import ranking
from rag.evaluation.golden import GoldenItem, folded
from rag.evaluation.results import Row, proves
from rag.evaluation.statistics import percentile_95
from rag.number_words import and_in_digits
from rag.types import Answer

_LONG_ENOUGH = 20
"""Characters from which the language of an answer can be told; scripts without spaces need half as many."""

Part = tuple[float, float]
"""A sum and the number of parts it is over; (0, 0) where a measure does not apply to a question."""

NONE: Part = (0.0, 0.0)


@dataclass(frozen=True)
class Measure:
    """What is measured; ``yes_no`` says that each question brings one yes or no, or nothing."""

    name: str
    about: str
    better: Literal["higher", "lower"] = "higher"
    yes_no: bool = True
    unit: Literal["share", "characters", "seconds"] = "share"
    of_retrieval: bool = False


MEASURES = (
    Measure("correct", "answered and right, of the answerable questions"),
    Measure("false_refusal", "refused, of the answerable questions", "lower"),
    Measure("false_answer", "answered, of the unanswerable questions", "lower"),
    Measure("citation_precision", "citations with words that prove the answer, of all citations", yes_no=False),
    Measure("citation_recall", "answerable questions with such a citation"),
    Measure("quote_integrity", "quotes that are exactly the document's words", yes_no=False),
    Measure("language", "answers and refusals in the question's language"),
    Measure("unsupported_numbers", "answers with a number that no cited quote has", "lower"),
    Measure("evidence_found", "answerable questions with a proof among the model's evidence"),
    Measure("quote_length", "characters of a cited quote", "lower", yes_no=False, unit="characters"),
    Measure(ranking.HIT, "a proof among the five best sentences", of_retrieval=True),
    Measure(ranking.RECALL, "proofs among the ten best, of all proofs", yes_no=False, of_retrieval=True),
    Measure(ranking.NDCG, "how early the proofs come", yes_no=False, of_retrieval=True),
    Measure(ranking.MRR, "one over the place of the first proof", yes_no=False, of_retrieval=True),
    Measure(
        "sentence_length",
        "characters of the ten best sentences",
        "lower",
        yes_no=False,
        unit="characters",
        of_retrieval=True,
    ),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


@dataclass(frozen=True)
class Judged:
    """A row and what it was worth: for each measure its part, and the same for retrieval by language of document."""

    row: Row
    parts: Mapping[str, Part]
    by_language: Mapping[str, Mapping[str, Part]] = field(default_factory=dict)

    @property
    def item(self) -> GoldenItem:
        return self.row.item

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the documents in which the answer stands."""
        return tuple(sorted({language for found in self.row.evidence_languages for language in found}))

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is wrong with it, in words; empty where all is well."""
        if self.row.error is not None:
            return (f"failed to run: {self.row.error}",)
        return tuple(words for name, (bad, words) in _WRONG.items() if self._is(name, bad))

    def _is(self, name: str, bad: Callable[[Part], bool]) -> bool:
        part = self.parts.get(name, NONE)
        return bool(part[1]) and bad(part)


_WRONG: Mapping[str, tuple[Callable[[Part], bool], str]] = {
    "false_refusal": (lambda part: part[0] > 0, "refused"),
    "false_answer": (lambda part: part[0] > 0, "answered, though the documents do not say it"),
    "citation_precision": (lambda part: part[0] < part[1], "a citation does not prove it"),
    "quote_integrity": (lambda part: part[0] < part[1], "a quote is not the document's words"),
    "language": (lambda part: part[0] < part[1], "another language than the question's"),
    "unsupported_numbers": (lambda part: part[0] > 0, "a number that no quote has"),
    ranking.HIT: (lambda part: part[0] < part[1], "no proof among the five best sentences"),
}


def judge(row: Row) -> Judged:
    """Judge one row."""
    judged = Judged(row, {**(_of_failure(row) if row.answer is None else _of_answer(row, row.answer)), **_length(row)})
    if row.ranking is None or not row.item.evidence:
        return judged
    by_language = {
        held: {
            **_ranks(row, [at for at, found in enumerate(row.evidence_languages) if held in found]),
            **_length(row, held),
        }
        for held in judged.languages
    }
    everything = range(len(row.item.evidence))
    return Judged(row, {**judged.parts, **_ranks(row, everything)}, by_language)


def is_wrong(judged: Judged) -> bool:
    """Whether a question is not answered as it should be, whatever the reason."""
    return bool(reasons(judged))


def reasons(judged: Judged) -> tuple[str, ...]:
    """Say in words what is wrong with an answer."""
    said = judged.wrong
    if judged.parts.get("correct", NONE) == (0.0, 1.0) and "refused" not in said and judged.row.error is None:
        return ("not right", *said)
    return said


def total(judged: Iterable[Judged], name: str, document_language: str | None = None) -> Part:
    """Add up the parts of a measure."""
    found = [part_of(one, name, document_language) for one in judged]
    return sum(part[0] for part in found), sum(part[1] for part in found)


def part_of(judged: Judged, name: str, document_language: str | None = None) -> Part:
    """Return one question's part of a measure, where it can be told for the documents of one language only."""
    if document_language is not None and BY_NAME[name].of_retrieval:
        return judged.by_language.get(document_language, {}).get(name, NONE)
    return judged.parts.get(name, NONE)


def value(part: Part) -> float | None:
    """Return sum over parts, or None where nothing was measured."""
    return part[0] / part[1] if part[1] else None


@dataclass(frozen=True)
class Share:
    """A share with its counts."""

    name: str
    hits: int
    total: int

    @property
    def value(self) -> float:
        return self.hits / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        return wilson((self.hits, self.total)) if self.total else (0.0, 1.0)


def wilson(part: Part) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    hits, n = part
    z, p = 1.96, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Slice:
    """Some of the questions: all, those of a kind, of a language, or of a pair of languages ("en-de")."""

    name: str
    judged: tuple[Judged, ...]
    document_language: str | None = None


def slices(judged: Sequence[Judged]) -> list[Slice]:
    """Return the slices in which results are reported, the whole first."""
    found = [Slice("all", tuple(judged))]
    for kind in sorted({one.item.kind for one in judged}):
        found.append(Slice(f"kind={kind}", tuple(one for one in judged if one.item.kind == kind)))
    for asked in sorted({one.item.language for one in judged}):
        found.append(Slice(f"lang={asked}", tuple(one for one in judged if one.item.language == asked)))
    for asked, held in sorted({(one.item.language, held) for one in judged for held in one.languages}):
        own = tuple(one for one in judged if one.item.language == asked and held in one.languages)
        found.append(Slice(f"pair={asked}-{held}", own, held))
    for held in sorted({held for one in judged for held in one.languages}):
        found.append(Slice(f"documents={held}", tuple(one for one in judged if held in one.languages), held))
    return found


def latencies(judged: Iterable[Judged]) -> dict[str, float]:
    """Return median and 95th percentile in seconds of evidence, first token and whole answer, as far as not cached."""
    timings = [one.row.answer.timings for one in judged if one.row.answer and not one.row.answer.cached]
    result: dict[str, float] = {}
    for name, values in (
        ("evidence", [timing.retrieve_ms for timing in timings]),
        ("first_token", [timing.first_token_ms for timing in timings]),
        ("total", [timing.total_ms for timing in timings]),
    ):
        known = [value / 1000 for value in values if value is not None]
        if known:
            result[f"{name}_median"] = median(known)
            result[f"{name}_p95"] = percentile_95(known)
    return result


@dataclass(frozen=True)
class Point:
    """A place of a curve: answering from this ``confidence`` on."""

    confidence: float
    x: float
    y: float


def risk_coverage(judged: Sequence[Judged]) -> list[Point]:
    """Return coverage (x) and risk (y) as the surest answers are given first.

    Coverage is the share of all questions that are answered, risk the share of the answered that are not right. What
    was refused has no answer to judge, so the curve ends at the coverage of the run.
    """
    answered = [one for one in judged if one.row.answer and one.row.answer.answered and one.row.confidence is not None]
    answered.sort(key=lambda one: (-(one.row.confidence or 0.0), one.item.id))
    points, wrong = [], 0
    for number, one in enumerate(answered, 1):
        wrong += one.parts.get("correct", NONE)[0] < 1
        points.append(Point(one.row.confidence or 0.0, number / len(judged), wrong / number))
    return points


def refusal_trade_off(judged: Sequence[Judged]) -> list[Point]:
    """Return false refusals (x) and false answers (y) that the gate alone would give, from never to always open."""
    asked = [one for one in judged if one.row.confidence is not None]
    with_answer = [one.row.confidence or 0.0 for one in asked if one.item.answerable]
    without = [one.row.confidence or 0.0 for one in asked if not one.item.answerable]
    if not with_answer or not without:
        return []
    limits = [2.0, *sorted({*with_answer, *without}, reverse=True)]
    return [
        Point(
            limit,
            sum(sure < limit for sure in with_answer) / len(with_answer),
            sum(sure >= limit for sure in without) / len(without),
        )
        for limit in limits
    ]


def rejudged(row: Row, item: GoldenItem) -> Row:
    """Return a row under a golden question that was changed after it was asked.

    What retrieval found keeps its old proofs where the evidence changed, because the words are not in the row.
    """
    if item.evidence != row.item.evidence:
        return replace(row, item=item, ranking=None, evidence_languages=())
    return replace(row, item=item)


def _of_answer(row: Row, answer: Answer) -> dict[str, Part]:
    item = row.item
    right = _right_citations(item, answer)
    parts: dict[str, Part] = {
        "quote_integrity": _count(row.quotes_exact or ()),
        "language": _yes(_language_right(item, answer)),
    }
    if answer.answered:
        parts["unsupported_numbers"] = _yes(_unsupported_number(item, answer))
        lengths = [citation.end - citation.start for citation in answer.citations]
        parts["quote_length"] = (float(sum(lengths)), float(len(lengths)))
    if not item.answerable:
        return {**parts, "false_answer": _yes(answer.answered)}
    return {
        **parts,
        "correct": _yes(is_right(item, answer)),
        "false_refusal": _yes(not answer.answered),
        "citation_precision": _count(right) if answer.answered else NONE,
        "citation_recall": _yes(any(right)),
        "evidence_found": _yes(any(proves(piece.quote, item.evidence) for piece in answer.evidence)),
    }


def _of_failure(row: Row) -> dict[str, Part]:
    """A question that failed to run was not answered right; nothing else is known of it."""
    return {"correct": (0.0, 1.0)} if row.error is not None and row.item.answerable else {}


def _ranks(row: Row, wanted: Sequence[int]) -> dict[str, Part]:
    found = ranking.scores(row.ranking or (), wanted)
    return {name: (score, 1.0) for name, score in found.items()}


def _length(row: Row, language: str | None = None) -> dict[str, Part]:
    best = (row.ranking or ())[:10]
    lengths = [hit.end - hit.start for hit in best if language in (None, hit.language)]
    return {"sentence_length": (float(sum(lengths)), float(len(lengths)))}


def _right_citations(item: GoldenItem, answer: Answer) -> list[bool]:
    """Return of each citation whether it proves the answer."""
    return [bool(proves(citation.quote, item.evidence)) for citation in answer.citations]


def is_right(item: GoldenItem, answer: Answer) -> bool:
    """Whether an answer is a right one to a golden question."""
    if not answer.answered:
        return False
    text = folded(answer.text)
    met = sum(any(folded(option) in text for option in group) for group in item.must)
    if met < item.min_groups or any(folded(wrong) in text for wrong in item.must_not):
        return False
    if item.min_documents > 1:
        rights = _right_citations(item, answer)
        proved = {c.document for c, right in zip(answer.citations, rights, strict=True) if right}
        return len(proved) >= item.min_documents
    return True


def _unsupported_number(item: GoldenItem, answer: Answer) -> bool:
    """Whether a number of an answer stands neither in a quote it cites nor in the question."""
    proofs = [and_in_digits(item.question, item.language)]
    proofs += [and_in_digits(citation.quote, citation.language) for citation in answer.citations]
    return bool(figures.unsupported(_without_marks(answer), proofs))


def _language_right(item: GoldenItem, answer: Answer) -> bool | None:
    text = _without_marks(answer)
    needed = _LONG_ENOUGH // 2 if language.is_unspaced(text) else _LONG_ENOUGH
    if len(text.strip()) < needed:
        return None
    return language.detect(text, expected=item.language) == item.language


def _without_marks(answer: Answer) -> str:
    """Return an answer's text without the numbers of its citations."""
    return re.sub(r"\[\d+\]", "", answer.text)


def _yes(value: bool | None) -> Part:
    return NONE if value is None else (float(value), 1.0)


def _count(values: Sequence[bool]) -> Part:
    return float(sum(values)), float(len(values))
