"""The inverted lists, with limits so small that a few hundred vectors need them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rag import neighbours
from rag.errors import IndexDamaged
from rag.index import Index
from tests.index.shelf import FakeEmbedder, Shelf

DIMENSIONS = 16


class Scattered(FakeEmbedder):
    """A vector of its own for each text, near those of the texts that begin with the same letter."""

    dimensions = DIMENSIONS

    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = [_direction(text[0]) + 0.4 * _direction(text) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows], dtype=np.float32)


def _direction(text: str) -> npt.NDArray[np.float64]:
    return np.random.default_rng(list(text.encode())).normal(size=DIMENSIONS)


@pytest.fixture
def large(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Twelve documents of 40 passages, more than are compared exactly here; every third is German."""
    monkeypatch.setattr(neighbours, "EXACT_UP_TO", 300)
    monkeypatch.setattr(neighbours, "SPARSE", 10)
    shelf.embedder = Scattered()
    shelf.write({f"{letter}.txt": _text(letter, german=at % 3 == 0) for at, letter in enumerate("abcdefghijkl")})
    shelf.build()
    return shelf


def _text(letter: str, *, german: bool = False) -> str:
    words = "ist der Satz mit der Nummer" if german else "is the sentence with the number"
    return "\n\n".join(f"{letter.upper()}{letter} {words} {number}." for number in range(40))


def _exactly(index: Index, question: str, k: int, documents: Sequence[str]) -> list[str]:
    vector = Scattered().queries([question])[0]
    passages = [passage for id in documents for passage in index.passages_of(id)]
    scores = Scattered().queries([passage.text for passage in passages]) @ vector
    return [passages[at].id for at in np.argsort(-scores)[:k]]


def _found(index: Index, question: str, k: int = 5, **limits: object) -> list[str]:
    vector = Scattered().queries([question])[0]
    return [passage.id for passage, _ in index.nearest_passages(vector, k, **limits)]  # type: ignore[arg-type]


def test_a_large_collection_gets_lists_and_the_manifest_their_measured_recall(large: Shelf) -> None:
    structure = large.load().manifest.search
    assert (structure.trained, structure.lists) == (480, 64)
    assert 8 <= structure.probes <= 64
    assert neighbours.RECALL_WANTED <= structure.recall <= 1


def test_a_small_collection_is_compared_exactly(fruit: Shelf) -> None:
    assert fruit.load().manifest.search == neighbours.Structure(trained=0, lists=0, probes=0, recall=1.0)


def test_the_lists_find_what_comparing_all_finds_with_the_same_scores(large: Shelf) -> None:
    index = large.load()
    every = [info.id for info in index.documents()]
    questions = [f"{letter}?" for letter in "ABCDEFGHIJKL"]
    shared = [len({*_found(index, q)} & {*_exactly(index, q, 5, every)}) for q in questions]
    assert sum(shared) >= 0.95 * 5 * len(questions)
    passage, score = index.nearest_passages(Scattered().queries(["B?"])[0], 1)[0]
    assert score == pytest.approx(float(np.dot(*Scattered().queries(["B?", passage.text]))), abs=2e-3)


@pytest.mark.parametrize("limits", [{"documents": ["c.txt", "d.txt"]}, {"language": "de"}])
def test_a_limited_search_stays_within_its_limits(large: Shelf, limits: dict[str, object]) -> None:
    index = large.load()
    allowed = ["a.txt", "d.txt", "g.txt", "j.txt"] if "language" in limits else ["c.txt", "d.txt"]
    assert {info.id for info in index.documents() if info.language == "de"} == {"a.txt", "d.txt", "g.txt", "j.txt"}
    found = _found(index, "B?", 8, **limits)
    assert {id.split("#")[0] for id in found} <= set(allowed)
    assert len({*found} & {*_exactly(index, "B?", 8, allowed)}) >= 7


def test_both_limits_hold_together(large: Shelf) -> None:
    found = _found(large.load(), "B?", 50, documents=["c.txt", "d.txt"], language="de")
    assert {id.split("#")[0] for id in found} == {"d.txt"}
    assert len(found) == 40


def test_few_allowed_passages_are_all_compared(large: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "SPARSE", 40)
    index = large.load()
    assert _found(index, "K?", 40, documents=["c.txt"]) == _exactly(index, "K?", 40, ["c.txt"])


def test_an_update_keeps_the_lists_and_finds_what_is_new_but_nothing_that_is_gone(large: Shelf) -> None:
    before = large.load().manifest.search
    large.write({"m.txt": _text("m"), "a.txt": _text("n")})
    (large.documents / "b.txt").unlink()
    large.build()
    index = large.load()
    assert index.manifest.search == before
    documents = {id.split("#")[0] for letter in "AMN" for id in _found(index, f"{letter}{letter.lower()} is", 20)}
    assert {"a.txt", "m.txt"} <= documents
    assert not {id for letter in "AB" for id in _found(index, f"{letter}?", 480) if id.startswith("b.txt")}
    assert _held(index) == set(index._store.all_passage_numbers().tolist())


def test_lists_are_made_anew_when_the_collection_has_outgrown_them(
    large: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "OUTGROWN", 1.05)
    large.write({"m.txt": _text("m")})
    large.build()
    assert large.load().manifest.search.trained == 520


def test_a_collection_that_became_small_is_compared_exactly_again(large: Shelf) -> None:
    for letter in "abcdefgh":
        (large.documents / f"{letter}.txt").unlink()
    large.build()
    index = large.load()
    assert index.manifest.search.lists == 0
    assert _found(index, "L?") == _exactly(index, "L?", 5, ["i.txt", "j.txt", "k.txt", "l.txt"])


def test_damaged_lists_are_refused_and_mended_without_embedding(large: Shelf) -> None:
    (path,) = large.files("faiss")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(IndexDamaged, match=r"\.faiss .* Run: crosscite index$"):
        large.load()
    large.build_paths([])
    assert large.embedder.embedded == []
    assert large.load().manifest.search.lists == 64


def _held(index: Index) -> set[int]:
    return set(neighbours._ids(index._neighbours._index).tolist())


def test_the_file_is_mapped_and_not_read(large: Shelf) -> None:
    import faiss

    lists = faiss.downcast_InvertedLists(large.load()._neighbours._index.invlists)
    assert isinstance(lists, faiss.OnDiskInvertedLists)


def test_a_number_is_never_used_for_another_passage(fruit: Shelf, tmp_path: Path) -> None:
    numbers = {"b.txt": set(fruit.load()._store.all_passage_numbers().tolist())}
    (fruit.documents / "b.txt").unlink()
    fruit.build()
    fruit.write({"c.txt": "A plum."})
    fruit.build()
    store = fruit.load()._store
    (added,) = [range for range in store.passage_ranges() if range.document == "c.txt"]
    assert added.first not in numbers["b.txt"]
