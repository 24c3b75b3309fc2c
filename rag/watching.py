"""Wait for files to change: what ``crosscite index --watch`` does between two updates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

SETTLE_MS = 1000
"""Milliseconds of quiet that are waited for, so that a folder being copied is one update."""

LOOK_ANYWAY_MS = 300_000
"""Milliseconds after which files are looked at without a sign: network folders may change and not say so."""


def changes(paths: Sequence[Path], index: Path, *, stop: Event | None = None) -> Iterator[None]:
    """Yield whenever a visible file below ``paths`` has changed, and every five minutes; end when ``stop`` is set.

    Paths that are not there are left out. What happens within the folder of the index is no change.
    """
    import watchfiles

    own = index.resolve()

    def counts(_: watchfiles.Change, path: str) -> bool:
        changed = Path(path)
        return not changed.name.startswith(".") and not changed.is_relative_to(own)

    there = [path for path in paths if path.exists() and not path.is_relative_to(own)]
    yield from (
        None
        for _ in watchfiles.watch(
            *there,
            watch_filter=counts,
            debounce=10 * SETTLE_MS,
            step=SETTLE_MS,
            rust_timeout=LOOK_ANYWAY_MS,
            yield_on_timeout=True,
            stop_event=stop,
        )
    )
