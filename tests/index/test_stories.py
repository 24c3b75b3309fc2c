from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from rag import stories
from rag.errors import DocumentNotFound
from tests.index.shelf import FakeEmbedder, Shelf


class ByNumber(FakeEmbedder):
    """The direction of a text depends on the first number in it, whatever language stands around it."""

    dimensions = 24

    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = [self._row("".join(filter(str.isdigit, text))[:2] or "0") for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows], dtype=np.float32)

    def _row(self, number: str) -> npt.NDArray[np.float64]:
        return np.random.default_rng(int(number)).normal(size=self.dimensions)


def _text(words: str, numbers: Sequence[int]) -> str:
    return "\n\n".join(f"{words} {number}." for number in numbers)


@pytest.fixture
def told_twice(shelf: Shelf) -> Shelf:
    """A story, its translation with one sentence left out, the same sentences in another order, and another story."""
    shelf.embedder = ByNumber()
    shelf.write(
        {
            "story.txt": _text("Something happened in the year", range(10, 22)),
            "translated.txt": _text("Etwas geschah in diesem Jahr", [*range(10, 14), *range(15, 22)]),
            "shuffled.txt": _text("Something happened in the year", [21, 16, 11, 20, 10, 18, 12, 17, 13, 19, 14, 15]),
            "other.txt": _text("Something else happened in the year", range(50, 62)),
        }
    )
    shelf.build()
    return shelf


def test_a_translation_tells_the_same_story_and_others_do_not(told_twice: Shelf) -> None:
    index = told_twice.load()
    assert {info.id: index.same_story(info.id) for info in index.documents()} == {
        "other.txt": [],
        "shuffled.txt": [],
        "story.txt": ["translated.txt"],
        "translated.txt": ["story.txt"],
    }
    with pytest.raises(DocumentNotFound):
        index.same_story("nowhere.txt")


def test_what_is_added_later_is_compared_and_what_is_removed_or_changed_forgotten(told_twice: Shelf) -> None:
    told_twice.write({"copy.txt": _text("Something happened in the year", range(10, 22))})
    (told_twice.documents / "translated.txt").unlink()
    told_twice.build()
    assert told_twice.load().same_story("story.txt") == ["copy.txt"]
    told_twice.write({"copy.txt": _text("Nothing of it in", range(70, 80))})
    told_twice.build()
    assert told_twice.load().same_story("story.txt") == []


def test_a_story_told_more_often_than_is_compared_is_one_story(
    told_twice: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "COMPARED", 1)
    (told_twice.documents / "shuffled.txt").unlink()
    for number in range(6):
        told_twice.write({f"copy{number}.txt": _text(f"Told by {'abcdef'[number]} of the year", range(10, 22))})
        told_twice.build()
    index = told_twice.load()
    assert index.same_story("copy0.txt") == [*(f"copy{n}.txt" for n in range(1, 6)), "story.txt", "translated.txt"]


def test_long_documents_are_compared_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(50, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    others = (vectors + random.normal(scale=0.15, size=vectors.shape)).astype(np.float32)
    whole = stories.paired(vectors, others)
    assert 0.5 < whole < 1
    monkeypatch.setattr(stories, "ROWS", 7)
    assert stories.paired(vectors, others) == whole


def test_a_few_sentences_are_no_story() -> None:
    vectors = np.eye(8, dtype=np.float32)
    assert stories.paired(vectors[:4], vectors[:4]) == 0
    assert stories.paired(vectors[:5], vectors[:5]) == 1
    assert stories.paired(vectors, vectors[:7]) == pytest.approx(14 / 15)
    assert stories.paired(vectors, vectors[::-1].copy()) == pytest.approx(2 / 8)
