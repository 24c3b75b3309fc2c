from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path

import pytest

from rag import generations, indexing, readers, scanning, store
from rag.errors import DocumentError, DocumentNotFound, IndexMissing
from rag.indexing import outstanding, remove
from rag.types import Document
from tests.index.shelf import Shelf, nearest


def test_the_first_build_embeds_every_sentence_window_and_passage_once(fruit: Shelf) -> None:
    assert sorted(fruit.embedder.embedded) == [
        "Fruit",
        "Fruit The apple hangs on the tree.",
        "Fruit The apple hangs on the tree. The banana lies on the plate.",
        "The apple hangs on the tree.",
        "The apple hangs on the tree. The banana lies on the plate.",
        "The banana lies on the plate.",
        "The cherry is in the basket.",
    ]


def test_a_second_run_over_unchanged_files_writes_nothing_and_loads_no_embedder(fruit: Shelf) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in fruit.folder.iterdir()}
    summary = fruit.build()
    assert (summary.added, summary.replaced, summary.removed, summary.unchanged) == ((), (), (), 2)
    assert fruit.loaded == 1
    assert {path.name: path.stat().st_mtime_ns for path in fruit.folder.iterdir()} == before


def test_a_touched_but_equal_file_is_unchanged(fruit: Shelf) -> None:
    os.utime(fruit.documents / "a.txt", (0, 0))
    assert fruit.build().unchanged == 2


def test_new_changed_and_gone_files_are_added_replaced_and_removed(fruit: Shelf) -> None:
    fruit.write({"a.txt": "Fruit\n\nThe apple hangs on the tree. Two cherries are beside it.", "sub/c.txt": "A plum."})
    (fruit.documents / "b.txt").unlink()
    summary = fruit.build()
    assert (summary.added, summary.replaced, summary.removed) == (("sub/c.txt",), ("a.txt",), ("b.txt",))
    assert str(summary).startswith("1 added, 1 replaced, 1 removed, 0 unchanged, 0 skipped in ")
    assert fruit.ids() == ["a.txt", "sub/c.txt"]
    assert fruit.load().document("a.txt").text.endswith("Two cherries are beside it.")


def test_only_texts_that_changed_are_embedded_again(fruit: Shelf) -> None:
    fruit.write({"a.txt": "Fruit\n\nThe apple hangs on the tree. The banana lies on the plate. A plum fell."})
    fruit.build()
    assert sorted(fruit.embedder.embedded) == [
        "A plum fell.",
        "The apple hangs on the tree. The banana lies on the plate. A plum fell.",
        "The banana lies on the plate. A plum fell.",
    ]


def test_a_moved_file_is_not_embedded_again(fruit: Shelf) -> None:
    (fruit.documents / "sub").mkdir()
    (fruit.documents / "a.txt").rename(fruit.documents / "sub" / "z.txt")
    summary = fruit.build()
    assert (summary.added, summary.removed, fruit.embedder.embedded) == (("sub/z.txt",), ("a.txt",), [])
    assert nearest(fruit.load(), "banana", 1) == [("sub/z.txt#p1", 1.0)]


def test_when_the_code_that_reads_changes_everything_is_read_again_but_nothing_embedded(
    fruit: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "_reading_version", lambda: "another")
    summary = fruit.build()
    assert (summary.replaced, fruit.embedder.embedded) == (("a.txt", "b.txt"), [])


def test_the_code_that_reads_is_all_in_the_fingerprint() -> None:
    source = Path(scanning.__file__).parent
    known = {*scanning._READING, "types.py", "errors.py", "__init__.py"}
    # What builds an index uses more than what reads.
    reading = (name for name in scanning._READING if name != "indexing.py")
    for name in (*reading, *(path.relative_to(source) for path in (source / "readers").glob("*.py"))):
        lines = (source / name).read_text(encoding="utf-8").splitlines()
        used = {line.split()[1].split(".")[1] for line in lines if line.startswith("from rag.")}
        assert {f"{module}.py" for module in used - {"readers"}} <= known, name


