"""Gates: what a run must hold for a change to be let in.

A TOML file with hard limits (``at_least``, ``at_most``), measures that may not get worse than in the baseline
(``not_worse``) and such that may not move at all (``not_moved``), both with what is tolerated. The latter two are
judged together, so that a gate with many of them raises no more false alarms than one with a single one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import CrossciteError
from rag.evaluation import statistics
from rag.evaluation.comparing import MEANINGFUL, Change, Comparison
from rag.evaluation.measures import BY_NAME, Judged, Slice, latencies, slices, total, value
from rag.evaluation.results import Run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Share = Annotated[float, Field(ge=0)]
Bound = Literal["at least", "at most"]
Movement = Literal["not worse", "not moved"]


class GatesError(CrossciteError):
    """A gates file cannot be used."""


class Gates(BaseModel):
    """What a gates file says. A name is a measure, or a measure of a slice: ``correct[lang=de]``."""

    model_config = ConfigDict(extra="forbid")

    meaningful: Annotated[float, Field(gt=0, le=1)] = MEANINGFUL
    at_least: dict[str, Share] = Field(default_factory=dict)
    at_most: dict[str, Share] = Field(default_factory=dict)
    not_worse: dict[str, Share] = Field(default_factory=dict)
    not_moved: dict[str, Share] = Field(default_factory=dict)

    @property
    def relative(self) -> tuple[str, ...]:
        """The gates that need a baseline."""
        return (*self.not_worse, *self.not_moved)


@dataclass(frozen=True)
class Verdict:
    """What became of one gate: it holds, it fails, or it could not be judged (``holds`` None)."""

    name: str
    kind: Bound | Movement
    limit: float
    value: float | None
    holds: bool | None
    words: str
    change: Change | None = None


@dataclass(frozen=True)
class Judgement:
    """All verdicts, and what they come to: 0 holds, 1 worse, 2 could not run.

    ``passed_over`` counts the gates on answers where only retrieval was asked.
    """

    verdicts: tuple[Verdict, ...] = ()
    failed: tuple[str, ...] = ()
    passed_over: int = 0

    @property
    def exit_code(self) -> int:
        if any(verdict.holds is False for verdict in self.verdicts):
            return 1
        could_not = self.failed or any(verdict.holds is None for verdict in self.verdicts)
        return 2 if could_not else 0

    @property
    def words(self) -> str:
        """The outcome in one line."""
        fallen = [verdict.name for verdict in self.verdicts if verdict.holds is False]
        if fallen:
            return f"WORSE: {', '.join(fallen)}"
        if self.failed:
            return f"COULD NOT RUN: {len(self.failed)} questions failed"
        unknown = [verdict.name for verdict in self.verdicts if verdict.holds is None]
        if unknown:
            return f"COULD NOT BE JUDGED: {', '.join(unknown)}"
        outcome = "HOLDS" if self.verdicts else "MEASURED"
        if self.passed_over:
            return f"{outcome} (only retrieval was asked; gates on answers passed over: {self.passed_over})"
        return outcome if self.verdicts else f"{outcome} (no gates were given)"


def load(path: Path) -> Gates:
    """Read a gates file.

    Raises:
        GatesError: it cannot be read, or names what is not measured.
    """
    try:
        gates = Gates.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise GatesError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise GatesError(f"{path} is not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise GatesError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}.") from error
    for name in (*gates.at_least, *gates.at_most, *gates.relative):
        measure, _ = split(name)
        if measure not in BY_NAME and not (measure in LATENCIES and name not in gates.relative):
            known = ", ".join((*BY_NAME, *LATENCIES))
            raise GatesError(f"{path}: {name} is not a measure that can be gated so. Known: {known}")
    return gates


LATENCIES = tuple(f"{what}_{how}" for what in ("evidence", "first_token", "total") for how in ("median", "p95"))


def split(name: str) -> tuple[str, str]:
    """Return measure and slice of a gate's name.

    >>> split("correct[lang=de]"), split("correct")
    (('correct', 'lang=de'), ('correct', 'all'))
    """
    measure, _, rest = name.partition("[")
    return measure, rest.removesuffix("]") or "all"


def judge(gates: Gates, run: Run, judged: Sequence[Judged], comparison: Comparison | None) -> Judgement:
    """Hold a run against the gates; what fails comes first.

    Gates on answers are passed over where only retrieval was asked. Without a comparison the gates that need a baseline
    cannot be judged.
    """
    failed = tuple(one.item.id for one in judged if one.row.error is not None)
    own = {part.name: part for part in slices(judged)}
    seconds = latencies(judged)
    bounds: tuple[tuple[Bound, dict[str, Share]], ...] = (("at least", gates.at_least), ("at most", gates.at_most))
    verdicts = [
        _limit(name, kind, limit, own, seconds)
        for kind, limits in bounds
        for name, limit in limits.items()
        if _applies(name, run)
    ]
    verdicts += _without_baseline(gates, run) if comparison is None else _compared(gates, run, comparison)
    order = {False: 0, None: 1, True: 2}
    passed_over = sum(not _applies(name, run) for name in (*gates.at_least, *gates.at_most, *gates.relative))
    return Judgement(tuple(sorted(verdicts, key=lambda verdict: order[verdict.holds])), failed, passed_over)


def relative_gates(gates: Gates, run: Run) -> int:
    """Return how many measures are judged together."""
    return len(_relative(gates, run))


def _relative(gates: Gates, run: Run) -> list[tuple[str, Share, Movement]]:
    """Return name, tolerance and kind of the gates that need a baseline and apply to a run."""
    limits: tuple[tuple[Movement, dict[str, Share]], ...] = (
        ("not worse", gates.not_worse),
        ("not moved", gates.not_moved),
    )
    return [(name, allowed, kind) for kind, named in limits for name, allowed in named.items() if _applies(name, run)]


def _applies(name: str, run: Run) -> bool:
    measure, _ = split(name)
    return run.answers or (measure in BY_NAME and BY_NAME[measure].of_retrieval)


def _limit(
    name: str,
    kind: Bound,
    limit: float,
    own: Mapping[str, Slice],
    seconds: Mapping[str, float],
) -> Verdict:
    measure, part = split(name)
    found: float | None
    if measure in LATENCIES:
        found = seconds.get(measure)
    else:
        chosen = own.get(part)
        found = value(total(chosen.judged, measure, chosen.document_language)) if chosen else None
    at_least = kind == "at least"
    if found is None:
        return Verdict(name, kind, limit, None, None, "nothing to measure it on")
    holds = found >= limit - 1e-9 if at_least else found <= limit + 1e-9
    return Verdict(
        name,
        kind,
        limit,
        found,
        holds,
        f"{found:.3g} {'≥' if at_least else '≤'} {limit:.3g}" if holds else f"{found:.3g}, must be {kind} {limit:.3g}",
    )


def _without_baseline(gates: Gates, run: Run) -> list[Verdict]:
    words = "needs a baseline: --baseline, or crosscite eval compare"
    return [Verdict(name, kind, allowed, None, None, words) for name, allowed, kind in _relative(gates, run)]


def _compared(gates: Gates, run: Run, comparison: Comparison) -> list[Verdict]:
    """Judge together what may not get worse and what may not move."""
    asked = [(name, allowed, kind, comparison.change(*split(name))) for name, allowed, kind in _relative(gates, run)]
    p_values = [
        change.p_moved if kind == "not moved" else change.p for _, _, kind, change in asked if change is not None
    ]
    adjusted = iter(statistics.holm(p_values))
    return [
        _held(name, kind, allowed, change, 1.0 if change is None else next(adjusted))
        for name, allowed, kind, change in asked
    ]


def _held(name: str, kind: Movement, allowed: float, change: Change | None, p: float) -> Verdict:
    moved = kind == "not moved"
    if change is None:
        return Verdict(name, kind, allowed, None, None, "the two runs do not both have it")
    lost = abs(change.difference) if moved else change.loss
    fails = p <= statistics.ALPHA and lost > allowed
    way = "higher" if change.difference > 0 else "lower"
    if fails:
        words = f"{way} by {abs(change.difference):.3g}, p = {p:.2g}"
    elif lost > 0:
        chance = "which is tolerated" if lost <= allowed else f"which may be chance (p = {p:.2g})"
        words = f"{way} by {abs(change.difference):.3g}, {chance}"
    else:
        words = "not moved" if moved else "no worse"
    if not fails and change.underpowered:
        words += f"; {underpowered(change)}"
    return Verdict(name, kind, allowed, change.after, not fails, words, change)


def underpowered(change: Change) -> str:
    """Say that a slice is too small to see what matters."""
    way = "drop" if change.measure.better == "higher" else "rise"
    if change.detectable is None:
        return f"underpowered: {change.questions} questions cannot show any {way}"
    return f"underpowered: smallest detectable {way} {change.detectable:.2g}"


def as_fields(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON values."""
    return {
        "gate": verdict.name,
        "kind": verdict.kind,
        "limit": verdict.limit,
        "value": verdict.value,
        "holds": verdict.holds,
        "words": verdict.words,
    }
