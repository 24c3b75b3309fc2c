"""Kill updates at random moments, one after the other on the same index; test_crashes.py runs it as a process.

Usage: python -m tests.index.kill_at_random HOME KILLS [SEED]

Each time some documents are added, changed, moved and removed, a child process brings the index up to date and is sent
SIGKILL at a random moment. Then another child starts as anybody would, looks at everything and searches: it must find
the documents as they were before or as they are to be, all of them and whole. Half of the times the next update goes
on from there, half of the times the documents change once more before it does. Prints one JSON line.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

# Imported before forking, so that what is killed is an update and not an import.
import faiss  # noqa: F401

from rag import indexing, scanning
from rag.errors import IndexMissing
from tests.index.kill_everywhere import _in_child, _whole, read
from tests.index.shelf import Shelf

NAMES = "abcdefgh"


def main(home: Path, kills: int, seed: int) -> None:
    indexing.GROUP_TEXTS = 1
    indexing.read = read
    scanning._reading_version = lambda: "1"
    chance = random.Random(seed)
    before: dict[str, str] = {}
    found: Counter[str] = Counter()
    problems: list[str] = []
    longest = _change_and_time(home, chance)
    while found["old"] + found["new"] < kills:
        _change(home, chance)
        to_be = _files(home)
        finished = _kill_an_update(home, chance.uniform(0, 1.1 * longest))
        try:
            now = _look(home, before, to_be)
        except AssertionError as error:
            problems.append(f"after {dict(found)}: {error}")
            break
        found["finished before" if finished else "new" if now == to_be else "old"] += 1
        before = now
        if chance.random() < 0.5:
            _in_child(lambda: Shelf(home).build())
            before = _look(home, to_be)
    print(json.dumps({"kills": found["old"] + found["new"], "found": found, "problems": problems}))


def _change_and_time(home: Path, chance: random.Random) -> float:
    """How long an update of all takes, in an index of its own."""
    aside = home / "aside"
    for _ in range(2):
        _change(aside, chance)
        started = time.monotonic()
        _in_child(lambda: Shelf(aside).build())
    _change(home, chance)
    return time.monotonic() - started


def _change(home: Path, chance: random.Random) -> None:
    documents = home / "documents"
    documents.mkdir(parents=True, exist_ok=True)
    for name in chance.sample(NAMES, 4):
        path = documents / f"{name}.txt"
        act = chance.choice(["write", "write", "remove", "move"])
        if act == "write" or not path.exists():
            fruit = chance.choice(["Two bananas", "Three cherries"])
            path.write_text(f"Title {name}\n\nOne apple {name}. {fruit} {chance.randrange(100)}.")
        elif act == "remove":
            path.unlink()
        else:
            path.rename(documents / f"{chance.choice(NAMES)}.txt")


def _files(home: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (home / "documents").iterdir()}


def _kill_an_update(home: Path, after: float) -> bool:
    """Whether the update was quicker than the signal."""
    child = os.fork()
    if child == 0:
        try:
            Shelf(home).build()
            os._exit(0)
        finally:
            os._exit(1)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), f"the update failed by itself: {status}"
    return status == 0


def _look(home: Path, *expected: dict[str, str]) -> dict[str, str]:
    """What the index holds, which must be one of what is expected."""
    state = home / "state.json"

    def look() -> None:
        shelf = Shelf(home)
        try:
            _whole(shelf, *expected)
            index = shelf.load()
            files = {info.id: index.document(info.id).text for info in index.documents()}
        except IndexMissing:
            assert {} in expected, "the index is gone"
            files = {}
        state.write_text(json.dumps(files))

    _in_child(look)
    return dict(json.loads(state.read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
