"""The same question again: the same answer at once, and never one that would be another now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.chatbot import Chatbot
from rag.errors import Cancelled
from rag.index import Index
from rag.remembering import KEPT, Answers
from rag.types import Answer, Event, Question, Turn
from tests.answering.fakes import FakeLLM, chatbot, index_of

APPLES = "Am alten Baum hängen 12 rote Äpfel, und niemand pflückt sie."
HOW_MANY = Question("How many apples are there?", language="en")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with index_of(tmp_path, {"garten.txt": f"{APPLES}\n"}) as index:
        yield index


def bot_with(index: Index) -> tuple[Chatbot, FakeLLM]:
    llm = FakeLLM("There are 12 apples.", "There are 12 apples on the tree.")
    return chatbot(index, llm), llm


def answer_of(events: list[Event]) -> Answer:
    answer = events[-1].data
    assert isinstance(answer, Answer)
    return answer


def asked_again(bot: Chatbot, question: Question, again: Question) -> bool:
    first = answer_of(list(bot.answer(question)))
    assert not first.cached
    return answer_of(list(bot.answer(again))).cached


def test_the_same_question_gets_the_same_steps_without_the_model(index: Index) -> None:
    bot, llm = bot_with(index)
    first = list(bot.answer(HOW_MANY))
    prompts = len(llm.prompts)
    second = list(bot.answer(HOW_MANY))
    assert len(llm.prompts) == prompts
    assert second[:-1] == first[:-1]
    answer = answer_of(second)
    assert answer.cached
    assert replace(answer, cached=False, timings=answer_of(first).timings) == answer_of(first)
    assert (answer.timings.prompt_tokens, answer.timings.answer_tokens) == (0, 0)
    assert answer.timings.first_token_ms is not None
    assert answer.timings.first_token_ms <= answer.timings.total_ms


def test_nothing_is_prepared_for_a_question_that_was_answered(index: Index) -> None:
    bot, llm = bot_with(index)
    list(bot.answer(HOW_MANY))
    prompts = len(llm.prompts)
    bot.prepare(HOW_MANY)
    assert len(llm.prompts) == prompts
    bot.prepare(replace(HOW_MANY, text="How many apples"))
    assert len(llm.prompts) == prompts + 1


def test_a_refusal_is_remembered_too(index: Index) -> None:
    bot = chatbot(index, FakeLLM(verdict=-1.0))
    assert asked_again(bot, HOW_MANY, HOW_MANY)


@pytest.mark.parametrize(
    "otherwise",
    [
        replace(HOW_MANY, text="How many apples are there"),
        replace(HOW_MANY, language="de"),
        replace(HOW_MANY, documents=("garten.txt",)),
        replace(HOW_MANY, fresh=True),
    ],
)
def test_a_question_that_differs_in_anything_is_answered_anew(index: Index, otherwise: Question) -> None:
    bot, llm = bot_with(index)
    llm.replies += ["12 Äpfel."] * 2
    assert not asked_again(bot, HOW_MANY, otherwise)


def test_a_follow_up_is_the_same_only_after_the_same_turns(index: Index) -> None:
    turns = (Turn("user", "Where is the apple tree?"), Turn("assistant", "In Rome."))
    other = (Turn("user", "Where is the cherry tree?"), Turn("assistant", "In Rome."))
    question = Question("How many apples does it have?", turns, language="en")
    assert asked_again(bot_with(index)[0], question, question)
    assert not asked_again(bot_with(index)[0], question, replace(question, history=other))
    alone = replace(HOW_MANY, history=turns)
    assert asked_again(bot_with(index)[0], HOW_MANY, alone)


def test_an_answer_broken_off_is_not_remembered(index: Index) -> None:
    bot, _ = bot_with(index)
    with pytest.raises(Cancelled):
        list(bot.answer(HOW_MANY, cancelled=lambda: True))
    steps = bot.answer(HOW_MANY)
    assert [next(steps).kind for _ in range(3)] == ["evidence", "token", "token"]
    del steps
    assert not answer_of(list(bot.answer(HOW_MANY))).cached


def test_another_index_or_forgetting_leaves_nothing(index: Index) -> None:
    bot, llm = bot_with(index)
    llm.replies *= 2
    list(bot.answer(HOW_MANY))
    assert not answer_of(list(bot.with_index(index).answer(HOW_MANY))).cached
    bot.forget()
    assert not answer_of(list(bot.answer(HOW_MANY))).cached


def test_the_answer_not_asked_for_longest_is_forgotten_first() -> None:
    answers = Answers()
    for number in range(KEPT):
        answers.keep(Question(str(number)), [Event("token", str(number))])
    assert answers.given(Question("0")) == (Event("token", "0"),)
    answers.keep(Question("new"), [Event("token", "new")])
    assert answers.given(Question("1")) == ()
    assert answers.given(Question("0"))
    assert answers.given(Question("new"))


def test_an_answer_serves_readers_of_other_languages_where_the_question_tells_its_own(index: Index) -> None:
    bot, _ = bot_with(index)
    assert asked_again(bot, replace(HOW_MANY, spoken=("de",)), replace(HOW_MANY, spoken=("it", "fr")))


def test_a_question_that_is_in_another_language_for_another_reader_is_another_question(index: Index) -> None:
    bot, _ = bot_with(index)
    names = Question("Zhiding Yu?", language="en", spoken=("de",))
    assert not asked_again(bot, names, replace(names, spoken=("it",)))
