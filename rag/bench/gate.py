"""How well the gate tells what the documents cannot answer, on questions it was not fitted on.

Two estimates stand side by side: cross-validation, in which the gate has seen other questions of the same data set, and
the whole data set left out, which is what a new collection meets. What verification refuses after the gate (no sentence
of the draft was supported) counts as refused in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import CrossciteError
from rag.evaluation.calibration import Outcome, cross_validated, lacks_a_signal, left_out, threshold
from rag.evaluation.measures import Share
from rag.evaluation.tables import aligned, bootstrap, with_interval

ACCEPTED = 0.15
"""The share of false refusals at which false answers are compared, whatever threshold the gate has."""


@dataclass(frozen=True)
class Errors:
    """The errors on one data set at the gate's threshold, and at the threshold with 15 % false refusals."""

    source: str
    false_refusals: Share
    false_answers: Share
    mean: float
    mean_interval: tuple[float, float]
    at_accepted: float
    at_accepted_interval: tuple[float, float]


def measure(outcomes: Sequence[Outcome]) -> dict[str, list[Errors]]:
    """Return the errors of each data set, by both estimates.

    Raises:
        CrossciteError: there are not two data sets with questions of both kinds, or signals of an earlier crosscite.
    """
    if old := sum(map(lacks_a_signal, outcomes)):
        raise CrossciteError(
            f"{old} of {len(outcomes)} questions lack a signal: they were asked by an earlier crosscite. Run "
            "`crosscite calibrate --signals` with this file again: only these are asked."
        )
    by_source: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_source.setdefault(outcome.source, []).append(outcome)
    kept = [one for own in by_source.values() if len({o.answerable for o in own}) == 2 for one in own if one.signals]
    if len({one.source for one in kept}) < 2:
        raise CrossciteError("The signals have fewer than two data sets with answerable and unanswerable questions.")
    return {
        "cross-validated": _errors(kept, cross_validated(kept)),
        "data set left out": _errors(kept, left_out(kept)),
    }


def table(errors: dict[str, list[Errors]]) -> str:
    """Lay the errors out for a terminal, with 95 % intervals."""
    head = ("data set", "questions", "false refusals", "false answers", "mean of both", "false answers at 15 %")
    parts = []
    for estimate, rows in errors.items():
        cells = [
            (
                row.source,
                f"{row.false_refusals.total}+{row.false_answers.total}",
                with_interval(row.false_refusals.value, row.false_refusals.interval),
                with_interval(row.false_answers.value, row.false_answers.interval),
                with_interval(row.mean, row.mean_interval),
                with_interval(row.at_accepted, row.at_accepted_interval),
            )
            for row in rows
        ]
        parts.append(f"{estimate}\n{aligned([head, *cells])}")
    return "\n\n".join(parts)


def as_dict(errors: dict[str, list[Errors]]) -> dict[str, Any]:
    """Return the errors for programs."""
    return {estimate: [asdict(row) for row in rows] for estimate, rows in errors.items()}


def _errors(outcomes: Sequence[Outcome], probability: NDArray[np.float64]) -> list[Errors]:
    """Judge every data set at one common threshold, as the product has one."""
    # Below every threshold: what verification refused cannot be answered whatever the gate says.
    certainty = np.where([one.supported for one in outcomes], probability, -1.0)
    common = threshold(outcomes, certainty)
    sources = np.array([one.source for one in outcomes])
    answerable = np.array([one.answerable for one in outcomes])
    return [
        _of_one(
            source, certainty[(sources == source) & answerable], certainty[(sources == source) & ~answerable], common
        )
        for source in dict.fromkeys(sources.tolist())
    ]


def _of_one(source: str, right: NDArray[np.float64], wrong: NDArray[np.float64], common: float) -> Errors:
    """``right`` are the certainties of the answerable questions, ``wrong`` those of the others."""

    def mean(right: NDArray[np.float64], wrong: NDArray[np.float64]) -> float:
        return float(((right < common).mean() + (wrong >= common).mean()) / 2)

    return Errors(
        source=source,
        false_refusals=Share("false refusals", int((right < common).sum()), len(right)),
        false_answers=Share("false answers", int((wrong >= common).sum()), len(wrong)),
        mean=mean(right, wrong),
        mean_interval=bootstrap(mean, right, wrong),
        at_accepted=_at_accepted(right, wrong),
        at_accepted_interval=bootstrap(_at_accepted, right, wrong),
    )


def _at_accepted(right: NDArray[np.float64], wrong: NDArray[np.float64]) -> float:
    """Return the share of false answers where 15 % of the answerable questions, at most, are refused.

    It is not a number where verification alone refuses more of them.
    """
    refused = int(ACCEPTED * len(right))
    at = np.sort(right)[refused]
    return float((wrong >= at).mean()) if at >= 0 else float("nan")
