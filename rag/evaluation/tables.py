"""Shares with their intervals, under each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 2000


def bootstrap(statistic: Callable[..., float], *groups: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % percentile interval of a statistic of groups, each resampled by itself; the same in every run."""
    random = np.random.default_rng(0)
    values = [
        statistic(*(group[random.integers(0, len(group), len(group))] for group in groups)) for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def with_interval(value: float, interval: tuple[float, float]) -> str:
    """Write a share with its interval.

    >>> with_interval(0.9, (0.88, 0.916))
    '.900 (.880-.916)'
    """
    return f"{_share(value)} ({_share(interval[0])}-{_share(interval[1])})"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Put the cells of rows of equal length under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
