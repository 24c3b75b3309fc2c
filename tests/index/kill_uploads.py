"""Kill an upload, a replacement and a removal at many moments; run by test_uploads_killed.py in a process of its own.

Usage: python -m tests.index.kill_uploads HOME TRIALS

Each trial does one of them in a child process that sends itself SIGKILL at its n-th call (every call of a Python or C
function from the modules that write counts). Then another child does what a server does when it starts, and looks:
uploads and index must agree, in what there is and in every word, and nothing may be left on its way. Prints one JSON
line: the number of calls, what was found, problems.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

# Imported before forking, so that its own loading is not counted.
import faiss  # noqa: F401  # isort: skip

from rag import generations, indexing, readers, scanning, uploads
from tests.index.kill_everywhere import WRITERS, _calls, _in_child, read
from tests.index.shelf import FakeEmbedder, Shelf, nearest

OLD, NEW = "Cherry pie.", "Banana bread."
COUNTED = {*WRITERS, uploads.__file__}


def main(home: Path, trials: int) -> None:
    indexing.read = read
    readers.read = read
    # Somebody who edits a reader while this runs must not change the number of calls.
    scanning._reading_version = lambda: "1"
    template = home / "template"
    _in_child(lambda: _prepare(template))
    report: dict[str, object] = {"problems": (problems := [])}
    for name, change in CHANGES.items():
        calls = _count(template, home / name, change)
        found: Counter[str] = Counter()
        for moment in sorted({1 + calls * trial // trials for trial in range(trials)} | {*range(calls - 8, calls)}):
            place = home / "trial"
            shutil.copytree(template, place)
            _in_child(
                lambda place=place, change=change, moment=moment: _killed(place, change, moment), expect=-signal.SIGKILL
            )
            try:
                (home / "state").unlink(missing_ok=True)
                _in_child(lambda place=place: (home / "state").write_text(_look(place)))
                found[(home / "state").read_text()] += 1
            except AssertionError as error:
                problems.append(f"{name} killed at call {moment}: {error}")
            shutil.rmtree(place)
        report[name] = {"calls": calls, "found": found}
    print(json.dumps(report))


def _prepare(home: Path) -> None:
    shelf = Shelf(home)
    shelf.write({"a.txt": "One apple."})
    shelf.build()
    _upload(shelf, "old.txt", OLD)


def _upload(shelf: Shelf, name: str, text: str) -> None:
    path = shelf.folder.parent / name
    path.write_text(text)
    received = uploads.receive_file(shelf.folder, path)
    checked = uploads.check(received, shelf.folder, shelf.embedder.count_tokens, replace=True)
    uploads.store([checked], shelf.folder, shelf.embedder, "fake", "fake-1")


CHANGES: dict[str, Callable[[Shelf], None]] = {
    "add": lambda shelf: _upload(shelf, "new.txt", NEW),
    "replace": lambda shelf: _upload(shelf, "old.txt", NEW),
    "remove": lambda shelf: uploads.remove("old.txt", shelf.folder),
}


def _count(template: Path, place: Path, change: Callable[[Shelf], None]) -> int:
    shutil.copytree(template, place)
    _in_child(lambda: (place / "calls").write_text(str(_killed(place, change, None))))
    return int((place / "calls").read_text())


def _killed(home: Path, change: Callable[[Shelf], None], kill_at: int | None) -> int:
    shelf = Shelf(home)
    calls = _calls(lambda: change(shelf), COUNTED, kill_at)
    if kill_at:
        # Young files are compared in another way, which takes a few calls more or less.
        os.kill(os.getpid(), signal.SIGKILL)
    return calls


def _look(home: Path) -> str:
    """Start as a server does, and check that uploads and index agree."""
    shelf = Shelf(home)
    uploads.sweep(shelf.folder)
    uploads.settle(shelf.folder, FakeEmbedder, "fake", "fake-1")
    index = shelf.load()
    documents = {info.id: index.document(info.id).text for info in index.documents()}
    files = {path.name: path.read_text() for path in (shelf.folder / generations.UPLOADS).iterdir()}
    assert documents == {**files, "a.txt": "One apple."}, f"{documents} but {files}"
    assert all(nearest(index, text, 1)[0][1] == 1.0 for text in documents.values()), "not found by its own words"
    shelf.close()
    return " ".join(f"{name}:{text}" for name, text in sorted(files.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
