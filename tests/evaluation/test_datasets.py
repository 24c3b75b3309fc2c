"""Public data sets become documents and trials."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.errors import CrossciteError
from rag.evaluation.datasets import golden, squad


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Four articles of two paragraphs with three questions each; every second one is left out of the documents."""
    data = [
        {
            "paragraphs": [
                {
                    "context": f"Article {page}, paragraph {paragraph}.",
                    "qas": [
                        {
                            "id": f"{page}{paragraph}{at}",
                            "question": f"Page {page}, {paragraph}, {at}?",
                            "answers": [{"text": f"{page}.{paragraph}.{at}", "answer_start": 0}],
                        }
                        for at in range(3)
                    ],
                }
                for paragraph in range(2)
            ]
        }
        for page in range(4)
    ]
    path = tmp_path / "pages.json"
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    return path


def test_every_second_article_is_a_document(pages: Path) -> None:
    assert squad(pages, pages, 1, articles=2).texts == {
        "pages-0.txt": "Article 0, paragraph 0.\n\nArticle 0, paragraph 1.",
        "pages-2.txt": "Article 2, paragraph 0.\n\nArticle 2, paragraph 1.",
    }


def test_as_many_questions_are_about_the_documents_as_about_what_was_left_out(pages: Path) -> None:
    trials = squad(pages, pages, 5, articles=2).trials
    assert [trial.answerable for trial in trials] == [True] * 5 + [False] * 5


def test_questions_are_spread_over_the_articles_and_not_about_their_openings(pages: Path) -> None:
    """The opening of an article is easy to find and to answer from: errors were taken for rarer than they are."""
    trials = squad(pages, pages, 4, articles=2).trials
    asked = [trial.question.text for trial in trials if trial.answerable]
    assert asked == ["Page 0, 0, 1?", "Page 0, 1, 1?", "Page 2, 0, 1?", "Page 2, 1, 1?"]


def test_what_a_short_article_lacks_others_give(pages: Path) -> None:
    data = json.loads(pages.read_text(encoding="utf-8"))
    for page in data["data"][:2]:
        del page["paragraphs"][1:], page["paragraphs"][0]["qas"][1:]
    pages.write_text(json.dumps(data), encoding="utf-8")
    assert [trial.answerable for trial in squad(pages, pages, 6, articles=2).trials].count(True) == 6
    assert len(squad(pages, pages, 100, articles=2).trials) == 14


def test_what_is_expected_is_known_of_questions_that_have_an_answer(pages: Path) -> None:
    trials = squad(pages, pages, 1, articles=2).trials
    assert [trial.expected for trial in trials] == [("0.1.0",), ()]


def test_a_golden_set_asks_about_the_text_files_of_its_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "garden"
    folder.mkdir()
    questions = tmp_path / "apples.jsonl"
    lines = [
        {"id": "a", "kind": "fact", "lang": "en", "question": "How many?", "answerable": True, "documents": ["a.txt"]},
        {"id": "b", "kind": "unanswerable", "lang": "en", "question": "Who?", "answerable": False},
    ]
    questions.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with pytest.raises(CrossciteError, match="does not hold a.txt"):
        golden(questions, folder)
    (folder / "a.txt").write_text("There are 12 apples.", encoding="utf-8")
    read = golden(questions, folder)
    assert read.texts == {"garden-a.txt": "There are 12 apples."}
    assert [(one.source, one.answerable, one.question.documents) for one in read.trials] == [
        ("apples", True, ("garden-a.txt",)),
        ("apples", False, ("garden-a.txt",)),
    ]
