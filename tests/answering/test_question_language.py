"""Questions are answered in their own language, told without a leaning towards English."""

from pathlib import Path

import pytest

from rag.language import asked_in
from rag.retriever import Retriever
from rag.types import Hit, Question, Turn
from tests.answering.fakes import FakeLLM, chatbot, index_of


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("Wo hat Junxiao Song promoviert?", "de"),
        ("Who funds DeepSeek?", "en"),
        ("Où se trouve le siège d'Airbus ?", "fr"),
        ("Woran starb der Dirigent Aurélio Conti?", "de"),
        ("Vad hette Fatma Gülserens man?", "sv"),
        ("Какова глубина озера Сиваш?", "ru"),
        ("Siapa Hans Müller?", "id"),
    ],
)
def test_a_short_question_full_of_names_keeps_its_language(question: str, code: str) -> None:
    assert asked_in(Question(question)) == code


def test_a_follow_up_too_short_to_tell_is_in_the_language_before() -> None:
    history = (Turn("user", "Wer gründete die Firma?"), Turn("assistant", "Liang Wenfeng."))
    assert asked_in(Question("Zhiding Yu?", history)) == "de"


@pytest.mark.parametrize(
    ("question", "spoken", "code"),
    [
        ("Is Liang Wenfeng married?", ("en",), "en"),
        ("Is Liang Wenfeng married?", ("de", "en"), "en"),
        ("Is Odile Marchesseau married?", ("en",), "en"),
        ("Ile lat ma Halina Ożarowska?", ("pl", "en"), "pl"),
        ("Zhiding Yu?", ("it", "en"), "it"),
    ],
)
def test_a_question_too_short_to_tell_is_in_a_language_of_the_asker(
    question: str, spoken: tuple[str, ...], code: str
) -> None:
    assert asked_in(Question(question, spoken=spoken)) == code


@pytest.mark.parametrize(
    ("question", "spoken", "code"),
    [
        ("Wie viele Forscher hat DeepSeek?", ("en",), "de"),
        ("Who funds DeepSeek?", ("de", "fr"), "en"),
        ("Combien de chercheurs compte DeepSeek ?", ("es", "en"), "fr"),
        ("梁文锋来自哪个省？", ("ja",), "zh"),
    ],
)
def test_a_question_that_tells_its_language_keeps_it_whatever_the_asker_reads(
    question: str, spoken: tuple[str, ...], code: str
) -> None:
    assert asked_in(Question(question, spoken=spoken)) == code


def test_the_conversation_says_more_of_a_language_than_the_browser() -> None:
    history = (Turn("user", "Wer gründete die Firma?"), Turn("assistant", "Liang Wenfeng."))
    assert asked_in(Question("Zhiding Yu?", history, spoken=("en",))) == "de"


@pytest.mark.parametrize(
    "question", ["And Zhiding Yu?", "Zhiding Yu?", "Is Odile Marchesseau married?", "And is he married?"]
)
def test_a_conversation_that_tells_no_language_goes_on_in_the_asker_s(question: str) -> None:
    history = (Turn("user", "Is Liang Wenfeng married?"), Turn("assistant", "I found no answer to that."))
    assert asked_in(Question(question, history, spoken=("en",))) == "en"


@pytest.mark.parametrize("question", ["Liang Wenfengs Vater?", "Wohnort Liang Wenfeng?", "Liang Wenfeng Alter?"])
def test_search_takes_a_question_for_what_the_conversation_tells_although_it_needs_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    searched: list[Question] = []

    def search(_: Retriever, asked: Question) -> tuple[Hit, ...]:
        searched.append(asked)
        return ()

    monkeypatch.setattr(Retriever, "search", search)
    history = (Turn("user", "Wer gründete die Firma?"), Turn("assistant", "Das sagen die Dokumente nicht."))
    with index_of(tmp_path, {"a.txt": "Äpfel hängen am Baum."}) as index:
        chatbot(index, FakeLLM()).search(question, history=history, spoken=("en",))
    assert [asked_in(one) for one in searched] == ["de"]
