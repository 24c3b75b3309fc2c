from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from rag.errors import IndexDamaged, QuestionError
from rag.types import Event, Question, Turn
from rag.wire import answer_to_dict
from tests.web.conftest import client
from tests.web.fakes import ANSWER, FAMILY, FIRST, FOUNDED, GERMAN, JAPANESE, REFUSAL, FakeChatbot, answered
from web.schemas import AnswerModel


def events(text: str) -> list[tuple[str, Any]]:
    """The named events of a stream, without its comments."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_an_answer_is_the_object_of_the_contract(http: TestClient) -> None:
    response = http.post("/ask", json={"question": "Who founded DeepSeek?"})
    assert response.status_code == 200
    assert response.json() == {
        "question": "Who founded DeepSeek?",
        "language": "en",
        "answered": True,
        "answer": "Liang Wenfeng founded DeepSeek in 2023. [1] Young engineers can live near their families. [2]",
        "refusal": None,
        "sentences": [
            {
                "text": "Liang Wenfeng founded DeepSeek in 2023.",
                "citations": [1],
                "supported": True,
                "quoted": False,
                "translated": False,
            },
            {
                "text": "Young engineers can live near their families.",
                "citations": [2],
                "supported": True,
                "quoted": False,
                "translated": False,
            },
        ],
        "citations": [
            {
                "number": 1,
                "document": "firmen/deepseek.txt",
                "title": "China feiert DeepSeek",
                "language": "de",
                "date": "2025-01-29",
                "start": 9,
                "end": 54,
                "page": None,
                "quote": "Liang Wenfeng gründete DeepSeek im Jahr 2023.",
                "support": 0.9,
            },
            {
                "number": 2,
                "document": "人材.txt",
                "title": "中国の若手技術者",
                "language": "ja",
                "date": None,
                "start": 8,
                "end": 27,
                "page": None,
                "quote": "若い技術者は故郷で家族の近くに住める。",
                "support": 0.9,
            },
        ],
        "evidence": [
            {
                "number": 1,
                "document": "人材.txt",
                "title": "中国の若手技術者",
                "language": "ja",
                "date": None,
                "start": 8,
                "end": 27,
                "page": None,
                "quote": "若い技術者は故郷で家族の近くに住める。",
                "score": 0.83,
            },
            {
                "number": 2,
                "document": "firmen/deepseek.txt",
                "title": "China feiert DeepSeek",
                "language": "de",
                "date": "2025-01-29",
                "start": 9,
                "end": 54,
                "page": None,
                "quote": "Liang Wenfeng gründete DeepSeek im Jahr 2023.",
                "score": 0.71,
            },
        ],
        "disagreements": [],
        "dropped": ["He was born in Paris."],
        "model": "fake-1b",
        "cached": False,
        "timings": {
            "retrieve_ms": 12.3,
            "first_token_ms": 56.8,
            "total_ms": 90.1,
            "prompt_tokens": 34,
            "answer_tokens": 12,
        },
    }


def test_offsets_of_a_citation_cut_its_quote_out_of_the_document_that_is_served(http: TestClient) -> None:
    for citation in http.post("/ask", json={"question": "Who?"}).json()["citations"]:
        text = http.get(f"/documents/{citation['document']}").json()["text"]
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_refusal_has_a_code_a_message_and_evidence_but_no_citations() -> None:
    with client(FakeChatbot(answered(REFUSAL))) as http:
        answer = http.post("/ask", json={"question": "What is the capital of Mongolia?"}).json()
    assert answer["answered"] is False
    assert answer["refusal"] == {"code": "not_in_documents", "message": "The documents do not say this."}
    assert (answer["citations"], len(answer["evidence"])) == ([], 1)


def test_the_wire_object_has_exactly_the_fields_of_the_schema() -> None:
    AnswerModel.model_validate(answer_to_dict(ANSWER), strict=True)
    assert list(answer_to_dict(ANSWER)) == list(AnswerModel.model_fields)


@pytest.mark.parametrize(
    ("body", "headers"),
    [({"question": "Who?", "stream": True}, {}), ({"question": "Who?"}, {"Accept": "text/event-stream"})],
)
def test_a_stream_sends_evidence_tokens_sentences_and_the_answer_in_this_order(
    http: TestClient, body: dict[str, Any], headers: dict[str, str]
) -> None:
    response = http.post("/ask", json=body, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream")
    found = events(response.text)
    kinds = [kind for kind, _data in found]
    assert kinds == ["evidence", *["token"] * 13, "sentence", "sentence", "answer"]
    assert [item["quote"] for item in found[0][1]] == [FAMILY.quote, FOUNDED.quote]
    assert "".join(data for kind, data in found if kind == "token") == (
        "Liang Wenfeng founded DeepSeek in 2023. Young engineers can live near their families."
    )
    assert found[-3][1] == {
        "text": FIRST.text,
        "citations": [1],
        "supported": True,
        "quoted": False,
        "translated": False,
        "sources": [answer_to_dict(ANSWER)["citations"][0]],
    }
    assert [source["number"] for source in found[-2][1]["sources"]] == [2]
    assert found[-1][1] == answer_to_dict(ANSWER)


def test_a_stream_that_breaks_off_ends_with_the_problem() -> None:
    script = [Event("evidence", (FOUNDED,)), IndexDamaged("index/vectors.faiss is cut off. Run: crosscite index seeds")]
    with client(FakeChatbot(script)) as http:
        found = events(http.post("/ask", json={"question": "Who?", "stream": True}).text)
    assert [kind for kind, _data in found] == ["evidence", "error"]
    assert found[1][1] == {
        "type": "/docs#index_damaged",
        "title": "The index is damaged",
        "status": 503,
        "detail": "index/vectors.faiss is cut off. Run: crosscite index seeds",
        "code": "index_damaged",
    }


def test_an_unforeseen_error_in_a_stream_shows_nothing_of_the_inside(caplog: pytest.LogCaptureFixture) -> None:
    with client(FakeChatbot([RuntimeError("secret path /srv/x")])) as http:
        text = http.post("/ask", json={"question": "Who?", "stream": True}).text
    assert "secret" not in text
    assert events(text)[0][1]["code"] == "internal"
    assert "secret path /srv/x" in caplog.text


def test_line_breaks_and_separators_in_tokens_survive_the_stream() -> None:
    token = "a\nb\r\n\n data: c\u2028d"
    with client(FakeChatbot([Event("token", token), Event("answer", ANSWER)])) as http:
        found = events(http.post("/ask", json={"question": "Who?", "stream": True}).text)
    assert found[0] == ("token", token)


def test_the_chatbot_gets_the_whole_question() -> None:
    bot = FakeChatbot()
    with client(bot) as http:
        http.post(
            "/ask",
            json={
                "question": "And when?",
                "history": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Liang."}],
                "language": "pt-BR",
                "documents": [JAPANESE.id, GERMAN.id],
            },
        )
    assert bot.questions == [
        Question("And when?", (Turn("user", "Who?"), Turn("assistant", "Liang.")), "pt", (JAPANESE.id, GERMAN.id))
    ]


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "question", "Field required"),
        ({"question": ""}, "question", "String should have at least 1 character"),
        ({"question": " \n\u3000"}, "question", "must not be blank"),
        ({"question": "x" * 2001}, "question", "String should have at most 2000 characters"),
        ({"question": 5}, "question", "Input should be a valid string"),
        ({"question": "?", "language": "xx"}, "language", "'xx' is not a language"),
        ({"question": "?", "documents": []}, "documents", "List should have at least 1 item"),
        ({"question": "?", "documents": ["no.txt"]}, "documents", "there is no document 'no.txt' in the index"),
        ({"question": "?", "history": [{"role": "system", "content": "x"}]}, "history.0.role", "Input should be"),
        ({"question": "?", "history": [{"role": "user", "content": "x" * 4001}]}, "history.0.content", "at most 4000"),
        ({"question": "?", "history": [{"role": "user", "content": "x"}] * 21}, "history", "at most 20 items"),
        ({"question": "?", "frage": 1}, "frage", "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_field_is_named_with_the_reason(
    http: TestClient, body: dict[str, Any], field: str, reason: str
) -> None:
    response = http.post("/ask", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["status"], problem["code"], problem["type"]) == (422, "invalid_request", "/docs#invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert reason in problem["errors"][0]["reason"]


def test_limits_are_counted_in_characters_not_in_bytes(http: TestClient) -> None:
    longest = {
        "question": "😀" * 2000,
        "history": [{"role": "user", "content": "梁" * 4000}] * 20,
    }
    assert http.post("/ask", json=longest).status_code == 200


def test_a_question_the_chatbot_rejects_is_a_422(http: TestClient) -> None:
    with client(FakeChatbot([QuestionError("question", "is too long for the model")])) as http:
        response = http.post("/ask", json={"question": "Who?"})
    assert (response.status_code, response.json()["errors"]) == (
        422,
        [{"field": "question", "reason": "is too long for the model"}],
    )


def test_half_a_surrogate_pair_is_a_422_and_no_crash(http: TestClient) -> None:
    response = http.post("/ask", content=b'{"question": "a\\ud83d"}', headers={"Content-Type": "application/json"})
    assert response.status_code == 422


def test_the_examples_of_the_openapi_description_work(http: TestClient) -> None:
    examples = http.get("/openapi.json").json()["components"]["schemas"]["AskRequest"]["examples"]
    assert [http.post("/ask", json=example).status_code for example in examples] == [200, 200]


def test_a_fresh_answer_can_be_asked_for() -> None:
    bot = FakeChatbot(answered())
    with client(bot) as http:
        http.post("/ask", json={"question": "Who?"})
        http.post("/ask", json={"question": "Who?", "fresh": True})
    assert [question.fresh for question in bot.questions] == [False, True]


def test_the_languages_of_the_browser_reach_the_chatbot_as_far_as_they_can_be_answered_in() -> None:
    bot = FakeChatbot()
    with client(bot) as http:
        header = {"Accept-Language": "tlh, nb-NO;q=0.9, en-US;q=0.8, de;q=0"}
        assert http.post("/ask", json={"question": "Zhiding Yu?"}, headers=header).status_code == 200
    assert [question.spoken for question in bot.questions] == [("no", "en")]