def test_a_removed_document_is_nowhere_any_more(fruit: Shelf) -> None:
    fruit.write({"secret.txt": "The Zanzibarquelle sells apples.\n\nHer number is 5550199."})
    fruit.build()
    (fruit.documents / "secret.txt").unlink()
    fruit.build()
    index = fruit.load()
    assert index.lexical("Zanzibarquelle 5550199", 10) == []
    assert index.document_frequency("zanzibarquelle") == index.document_frequency("5550199") == 0
    assert [id for id, _ in nearest(index, "apple")] == ["a.txt#p0", "a.txt#p1", "b.txt#p0"]
    with pytest.raises(DocumentNotFound):
        index.document("secret.txt")
    for path in fruit.folder.iterdir():
        content = path.read_bytes().lower()
        assert b"zanzibar" not in content, path
        assert b"5550199" not in content, path


def test_removing_by_id_leaves_the_rest(fruit: Shelf) -> None:
    remove(["a.txt"], fruit.folder)
    index = fruit.load()
    assert [document.id for document in index.documents()] == ["b.txt"]
    assert [id for id, _ in nearest(index, "apple")] == ["b.txt#p0"]
    assert fruit.build().added == ("a.txt",)


def test_removing_an_unknown_id_removes_nothing(fruit: Shelf) -> None:
    generation = fruit.load().generation
    with pytest.raises(DocumentNotFound, match=r"nowhere\.txt"):
        remove(["a.txt", "nowhere.txt"], fruit.folder)
    assert fruit.load().generation == generation


def test_another_folder_is_added_and_removes_nothing(fruit: Shelf, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "c.txt").write_text("A plum.")
    assert fruit.build(tmp_path / "other").added == ("c.txt",)
    assert fruit.ids() == ["a.txt", "b.txt", "c.txt"]
    assert fruit.load().manifest.roots == ("documents", "other")


def test_without_paths_everything_indexed_before_is_looked_at_again(fruit: Shelf, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "c.txt").write_text("A plum.")
    fruit.build(tmp_path / "other")
    fruit.write({"a.txt": "Nothing."})
    (tmp_path / "other" / "c.txt").unlink()
    summary = fruit.build_paths([])
    assert (summary.replaced, summary.removed) == (("a.txt",), ("c.txt",))


def test_without_paths_a_folder_that_is_not_there_loses_nothing(fruit: Shelf) -> None:
    fruit.documents.rename(fruit.documents.with_name("unplugged"))
    summary = fruit.build_paths([])
    assert summary.skipped == ((str(fruit.documents), "is not there any more; its documents stay in the index"),)
    assert fruit.ids() == ["a.txt", "b.txt"]


def test_a_folder_without_documents_is_looked_at_again_whatever_else_is_indexed_or_removed(
    fruit: Shelf, tmp_path: Path
) -> None:
    inbox, other = tmp_path / "inbox", tmp_path / "other"
    inbox.mkdir()
    other.mkdir()
    (other / "c.txt").write_text("A plum.")
    fruit.build(inbox)
    fruit.build(other)
    remove(["a.txt"], fruit.folder)
    assert fruit.load().manifest.roots == ("documents", "inbox", "other")
    (inbox / "d.txt").write_text("A pear.")
    assert "d.txt" in fruit.build_paths([]).added
    fruit.build(other, rebuild=True)
    assert fruit.load().manifest.roots == ("other",)


