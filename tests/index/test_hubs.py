"""What is near to every question does not crowd out what one of them is about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from rag import hubs
from rag.retriever import Retriever
from rag.types import Question
from tests.index.shelf import FakeEmbedder, Shelf

VAGUE = "It was as it always is."
ABOUT_IT = "The apples hang on the tree behind the mill."


class Vague(FakeEmbedder):
    """The first number of a vector says whether fruit is the topic, the second is what any question and text share."""

    dimensions = 2

    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return self._vectors([(1 if "fruit" in text else 0, 1.6) for text in texts])

    def passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return self._vectors([(1, 0.3) if "apples" in text else (0, 1) for text in texts])

    def _vectors(self, rows: Sequence[tuple[float, float]]) -> npt.NDArray[np.float32]:
        vectors = np.array(rows, dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def first(shelf: Shelf) -> str:
    shelf.embedder = Vague()
    shelf.write({"about.txt": ABOUT_IT, "vague.txt": VAGUE})
    shelf.build()
    return Retriever(shelf.load(), shelf.embedder, len).search(Question("Where is there fruit?"))[0].sentence.text


def test_a_sentence_about_the_question_stands_before_one_that_is_near_to_any(shelf: Shelf) -> None:
    assert first(shelf) == ABOUT_IT


def test_it_would_not_without_the_correction(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "WEIGHT", 0)
    assert first(shelf) == VAGUE
