"""The report for a comment under a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.evaluation.comparing import Comparison, ItemChange
from rag.evaluation.gates import underpowered
from rag.evaluation.measures import Judged, reasons
from rag.evaluation.reports.data import Report, changed_counts, lines, moved, number, seconds, setting, span

MARK = "<!-- crosscite eval -->"
"""By this line a workflow finds its own comment again."""


def text(report: Report) -> str:
    """Return the whole report."""
    sign = {0: "✅", 1: "❌", 2: "⚠️"}[report.judgement.exit_code]
    parts = [
        f"{MARK}\n## {sign} crosscite eval: {_safe(report.judgement.words)}",
        f"{len(report.judged)} questions, {_safe(report.title)}.",
        *_gates(report),
        *_measures(report),
    ]
    if report.comparison:
        parts += [*_items(report.comparison), *_power(report.comparison), *_conditions(report.comparison)]
    parts += _wrong(report.wrong)
    return "\n\n".join(parts) + "\n"


def _gates(report: Report) -> Iterator[str]:
    if report.judgement.verdicts:
        marks = {True: "✅", False: "❌", None: "⚠️"}
        rows = [(marks[v.holds], f"{v.name} {v.kind} {v.limit:g}", v.words) for v in report.judgement.verdicts]
        yield _table(("", "gate", ""), rows)


def _measures(report: Report) -> Iterator[str]:
    if report.comparison:
        rows = [
            (
                line.measure.name,
                number(line.measure, line.change.before),
                number(line.measure, line.change.after),
                f"{moved(line.change)} ({span(line.change)})",
                changed_counts(line.change),
            )
            for line in lines(report)
            if line.change
        ]
        yield _table(("measure", "baseline", "now", "difference (95 %)", "questions that changed"), rows)
    else:
        yield _table(
            ("measure", "value", "95 %"),
            [
                (
                    line.measure.name,
                    number(line.measure, line.value),
                    f"{line.interval[0]:.2f} to {line.interval[1]:.2f}" if line.interval else "",
                )
                for line in lines(report)
            ],
        )
    times = ", ".join(f"{name} {amount:.2f}" for name, amount in seconds(report.judged))
    if times:
        yield f"Seconds: {times}."


def _items(comparison: Comparison) -> Iterator[str]:
    for verdict, title in (("worse", "Got worse"), ("better", "Got better")):
        items = [item for item in comparison.items if item.verdict == verdict]
        if items:
            yield _details(f"{title}: {len(items)}", [_item(item) for item in items])
    others = sum(item.verdict == "other" for item in comparison.items)
    if others:
        yield f"{others} more answers read otherwise, and are worth the same."
    if comparison.left_out:
        yield f"Not compared, because only one run has them or they changed: {_safe(', '.join(comparison.left_out))}"


def _item(item: ItemChange) -> str:
    before, after = (one.row.answer.text if one.row.answer else "(no answer)" for one in (item.before, item.after))
    now = f" ({_safe('; '.join(reasons(item.after)))})" if reasons(item.after) else ""
    return (
        f"**{_safe(item.after.item.id)}**: {_safe(item.after.item.question)}{now}\n"
        f"  - before: {_safe(before)}\n  - now: {_safe(after)}"
    )


def _power(comparison: Comparison) -> Iterator[str]:
    weak = comparison.underpowered
    if weak:
        yield _details(
            f"Underpowered: {len(weak)} measures could drop by 0.1 unseen",
            [f"{change.measure.name}: {underpowered(change)}" for change in weak],
        )


def _conditions(comparison: Comparison) -> Iterator[str]:
    if comparison.conditions:
        rows = [(name, setting(a), setting(b)) for name, (a, b) in comparison.conditions.items()]
        yield "What differs between the runs:\n\n" + _table(("", "baseline", "now"), rows)


def _wrong(judged: Sequence[Judged]) -> Iterator[str]:
    if judged:
        yield _details(
            f"Not as it should be: {len(judged)} questions",
            [
                f"**{_safe(one.item.id)}** ({_safe('; '.join(reasons(one)))}): {_safe(one.item.question)}"
                for one in judged
            ],
        )


def _details(summary: str, entries: Sequence[str]) -> str:
    listed = "\n".join(f"- {entry}" for entry in entries)
    return f"<details><summary>{summary}</summary>\n\n{listed}\n\n</details>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    written = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_safe(cell) for cell in row) + " |" for row in written)


def _safe(text: str) -> str:
    """Keep what documents and models say from being read as Markdown, HTML or a mention of somebody."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for character in "\\`*_[]|#":
        text = text.replace(character, f"\\{character}")
    return text.replace("@", "@\u200b").replace("://", ":\u200b//")
