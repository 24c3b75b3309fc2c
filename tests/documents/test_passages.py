from __future__ import annotations

from rag.passages import context, passages
from rag.sentences import split
from rag.types import Document, Passage, Sentence


def words(text: str) -> int:
    return len(text.split())


def read(text: str) -> tuple[Document, list[Sentence]]:
    document = Document(id="a.txt", text=text, title="", language="en")
    return document, split(document)


def sentence_of(size: int) -> str:
    return " ".join(["Word", *["word"] * (size - 2), "end."])


def grouped(text: str) -> list[Passage]:
    document, sentences = read(text)
    return passages(document, sentences, count_tokens=words, target=12, limit=16)


def spans(found: list[Passage]) -> list[tuple[int, int]]:
    return [(passage.first, passage.last) for passage in found]


def test_sentences_are_gathered_up_to_the_limit_without_overlap() -> None:
    assert spans(grouped(" ".join([sentence_of(5)] * 7))) == [(0, 2), (3, 5), (6, 6)]


def test_a_passage_is_a_slice_of_the_text() -> None:
    document, sentences = read("A first sentence.  A second one.\n\nA third.")
    (passage,) = passages(document, sentences, count_tokens=words)
    assert passage == Passage("a.txt", 0, 0, 2, 0, 42, "A first sentence.  A second one.\n\nA third.")


def test_a_passage_ends_with_its_paragraph_when_it_is_long_enough() -> None:
    assert spans(grouped(f"{sentence_of(5)} {sentence_of(4)}\n{sentence_of(4)} {sentence_of(4)}")) == [(0, 1), (2, 3)]


def test_short_paragraphs_share_a_passage() -> None:
    assert spans(grouped("\n".join([sentence_of(3)] * 4))) == [(0, 2), (3, 3)]


def test_a_heading_goes_with_what_follows() -> None:
    found = grouped(f"{sentence_of(4)}\nA heading\n{sentence_of(9)} {sentence_of(9)}")
    assert spans(found) == [(0, 0), (1, 2), (3, 3)]
    assert found[1].text.startswith("A heading\nWord")


def test_a_heading_stays_with_a_sentence_that_fills_the_passage() -> None:
    assert spans(grouped(f"A heading\n{sentence_of(16)}\n{sentence_of(5)}")) == [(0, 1), (2, 2)]


def test_a_sentence_above_the_limit_is_a_passage_of_its_own() -> None:
    assert spans(grouped(f"{sentence_of(5)} {sentence_of(40)} {sentence_of(5)}")) == [(0, 0), (1, 1), (2, 2)]


def test_no_sentences_make_no_passages() -> None:
    assert grouped("") == []


def test_every_sentence_is_in_exactly_one_passage() -> None:
    text = "\n".join(" ".join(sentence_of(size) for size in row) for row in ([3, 9, 30], [2], [7, 7, 7, 7], [5]))
    covered = [index for first, last in spans(grouped(text)) for index in range(first, last + 1)]
    assert covered == list(range(9))


def test_the_context_of_a_sentence_is_one_neighbour_on_each_side() -> None:
    _, sentences = read("One is here. Two is here. Three is here.")
    assert context(sentences, 1) == "One is here. Two is here. Three is here."
    assert context(sentences, 0) == "One is here. Two is here."
    assert context(sentences, 2) == "Two is here. Three is here."


def test_the_context_does_not_cross_into_another_section() -> None:
    _, sentences = read("One is here.\nThe heading\nTwo is here.")
    assert [context(sentences, index) for index in range(3)] == [
        "One is here.",
        "The heading Two is here.",
        "The heading Two is here.",
    ]


def test_the_context_does_not_cross_into_another_document() -> None:
    _, sentences = read("One is here.")
    other = Sentence("b.txt", 0, 0, 12, "Two is here.")
    assert context([*sentences, other], 0) == "One is here."
    assert context([*sentences, other], 1) == "Two is here."
