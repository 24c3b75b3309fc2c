"""Progress over bytes: a bar on a terminal, a line now and then where there is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import NoReturn

from tqdm import tqdm

# Without a terminal (CI, a log file) a redrawn bar would be thousands of lines.
_SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Shows how much of ``total`` bytes has arrived, on standard error; nothing if not ``shown``."""

    def __init__(self, label: str, total: int, shown: bool) -> None:
        self._label = label
        self._total = total
        self._done = 0
        self._shown = shown
        self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
        self._bar: tqdm[NoReturn] | None = None
        if shown and sys.stderr.isatty():
            self._bar = tqdm(total=total, desc=label, unit="B", unit_scale=True)
        elif shown:
            self._line("fetching")

    def show(self, done: int) -> None:
        """Say that ``done`` bytes have arrived in all; never goes back and never beyond the total."""
        done = max(self._done, min(done, self._total))
        step, self._done = done - self._done, done
        if self._bar is not None:
            self._bar.update(step)
        elif self._shown and step and (time.monotonic() >= self._next_line or done == self._total):
            self._line(f"{done / self._total:.0%} of")
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES

    def counting(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass the chunks on and count them."""
        for chunk in chunks:
            yield chunk
            self.show(self._done + len(chunk))

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def _line(self, what: str) -> None:
        print(f"{self._label}: {what} {self._total / 1e6:,.0f} MB", file=sys.stderr, flush=True)
