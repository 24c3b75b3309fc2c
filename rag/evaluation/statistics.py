"""Statistics on few questions: what a difference between two runs is worth, and which one could be seen at all.

Pure functions, most over two arrays of shape (units, 2), one a run: each unit (a question, or all questions of a
document) brings a sum and a number of parts; a measure is the sum of sums over the sum of parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Parts = NDArray[np.float64]

RESAMPLES = 2000
"""Of the bootstrap and of the randomisation test: the ends of a 95 % interval move by less than a tenth of it."""

ALPHA = 0.05
"""How often a gate may raise a false alarm, over all its measures together."""

POWER = 0.8
"""The chance with which the smallest detectable drop is detected."""

_SEED = 20250207
_AT_ONCE = 2_000_000


def difference(before: Parts, after: Parts) -> float:
    """Return after minus before; NaN where either has no parts."""
    return float(_ratio(after.sum(axis=0)) - _ratio(before.sum(axis=0)))


def interval(before: Parts, after: Parts, level: float = 0.95) -> tuple[float, float]:
    """Return the paired bootstrap interval of the difference: both runs are resampled with the same units."""
    if np.array_equal(before, after):
        return 0.0, 0.0
    rng = np.random.default_rng(_SEED)
    units = len(before)
    drawn: list[NDArray[np.float64]] = []
    for size in _batches(units):
        weights = rng.multinomial(units, np.full(units, 1 / units), size=size).astype(np.float64)
        drawn.append(_ratio(weights @ after) - _ratio(weights @ before))
    values = np.concatenate(drawn)
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def randomisation(before: Parts, after: Parts, *, lower_is_worse: bool) -> float:
    """Return the one-sided p-value of "after is worse": how often swapping the runs' units at random looks as bad.

    Smucker, Allan and Carterette 2007 found this test the one to trust for comparing rankings.
    """
    observed = difference(before, after)
    sign = 1.0 if lower_is_worse else -1.0
    # Units that did not change need not be swapped.
    changed = np.any(before != after, axis=1)
    if not changed.any() or not sign * observed < 0:
        return 1.0
    rng = np.random.default_rng(_SEED)
    fixed_before, fixed_after = before[~changed].sum(axis=0), after[~changed].sum(axis=0)
    moving_before, moving_after = before[changed], after[changed]
    as_bad = 0
    for size in _batches(len(moving_before)):
        swap = rng.random((size, len(moving_before))) < 0.5
        swapped = swap.astype(np.float64)
        new_before = fixed_before + (1 - swapped) @ moving_before + swapped @ moving_after
        new_after = fixed_after + (1 - swapped) @ moving_after + swapped @ moving_before
        as_bad += int(np.sum(sign * (_ratio(new_after) - _ratio(new_before)) <= sign * observed + 1e-12))
    return (as_bad + 1) / (RESAMPLES + 1)


def mcnemar(worse: int, better: int) -> float:
    """Return the exact one-sided p-value of ``worse`` yes-to-no changes against ``better`` no-to-yes ones.

    >>> mcnemar(5, 0)
    0.03125
    """
    from scipy.stats import binom

    return float(binom.sf(worse - 1, worse + better, 0.5)) if worse + better else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for being several (Holm 1979), in the same order.

    >>> holm([0.01, 0.04])
    [0.02, 0.04]
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        highest = max(highest, min(1.0, p_values[at] * (len(p_values) - rank)))
        adjusted[at] = highest
    return adjusted


def mcnemar_power(questions: int, drop: float, churn: float, alpha: float) -> float:
    """Return the chance that McNemar's test at ``alpha`` sees a drop in a yes/no measure.

    ``churn`` is the share of questions that change for the better, and as many for the worse, without any cause.
    """
    from scipy.stats import binom

    changes = np.arange(questions + 1)
    share = min(1.0, drop + 2 * churn)
    if share <= 0:
        return 0.0
    # isf gives the largest count that is not yet rare enough.
    needed = binom.isf(alpha, changes, 0.5) + 1
    seen = binom.sf(needed - 1, changes, min(1.0, (drop + churn) / share))
    return float(np.sum(binom.pmf(changes, questions, share) * seen))


def smallest_drop(questions: int, churn: float, alpha: float, *, most: float = 1.0) -> float | None:
    """Return the smallest drop in a yes/no measure that is detected with the usual power, or None if none is.

    ``most`` is the measure's value: it cannot drop by more.
    """
    for lost in range(1, round(most * questions) + 1):
        if mcnemar_power(questions, lost / questions, churn, alpha) >= POWER:
            return lost / questions
    return None


def smallest_loss(units: int, mean: float, mean_square: float, noise: float, alpha: float) -> float | None:
    """Return the smallest drop of a mean that is detected with the usual power, or None if none is.

    The drop is that of single units which lose all they had (which is the hardest to see); ``noise`` is the variance
    of the differences without it. Student's t, because units may be few.
    """
    from scipy.stats import t

    if units < 2 or mean <= 0:
        return None
    needed = float(t.isf(alpha, units - 1) + t.ppf(POWER, units - 1))
    for step in range(1, 1001):
        drop = mean * step / 1000
        variance = max(0.0, drop * mean_square / mean - drop**2) + noise
        if drop >= needed * (variance / units) ** 0.5:
            return drop
    return None


def smallest_shift(units: int, deviation: float, alpha: float) -> float | None:
    """Return the smallest shift of all units alike that is detected with the usual power (Student's t)."""
    from scipy.stats import t

    if units < 2:
        return None
    return float((t.isf(alpha, units - 1) + t.ppf(POWER, units - 1)) * deviation / units**0.5)


def design_effect(values: Sequence[float], clusters: Sequence[str]) -> float:
    """Return by how much clustering thins out a sample: 1 + (mean size - 1) x intra-class correlation (Kish 1965).

    The correlation is the one-way analysis-of-variance estimate, not below 0.
    """
    groups: dict[str, list[float]] = {}
    for one, cluster in zip(values, clusters, strict=True):
        groups.setdefault(cluster, []).append(one)
    n, k = len(values), len(groups)
    if k < 2 or n == k:
        return 1.0
    mean = sum(values) / n
    between = sum(len(group) * (sum(group) / len(group) - mean) ** 2 for group in groups.values()) / (k - 1)
    within = sum(sum((one - sum(group) / len(group)) ** 2 for one in group) for group in groups.values()) / (n - k)
    size = (n - sum(len(group) ** 2 for group in groups.values()) / n) / (k - 1)
    spread = between + (size - 1) * within
    correlation = max(0.0, (between - within) / spread) if spread > 0 else 0.0
    return 1 + (n / k - 1) * correlation


def percentile_95(values: Sequence[float]) -> float:
    """Return the 95th percentile by nearest rank: the smallest value that at least 95 % of the values do not exceed.

    So it is one of the values: of fewer than twenty, the largest.

    >>> percentile_95(range(1, 101)), percentile_95([1.0, 9.0, 2.0])
    (95, 9.0)
    """
    return sorted(values)[math.ceil(len(values) * 95 / 100) - 1]


def _ratio(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(parts[..., 0] / parts[..., 1], dtype=np.float64)


def _batches(units: int) -> list[int]:
    """Cut the resamples into batches that fit into memory."""
    size = max(1, min(RESAMPLES, _AT_ONCE // max(1, units)))
    return [min(size, RESAMPLES - at) for at in range(0, RESAMPLES, size)]
