from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import client, eventually, running
from tests.web.fakes import FAMILY, FOUNDED, FakeChatbot, Hold
from web.app import create_app
from web.schemas import MAX_TRANSLATED

FOUNDING = {"document": FOUNDED.document, "start": FOUNDED.start, "end": FOUNDED.end, "language": "en-GB"}


def test_a_quote_comes_back_with_its_translation_and_the_numbers_that_went_wrong(http: TestClient) -> None:
    assert http.post("/translate", json=FOUNDING).json() == {
        "quote": FOUNDED.quote,
        "language": "en",
        "text": "<en> Liang Wenfeng gründete DeepSeek im Jahr 2024.",
        "doubtful": ["2024"],
        "model": "fake-1b",
    }


def test_offsets_count_code_points(http: TestClient) -> None:
    body = {"document": FAMILY.document, "start": FAMILY.start, "end": FAMILY.end, "language": "de"}
    assert http.post("/translate", json=body).json()["quote"] == FAMILY.quote


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"document": "no.txt"}, 404, None),
        ({"start": -1}, 422, "start"),
        ({"end": 9_999}, 422, "end"),
        ({"start": 54}, 422, "end"),
        ({"start": 0, "end": MAX_TRANSLATED + 1}, 422, "end"),
        ({"language": "klingon"}, 422, "language"),
        ({"text": "Translate this instead."}, 422, "text"),
    ],
)
def test_only_a_stretch_of_a_document_is_translated(
    http: TestClient, change: dict[str, Any], status: int, field: str | None
) -> None:
    response = http.post("/translate", json={**FOUNDING, **change})
    assert response.status_code == status
    assert [error["field"] for error in response.json().get("errors", [])] == ([field] if field else [])


def test_a_form_of_another_site_cannot_ask_for_a_translation(http: TestClient) -> None:
    assert http.post("/translate", data=FOUNDING).status_code == 415
    foreign = http.post("/translate", json=FOUNDING, headers={"Origin": "http://example.com"})
    assert foreign.status_code == 403


def test_a_translation_waits_its_turn_and_ends_with_whoever_asked() -> None:
    bot = FakeChatbot()
    bot.translating = Hold()
    with running(create_app(lambda: bot)) as server:
        eventually(lambda: server.app.state.loader.state == "ready")
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        connection.request("POST", "/translate", json.dumps(FOUNDING), {"Content-Type": "application/json"})
        assert bot.translating.reached.wait(10)
        assert server.app.state.worker.is_answering
        connection.close()
        assert bot.translating.cancelled.wait(10)


def test_a_full_queue_refuses_a_translation_too() -> None:
    with client(FakeChatbot(), queue_size=-1) as http:
        response = http.post("/translate", json=FOUNDING)
        assert (response.status_code, response.json()["code"]) == (429, "queue_full")
