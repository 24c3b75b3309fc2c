"""Evidence that was read already, and what of it serves the next question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.ahead import UNASKED, Reading, continued
from rag.errors import Cancelled, QuestionError
from rag.index import Index
from rag.retriever import Retrieval
from rag.types import Answer, Evidence, Hit, Question, Sentence, Turn
from tests.answering.fakes import FakeLLM, chatbot, index_of


def sentence(position: int, document: str = "a.txt") -> Sentence:
    return Sentence(document, position, position * 10, position * 10 + 9, f"Sentence {position}.")


def evidence(*positions: int, score: float = 0.5) -> tuple[Evidence, ...]:
    found = [sentence(position) for position in positions]
    return tuple(
        Evidence(number, one.document, "A", "en", one.start, one.end, one.text, score)
        for number, one in enumerate(found, 1)
    )


def retrieval(wanted: tuple[int, ...], *, possible: tuple[int, ...] = ()) -> Retrieval:
    hits = tuple(Hit(sentence(position), 0.9, 0.9) for position in (*wanted, *possible))
    return Retrieval(evidence(*wanted, score=0.9), hits, hits)


def kept_of(read: tuple[int, ...], found: Retrieval) -> list[int]:
    pieces = continued(Reading(Question("?"), evidence(*read), asked=False), found)
    assert [piece.number for piece in pieces] == list(range(1, len(pieces) + 1))
    assert {piece.score for piece in pieces} == {0.9}
    return [piece.start // 10 for piece in pieces]


def test_what_was_read_keeps_its_order_and_what_is_new_comes_behind_it() -> None:
    assert kept_of((5, 2, 7), retrieval((7, 5, 3, 2))) == [5, 2, 7, 3]


def test_a_sentence_that_is_possible_evidence_stays_though_it_was_not_chosen() -> None:
    assert kept_of((5, 2), retrieval((5,), possible=(2,))) == [5, 2]


def test_what_was_read_ends_before_the_first_sentence_that_is_no_evidence_now() -> None:
    assert kept_of((5, 8, 2), retrieval((2, 5, 3))) == [5, 2, 3]


def test_only_few_sentences_stay_that_were_not_chosen() -> None:
    found = retrieval((5,), possible=(1, 2, 3))
    assert kept_of((1, 2, 3, 5), found) == [1, 2, 5]
    assert UNASKED == 2


@pytest.mark.parametrize(
    ("typed", "question", "serves"),
    [
        ("How many appl", "How many apples are there?", True),
        ("How many apples are their", "How many apples are there?", True),
        ("When did he die?", "How many apples are there?", False),
        ("りんごは何個", "りんごは何個ありますか？", True),
    ],
)
def test_what_was_typed_serves_the_question_that_begins_so(typed: str, question: str, serves: bool) -> None:
    assert Reading(Question(typed), (), asked=False).serves(Question(question)) is serves


def test_what_was_asked_serves_a_follow_up_and_no_other_question() -> None:
    read = Reading(Question("How many apples are there?"), (), asked=True)
    assert not read.serves(Question("How many apples are there in Rome?"))
    turns = (Turn("user", "How many apples are there?"), Turn("assistant", "Twelve."))
    assert read.serves(Question("And where are they?", turns))
    assert not read.serves(Question("And where are they?", turns, documents=("a.txt",)))


# With a chatbot

APPLES = f"{'apples ' * 5}{'bananas ' * 3}hang on the old tree by the wall.".capitalize()
BANANAS = f"{'apples ' * 3}{'bananas ' * 5}lie in the shop at the corner.".capitalize()
TYPED = "apples " * 11 + "bananas " * 10
ASKED = f"{TYPED}bananas bananas?"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with index_of(tmp_path, {"a.txt": APPLES, "b.txt": BANANAS}) as index:
        yield index


def quotes_for(index: Index, question: Question, *typed: str, forgotten: bool = False) -> list[str]:
    llm = FakeLLM("Apples hang on the tree.")
    bot = chatbot(index, llm)
    for text in typed:
        bot.prepare(Question(text))
    if forgotten:
        llm.forget()
    before = len(llm.prompts)
    *_, last = bot.answer(replace(question, language="en"))
    assert isinstance(last.data, Answer)
    asked = llm.prompts[before].messages[-1].content
    places = [asked.index(piece.quote) for piece in last.data.evidence]
    assert places == sorted(places)
    return [piece.quote for piece in last.data.evidence]


def test_evidence_read_while_typing_comes_first_in_the_order_in_which_it_was_read(index: Index) -> None:
    assert quotes_for(index, Question(ASKED)) == [BANANAS, APPLES]
    assert quotes_for(index, Question(ASKED), TYPED) == [APPLES, BANANAS]


def test_evidence_has_its_own_order_where_reading_it_anew_costs_little(index: Index) -> None:
    assert quotes_for(index, Question(ASKED), TYPED, forgotten=True) == [BANANAS, APPLES]


def test_what_was_typed_for_some_documents_serves_no_question_about_others(index: Index) -> None:
    assert quotes_for(index, Question(ASKED, documents=("a.txt", "b.txt")), TYPED) == [BANANAS, APPLES]


def test_reading_ahead_ends_when_it_is_cancelled_and_nothing_is_read_for_nothing(index: Index) -> None:
    llm = FakeLLM()
    bot = chatbot(index, llm)
    with pytest.raises(Cancelled):
        bot.prepare(Question(TYPED), cancelled=lambda: True)
    with pytest.raises(QuestionError):
        bot.prepare(Question(" "))
    assert llm.prompts == []
    bot.prepare(Question("apples"))
    assert "Question: apples\n" in llm.asked
