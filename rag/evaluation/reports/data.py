"""What every report tells, and the words that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.evaluation import gates
from rag.evaluation.comparing import Change, Comparison
from rag.evaluation.gates import Judgement
from rag.evaluation.measures import (
    MEASURES,
    Judged,
    Measure,
    Part,
    is_wrong,
    latencies,
    reasons,
    slices,
    total,
    value,
    wilson,
)
from rag.evaluation.results import Run


@dataclass(frozen=True)
class Report:
    """A run, what its answers were worth, and, where there is a baseline, how it compares."""

    title: str
    run: Run
    judged: tuple[Judged, ...]
    judgement: Judgement
    comparison: Comparison | None = None

    @property
    def wrong(self) -> list[Judged]:
        """The questions that are not answered as they should be."""
        return [one for one in self.judged if is_wrong(one)]


@dataclass(frozen=True)
class Line:
    """One measure of a run, ready to be shown."""

    measure: Measure
    part: Part
    value: float
    interval: tuple[float, float] | None
    change: Change | None


def lines(report: Report) -> list[Line]:
    """Return the measures that have a value."""
    found = []
    for measure in MEASURES:
        part = total(report.judged, measure.name)
        known = value(part)
        if known is not None:
            interval = wilson(part) if measure.unit == "share" and part[0] == int(part[0]) else None
            change = report.comparison.change(measure.name) if report.comparison else None
            found.append(Line(measure, part, known, interval, change))
    return found


def number(measure: Measure, amount: float) -> str:
    """Write a value with as many digits as it deserves."""
    return f"{amount:.{_digits(measure)}f}"


def _digits(measure: Measure) -> int:
    return 0 if measure.unit == "characters" else 2


def moved(change: Change) -> str:
    """Write a difference with its sign."""
    return f"{change.difference:+.{_digits(change.measure)}f}" if round(change.difference, 3) else "±0"


def span(change: Change) -> str:
    """Write the interval of a difference."""
    digits = _digits(change.measure)
    low, high = change.interval
    return f"{low:+.{digits}f} to {high:+.{digits}f}"


def changed_counts(change: Change) -> str:
    """Write how many questions changed for the worse and for the better, with McNemar's p."""
    if change.worse is None or change.better is None or change.mcnemar is None:
        return ""
    if not change.worse and not change.better:
        return "none"
    return f"{change.worse} worse, {change.better} better (p = {change.mcnemar:.2g})"


def seconds(judged: Sequence[Judged]) -> list[tuple[str, float]]:
    """Return latencies under the names in which they are shown."""
    return [(name.replace("_", " "), amount) for name, amount in latencies(judged).items()]


def setting(value: Any) -> str:
    """Write a condition; of a checksum the beginning is enough to tell two apart."""
    text = "–" if value is None else str(value)
    return f"{text[:12]}…" if len(text) == 64 and set(text) <= set("0123456789abcdef") else text


def as_fields(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""

    def change_fields(change: Change) -> dict[str, Any]:
        return {
            "measure": change.measure.name,
            "slice": change.slice,
            "questions": change.questions,
            "documents": change.documents,
            "resampled": "documents" if change.by_document else "questions",
            "before": change.before,
            "after": change.after,
            "difference": change.difference,
            "interval": list(change.interval),
            "worse": change.worse,
            "better": change.better,
            "mcnemar_p": change.mcnemar,
            "p": change.p,
            "p_moved": change.p_moved,
            "smallest_detectable_drop": change.detectable,
            "underpowered": change.underpowered,
        }

    measured: dict[str, Mapping[str, Any]] = {}
    for part in slices(report.judged):
        sums = {m.name: total(part.judged, m.name, part.document_language) for m in MEASURES}
        measured[part.name] = {
            name: {"value": value(found), "sum": found[0], "of": found[1]} for name, found in sums.items() if found[1]
        }
    return {
        "verdict": report.judgement.words,
        "exit_code": report.judgement.exit_code,
        "conditions": dict(report.run.conditions),
        "started": report.run.started,
        "finished": report.run.finished,
        "questions": len(report.judged),
        "failed": list(report.judgement.failed),
        "measures": measured,
        "seconds": latencies(report.judged),
        "gates": [gates.as_fields(verdict) for verdict in report.judgement.verdicts],
        "wrong": {one.item.id: list(reasons(one)) for one in report.wrong},
        "changes": [change_fields(change) for change in report.comparison.changes] if report.comparison else [],
        "changed_items": [
            {"id": item.after.item.id, "verdict": item.verdict}
            for item in (report.comparison.items if report.comparison else ())
        ],
        "left_out": list(report.comparison.left_out) if report.comparison else [],
    }
