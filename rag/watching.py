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
    there = [path.resolve() for path in paths if path.exists() and not path.resolve().is_relative_to(own)]

    def counts(_: watchfiles.Change, path: str) -> bool:
        changed = Path(path)
        return not changed.is_relative_to(own) and any(_visible_below(root, changed) for root in there)

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


def _visible_below(root: Path, path: Path) -> bool:
    """Whether neither a file nor a folder above it, up to ``root``, is hidden; ``root`` itself may be."""
    return path.is_relative_to(root) and not any(part.startswith(".") for part in path.relative_to(root).parts)
