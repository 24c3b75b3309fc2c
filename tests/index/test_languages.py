from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from rag import retriever
from rag.retriever import Retriever
from rag.types import Question
from tests.index.shelf import FakeEmbedder, Shelf

ENGLISH = "The weather in the valley was mild that year and nobody in the village remembers more about {}."
GERMAN = "Das Wetter im Tal war in jenem Jahr mild und niemand im Dorf erinnert sich an mehr als {}."


class Leaning(FakeEmbedder):
    """A vector has a number for each fruit and, twice as large, one for the language that it is in."""

    dimensions = 5

    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = [[*(fruit in text for fruit in ("apple", "banana", "cherry")), *self._language(text)] for text in texts]
        vectors = np.array(rows, dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _language(self, text: str) -> tuple[int, int]:
        german = "Wetter" in text
        return 2 * german, 2 * (not german)


@pytest.fixture
def valley(shelf: Shelf) -> Shelf:
    """English documents about apples and cherries, German ones about bananas and cherries."""
    shelf.embedder = Leaning()
    for number in range(6):
        fruit = ("apple", "cherry")[number % 2]
        shelf.write({f"en{number}.txt": ENGLISH.format(fruit)})
        shelf.write({f"de{number}.txt": GERMAN.format("banana" if fruit == "apple" else fruit)})
    shelf.build()
    return shelf


def test_what_is_asked_outweighs_the_language_it_is_asked_in(valley: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retriever, "SCARCE", 0)
    index = valley.load()
    assert {info.language for info in index.documents()} == {"de", "en"}
    question = Question("What about the banana?")
    best = Retriever(index, valley.embedder, len).search(question)[0]
    assert best.sentence.document == "de0.txt"
    # Of a language with few passages, the mean tells what they are about.
    monkeypatch.setattr(retriever, "SCARCE", 1_000_000)
    assert Retriever(index, valley.embedder, len).search(question)[0].sentence.document == "en0.txt"


def test_in_a_collection_of_one_language_scores_are_sums_of_cosines(shelf: Shelf) -> None:
    shelf.embedder = Leaning()
    shelf.write({f"en{number}.txt": ENGLISH.format("apple") for number in range(3)})
    shelf.build()
    hit = Retriever(shelf.load(), shelf.embedder, len).search(Question("apple"))[0]
    assert hit.score == pytest.approx(3 * (1 + retriever.NAMELESS_WEIGHT), abs=0.02)
