"""Questions that are still being typed, over HTTP."""

from __future__ import annotations

import pytest

from rag.types import Question, Turn
from tests.web.conftest import client, eventually
from tests.web.fakes import FakeChatbot, Hold

HALF = {
    "question": "And when did he fou",
    "history": [
        {"role": "user", "content": "Who founded DeepSeek?"},
        {"role": "assistant", "content": "Liang Wenfeng founded DeepSeek."},
    ],
    "language": "de",
    "documents": ["firmen/deepseek.txt"],
}


def test_what_is_being_typed_is_prepared_for_as_it_would_be_asked() -> None:
    bot = FakeChatbot()
    with client(bot) as http:
        response = http.post("/prepare", json=HALF, headers={"Accept-Language": "fr, en;q=0.5"})
        assert (response.status_code, response.content) == (202, b"")
        eventually(lambda: bot.prepared)
    assert bot.prepared == [
        Question(
            "And when did he fou",
            (Turn("user", "Who founded DeepSeek?"), Turn("assistant", "Liang Wenfeng founded DeepSeek.")),
            "de",
            ("firmen/deepseek.txt",),
            spoken=("fr", "en"),
        )
    ]
    assert bot.questions == []


def test_each_page_is_a_client_of_its_own() -> None:
    first, second = Hold(), Hold()
    bot = FakeChatbot()
    bot.preparing = [first, second]
    with client(bot) as http:
        http.post("/prepare", json={"question": "Who"}, headers={"Crosscite-Client": "tab 1"})
        assert first.reached.wait(10)
        http.post("/prepare", json={"question": "When"}, headers={"Crosscite-Client": "tab 2"})
        assert not first.cancelled.wait(0.05)
        http.post("/prepare", json={"question": "Who founded"}, headers={"Crosscite-Client": "tab 1"})
        assert first.cancelled.wait(10)
        assert second.reached.wait(10)
        second.released.set()
        eventually(lambda: len(bot.prepared) == 3)
    assert [question.text for question in bot.prepared] == ["Who", "When", "Who founded"]


def test_a_question_is_answered_while_something_is_prepared() -> None:
    preparing = Hold()
    bot = FakeChatbot()
    bot.preparing = [preparing]
    with client(bot) as http:
        http.post("/prepare", json={"question": "Who"})
        assert preparing.reached.wait(10)
        assert http.post("/ask", json={"question": "Who founded DeepSeek?"}).json()["answered"] is True
    assert preparing.cancelled.is_set()


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Origin": "https://elsewhere.example"}, "{}", 403),
        ({"Host": "elsewhere.example"}, "{}", 421),
        ({"Content-Type": "text/plain"}, "{}", 415),
        ({}, '{"question": " "}', 422),
        ({}, '{"question": "Who", "stream": true}', 422),
    ],
)
def test_what_may_not_be_asked_is_not_prepared_for(headers: dict[str, str], body: str, status: int) -> None:
    bot = FakeChatbot()
    with client(bot, allowed_hosts=["testserver"]) as http:
        response = http.post("/prepare", content=body, headers={"Content-Type": "application/json", **headers})
    assert (response.status_code, bot.prepared) == (status, [])


def test_it_can_be_switched_off() -> None:
    with client(ahead=False) as http:
        assert http.post("/prepare", json={"question": "Who"}).status_code == 404
        assert "data-ahead" not in http.get("/").text
        assert "/prepare" not in http.get("/docs").text
    with client() as http:
        assert "data-ahead" in http.get("/").text
        assert "/prepare" in http.get("/docs").text
