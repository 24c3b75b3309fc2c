"""What llama.cpp itself takes for as many tokens: the limit for anything that is built on it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from rag.llm import CONTEXT_TOKENS, Usage, loaded

_BATCH = 512
"""llama-cpp-python's own default: nobody looks for an asker who has gone while it is evaluated."""

_GENERATED = 16


class Bare:
    """The same model file in a loop without anything around it."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._llama = loaded(path, threads=threads, context_tokens=CONTEXT_TOKENS, batch=_BATCH)
        self._tokens = list(range(1000, 1000 + CONTEXT_TOKENS))

    def reading(self, calls: Sequence[Usage]) -> float:
        """Return the seconds in which as many tokens are evaluated behind as many that are there already."""
        return sum(self._evaluated(call.reused, call.evaluated) for call in calls)

    def writing(self, behind: int) -> float:
        """Return the tokens a second that are generated behind ``behind`` others."""
        self._evaluated(behind, 1)
        started = time.perf_counter()
        for token in self._tokens[:_GENERATED]:
            self._llama.eval([token])
        return _GENERATED / (time.perf_counter() - started)

    def _evaluated(self, reused: int, evaluated: int) -> float:
        llama = self._llama
        if llama.n_tokens < reused:
            llama.eval(self._tokens[llama.n_tokens : reused])
        llama.n_tokens = reused
        started = time.perf_counter()
        llama.eval(self._tokens[:evaluated])
        return time.perf_counter() - started
