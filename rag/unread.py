"""The files that could not be read, in ``<index>/unread.jsonl``, so that they are not read again in every run.

A file made to do harm costs half a minute each time. It is read again when it was touched, or when the code that reads
has changed. Losing this file loses nothing but time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "unread.jsonl"


@dataclass(frozen=True)
class Unread:
    """A file below a root, its stamp when it could not be read, the version of the code that tried, and the reason."""

    root: str
    file: str
    stamp: str
    reader: str
    reason: str


def remember(folder: Path, unread: Unread) -> None:
    """Add a file at once: a run that is killed has not waited for it in vain."""
    with (folder / NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(unread)) + "\n")


def remembered(folder: Path) -> list[Unread]:
    """Every file that was remembered, the latest last; what an interrupted run left of a line is passed over."""
    try:
        lines = (folder / NAME).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ValueError):
        return []
    found = []
    for line in lines:
        try:
            found.append(Unread(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def forget(folder: Path, of_use: Callable[[Unread], bool]) -> list[Unread]:
    """Keep only what is of use, and return it; writes nothing where that is everything."""
    known = remembered(folder)
    kept = {(unread.root, unread.file): unread for unread in known if of_use(unread)}
    if len(kept) < len(known):
        temporary = folder / f"{NAME}.new"
        temporary.write_text("".join(json.dumps(asdict(unread)) + "\n" for unread in kept.values()), encoding="utf-8")
        os.replace(temporary, folder / NAME)
    return list(kept.values())
