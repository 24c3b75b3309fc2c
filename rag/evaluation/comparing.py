"""Two runs of the same golden set: which measures moved, by how much, and whether that could be chance.

Both runs answered the same questions, so they are compared question by question. Questions about one document share
its fate; where a measure rests on enough documents, whole documents are resampled instead of single questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rag.evaluation import statistics
from rag.evaluation.measures import MEASURES, NONE, Judged, Measure, Part, Slice, is_wrong, part_of, slices, value
from rag.evaluation.results import ResultsError

ENOUGH_DOCUMENTS = 10
"""From so many documents on they are the units that are resampled. With fewer, resampled documents reject far too often
(Cameron, Gelbach and Miller 2008): then the questions are, and what is found speaks of these documents only."""

MEANINGFUL = 0.10
"""A slice in which a drop of this size would pass unseen is underpowered."""

CHURN = 0.02
"""Questions that change by themselves, in each direction, where two runs do not show how many do: a guess."""

CORRELATION = 0.8
"""Between the two runs' values of a question, where nothing changed and so it cannot be seen: a guess."""


SLICED = ("correct", "false_refusal", "false_answer", "citation_recall", "language", "hit@5", "recall@10")
"""Measures that are also reported by kind and by language."""


@dataclass(frozen=True)
class Change:
    """How one measure moved. ``worse`` and ``better`` count the questions of a yes/no measure that changed.

    ``p`` is the one-sided chance of a change for the worse at least as large if the runs were alike, ``p_moved`` the
    chance of one as large in either direction. ``detectable`` is the smallest change for the worse that would have been
    seen with the usual power, None where none would.
    """

    measure: Measure
    slice: str
    questions: int
    documents: int
    by_document: bool
    before: float
    after: float
    interval: tuple[float, float]
    worse: int | None
    better: int | None
    mcnemar: float | None
    p: float
    p_moved: float
    detectable: float | None
    underpowered: bool

    @property
    def difference(self) -> float:
        return self.after - self.before

    @property
    def loss(self) -> float:
        """By how much it got worse; negative if it got better."""
        return -self.difference if self.measure.better == "higher" else self.difference


@dataclass(frozen=True)
class ItemChange:
    """A question that was answered in another way."""

    before: Judged
    after: Judged
    verdict: Literal["worse", "better", "other"]


@dataclass(frozen=True)
class Comparison:
    """Everything that is known of two runs. ``left_out`` are questions that only one of them has, or that changed."""

    pairs: tuple[tuple[Judged, Judged], ...]
    left_out: tuple[str, ...]
    changes: tuple[Change, ...]
    items: tuple[ItemChange, ...]
    conditions: Mapping[str, tuple[Any, Any]]

    @property
    def underpowered(self) -> list[Change]:
        """The measures of the whole set that could get worse unseen."""
        return [change for change in self.changes if change.underpowered and change.slice == "all"]

    def change(self, name: str, slice: str = "all") -> Change | None:
        """Return the change of a measure, None where it could not be compared."""
        return next((one for one in self.changes if (one.measure.name, one.slice) == (name, slice)), None)


def compare(
    before: Sequence[Judged],
    after: Sequence[Judged],
    conditions: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
    *,
    gated: int = 1,
    meaningful: float = MEANINGFUL,
    wanted: Sequence[tuple[str, str]] = (),
    everything: bool = True,
) -> Comparison:
    """Compare two runs. ``gated`` is the number of measures that are judged together, which costs power.

    Slices are compared by some measures only, and by those ``wanted`` as (measure, slice); without ``everything``
    only these are compared.

    Raises:
        ResultsError: they have no question in common.
    """
    pairs, left_out = paired(before, after)
    if not pairs:
        raise ResultsError("The two runs have no question in common: they are results of different golden sets.")
    changes = [
        change
        for one in slices([old for old, _ in pairs])
        for measure in MEASURES
        if (measure.name, one.name) in wanted or (everything and (one.name == "all" or measure.name in SLICED))
        if (change := _change(measure, one, pairs, statistics.ALPHA / max(1, gated), meaningful)) is not None
    ]
    items = [ItemChange(old, new, verdict) for old, new in pairs if (verdict := _verdict(old, new)) is not None]
    order = {"worse": 0, "better": 1, "other": 2}
    return Comparison(
        pairs=tuple(pairs),
        left_out=tuple(left_out),
        changes=tuple(changes),
        items=tuple(sorted(items, key=lambda item: (order[item.verdict], item.after.item.id))),
        conditions=_differences(*conditions),
    )


def paired(before: Sequence[Judged], after: Sequence[Judged]) -> tuple[list[tuple[Judged, Judged]], list[str]]:
    """Return the questions that both runs were asked in the same words, and the ids of all others."""
    old = {one.item.id: one for one in before}
    new = {one.item.id: one for one in after}
    pairs = [(old[id], one) for id, one in new.items() if id in old and old[id].item == one.item]
    kept = {one.item.id for one, _ in pairs}
    return pairs, [id for id in {**old, **new} if id not in kept]


