"""One self-contained HTML page: what a run is worth at a glance, in plots, with the changed answers side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from markupsafe import Markup, escape

from rag import language
from rag.evaluation.comparing import Change
from rag.evaluation.gates import underpowered
from rag.evaluation.measures import (
    BY_NAME,
    Judged,
    Measure,
    Part,
    Point,
    Slice,
    is_wrong,
    reasons,
    refusal_trade_off,
    risk_coverage,
    slices,
    total,
    value,
    wilson,
)
from rag.evaluation.reports.data import Report, changed_counts, lines, moved, number, seconds, setting, span
from rag.evaluation.results import proves
from rag.types import Answer, Citation, Evidence

WIDTH, HEIGHT = 360, 244
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 10, 26, 36

_CARDS = ("correct", "false_refusal", "false_answer", "citation_precision", "citation_recall", "language")
_MATRICES = ("correct", "recall@10")
_SHOWN_EVIDENCE = 3


def text(report: Report) -> str:
    """Return the whole page."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["language"] = language.name
    template = environment.from_string(files(__package__).joinpath("page.html.j2").read_text(encoding="utf-8"))
    before = [old for old, _ in report.comparison.pairs] if report.comparison else []
    return template.render(
        report=report,
        state={0: "good", 1: "bad", 2: "unsure"}[report.judgement.exit_code],
        when=_when(report.run.finished or report.run.started),
        cards=_cards(report),
        forest=_forest(report),
        matrices=[matrix for name in _MATRICES if (matrix := _matrix(BY_NAME[name], report.judged))],
        kinds=_kinds(report),
        plots=_plots(report.judged, before),
        times=seconds(report.judged),
        changed=_changed(report),
        rest=_rest(report),
        conditions=[(name, setting(known)) for name, known in report.run.conditions.items()],
        differing=[
            (name, setting(old), setting(new))
            for name, (old, new) in (report.comparison.conditions if report.comparison else {}).items()
        ],
        weak=_weak(report),
        width=WIDTH,
        height=HEIGHT,
    )


# Measures


@dataclass(frozen=True)
class Track:
    """A value with its interval on a line; all in per cent of its length."""

    value: float
    low: float
    high: float
    mark: float | None = None

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class Card:
    """One figure in large type."""

    name: str
    about: str
    text: str
    of: str
    track: Track | None
    change: str
    state: str


def _cards(report: Report) -> list[Card]:
    by_name = {line.measure.name: line for line in lines(report)}
    names = _CARDS if report.run.answers else ("hit@5", "recall@10", "ndcg@10", "mrr@10")
    found = []
    for line in (by_name[name] for name in names if name in by_name):
        change = line.change
        low, high = line.interval or (line.value, line.value)
        found.append(
            Card(
                name=_title(line.measure),
                about=line.measure.about,
                text=number(line.measure, line.value),
                of=f"{line.part[0]:g} of {line.part[1]:g}" if line.interval else f"mean of {line.part[1]:g}",
                track=Track(100 * line.value, 100 * low, 100 * high, 100 * change.before if change else None),
                change=f"{moved(change)} since the baseline" if change else "",
                state=_state(change),
            )
        )
    return found


@dataclass(frozen=True)
class Moved:
    """One line of the plot of differences; ``zero`` stands in the middle, better is to the right."""

    name: str
    text: str
    interval: str
    counts: str
    track: Track
    state: str


def _forest(report: Report) -> list[Moved]:
    changes = [line.change for line in lines(report) if line.change and line.measure.unit == "share"]
    reach = max((abs(end) for change in changes for end in change.interval), default=0.0)
    reach = next((step for step in (0.1, 0.2, 0.3, 0.5, 1.0) if step >= reach), 1.0)

    def place(amount: float) -> float:
        return 50 + 50 * max(-1.0, min(1.0, amount / reach))

    found = []
    for change in changes:
        sign = 1 if change.measure.better == "higher" else -1
        ends = sorted(sign * end for end in change.interval)
        track = Track(place(sign * change.difference), place(ends[0]), place(ends[1]))
        found.append(
            Moved(
                _title(change.measure),
                moved(change),
                span(change) if any(change.interval) else "",
                changed_counts(change) if any(change.interval) else "",
                track,
                _state(change),
            )
        )
    return found


def _state(change: Change | None) -> str:
    """Say whether a measure surely moved: its interval leaves zero out."""
    if change is None or not round(change.difference, 3) or change.interval[0] <= 0 <= change.interval[1]:
        return "same"
    return "bad" if change.loss > 0 else "good"


def _weak(report: Report) -> list[str]:
    changes = report.comparison.underpowered if report.comparison else ()
    return [f"{_title(change.measure)}: {underpowered(change)}" for change in changes]


def _title(measure: Measure) -> str:
    return measure.name.replace("_", " ")


# Languages and kinds


@dataclass(frozen=True)
class Cell:
    """A value on how many questions; ``shade`` in per cent."""

    text: str
    of: int
    shade: int


