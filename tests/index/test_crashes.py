from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import filelock
import pytest

from rag import generations, index, indexing
from rag.errors import DocumentNotFound, IndexDamaged, IndexError_, IndexLocked, IndexMissing, IndexOutdated
from rag.store import FORMAT, Store
from tests.index.shelf import FRUITS, Shelf, nearest


@pytest.mark.parametrize("start", ["update", "first", "other"])
def test_a_kill_at_any_moment_leaves_the_old_index_or_the_new_one_and_the_work_done(
    killing: Callable[..., dict[str, Any]], start: str
) -> None:
    report = killing("kill_everywhere", "10", start)
    assert report["calls"] > 500
    assert sum(report["found"].values()) >= 30
    assert set(report["found"]) == {"none" if start == "first" else "old", "new"}


def test_kills_at_random_moments_of_one_update_after_the_other_lose_nothing(
    killing: Callable[..., dict[str, Any]],
) -> None:
    assert killing("kill_at_random", "40")["kills"] == 40


def test_a_reader_keeps_the_index_that_it_opened(fruit: Shelf) -> None:
    old = fruit.load()
    fruit.write({"a.txt": "Cherries only.", "c.txt": "A plum."})
    (fruit.documents / "b.txt").unlink()
    assert old.is_current()
    fruit.build()
    assert not old.is_current()
    assert [document.id for document in old.documents()] == ["a.txt", "b.txt"]
    assert nearest(old, "apple apple banana", 2) == [("a.txt#p0", 0.894), ("a.txt#p1", 0.447)]
    assert [sentence.id for sentence, _ in old.lexical("banana", 5)] == ["a.txt#2"]
    new = fruit.load()
    assert new.is_current()
    assert [document.id for document in new.documents()] == ["a.txt", "c.txt"]
    assert [path.name for path in fruit.files("sqlite")] == [f"{new.generation}.sqlite"]
    assert [path.name for path in fruit.files("faiss")] == [f"{new.generation}.faiss"]


def test_an_index_closes_when_its_last_reader_lets_go_of_it(fruit: Shelf) -> None:
    opened = index.Index.load(fruit.folder)
    store, reader = opened._store, opened.documents
    opened.close_when_unused()
    del opened
    assert [document.id for document in reader()] == ["a.txt", "b.txt"]
    del reader
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        store.documents()


def test_reading_from_four_threads_during_updates_sees_whole_states_only(shelf: Shelf) -> None:
    def text(state: int) -> dict[str, str]:
        return {
            f"{name}.txt": f"State {state}\n\nOne {fruit} {state}." for name, fruit in zip("abc", FRUITS, strict=True)
        }

    shelf.write(text(0))
    shelf.build()
    stop, problems, seen = threading.Event(), [], set()

    def look() -> None:
        try:
            current = index.Index.load(shelf.folder)
            while not stop.is_set():
                if not current.is_current():
                    current.close()
                    current = index.Index.load(shelf.folder)
                titles = {current.document(info.id).title for info in current.documents()}
                hits = [passage.split("#")[0] for passage, _ in nearest(current, "banana", 1)]
                words = [sentence.document for sentence, _ in current.lexical("cherry", 5)]
                if (len(titles), hits, words) != (1, ["b.txt"], ["c.txt"]):
                    problems.append((titles, hits, words))
                seen.update(titles)
            current.close()
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for state in range(1, 6):
        shelf.write(text(state))
        shelf.build()
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert "State 0" in seen
    assert len(seen) >= 2


def test_an_interrupted_first_build_says_so_and_goes_on(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "GROUP_TEXTS", 1)
    shelf.write({"a.txt": "An apple.", "b.txt": "A banana.", "c.txt": "A cherry."})
    _interrupt_at(shelf, "A cherry.", monkeypatch)
    with pytest.raises(
        IndexMissing,
        match=rf"is not finished. Run: crosscite index {shelf.documents} \(it goes on where it stopped\)$",
    ):
        shelf.load()
    summary = shelf.build()
    assert (summary.added, summary.unchanged, shelf.embedder.embedded) == (("c.txt",), 2, ["A cherry."])
    assert shelf.ids() == ["a.txt", "b.txt", "c.txt"]


