"""States of the language model kept in memory, so that nothing is evaluated twice. Pure: a state is some bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class State:
    """What the model makes of some tokens: ``tokens`` of shape (n,), ``data`` as llama.cpp wrote it."""

    tokens: NDArray[np.intc]
    data: NDArray[np.uint8]


class States:
    """The states used last, as many as have room in ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._states: list[State] = []

    def __len__(self) -> int:
        return len(self._states)

    def keep(self, state: State) -> None:
        """Keep a state in place of those that it goes on from; the ones not used for longest make room for it."""
        if state.data.nbytes > self._size:
            return
        goes_on = [common(old.tokens, state.tokens) == len(old.tokens) for old in self._states]
        self._states = [old for old, gone in zip(self._states, goes_on, strict=True) if not gone]
        self._states.append(state)
        while sum(state.data.nbytes for state in self._states) > self._size:
            self._states.pop(0)

    def has(self, tokens: NDArray[np.intc]) -> bool:
        """Whether one of the states begins with these tokens."""
        return self.most_alike(tokens)[1] == len(tokens) > 0

    def most_alike(self, tokens: Sequence[int] | NDArray[np.intc]) -> tuple[State | None, int]:
        """Return the state that begins like ``tokens`` for longest, and for how many of them."""
        wanted = np.asarray(tokens, dtype=np.intc)
        alike = [common(state.tokens, wanted) for state in self._states]
        best = int(np.argmax(alike)) if alike else -1
        return (self._states[best], alike[best]) if best >= 0 and alike[best] else (None, 0)

    def used(self, state: State) -> None:
        """Note that a state was used: it goes last of all."""
        self._states = [*(other for other in self._states if other is not state), state]

    def clear(self) -> None:
        self._states = []


def common(one: NDArray[np.intc], other: NDArray[np.intc]) -> int:
    """Return how many tokens two sequences begin with alike."""
    width = min(len(one), len(other))
    differs = np.nonzero(one[:width] != other[:width])[0]
    return int(differs[0]) if len(differs) else width