@dataclass(frozen=True)
class Matrix:
    """A measure by language of question (rows) and of document (columns)."""

    name: str
    about: str
    columns: list[str]
    rows: list[tuple[str, list[Cell | None]]]


def _matrix(measure: Measure, judged: Sequence[Judged]) -> Matrix | None:
    own = {part.name: part for part in slices(judged)}
    asked = sorted({one.item.language for one in judged if one.languages})
    held = sorted({held for one in judged for held in one.languages})
    if not asked or not held:
        return None

    def cell(name: str) -> Cell | None:
        part = own.get(name)
        return _cell(measure, part) if part else None

    rows = [(row, [*(cell(f"pair={row}-{column}") for column in held), cell(f"lang={row}")]) for row in asked]
    rows.append(("all", [*(cell(f"documents={column}") for column in held), cell("all")]))
    if not any(one for _, cells in rows for one in cells):
        return None
    return Matrix(_title(measure), measure.about, [*held, "all"], rows)


def _cell(measure: Measure, part: Slice) -> Cell | None:
    found = total(part.judged, measure.name, part.document_language)
    known = value(found)
    return None if known is None else Cell(f"{known:.2f}".lstrip("0") or "0", int(found[1]), round(100 * known))


@dataclass(frozen=True)
class Bar:
    """A share of a kind of question, with its interval."""

    name: str
    text: str
    of: str
    track: Track
    measure: str


def _kinds(report: Report) -> list[Bar]:
    found = []
    for part in slices(report.judged):
        if not part.name.startswith("kind="):
            continue
        name = "correct" if report.run.answers else "hit@5"
        share: Part = total(part.judged, name)
        if not share[1] and report.run.answers:
            answered = total(part.judged, "false_answer")
            share, name = (answered[1] - answered[0], answered[1]), "rightly refused"
        if share[1]:
            low, high = wilson(share)
            rate = share[0] / share[1]
            track = Track(100 * rate, 100 * low, 100 * high)
            found.append(
                Bar(part.name.removeprefix("kind="), f"{rate:.2f}", f"{share[0]:g} of {share[1]:g}", track, name)
            )
    return found


# Plots


@dataclass(frozen=True)
class Curve:
    """A line of a plot as SVG points."""

    name: str
    style: str
    points: str


@dataclass(frozen=True)
class Dot:
    """A place of a plot that is named."""

    name: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Tick:
    """A mark of an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Plot:
    """A plot, its places in SVG units."""

    title: str
    about: str
    x_name: str
    y_name: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    curves: list[Curve]
    dots: list[Dot]
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM


@dataclass(frozen=True)
class _Axes:
    x_most: float
    y_most: float

    def x(self, amount: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * amount / self.x_most, 1)

    def y(self, amount: float) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * amount / self.y_most, 1)

    def line(self, points: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)

    def steps(self, points: Sequence[tuple[float, float]]) -> str:
        """Draw a step function: flat until the next point, then up or down."""
        drawn: list[tuple[float, float]] = []
        for x, y in points:
            if drawn:
                drawn.append((x, drawn[-1][1]))
            drawn.append((x, y))
        return self.line(drawn)

    def ticks(self, *, x: bool, shares: bool) -> list[Tick]:
        most = self.x_most if x else self.y_most
        place = self.x if x else self.y
        step = next(step for step in (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 1e9) if most / step <= 5)
        marks = [step * at for at in range(int(most / step + 1e-9) + 1)]
        return [Tick(place(mark), f"{100 * mark:.0f} %" if shares else f"{mark:g}") for mark in marks]


def _plots(judged: Sequence[Judged], before: Sequence[Judged]) -> list[Plot]:
    found = [_trade_off(judged, before), _risk(judged, before), _latency(judged, before)]
    return [plot for plot in found if plot is not None]


def _trade_off(judged: Sequence[Judged], before: Sequence[Judged]) -> Plot | None:
    points, old = refusal_trade_off(judged), refusal_trade_off(before)
    if not points:
        return None
    axes = _Axes(1.0, 1.0)
    curves = [Curve("baseline", "old", axes.steps([(p.x, p.y) for p in old]))] if old else []
    curves.append(Curve("now", "now", axes.steps([(p.x, p.y) for p in points])))
    here = (value(total(judged, "false_refusal")) or 0.0, value(total(judged, "false_answer")) or 0.0)
    return Plot(
        "Answering or refusing",
        "What the gate alone would do at every threshold; the dot is this run with all checks. Bottom left is best.",
        "answerable, but refused",
        "unanswerable, but answered",
        axes.ticks(x=True, shares=True),
        axes.ticks(x=False, shares=True),
        curves,
        [Dot("this run", axes.x(here[0]), axes.y(here[1]), "start" if here[0] < 0.7 else "end")],
    )


def _risk(judged: Sequence[Judged], before: Sequence[Judged]) -> Plot | None:
    points, old = risk_coverage(judged), risk_coverage(before)
    if len(points) < 2:
        return None
    axes = _Axes(1.0, max(0.25, *(point.y for point in (*points, *old))))

    def drawn(curve: Sequence[Point]) -> str:
        return axes.line((point.x, point.y) for point in curve)

    curves = [Curve("baseline", "old", drawn(old))] if len(old) > 1 else []
    return Plot(
        "Risk and coverage",
        "Answers from the surest to the least sure: how many of them are wrong. Low and far to the right is best.",
        "questions answered",
        "of them wrong",
        axes.ticks(x=True, shares=True),
        axes.ticks(x=False, shares=True),
        [*curves, Curve("now", "now", drawn(points))],
        [Dot("this run", axes.x(points[-1].x), axes.y(points[-1].y), "start" if points[-1].x < 0.75 else "end")],
    )


def _latency(judged: Sequence[Judged], before: Sequence[Judged]) -> Plot | None:
    first, whole = (_times(judged, name) for name in ("first_token_ms", "total_ms"))
    if not whole:
        return None
    old = _times(before, "total_ms")
    axes = _Axes(max(1.0, *whole, *old, *first) * 1.02, 1.0)

    def share(times: Sequence[float]) -> str:
        return axes.steps([(0.0, 0.0), *((t, (at + 1) / len(times)) for at, t in enumerate(times))])

    curves = [Curve("whole answer, baseline", "old", share(old))] if old else []
    if first:
        curves.append(Curve("first token", "second", share(first)))
    return Plot(
        "Waiting",
        "Share of the questions that have their first token, and their whole answer, after so many seconds.",
        "seconds",
        "questions",
        axes.ticks(x=True, shares=False),
        axes.ticks(x=False, shares=True),
        [*curves, Curve("whole answer", "now", share(whole))],
        [],
    )


def _times(judged: Sequence[Judged], name: str) -> list[float]:
    found = [getattr(one.row.answer.timings, name) for one in judged if one.row.answer is not None]
    return sorted(milliseconds / 1000 for milliseconds in found if milliseconds)


# Questions


@dataclass(frozen=True)
class Source:
    """A quote with the words that prove the answer marked in it."""

    number: int
    title: str
    language: str
    date: str | None
    quote: Markup
    proves: bool


@dataclass(frozen=True)
class Shown:
    """One run's answer to a question."""

    label: str
    text: Markup
    answered: bool
    reasons: tuple[str, ...]
    sources: list[Source]
    heading: str
    seconds: str


