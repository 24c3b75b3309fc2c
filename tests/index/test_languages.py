"""What is asked decides which sentences are found, and not the language it is asked in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from rag import declaration, hubs, language, leaning, retriever
from rag.leaning import leanings
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
        german = any(word in text for word in ("Wetter", "Recht"))
        return 2 * german, 2 * (not german)


@pytest.mark.parametrize("german", [1, 6])
def test_what_is_asked_outweighs_the_language_it_is_asked_in(
    german: int, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.embedder = Leaning()
    shelf.write({f"en{number}.txt": ENGLISH.format(("apple", "cherry")[number % 2]) for number in range(6)})
    shelf.write({f"de{number}.txt": GERMAN.format(("banana", "cherry")[number % 2]) for number in range(german)})
    shelf.build()
    index = shelf.load()
    assert {info.language for info in index.documents()} == {"de", "en"}
    question = Question("What about the banana?")
    best = Retriever(index, shelf.embedder, len).search(question)[0]
    assert best.sentence.document == "de0.txt"
    monkeypatch.setattr(leaning, "WEIGHT", 0.0)
    assert Retriever(index, shelf.embedder, len).search(question)[0].sentence.document.startswith("en")


def test_output_of_programs_is_not_helped_by_the_language_of_its_document(shelf: Shelf) -> None:
    listing = "banana  0  0  0.0.0.0:996  127.0.0.1:1007  390/17  16:48  2021-06-15"
    page = f"{GERMAN.format('apple')}\n\n{listing}\n\n{GERMAN.format('cherry')}\n"
    shelf.embedder = Leaning()
    shelf.write({"en.txt": ENGLISH.format("apple"), "listing.txt": page, "talk.txt": GERMAN.format("banana")})
    shelf.build()
    found = Retriever(shelf.load(), shelf.embedder, len).search(Question("What about the banana?"))
    listed, told = (
        next(hit for hit in found if hit.sentence.text == text) for text in (listing, GERMAN.format("banana"))
    )
    assert listed.meaning < told.meaning


def test_in_a_collection_of_one_language_scores_are_sums_of_cosines(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "WEIGHT", 0)
    shelf.embedder = Leaning()
    shelf.write({f"en{number}.txt": ENGLISH.format("apple") for number in range(3)})
    shelf.build()
    hit = Retriever(shelf.load(), shelf.embedder, len).search(Question("apple"))[0]
    assert hit.score == pytest.approx(3 * (1 + retriever.NAMELESS_WEIGHT), abs=0.02)


def test_the_declaration_is_there_in_every_language_that_is_told_apart() -> None:
    assert set(leanings(Leaning(), language.NAMES)) == set(language.NAMES)
    for code in language.NAMES:
        texts = declaration.texts()[code]
        assert [language.detect(text) for text in texts] == [code] * 2


def test_a_language_without_the_declaration_is_taken_for_the_mean_of_the_others() -> None:
    found = leanings(Leaning(), ["de", "en", "und"])
    assert set(found) == {"de", "en"}
    assert found["de"] == pytest.approx(-found["en"])
    assert leanings(Leaning(), ["und", "xx"]) == {}


def test_nothing_is_embedded_for_a_collection_of_one_language() -> None:
    class Unasked(Leaning):
        def passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            raise AssertionError(texts)

    assert leanings(Unasked(), ["de", "de"]) == {}