def test_a_rebuild_without_paths_refuses_to_lose_a_folder_that_is_not_there(fruit: Shelf, tmp_path: Path) -> None:
    other = tmp_path / "an other"
    other.mkdir()
    (other / "c.txt").write_text("A plum.")
    fruit.build(other)
    generation = fruit.load().generation
    fruit.documents.rename(fruit.documents.with_name("unplugged"))
    with pytest.raises(DocumentError) as error:
        fruit.build_paths([], rebuild=True)
    assert str(error.value) == (
        f"{fruit.documents}: is not there any more, and a rebuild would lose its documents; nothing was changed. "
        f"Bring it back, or name what the index is to hold: crosscite index --rebuild '{other}'"
    )
    assert fruit.load().generation == generation
    other.rename(other.with_name("unplugged, too"))
    with pytest.raises(DocumentError, match="crosscite index --rebuild PATH$"):
        fruit.build_paths([], rebuild=True)


def test_without_paths_and_without_an_index_the_way_out_is_named(shelf: Shelf) -> None:
    with pytest.raises(IndexMissing, match="Name a file or folder: crosscite index seeds"):
        shelf.build_paths([])


def test_two_folders_with_the_same_file_name_both_keep_their_document(fruit: Shelf, tmp_path: Path) -> None:
    for name in ("other", "third/other"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.txt").write_text(f"A plum of {name}.")
    assert fruit.build(tmp_path / "other").added == ("other/a.txt",)
    clash = fruit.build(tmp_path / "third" / "other")
    path = str(tmp_path / "third" / "other" / "a.txt")
    assert clash.skipped == ((path, "another document has the same id; rename the file or its folder"),)
    assert fruit.build().unchanged == 2
    assert fruit.ids() == ["a.txt", "b.txt", "other/a.txt"]


def test_a_file_or_folder_below_an_indexed_folder_is_a_part_of_it(fruit: Shelf) -> None:
    fruit.write({"b.txt": "Changed.", "sub/c.txt": "A plum.", "a.txt": "Changed, too."})
    assert fruit.build(fruit.documents / "b.txt").replaced == ("b.txt",)
    assert fruit.build(fruit.documents / "sub").added == ("sub/c.txt",)
    summary = fruit.build()
    assert (summary.replaced, summary.unchanged) == (("a.txt",), 2)


def test_a_folder_around_an_indexed_one_takes_its_documents_over(shelf: Shelf) -> None:
    shelf.write({"sub/c.txt": "A plum."})
    shelf.build(shelf.documents / "sub")
    assert shelf.ids() == ["c.txt"]
    shelf.build()
    assert shelf.ids() == ["sub/c.txt"]
    assert shelf.embedder.embedded == []
    assert shelf.load().manifest.roots == ("documents",)


def test_a_single_file_is_known_by_its_name(shelf: Shelf) -> None:
    shelf.write({"sub/c.txt": "A plum.", "d.txt": "Not asked for."})
    shelf.build(shelf.documents / "sub" / "c.txt")
    assert shelf.ids() == ["c.txt"]
    assert shelf.build(shelf.documents / "sub" / "c.txt").unchanged == 1


def test_overlapping_paths_count_once(shelf: Shelf) -> None:
    shelf.write({"sub/c.txt": "A plum."})
    assert shelf.build(shelf.documents / "sub", shelf.documents, shelf.documents / "sub" / "c.txt").added == (
        "sub/c.txt",
    )


def test_the_index_moves_with_its_project(fruit: Shelf, tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    for name in ("documents", "index"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    fruit.documents, fruit.folder = tmp_path / "moved" / "documents", tmp_path / "moved" / "index"
    assert fruit.build().unchanged == 2


def test_a_path_that_does_not_exist_is_an_error(fruit: Shelf) -> None:
    with pytest.raises(DocumentError, match=r"missing\.txt: there is no such file or folder"):
        fruit.build(fruit.documents / "missing.txt")


def test_what_cannot_be_read_is_skipped_with_its_reason_and_the_rest_goes_on(fruit: Shelf, tmp_path: Path) -> None:
    fruit.write({"b.txt": "", "picture.png": "x", "table.xyz": "x", ".hidden.txt": "Hidden.", ".git/c.txt": "Hidden."})
    (tmp_path / "outside.txt").write_text("Outside.")
    (fruit.documents / "link.txt").symlink_to(tmp_path / "outside.txt")
    (fruit.documents / "folder").symlink_to(tmp_path)
    os.mkfifo(fruit.documents / "pipe.txt")
    fruit.write({"c.txt": "A plum."})
    summary = fruit.build()
    assert (summary.added, summary.removed) == (("c.txt",), ("b.txt",))
    assert summary.skipped == (
        (str(fruit.documents / "link.txt"), "a symbolic link that leads out of the folder is not followed"),
        (str(fruit.documents / "pipe.txt"), "not a regular file"),
        (str(fruit.documents / "b.txt"), "is empty"),
    )
    assert dict(summary.unsupported) == {".png": 1, ".xyz": 1}
    assert fruit.ids() == ["a.txt", "c.txt"]


@pytest.fixture
def tried(fruit: Shelf, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A broken PDF, written an hour ago, beside the documents of ``fruit``; the list gets the names of files read."""
    fruit.write({"broken.pdf": "%PDF-1.7 and no more"})
    an_hour_later = time.time_ns() + 3_600_000_000_000
    monkeypatch.setattr(scanning.time, "time_ns", lambda: an_hour_later)
    tried: list[str] = []

    def noted(path: Path, *, id: str) -> Document:
        tried.append(path.name)
        return readers.read(path, id=id)

    monkeypatch.setattr(indexing, "read", noted)
    return tried


def test_a_file_that_could_not_be_read_is_reported_again_but_not_read_again(fruit: Shelf, tried: list[str]) -> None:
    first, second = fruit.build(), fruit.build()
    assert [Path(path).name for path, _ in first.skipped] == ["broken.pdf"]
    assert first.skipped == second.skipped == tuple(outstanding(fruit.folder).skipped)
    assert tried == ["broken.pdf"]


@pytest.mark.parametrize("change", ["touched", "mended", "rebuild", "another reader", "forgotten", "cut off"])
def test_a_file_that_could_not_be_read_is_tried_again_after_a_change(
    change: str, fruit: Shelf, tried: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, memory = fruit.documents / "broken.pdf", fruit.folder / "unread.jsonl"
    fruit.build()
    changes: dict[str, Callable[[], object]] = {
        "touched": lambda: os.utime(path, (0, 0)),
        "mended": lambda: path.write_text("%PDF-1.7 and a little more"),
        "another reader": lambda: monkeypatch.setattr(scanning, "_reading_version", lambda: "another"),
        "forgotten": memory.unlink,
        "cut off": lambda: memory.write_bytes(memory.read_bytes()[:-20]),
    }
    changes.get(change, lambda: None)()
    tried.clear()
    fruit.build(rebuild=change == "rebuild")
    assert "broken.pdf" in tried


def test_a_file_written_just_now_is_not_vouched_for(
    fruit: Shelf, tried: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "SETTLED_NS", 4_000_000_000_000)
    fruit.build()
    fruit.build()
    assert tried == ["broken.pdf", "broken.pdf"]


def test_a_file_that_cannot_be_read_any_more_takes_its_document_along_once(fruit: Shelf, tried: list[str]) -> None:
    (fruit.documents / "broken.pdf").rename(fruit.documents / "b.txt")
    (fruit.documents / "b.txt").write_bytes(b" ")
    assert fruit.build().removed == ("b.txt",)
    assert fruit.build().removed == ()
    assert (fruit.ids(), tried) == (["a.txt"], ["b.txt"])


def test_files_that_are_gone_are_forgotten(fruit: Shelf, tried: list[str]) -> None:
    fruit.build()
    (fruit.documents / "broken.pdf").unlink()
    fruit.build()
    assert (fruit.folder / "unread.jsonl").read_bytes() == b""


def test_a_file_of_an_unknown_kind_named_itself_is_reported(fruit: Shelf) -> None:
    fruit.write({"picture.png": "x"})
    ((path, reason),) = fruit.build(fruit.documents / "picture.png").skipped
    assert path.endswith("picture.png")
    assert ".txt" in reason
    assert fruit.ids() == ["a.txt", "b.txt"]


def test_a_name_that_is_not_unicode_is_reported_in_printable_form(fruit: Shelf) -> None:
    with open(os.fsencode(fruit.documents) + b"/caf\xe9.txt", "w") as file:
        file.write("A plum.")
    ((path, reason),) = fruit.build().skipped
    assert (Path(path).name, reason) == ("caf\\udce9.txt", "its name is not valid Unicode")


def test_the_index_does_not_index_itself(shelf: Shelf) -> None:
    shelf.write({"a.txt": "A plum."})
    shelf.folder = shelf.documents / "index"
    shelf.folder.mkdir()
    (shelf.folder / "README.md").write_text("# The index")
    shelf.build()
    assert shelf.ids() == ["a.txt"]


def test_a_rebuild_embeds_everything_again_and_holds_exactly_the_paths(fruit: Shelf, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "c.txt").write_text("A plum.")
    summary = fruit.build(tmp_path / "other", rebuild=True, sha256="fake-2")
    assert (summary.added, fruit.embedder.embedded) == (("c.txt",), ["A plum."])
    assert [document.id for document in fruit.load("fake-2").documents()] == ["c.txt"]


@pytest.fixture
def uploaded(fruit: Shelf) -> Shelf:
    """The two documents of ``fruit`` and an uploaded one, c.txt."""
    uploads = fruit.folder / generations.UPLOADS
    uploads.mkdir()
    (uploads / "c.txt").write_text("A cherry was uploaded.\n", encoding="utf-8")
    (uploads / ".half.txt").write_text("An upload that is still on its way.\n", encoding="utf-8")
    summary = fruit.build(uploads / "c.txt")
    assert (summary.added, summary.unchanged) == (("c.txt",), 0)
    return fruit


def test_uploads_stay_when_their_neighbours_are_indexed_again_rebuilt_or_taken_over(uploaded: Shelf) -> None:
    for paths in ([uploaded.documents], [uploaded.documents.parent], [], [uploaded.folder]):
        assert "c.txt" not in uploaded.build_paths(paths).removed
        assert "c.txt" in uploaded.ids()
    uploaded.build(rebuild=True)
    assert uploaded.ids() == ["a.txt", "b.txt", "c.txt"]
    (uploaded.folder / generations.UPLOADS / "c.txt").unlink()
    assert uploaded.build().removed == ("c.txt",)


def test_an_upload_moves_with_the_index_folder_and_knows_where_it_is_from(uploaded: Shelf) -> None:
    roots = {info.id: info.root for info in uploaded.load().documents()}
    assert roots == {"a.txt": "documents", "b.txt": "documents", "c.txt": store.UPLOADS_ROOT}
    uploaded.folder = uploaded.folder.rename(uploaded.folder.with_name("elsewhere"))
    assert uploaded.build_paths([]).unchanged == 3


def test_a_document_says_since_when_it_is_there_until_its_file_changes(
    fruit: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {info.id: info.added for info in fruit.load().documents()}
    assert datetime.now(timezone.utc) - datetime.fromisoformat(first["a.txt"]) < timedelta(minutes=5)
    monkeypatch.setattr(store, "datetime", _InThreeThousand)
    monkeypatch.setattr(scanning, "_reading_version", lambda: "a new way to read")
    fruit.write({"b.txt": "The cherry is in another basket.\n"})
    assert fruit.build().replaced == ("a.txt", "b.txt")
    assert [info.added for info in fruit.load().documents()] == [first["a.txt"], "3000-01-01T00:00:00+00:00"]


class _InThreeThousand(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _InThreeThousand:
        return cls(3000, 1, 1, tzinfo=tz)
