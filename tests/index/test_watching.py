from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner

from rag import cli, watching, wiring
from tests.index.shelf import Shelf


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "SETTLE_MS", 20)


@pytest.fixture
def signs(tmp_path: Path, quick: None) -> Iterator[tuple[Path, list[None]]]:
    """A folder that is watched by a thread, and the signs of change that it got."""
    folder, seen, stop, ready = tmp_path / "documents", list[None](), Event(), Event()
    (folder / "index").mkdir(parents=True)

    def wait() -> None:
        for _ in watching.changes([folder, tmp_path / "missing"], folder / "index", stop=stop):
            seen.append(None)
            ready.set()

    thread = Thread(target=wait)
    thread.start()
    # Until the system watches, nothing is reported.
    for attempt in range(200):
        (folder / "begin.txt").write_text(str(attempt))
        if ready.wait(0.1):
            break
    yield folder, seen
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def _signs_after(seen: list[None], work: object) -> int:
    Event().wait(0.6)
    before = len(seen)
    work()  # type: ignore[operator]
    for _ in range(30):
        Event().wait(0.1)
        if len(seen) > before:
            break
    return len(seen) - before


def test_a_new_a_changed_and_a_deleted_file_are_signs(signs: tuple[Path, list[None]]) -> None:
    folder, seen = signs
    assert _signs_after(seen, lambda: (folder / "a.txt").write_text("One.")) >= 1
    assert _signs_after(seen, lambda: (folder / "a.txt").write_text("Two.")) >= 1
    assert _signs_after(seen, (folder / "a.txt").unlink) >= 1


def test_hidden_files_hidden_folders_and_the_index_itself_are_no_signs(signs: tuple[Path, list[None]]) -> None:
    folder, seen = signs
    (folder / ".git").mkdir()
    assert _signs_after(seen, lambda: (folder / ".a.txt.part").write_text("One.")) == 0
    assert _signs_after(seen, lambda: (folder / ".git" / "HEAD").write_text("One.")) == 0
    assert _signs_after(seen, lambda: (folder / "index" / "manifest.json").write_text("{}")) == 0


@pytest.fixture
def watched(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A document; whoever waits for a change gets one by ``edits``, one after the other, and is then stopped."""
    monkeypatch.setattr(wiring, "load_embedder", lambda settings: shelf._load())
    shelf.write({"a.txt": "An apple."})
    return shelf


def _watch(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, *edits: object) -> list[str]:
    def changes(paths: list[Path], index: Path) -> Iterator[None]:
        assert paths == [shelf.documents]
        for edit in edits:
            edit()  # type: ignore[operator]
            yield
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "changes", changes)
    arguments = ["--index-dir", str(shelf.folder), "index", "--watch", "--quiet", str(shelf.documents)]
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == cli.STOPPED
    return [line.split(" in ")[0] for line in result.output.splitlines()]


def _ids(shelf: Shelf) -> list[str]:
    return [info.id for info in shelf.load(None).documents()]


def test_each_change_is_one_update_and_no_change_says_nothing(watched: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _watch(
        watched,
        monkeypatch,
        lambda: watched.write({"b.txt": "A banana."}),
        lambda: None,
        (watched.documents / "a.txt").unlink,
    )
    assert [line for line in lines if "added" in line] == [
        "1 added, 0 replaced, 0 removed, 0 unchanged, 0 skipped",
        "1 added, 0 replaced, 0 removed, 1 unchanged, 0 skipped",
        "0 added, 0 replaced, 1 removed, 1 unchanged, 0 skipped",
    ]
    assert _ids(watched) == ["b.txt"]
    assert watched.loaded == 1


def test_what_fails_is_said_and_tried_again_with_the_next_change(
    watched: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    import filelock

    lock = filelock.FileLock(watched.folder / "writer.lock")

    def start() -> None:
        watched.write({"b.txt": "A banana."})
        lock.acquire()

    lines = _watch(watched, monkeypatch, start, lock.release)
    assert any(line.startswith("Another process is writing the index") for line in lines)
    assert _ids(watched) == ["a.txt", "b.txt"]


def test_a_file_that_cannot_be_read_is_named_once(watched: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _watch(watched, monkeypatch, lambda: watched.write({"empty.txt": ""}), lambda: None)
    assert sum("empty.txt: is empty" in line for line in lines) == 1