@dataclass(frozen=True)
class Entry:
    """A question and what became of it, once or twice."""

    judged: Judged
    verdict: str
    answers: list[Shown]


def _changed(report: Report) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {"worse": [], "better": [], "other": []}
    for item in report.comparison.items if report.comparison else ():
        shown = [_shown(item.before, "Before"), _shown(item.after, "Now")]
        found[item.verdict].append(Entry(item.after, item.verdict, shown))
    return found


def _rest(report: Report) -> list[Entry]:
    """Return the questions that did not change, wrong ones first."""
    seen = {item.after.item.id for item in (report.comparison.items if report.comparison else ())}
    left = sorted((one for one in report.judged if one.item.id not in seen), key=lambda one: not is_wrong(one))
    return [Entry(one, "wrong" if is_wrong(one) else "fine", [_shown(one, "")]) for one in left]


def _shown(judged: Judged, label: str) -> Shown:
    answer, item = judged.row.answer, judged.item
    if answer is None:
        said = judged.row.error or "Only retrieval was asked."
        return Shown(label, escape(said), False, reasons(judged), [], "", "")
    options = [option for group in item.must for option in group]
    return Shown(
        label,
        _marked(answer.text, options if answer.answered else ()),
        answer.answered,
        reasons(judged),
        [_source(source, item.evidence) for source in _sources(answer)],
        "" if answer.answered else "Nearest in the documents",
        f"{answer.timings.total_ms / 1000:.1f} s",
    )


def _sources(answer: Answer) -> Sequence[Citation | Evidence]:
    if answer.answered:
        return answer.citations
    return sorted(answer.evidence, key=lambda piece: -piece.score)[:_SHOWN_EVIDENCE]


def _source(source: Citation | Evidence, evidence: Sequence[str]) -> Source:
    return Source(
        source.number,
        source.title,
        source.language,
        source.date,
        _marked(source.quote, evidence),
        bool(proves(source.quote, evidence)),
    )


def _marked(text: str, words: Sequence[str]) -> Markup:
    """Return a text with the given words marked, whatever their case and white space."""
    patterns = [r"\s+".join(map(re.escape, one.split())) for one in sorted(words, key=len, reverse=True) if one.split()]
    if not patterns:
        return escape(text)
    pieces, position = [], 0
    for match in re.finditer("|".join(patterns), text, re.IGNORECASE):
        pieces += [escape(text[position : match.start()]), Markup("<mark>{}</mark>").format(match.group())]
        position = match.end()
    return Markup("").join([*pieces, escape(text[position:])])


def _when(moment: str) -> str:
    try:
        return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return moment
