"""Kill an update at many moments and look at what is left; run by test_crashes.py in a process of its own.

Usage: python -m tests.index.kill_everywhere HOME TRIALS [update|first|other]

Each trial starts from the same finished index, or with "first" from none, or with "other" from a finished one and the
interrupted build of another folder. It updates the index in a child process that sends itself SIGKILL at its n-th call
(every call of a Python or C function from the modules that write the index counts), then checks in another child that
the index is the old or the new one, whole, that the next update ends the work, and that the other folder is indexed
without embedding again what the interrupted build had. Prints one JSON line: the number of calls, what was found,
problems.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

# Imported before forking, so that its own loading is not counted.
import faiss  # noqa: F401  # isort: skip

from rag import generations, index, indexing, interrupted, scanning, store
from rag.errors import IndexMissing
from rag.types import Document
from tests.index.shelf import FakeEmbedder, Shelf, nearest

BEFORE = {f"{name}.txt": f"Title {name}\n\nOne apple {name}. Two bananas {name}." for name in "abcdef"}
AFTER = {
    **{f"{name}.txt": BEFORE[f"{name}.txt"] for name in "abc"},
    **{f"{name}.txt": f"Title {name}\n\nThree cherries {name}. Four apples {name}." for name in "dghij"},
}
ELSEWHERE = {f"{name}.txt": f"Title {name}\n\nThree cherries {name}. One apple {name}." for name in "xyz"}
TEXTS_OF_ONE = 8
WRITERS = {module.__file__ for module in (generations, index, indexing, interrupted, scanning, store)}


def read(path: Path, *, id: str) -> Document:
    """Read without the language model, whose loading would take longer than all the rest."""
    data = path.read_bytes()
    return Document(id, data.decode(), "Title", "en", sha256=hashlib.sha256(data).hexdigest(), size=len(data))


class Logged(FakeEmbedder):
    """Writes down at once what it embeds, so that it is known after a kill."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def passages(self, texts: Sequence[str]) -> Any:
        with self._log.open("a") as file:
            file.writelines(f"{text}\n" for text in texts)
        return super().passages(texts)


class Interrupted(Logged):
    """Ctrl-C comes when the last document elsewhere is to be embedded."""

    def passages(self, texts: Sequence[str]) -> Any:
        if any(text.endswith("apple z.") for text in texts):
            raise KeyboardInterrupt
        return super().passages(texts)


def main(home: Path, trials: int, start: str) -> None:
    indexing.GROUP_TEXTS = 1
    indexing.read = read
    # Somebody who edits a reader while this runs must not change the number of calls.
    scanning._reading_version = lambda: "1"
    template = home / "template"
    _in_child(lambda: _prepare(template, start))
    calls = _count(template, home / "count")
    found: Counter[str] = Counter()
    problems = []
    # The last calls are those that put the new index in the old one's place.
    for moment in sorted({1 + calls * trial // trials for trial in range(trials)} | {*range(calls - 20, calls)}):
        place = home / "trial"
        shutil.copytree(template, place)
        _in_child(lambda moment=moment, place=place: _update(place, kill_at=moment), expect=-signal.SIGKILL)
        try:
            (home / "state").unlink(missing_ok=True)
            _in_child(lambda place=place: (home / "state").write_text(_look(place, start)))
            found[(home / "state").read_text()] += 1
        except AssertionError as error:
            problems.append(f"killed at call {moment}: {error}")
        shutil.rmtree(place)
    print(json.dumps({"calls": calls, "found": found, "problems": problems}))


def _prepare(home: Path, start: str) -> None:
    shelf = Shelf(home)
    if start != "first":
        shelf.write(BEFORE)
        shelf.build()
        shutil.rmtree(shelf.documents)
    shelf.write(AFTER)
    if start == "other":
        _interrupt_elsewhere(home)


def _interrupt_elsewhere(home: Path) -> None:
    shelf = Shelf(home)
    shelf.documents = home / "elsewhere"
    shelf.write(ELSEWHERE)
    shelf.embedder = Interrupted(home / "log")
    with suppress(KeyboardInterrupt):
        shelf.build()


def _count(template: Path, place: Path) -> int:
    shutil.copytree(template, place)
    _in_child(lambda: (place / "calls").write_text(str(_update(place, kill_at=None))))
    return int((place / "calls").read_text())


def _update(home: Path, kill_at: int | None) -> int:
    shelf = Shelf(home)
    shelf.embedder = Logged(home / "log")
    return _calls(shelf.build, WRITERS, kill_at)


def _calls(work: Callable[[], object], files: set[str | None], kill_at: int | None) -> int:
    """How many functions code in these files calls during the work; at one of the calls this process is killed."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        if event not in {"call", "c_call"} or frame.f_code.co_filename not in files:
            return
        calls += 1
        if calls == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def _look(home: Path, start: str) -> str:
    """Check what the kill left, then what the next update makes of it."""
    shelf = Shelf(home)
    shelf.embedder = Logged(home / "log")
    try:
        state = _whole(shelf, BEFORE, AFTER)
    except IndexMissing:
        assert start == "first", "the index is gone"
        state = "none"
    shelf.build()
    assert _whole(shelf, AFTER) == "new", "the next update did not finish"
    if start == "other":
        assert len(shelf.build(home / "elsewhere").skipped) == 0
        _whole(shelf, {**AFTER, **ELSEWHERE})
    shelf.close()
    # One generation, the manifest and the lock; nothing else is left in the folder.
    assert len(list(shelf.folder.iterdir())) == 4, sorted(path.name for path in shelf.folder.iterdir())
    embedded = (home / "log").read_text().splitlines() if (home / "log").exists() else []
    again = len(embedded) - len(set(embedded))
    assert again <= TEXTS_OF_ONE, f"{again} texts were embedded twice"
    return state


def _whole(shelf: Shelf, *expected: dict[str, str]) -> str:
    """Which of the expected states the index holds, with every part of every document in its place."""
    index = shelf.load()
    files = {info.id: index.document(info.id).text for info in index.documents()}
    assert files in expected, f"neither old nor new: {sorted(files)}"
    for name, text in files.items():
        sentences = index.sentences_of(name)
        assert [text[sentence.start : sentence.end] for sentence in sentences] == [s.text for s in sentences]
        alone, _ = index.vectors(sentences)
        np.testing.assert_allclose(alone, FakeEmbedder().queries([s.text for s in sentences]), atol=1e-3)
        word = "bananas" if "bananas" in text else "cherries"
        assert name in {sentence.document for sentence, _ in index.lexical(word, 50)}
        assert name in {passage.split("#")[0] for passage, _ in nearest(index, "apple", 50)}
    for word in ("bananas", "cherries"):
        assert {sentence.document for sentence, _ in index.lexical(word, 50)} <= set(files)
    assert {passage.split("#")[0] for passage, _ in nearest(index, "apple", 99)} == set(files)
    assert index.manifest.documents == len(files)
    return "new" if files == AFTER else "old"


def _in_child(work: Callable[[], object], expect: int = 0) -> None:
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == expect, f"exit status {status}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
