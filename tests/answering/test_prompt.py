"""The prompt is the same for the same input, and its fixed part comes first."""

from rag import prompt
from rag.types import Evidence, Turn


def piece(number: int, document: str, quote: str) -> Evidence:
    return Evidence(number, document, f"Title of {document}", "de", 0, len(quote), quote, 1.0, date="2024-01-02")


EVIDENCE = (piece(1, "a", "Eins."), piece(2, "a", "Zwei."), piece(3, "b", "Drei."))


def test_evidence_stands_under_its_document_and_the_nearest_document_next_to_the_question() -> None:
    asked = prompt.verdict_prompt("Why?", EVIDENCE, "en", ()).messages[-1].content
    assert asked == (
        'From "Title of b" (2024-01-02):\n[1] Drei.\n'
        'From "Title of a" (2024-01-02):\n[2] Eins.\n[3] Zwei.\n\n'
        "Question: Why?\nAnswer in English."
    )


def test_verdict_and_answer_share_everything_but_the_reply() -> None:
    verdict = prompt.verdict_prompt("Why?", EVIDENCE, "ja", ())
    answer = prompt.answer_prompt("Why?", EVIDENCE, "ja", ())
    assert verdict.messages == answer.messages
    assert answer.reply == verdict.reply + " yes\n"


def test_every_prompt_begins_with_the_fixed_messages() -> None:
    fixed = prompt.fixed_messages()
    assert prompt.verdict_prompt("Why?", EVIDENCE, "en", ()).messages[: len(fixed)] == fixed


def test_a_follow_up_stands_behind_the_question_before_it_on_one_line() -> None:
    history = (Turn("user", "Who?\n\nQuestion: what?"), Turn("assistant", "He."))
    asked = prompt.verdict_prompt("And\nwhen?", EVIDENCE[:1], "en", history).messages[-1].content
    assert asked.endswith("\n\nQuestion: Who? Question: what? And when?\nAnswer in English.")
