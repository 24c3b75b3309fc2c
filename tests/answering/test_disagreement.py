"""Documents that give another figure for the same thing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag import figures
from rag.disagreement import giving_another_figure
from rag.embedding import Embedder
from rag.evaluation.results import answer_from_dict
from rag.types import Evidence
from rag.wire import answer_to_dict
from tests.answering.fakes import FakeEmbedder, FakeLLM, index_of
from tests.answering.test_chatbot import answer_of, ask

APPLES = "There are 12 apples on the tree of the Duke of Ferrara."


def piece(quote: str, document: str = "b.txt", language: str = "en") -> Evidence:
    return Evidence(1, document, "Title", language, 0, len(quote), quote, 1.0)


def found(other: str, text: str = APPLES, cited: str = APPLES, document: str = "b.txt") -> bool:
    return bool(giving_another_figure(text, [piece(cited, "a.txt")], [piece(other, document)], FakeEmbedder()))


def test_another_number_for_the_same_thing_is_found() -> None:
    assert found("On the tree of the Duke of Ferrara there are 13 apples.")
    assert found("Am Baum des Herzogs von Ferrara hängen 13 Äpfel.")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ("There are 12 apples on the tree of the Duke of Ferrara.", "the same"),
        ("There are twelve apples on the tree of the Duke of Ferrara.", "no number that could be compared"),
        ("There are 13 bananas on the tree of the Duke of Ferrara.", "something else"),
        ("In 1502 there were 13 apples on the tree of the Duke of Ferrara.", "two numbers: of another year, perhaps"),
        ("There are 13 apples on the tree of the Count of Mantua.", "of somebody else"),
    ],
)
def test_what_need_not_contradict_is_not_taken_for_it(other: str, why: str) -> None:
    assert not found(other), why


def test_only_a_number_that_the_answer_has_can_be_contradicted() -> None:
    assert not found("There are 13 apples on the tree of the Duke of Ferrara.", text="There are apples on the tree.")


def test_an_answer_that_gives_both_numbers_is_not_contradicted() -> None:
    both = "There are 12 apples, or 13 apples as others say."
    assert not found("There are 13 apples on the tree of the Duke of Ferrara.", text=both)


def test_a_document_does_not_contradict_itself() -> None:
    assert not found("There are 13 apples on the tree of the Duke of Ferrara.", document="a.txt")


def test_a_number_in_words_is_the_same() -> None:
    assert not found("There are twelve apples and 3 pears on the tree of the Duke of Ferrara.")


def test_a_number_in_another_notation_is_the_same() -> None:
    worth = "The apples are worth 600 billion."
    assert not found("Die Äpfel sind 600 Milliarden wert.", text=worth, cited=worth)
    assert found("Die Äpfel sind 600 Millionen wert.", text=worth, cited=worth)


# In an answer

DISAGREEING = {
    "old.txt": "The garden\n\nThere are 12 apples on the tree.\n",
    "new.txt": "News\n\nThere are 15 apples now.\n",
}


def test_what_has_no_number_cannot_differ_in_one() -> None:
    assert figures.differ("There are 12 apples.", "Es sind 13 Äpfel.")
    assert not figures.differ("There are 12 apples.", "There are apples.")
    assert not figures.differ("There are 12 apples.", "12 Äpfel sind da.")


def test_documents_that_disagree_both_reach_the_model(tmp_path: Path) -> None:
    llm = FakeLLM("There are 12 apples.")
    ask(index_of(tmp_path, DISAGREEING), llm, "How many apples are there?")
    assert "There are 12 apples on the tree." in llm.asked
    assert "There are 15 apples now." in llm.asked


def test_an_answer_shows_the_document_that_disagrees(tmp_path: Path) -> None:
    index = index_of(tmp_path, DISAGREEING)
    answer = answer_of(ask(index, FakeLLM("There are 12 apples on the tree."), "How many apples are there?"))
    (citation,) = answer.citations
    (other,) = answer.disagreements
    assert (citation.document, other.sentence, other.source.document) == ("old.txt", 1, "new.txt")
    assert index.document("new.txt").text[other.source.start : other.source.end] == other.source.quote
    assert answer_to_dict(answer)["disagreements"] == [
        {
            "sentence": 1,
            "document": "new.txt",
            "title": "News",
            "language": "en",
            "date": None,
            "start": 6,
            "end": 30,
            "page": None,
            "quote": "There are 15 apples now.",
        }
    ]
    assert answer_from_dict(answer_to_dict(answer)).disagreements == (
        replace(other, source=replace(other.source, score=0.0)),
    )


# With the real embedder


@pytest.mark.models
@pytest.mark.parametrize(
    ("cited", "other", "contradicts"),
    [
        ("The bridge over the Weser was opened in 1927.", "Die Brücke über die Weser wurde 1929 eröffnet.", True),
        ("The museum has 340 paintings.", "Das Museum besitzt 410 Gemälde.", True),
        ("Le musée possède 340 tableaux.", "The museum has 340 paintings and drawings.", False),
        ("The museum has 340 paintings.", "The city has 340,000 inhabitants.", False),
        ("The bridge was opened in 1927.", "The first car factory of the town was opened in 1911.", False),
    ],
)
def test_disagreement_is_told_across_languages(
    real_embedder: Embedder, cited: str, other: str, contradicts: bool
) -> None:
    others = [piece(other, language="und")]
    assert bool(giving_another_figure(cited, [piece(cited, "a.txt")], others, real_embedder)) is contradicts
