"""Questions are answered in their own language, told without a leaning towards English."""

import pytest

from rag.chatbot import _language_of
from rag.types import Question, Turn


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
    assert _language_of(Question(question)) == code


def test_a_follow_up_too_short_to_tell_is_in_the_language_before() -> None:
    history = (Turn("user", "Wer gründete die Firma?"), Turn("assistant", "Liang Wenfeng."))
    assert _language_of(Question("Zhiding Yu?", history)) == "de"
