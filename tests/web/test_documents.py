from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from rag.errors import QuestionError
from rag.types import Document, Passage, Span
from tests.web.conftest import client
from tests.web.fakes import FAMILY, GERMAN, HOSTILE, JAPANESE, FakeChatbot
from web.text import blocks, cited_span, segments


def test_documents_are_listed_without_their_texts(http: TestClient) -> None:
    first = http.get("/documents").json()["documents"][0]
    assert first == {
        "id": "firmen/deepseek.txt",
        "title": "China feiert DeepSeek",
        "language": "de",
        "date": "2025-01-29",
        "url": None,
        "size": 99,
        "sentences": 402,
        "passages": 1,
        "pages": 0,
        "uploaded": False,
        "folder": "firmen",
        "added": "2026-01-02T03:04:05+00:00",
    }


def test_a_document_in_a_folder_is_served_with_its_canonical_text(http: TestClient) -> None:
    document = http.get("/documents/firmen/deepseek.txt").json()
    assert document["text"] == GERMAN.text
    assert document["furniture"] == [{"start": 0, "end": 7}]
    assert (document["language"], document["sha256"], document["pages"]) == ("de", "ab", [])


def test_a_search_is_made_for_a_reader_of_the_languages_of_the_browser() -> None:
    bot = FakeChatbot()
    with client(bot) as http:
        http.get("/search", params={"q": "Is Liang Wenfeng married?"}, headers={"Accept-Language": "en-GB"})
    assert [question.spoken for question in bot.searched] == [("en",)]


def test_search_returns_evidence_best_first(http: TestClient) -> None:
    found = http.get("/search", params={"q": "Who?", "k": 1}).json()
    assert found["query"] == "Who?"
    assert [(item["quote"], item["score"]) for item in found["evidence"]] == [(FAMILY.quote, 0.83)]
    assert len(http.get("/search", params={"q": "Who?"}).json()["evidence"]) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "q"), ("q=", "q"), ("q=+", "q"), ("q=a&k=0", "k"), ("q=a&k=51", "k"), ("q=a&k=x", "k")],
)
def test_a_search_that_cannot_be_made_is_a_422(http: TestClient, query: str, field: str) -> None:
    response = http.get(f"/search?{query}")
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_the_view_highlights_the_span_in_code_points(http: TestClient) -> None:
    page = http.get(f"/documents/{quote(JAPANESE.id)}/view?start={FAMILY.start}&end={FAMILY.end}").text
    assert (
        '<div class="document-text" lang="ja" dir="auto">'
        '<span class="passage begins" id="passage-1" data-number="1">'
        f'𠮷田さんは言う。<mark id="cited">{FAMILY.quote}</mark></span></div>'
    ) in page


def test_the_view_without_a_span_shows_the_text_and_sets_furniture_apart(http: TestClient) -> None:
    page = http.get("/documents/firmen/deepseek.txt/view").text
    assert "<mark" not in page
    assert '<span class="furniture">ANZEIGE</span>' in page


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("start=5", "end", "start and end go together"),
        ("end=5", "start", "start and end go together"),
        ("start=5&end=5", "end", "must be from 6 to 27"),
        ("start=9&end=5", "end", "must be from 10 to 27"),
        ("start=-1&end=5", "start", "must be from 0 to 26"),
        ("start=27&end=28", "start", "must be from 0 to 26"),
        ("start=0&end=28", "end", "must be from 1 to 27"),
        ("start=x&end=5", "start", "valid integer"),
    ],
)
def test_a_span_outside_the_text_is_a_422(http: TestClient, query: str, field: str, reason: str) -> None:
    response = http.get(f"/documents/人材.txt/view?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field
    assert reason in response.json()["errors"][0]["reason"]


def test_nothing_of_a_document_is_markup_in_the_view() -> None:
    # The test client decodes a path twice, a real server does not: no percent sign in this one.
    document = replace(HOSTILE, id=HOSTILE.id.replace("%", ""))
    with client(FakeChatbot(documents=[document])) as http:
        page = http.get(f"/documents/{quote(document.id)}/view?start=0&end=9").text
    assert "<script>" not in page.replace('<script type="module"', "")
    assert "<img" not in page
    assert '<mark id="cited">&lt;/script&gt;</mark>' in page
    assert "a &lt;b&gt;&amp;" in page


@pytest.mark.parametrize("id", ["two\nlines.txt", "folder\n/a.txt\n", "a.txt/view"])
def test_whatever_a_file_may_be_called_its_document_can_be_opened(id: str) -> None:
    with client(FakeChatbot(documents=[replace(HOSTILE, id=id)])) as http:
        assert http.get(f"/documents/{quote(id)}/view").status_code == 200
        if not id.endswith("/view"):
            assert http.get(f"/documents/{quote(id)}").json()["id"] == id


def test_segments_keep_every_character_in_order() -> None:
    document = Document("a", "0123456789", "A", "en", furniture=(Span(0, 3), Span(5, 9)))
    parts = segments(document, Span(2, 6))
    assert [(part.text, part.kind) for part in parts] == [
        ("01", "furniture"),
        ("2345", "cited"),
        ("678", "furniture"),
        ("9", "plain"),
    ]
    assert "".join(part.text for part in segments(document, None)) == document.text


def test_blocks_are_cut_where_passages_and_pages_begin_and_keep_every_character() -> None:
    document = Document("a", "0123456789", "A", "en", pages=(0, 6), furniture=(Span(0, 1),))
    passages = [Passage("a", 0, 0, 0, 1, 4, "123"), Passage("a", 1, 1, 1, 5, 9, "5678")]
    found = blocks(document, passages, Span(3, 7))
    assert [
        ("|".join(f"{part.text}{part.kind[0]}" for part in block.segments), block.passage, block.begins, block.page)
        for block in found
    ] == [
        ("0f", None, False, 1),
        ("12p|3c", 0, True, None),
        ("4c", None, False, None),
        ("5c", 1, True, None),
        ("6c|78p", 1, False, 2),
        ("9p", None, False, None),
    ]


def test_a_highlight_over_several_passages_has_one_anchor(http: TestClient) -> None:
    page = http.get("/documents/firmen/deepseek.txt/view?start=0&end=30").text
    assert page.count('<mark id="cited">') == 1
    assert (page.count("<mark>"), page.count("</mark>")) == (1, 2)


def test_a_span_of_an_empty_document_is_refused() -> None:
    with pytest.raises(QuestionError, match="start: must be from 0"):
        cited_span(Document("a", "", "A", "en"), 0, 1)