def test_what_was_interrupted_does_not_slip_into_another_run(fruit: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "GROUP_TEXTS", 1)
    wrong = fruit.documents.with_name("wrong")
    wrong.mkdir()
    (wrong / "x.txt").write_text("A plum.")
    (wrong / "y.txt").write_text("A pear.")
    _interrupt_at(fruit, "A pear.", monkeypatch, wrong)
    fruit.write({"b.txt": "Changed."})
    fruit.build()
    assert fruit.ids() == ["a.txt", "b.txt"]


@pytest.fixture
def begun(fruit: Shelf, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose indexing was interrupted before the last of its three files."""
    monkeypatch.setattr(indexing, "GROUP_TEXTS", 1)
    folder = fruit.documents.with_name("much")
    folder.mkdir()
    for name, text in {"x": "A plum.", "y": "A pear.", "z": "A quince."}.items():
        (folder / f"{name}.txt").write_text(text)
    _interrupt_at(fruit, "A quince.", monkeypatch, folder)
    return folder


def test_an_interrupted_build_goes_on_after_runs_that_had_nothing_to_write(fruit: Shelf, begun: Path) -> None:
    fruit.build()
    fruit.build_paths([])
    assert fruit.ids() == ["a.txt", "b.txt"]
    assert (fruit.build(begun).unchanged, fruit.embedder.embedded) == (2, ["A quince."])


def test_an_interrupted_build_embeds_nothing_twice_after_others_that_wrote(fruit: Shelf, begun: Path) -> None:
    fruit.write({"c.txt": "A fig."})
    fruit.build()
    assert fruit.embedder.embedded == ["A fig."]
    indexing.remove(["b.txt"], fruit.folder)
    assert fruit.ids() == ["a.txt", "c.txt"]
    assert (len(fruit.build(begun).added), fruit.embedder.embedded) == (3, ["A quince."])
    assert fruit.ids() == ["a.txt", "c.txt", "x.txt", "y.txt", "z.txt"]
    assert sorted(path.suffix for path in fruit.folder.iterdir()) == [".faiss", ".json", ".lock", ".sqlite"]


def test_a_build_that_is_interrupted_again_and_again_loses_nothing(
    fruit: Shelf, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (begun / "w.txt").write_text("A grape.")
    for text, name in (("A grape.", "c"), ("A quince.", "d")):
        _interrupt_at(fruit, text, monkeypatch, begun)
        fruit.write({f"{name}.txt": f"A fig {name}."})
        fruit.build()
    assert (len(fruit.build(begun).added), fruit.embedder.embedded) == (4, ["A quince."])


def test_of_an_interrupted_build_vectors_are_kept_but_no_words_and_none_of_what_is_removed(
    fruit: Shelf, begun: Path
) -> None:
    fruit.write({"c.txt": "A pear."})
    fruit.build()
    kept = fruit.folder / "interrupted.sqlite"
    assert b"plum" not in kept.read_bytes()
    with sqlite3.connect(kept) as database:
        assert database.execute("SELECT count(*) FROM vectors").fetchone() == (2,)
    indexing.remove(["c.txt"], fruit.folder)
    with sqlite3.connect(kept) as database:
        assert database.execute("SELECT key FROM vectors").fetchall() == [(indexing._key("A plum."),)]


def test_an_interrupted_rebuild_with_another_embedder_does_not_lend_its_vectors(
    fruit: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "GROUP_TEXTS", 1)
    with monkeypatch.context() as patch:
        patch.setattr(fruit, "build", lambda: fruit.build_paths([], rebuild=True, sha256="fake-2"))
        _interrupt_at(fruit, "The cherry is in the basket.", monkeypatch)
    fruit.write({"c.txt": "Fruit."})
    fruit.build()
    fruit.write({"d.txt": "Fruit\n\nThe apple hangs on the tree."})
    fruit.build()
    assert "The apple hangs on the tree." in fruit.embedder.embedded
    assert (fruit.folder / "interrupted.sqlite").exists()
    fruit.build_paths([], rebuild=True, sha256="fake-2")
    assert "The banana lies on the plate." not in fruit.embedder.embedded
    assert not (fruit.folder / "interrupted.sqlite").exists()


def test_kept_vectors_that_are_damaged_are_made_again(fruit: Shelf, begun: Path) -> None:
    fruit.write({"c.txt": "A fig."})
    fruit.build()
    (fruit.folder / "interrupted.sqlite").write_bytes(b"x" * 5000)
    assert len(fruit.build(begun).added) == 3
    assert sorted(path.suffix for path in fruit.folder.iterdir()) == [".faiss", ".json", ".lock", ".sqlite"]


def test_an_unfinished_index_names_every_path_as_the_shell_wants_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.write({"my files/a.txt": "An apple.", "b.txt": "A banana."})
    paths = [shelf.documents / "b.txt", shelf.documents / "my files"]
    (shelf.folder / "uploads").mkdir(parents=True)
    _interrupt_at(shelf, "A banana.", monkeypatch, *paths)
    for use in (shelf.load, lambda: shelf.build_paths([])):
        with pytest.raises(IndexMissing, match=rf"Run: crosscite index {paths[0]} '{paths[1]}' \(it goes on"):
            use()
    (shelf.folder / "building.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(IndexMissing, match="crosscite index, with the files and folders that were to be indexed$"):
        shelf.load()


def test_what_stands_in_an_interrupted_build_is_no_use_if_it_is_damaged(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "GROUP_TEXTS", 1)
    shelf.write({"a.txt": "An apple.", "b.txt": "A banana."})
    _interrupt_at(shelf, "A banana.", monkeypatch)
    (shelf.folder / "building.sqlite").write_bytes(b"x" * 5000)
    assert shelf.build().added == ("a.txt", "b.txt")


def _interrupt_at(shelf: Shelf, text: str, monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    embed = shelf.embedder.passages

    def interrupt(texts: Sequence[str]) -> Any:
        if text in texts:
            raise KeyboardInterrupt
        return embed(texts)

    with monkeypatch.context() as patch:
        patch.setattr(shelf.embedder, "passages", interrupt)
        with pytest.raises(KeyboardInterrupt):
            shelf.build(*paths)


def test_files_of_other_programs_in_the_folder_of_the_index_are_left_alone(shelf: Shelf) -> None:
    others = [
        "notes.sqlite",
        "notes.sqlite-journal",
        "other.sqlite3",
        "model.faiss",
        "draft.new",
        "building.sqlite.bak",
        "0123456789ab.sqlite.txt",
    ]
    shelf.folder.mkdir()
    for name in others:
        (shelf.folder / name).write_text("mine")
    shelf.write({"a.txt": "An apple.", "b.txt": "A banana."})
    shelf.build()
    shelf.write({"a.txt": "A cherry."})
    shelf.build()
    (shelf.folder / "manifest.json").unlink()
    shelf.build()
    indexing.remove(["a.txt"], shelf.folder)
    assert {name: (shelf.folder / name).read_text() for name in others} == dict.fromkeys(others, "mine")
    assert len(list(shelf.folder.iterdir())) == len(others) + 4


def test_what_an_interrupted_write_left_is_deleted(fruit: Shelf) -> None:
    left = ["0123456789ab.faiss", "0123456789ab.sqlite-journal", "building.faiss", "copy.new", "manifest.json.new"]
    for name in [*left, "unread.jsonl.new"]:
        (fruit.folder / name).write_text("half")
    fruit.build()
    assert sorted(path.suffix for path in fruit.folder.iterdir()) == [".faiss", ".json", ".lock", ".sqlite"]


def test_no_index_names_the_command_that_makes_one(shelf: Shelf) -> None:
    with pytest.raises(IndexMissing) as error:
        shelf.load()
    assert str(error.value) == f"No index in {shelf.folder}. Run: crosscite index seeds"


def test_another_embedder_is_refused_until_a_rebuild(fruit: Shelf) -> None:
    for use in (fruit.load, fruit.build):
        with pytest.raises(IndexOutdated) as error:
            use(sha256="fake-2")
        assert str(error.value) == (
            f"The index in {fruit.folder} was made with the embedder fake (fake-1…), "
            "not with the present one (fake-2…). Run: crosscite index --rebuild"
        )
    assert fruit.load(None).manifest.embedder_sha256 == "fake-1"
    fruit.build_paths([], rebuild=True, sha256="fake-2")
    assert len(fruit.embedder.embedded) == 7
    assert [document.id for document in fruit.load("fake-2").documents()] == ["a.txt", "b.txt"]


def test_another_format_is_refused_until_a_rebuild(fruit: Shelf) -> None:
    path = fruit.folder / "manifest.json"
    path.write_text(path.read_text().replace(f'"format": {FORMAT}', '"format": 99'))
    for use in (fruit.load, fruit.build):
        with pytest.raises(IndexOutdated, match=rf"has format 99, not {FORMAT}\. Run: crosscite index --rebuild$"):
            use()
    fruit.build_paths([], rebuild=True)
    assert fruit.ids() == ["a.txt", "b.txt"]


def _cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [_cut, _flip, _empty, Path.unlink])
def test_a_damaged_search_file_is_refused_and_mended_without_embedding(
    fruit: Shelf, harm: Callable[[Path], None]
) -> None:
    harm(*fruit.files("faiss"))
    with pytest.raises(IndexDamaged, match=r"\.faiss .*\. Run: crosscite index$"):
        fruit.load()
    fruit.build_paths([])
    assert fruit.embedder.embedded == []
    assert nearest(fruit.load(), "banana", 1) == [("a.txt#p1", 1.0)]


@pytest.mark.parametrize("harm", [_cut, _flip, _empty, Path.unlink])
def test_a_damaged_database_is_refused_until_a_rebuild(fruit: Shelf, harm: Callable[[Path], None]) -> None:
    harm(*fruit.files("sqlite"))
    for use in (fruit.load, fruit.build):
        with pytest.raises(IndexDamaged, match=r"\.sqlite .*\. Run: crosscite index --rebuild$"):
            use()
    fruit.build_paths([], rebuild=True)
    assert nearest(fruit.load(), "banana", 1) == [("a.txt#p1", 1.0)]


def _overwrite_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"x" * 100)


@pytest.mark.parametrize("harm", [_overwrite_header, _empty, Path.unlink])
def test_what_reads_only_the_list_of_documents_also_says_that_the_database_is_damaged(
    fruit: Shelf, harm: Callable[[Path], None]
) -> None:
    harm(*fruit.files("sqlite"))
    for use in (indexing.origins, indexing.outstanding):
        with pytest.raises(IndexDamaged, match=r"\.sqlite .*\. Run: crosscite index --rebuild$"):
            use(fruit.folder)


def test_the_list_of_documents_is_read_though_a_newer_index_takes_the_place_of_the_old(
    fruit: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_manifest, old = generations.read_manifest, generations.read_manifest(fruit.folder)
    fruit.write({"c.txt": "A plum."})
    fruit.build()
    manifests = iter([old])
    monkeypatch.setattr(generations, "read_manifest", lambda folder: next(manifests, None) or read_manifest(folder))
    assert [origin.id for origin in indexing.origins(fruit.folder)] == ["a.txt", "b.txt", "c.txt"]


@pytest.mark.parametrize("harm", [_cut, _flip, _empty])
def test_a_damaged_manifest_is_refused_until_a_rebuild(fruit: Shelf, harm: Callable[[Path], None]) -> None:
    harm(fruit.folder / "manifest.json")
    for use in (fruit.load, fruit.build):
        with pytest.raises(
            IndexDamaged, match=r"manifest\.json was altered or cut off\. Run: crosscite index --rebuild seeds$"
        ):
            use()
    fruit.build(rebuild=True)
    assert fruit.ids() == ["a.txt", "b.txt"]


def test_a_deleted_manifest_is_no_index_and_comes_back_without_embedding(fruit: Shelf) -> None:
    (fruit.folder / "manifest.json").unlink()
    with pytest.raises(IndexMissing, match="Run: crosscite index seeds"):
        fruit.load()
    assert fruit.build().unchanged == 2
    assert fruit.ids() == ["a.txt", "b.txt"]


def test_damage_in_a_file_too_large_to_check_when_opened_is_found_by_check_and_by_reading(
    fruit: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "CHECKED_WHOLE", 100)
    (path,) = fruit.files("sqlite")
    content = path.read_bytes()
    index = fruit.load()
    with path.open("r+b") as file:
        file.write(b"\xff" * len(content))
    with pytest.raises(IndexDamaged, match="its checksum is not the manifest's"):
        index.check()
    with pytest.raises(IndexDamaged, match=r"Run: crosscite index --rebuild$"):
        index.lexical("apple", 3)


def test_a_second_writer_is_told_to_wait(fruit: Shelf) -> None:
    with filelock.FileLock(fruit.folder / "writer.lock"):
        for write in (fruit.build, lambda: indexing.remove(["a.txt"], fruit.folder)):
            with pytest.raises(IndexLocked) as error:
                write()
            assert str(error.value) == (
                f"Another process is writing the index in {fruit.folder}. "
                "Wait until it is done, then run the command again."
            )
    assert fruit.build().unchanged == 2


FULL = r"^The disk is full: no space left to write the index in .* The previous index is untouched\. Free some space"


def test_a_disk_that_fills_while_copying_leaves_the_old_index(fruit: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def copyfile(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    fruit.write({"c.txt": "A plum."})
    with monkeypatch.context() as patch:
        patch.setattr(generations.shutil, "copyfile", copyfile)
        with pytest.raises(IndexError_, match=FULL):
            fruit.build()
    _is_as_before_and_can_go_on(fruit)


def test_a_disk_that_fills_while_storing_leaves_the_old_index(fruit: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    open_for_writing = Store.open_for_writing

    def with_little_space(path: Path) -> Store:
        store = open_for_writing(path)
        (pages,) = store._rows("PRAGMA page_count")[0]
        store._rows(f"PRAGMA max_page_count = {pages + 2}")
        return store

    fruit.write({f"c{number}.txt": f"Plum {number}. " * 40 for number in range(30)})
    with monkeypatch.context() as patch:
        patch.setattr(Store, "open_for_writing", with_little_space)
        with pytest.raises(IndexError_, match=FULL) as error:
            fruit.build()
        assert isinstance(error.value.__cause__, sqlite3.OperationalError)
    for path in fruit.documents.glob("c*"):
        path.unlink()
    fruit.write({"c.txt": "A plum."})
    _is_as_before_and_can_go_on(fruit)


def test_a_disk_that_fills_while_writing_vectors_leaves_the_old_index(
    fruit: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    import faiss

    def write_index(*_: object) -> None:
        raise RuntimeError(f"Error: 'ret == (size)' failed: write error in x: 0 != 1 ({os.strerror(errno.ENOSPC)})")

    fruit.write({"c.txt": "A plum."})
    with monkeypatch.context() as patch:
        patch.setattr(faiss, "write_index", write_index)
        with pytest.raises(IndexError_, match=FULL):
            fruit.build()
    _is_as_before_and_can_go_on(fruit)


def _is_as_before_and_can_go_on(fruit: Shelf) -> None:
    with pytest.raises(DocumentNotFound):
        fruit.load().document("c.txt")
    assert fruit.ids() == ["a.txt", "b.txt"]
    fruit.build()
    assert fruit.ids() == ["a.txt", "b.txt", "c.txt"]
    assert sorted(path.suffix for path in fruit.folder.iterdir()) == [".faiss", ".json", ".lock", ".sqlite"]


def test_an_embedder_of_another_shape_is_refused(fruit: Shelf) -> None:
    fruit.embedder.dimensions = 5
    fruit.write({"c.txt": "A plum."})
    with pytest.raises(IndexError_, match=r"shape \(8, 4\) instead of \(8, 5\)"):
        fruit.build(rebuild=True)
