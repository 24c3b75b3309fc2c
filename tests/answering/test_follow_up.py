"""A follow-up is told from a new topic."""

import pytest

from rag.follow_up import needs_context


@pytest.mark.parametrize(
    "question",
    [
        "Where did he get his doctorate?",
        "And the second one?",
        "Und was kostet ein Ticket?",
        "Wo hat sie studiert?",
        "Et en 2020 ?",
        "¿Y cuándo?",
        "彼はどこで生まれましたか？",
        "他在哪里上大学？",
        "Когда он родился?",
        "Why exactly?",
    ],
)
def test_a_question_that_points_back_needs_the_one_before(question: str) -> None:
    assert needs_context(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Mongolia?",
        "Wie heißt die Hauptstadt der Mongolei?",
        "Quelle est la capitale de la Mongolie ?",
        "モンゴルの首都はどこですか？",
        "蒙古的首都是哪里？",
        "Who wrote Faust?",
    ],
)
def test_a_question_with_a_subject_of_its_own_is_a_new_topic(question: str) -> None:
    assert not needs_context(question)