def _change(
    measure: Measure, part: Slice, pairs: Sequence[tuple[Judged, Judged]], alpha: float, meaningful: float
) -> Change | None:
    members = {one.item.id for one in part.judged}
    asked = [(old, new) for old, new in pairs if old.item.id in members]
    rows = [
        _Paired(old, *(part_of(one, measure.name, part.document_language) for one in (old, new))) for old, new in asked
    ]
    rows = [row for row in rows if row.before[1] or row.after[1]]
    if not sum(row.before[1] for row in rows) or not sum(row.after[1] for row in rows):
        return None
    documents = {row.document for row in rows if row.judged.item.documents}
    by_document = len(documents) >= ENOUGH_DOCUMENTS
    units = _units(rows, by_document)
    worse, better = _counts(measure, rows)
    mcnemar = statistics.mcnemar(worse, better) if measure.yes_no else None
    higher = measure.better == "higher"
    p = _p_value(measure, rows, units, by_document, (worse, better), lower=higher)
    p_better = _p_value(measure, rows, units, by_document, (better, worse), lower=not higher)
    before, after = (
        value(_sum(parts)) or 0.0 for parts in zip(*[(row.before, row.after) for row in rows], strict=True)
    )
    detectable = _detectable(measure, rows, by_document, min(worse, better), alpha)
    return Change(
        measure=measure,
        slice=part.name,
        questions=len(rows),
        documents=len(documents),
        by_document=by_document,
        before=before,
        after=after,
        interval=statistics.interval(*units),
        worse=worse if measure.yes_no else None,
        better=better if measure.yes_no else None,
        mcnemar=mcnemar,
        p=p,
        p_moved=min(1.0, 2 * min(p, p_better)),
        detectable=detectable,
        underpowered=detectable is None or detectable > meaningful * (1 if measure.unit == "share" else before) + 1e-9,
    )


def _p_value(
    measure: Measure,
    rows: Sequence[_Paired],
    units: tuple[statistics.Parts, statistics.Parts],
    by_document: bool,
    counts: tuple[int, int],
    *,
    lower: bool,
) -> float:
    """Return the one-sided p-value of a change in one direction; ``counts`` are questions in it and against it."""
    if measure.yes_no and not by_document and all(row.before[1] == row.after[1] for row in rows):
        return statistics.mcnemar(*counts)
    return statistics.randomisation(*units, lower_is_worse=lower)


@dataclass(frozen=True)
class _Paired:
    """One question's parts of a measure in both runs."""

    judged: Judged
    before: Part
    after: Part

    @property
    def document(self) -> str:
        """The document that the question stands for; one without a document stands for itself."""
        return min(self.judged.item.documents, default=f"question {self.judged.item.id}")


def _units(rows: Sequence[_Paired], by_document: bool) -> tuple[statistics.Parts, statistics.Parts]:
    """Add up the parts of each question, or of each document."""
    sums: dict[str, tuple[Part, Part]] = {}
    for row in rows:
        unit = row.document if by_document else row.judged.item.id
        before, after = sums.get(unit, (NONE, NONE))
        sums[unit] = (_sum((before, row.before)), _sum((after, row.after)))
    both = np.array(list(sums.values()), dtype=np.float64)
    return both[:, 0], both[:, 1]


def _counts(measure: Measure, rows: Sequence[_Paired]) -> tuple[int, int]:
    """Count the questions that changed for the worse and for the better, where both runs have a yes or no."""
    sign = 1 if measure.better == "higher" else -1
    moves = [sign * (row.after[0] - row.before[0]) for row in rows if row.before[1] == row.after[1] == 1]
    return sum(move < 0 for move in moves), sum(move > 0 for move in moves)


def _detectable(
    measure: Measure, rows: Sequence[_Paired], by_document: bool, both_ways: int, alpha: float
) -> float | None:
    """Return the smallest change for the worse that this slice could show."""
    rows = [row for row in rows if row.before[1]]
    questions = len(rows)
    good = [_goodness(measure, row.before) for row in rows]
    changed = any(row.before != row.after for row in rows)
    churn = both_ways / questions if changed else CHURN
    if measure.yes_no and not by_document:
        return statistics.smallest_drop(questions, churn, alpha, most=sum(good) / questions)
    thinned = statistics.design_effect(good, [row.document for row in rows]) if by_document else 1.0
    units = len({row.document for row in rows}) if by_document else questions
    noise = 2 * churn if measure.yes_no else _noise(measure, rows)
    per_unit = thinned * units / questions
    if measure.unit != "share":
        return statistics.smallest_shift(units, (noise * per_unit) ** 0.5, alpha)
    mean, square = sum(good) / questions, sum(one * one for one in good) / questions
    return statistics.smallest_loss(units, mean, square * per_unit, noise * per_unit, alpha)


def _noise(measure: Measure, rows: Sequence[_Paired]) -> float:
    """Return the variance of a question's difference between runs, guessed from the first run where none changed."""
    values = [(_goodness(measure, row.before), _goodness(measure, row.after)) for row in rows if row.after[1]]
    moved = [after - before for before, after in values]
    spread = float(np.var([before for before, _ in values])) * 2 * (1 - CORRELATION)
    return float(np.var(moved)) if any(moved) else spread


def _goodness(measure: Measure, part: Part) -> float:
    """Return a question's value, turned round where lower is better, so that a change for the worse is a drop."""
    share = part[0] / part[1]
    return 1 - share if measure.better == "lower" and measure.unit == "share" else share


def _verdict(before: Judged, after: Judged) -> Literal["worse", "better", "other"] | None:
    """Say whether a question went wrong, came right, or merely reads otherwise; None if nothing changed."""
    if is_wrong(before) != is_wrong(after):
        return "worse" if is_wrong(after) else "better"
    old, new = (_points(one) for one in (before, after))
    if old != new:
        return "worse" if new < old else "better"
    texts = [one.row.answer.text if one.row.answer else None for one in (before, after)]
    return "other" if texts[0] != texts[1] else None


def _points(judged: Judged) -> int:
    """Count what is right about an answer, to tell better from worse where both are wrong."""
    counted = [name for name in ("correct", "citation_recall", "language", "evidence_found") if name in judged.parts]
    return sum(judged.parts[name][0] > 0 for name in counted) - len(judged.wrong)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: (before.get(name), after.get(name)) for name in names}


def _sum(parts: Iterable[Part]) -> Part:
    listed = list(parts)
    return sum(part[0] for part in listed), sum(part[1] for part in listed)
