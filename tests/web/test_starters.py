from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from rag.types import Document
from tests.web.conftest import client
from tests.web.fakes import FakeChatbot
from web.i18n import interface
from web.starters import names, spread, starters


def document(id: str, text: str, title: str, language: str = "en") -> Document:
    return Document(id, text, title, language)


TREE = document("tree.txt", "It was planted by Ada Bloom. Every year Ada Bloom came back.", "The tree")
LOG = document("log.txt", "nothing has a name here", "The log of a quiet day")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TREE.text, ["Ada Bloom"]),
        ("It was seen by Ada Bloom once.", []),
        ("Big Trees fell. Big Trees fell.", []),
        ("Er traf Karl Weber in Neu Ulm, und aus Neu Ulm kam Karl Weber.", ["Karl Weber", "Neu Ulm"]),
        ("ある日ダニエル・パロマーは言った。次の日ダニエル・パロマーは去った。", ["ダニエル・パロマー"]),
        ("公司Globex成立于1999年。后来Globex搬走了。", ["Globex"]),
        ("Её видела Анна Петрова. Потом пришла Анна Петрова.", ["Анна Петрова"]),
        ("", []),
    ],
)  # fmt: skip
def test_names_are_what_a_text_calls_by_name_more_than_once(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_each_document_starts_a_question_of_its_own_in_the_language_of_the_interface() -> None:
    again = document("again.txt", TREE.text, "The same tree")
    assert starters([TREE, LOG, again], interface("en")) == [
        "What is said about \u2068Ada Bloom\u2069?",
        "What is “\u2068The log of a quiet day\u2069” about?",
        "What is “\u2068The same tree\u2069” about?",
    ]
    assert starters([TREE], interface("de")) == ["Was wird über \u2068Ada Bloom\u2069 gesagt?"]
    assert starters([], interface("en")) == []


def test_every_language_of_the_documents_has_its_turn() -> None:
    assert spread(["a1", "a2", "a3", "b1", "c1"], lambda item: item[0]) == ["a1", "b1", "c1", "a2", "a3"]


def test_the_page_gets_at_most_four(http: TestClient) -> None:
    many = [document(f"{number}.txt", "x", f"Title {number}") for number in range(9)]
    with client(FakeChatbot(documents=many)) as http:
        questions = http.get("/starters", headers={"Accept-Language": "de"}).json()["questions"]
    assert questions == [f"Worum geht es in „\u2068Title {number}\u2069“?" for number in range(4)]
