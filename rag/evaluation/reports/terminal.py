"""The report for a terminal: what is wrong, the measures, what moved, the gates."""

from __future__ import annotations

from collections.abc import Iterator

from rag.evaluation.comparing import Comparison
from rag.evaluation.gates import underpowered
from rag.evaluation.measures import Judged, reasons
from rag.evaluation.reports.data import Line, Report, changed_counts, lines, moved, number, seconds, setting, span
from rag.evaluation.tables import aligned


def text(report: Report) -> str:
    """Return the whole report."""
    parts = [_wrong(report), _measures(report)]
    if report.comparison:
        parts += [_moved(report), _changed(report.comparison), _power(report.comparison)]
    parts += [_gates(report), [report.judgement.words]]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _wrong(report: Report) -> list[str]:
    return [line for one in report.wrong for line in _one(one)]


def _one(judged: Judged) -> Iterator[str]:
    yield f"{judged.item.id} [{'; '.join(reasons(judged))}]: {judged.item.question}"
    if judged.row.answer is not None:
        yield f"    {judged.row.answer.text}"


def _measures(report: Report) -> list[str]:
    shown = [_measure(line) for line in lines(report)]
    return shown + [f"{name:20} {amount:5.2f} s" for name, amount in seconds(report.judged)]


def _measure(line: Line) -> str:
    of = f"{line.part[0]:g}/{line.part[1]:g}" if line.interval else f"mean of {line.part[1]:g}"
    sure = f"; 95 %: {line.interval[0]:.2f}-{line.interval[1]:.2f}" if line.interval else ""
    return f"{line.measure.name:20} {number(line.measure, line.value):>5}  ({of}{sure})"


def _moved(report: Report) -> list[str]:
    rows = [
        (
            line.measure.name,
            f"{number(line.measure, line.change.before)} → {number(line.measure, line.change.after)}",
            f"{moved(line.change)} ({span(line.change)})",
            changed_counts(line.change),
        )
        for line in lines(report)
        if line.change and (line.change.difference or line.change.worse)
    ]
    if not rows:
        return ["Against the baseline: no measure moved."]
    return ["Against the baseline (difference with its paired 95 % interval; questions that changed):", aligned(rows)]


def _changed(comparison: Comparison) -> list[str]:
    found = []
    for item in comparison.items:
        if item.verdict != "other":
            before, after = (one.row.answer.text if one.row.answer else "-" for one in (item.before, item.after))
            found += [
                f"{item.verdict}: {item.after.item.id}: {item.after.item.question}",
                f"  - {before}",
                f"  + {after}",
            ]
    others = sum(item.verdict == "other" for item in comparison.items)
    if others:
        found.append(f"{others} more answers read otherwise, and are worth the same.")
    if comparison.left_out:
        found.append(f"Not compared, because only one run has them or they changed: {', '.join(comparison.left_out)}")
    for name, (before, after) in comparison.conditions.items():
        found.append(f"Differs: {name}: {setting(before)} → {setting(after)}")
    return found


def _power(comparison: Comparison) -> list[str]:
    slices = {change.slice for change in comparison.changes if change.underpowered and change.slice != "all"}
    found = [f"{change.measure.name}: {underpowered(change)}" for change in comparison.underpowered]
    if slices:
        found.append(f"underpowered slices: {', '.join(sorted(slices))}")
    return found


def _gates(report: Report) -> list[str]:
    marks = {True: "holds", False: "FAILS", None: "?"}
    rows = [(marks[v.holds], f"{v.name} {v.kind} {v.limit:g}", v.words) for v in report.judgement.verdicts]
    return [aligned(rows)] if rows else []
