"""Real models, real articles, nothing replaced: what must be true of every answer, whatever its words are."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from rag import language
from rag.chatbot import Chatbot
from rag.config import Settings
from rag.evaluation.golden import GoldenItem, load
from rag.indexing import build
from rag.models import identity
from rag.types import Answer
from rag.wiring import load_index
from tests.web.conftest import Running, eventually, running
from web.app import create_app

ROOT = Path(__file__).parents[1]
GOLDEN = {item.id: item for item in load(ROOT / "tests" / "golden" / "seeds.jsonl")}

pytestmark = pytest.mark.models


def ask(bot: Chatbot, item: GoldenItem) -> Answer:
    answer = list(bot.answer(item.asked()))[-1].data
    assert isinstance(answer, Answer)
    return answer


def text_of(answer: Answer) -> str:
    """The words of an answer without its citation numbers."""
    return re.sub(r"\s*\[\d+\]", "", answer.text)


def is_proved(quotes: list[tuple[str, str]], item: GoldenItem) -> bool:
    """Whether one of the quotes, given with their documents, has words that prove the answer."""
    lines = [" ".join(text.split()) for document, text in quotes if document in item.documents]
    return any(words in line for words in item.evidence for line in lines)


def check(bot: Chatbot, answer: Answer, item: GoldenItem) -> None:
    """What every answer keeps, however good it is."""
    assert (answer.answered, answer.language, answer.refusal) == (True, item.language, None)
    assert language.detect(text_of(answer), expected=item.language) == item.language
    for source in (*answer.citations, *answer.evidence):
        assert bot.index.document(source.document).text[source.start : source.end] == source.quote
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert all(sentence.supported and sentence.citations for sentence in answer.sentences)
    cited = {(citation.document, citation.start, citation.end) for citation in answer.citations}
    assert cited <= {(piece.document, piece.start, piece.end) for piece in answer.evidence}
    assert answer.model == "qwen2.5-coder-1.5b"


@pytest.mark.parametrize("id", ["market-cap", "hedge-ja"])
def test_a_question_is_answered_in_its_language_with_the_words_that_prove_it(real_bot: Chatbot, id: str) -> None:
    item = GOLDEN[id]
    answer = ask(real_bot, item)
    check(real_bot, answer, item)
    assert is_proved([(citation.document, citation.quote) for citation in answer.citations], item)


def test_a_question_for_reasons_is_answered_from_the_article_that_has_them(real_bot: Chatbot) -> None:
    item = GOLDEN["why-pan"]
    answer = ask(real_bot, item)
    check(real_bot, answer, item)
    assert is_proved([(piece.document, piece.quote) for piece in answer.evidence], item)
    assert {citation.document for citation in answer.citations} <= set(item.documents)


def test_what_the_documents_do_not_say_is_refused_in_the_language_of_the_question(real_bot: Chatbot) -> None:
    answer = ask(real_bot, GOLDEN["capital"])
    assert (answer.answered, answer.language, answer.citations) == (False, "en", ())
    assert answer.text == "I did not find the answer to this question in the documents."
    assert answer.evidence


def test_a_search_finds_german_words_for_an_english_question(real_bot: Chatbot) -> None:
    item = GOLDEN["model-cost"]
    found = real_bot.search(item.question, k=8)
    assert is_proved([(piece.document, piece.quote) for piece in found], item)


# Over HTTP


@pytest.fixture(scope="module")
def server(real_bot: Chatbot) -> Iterator[Running]:
    app = create_app(lambda: real_bot)
    with running(app) as server:
        eventually(lambda: app.state.loader.state == "ready")
        yield server


def get_json(server: Running, path: str) -> Any:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def test_a_german_question_over_http_streams_events_and_ends_with_a_proved_answer(server: Running) -> None:
    item = replace(GOLDEN["headcount-de"], question="Wie viele Forscher beschäftigt DeepSeek?")
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=120)
    body = json.dumps({"question": item.question, "stream": True})
    connection.request("POST", "/ask", body, {"Content-Type": "application/json"})
    blocks = connection.getresponse().read().decode().strip().split("\n\n")
    connection.close()
    events = [
        (lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: ")))
        for lines in (block.split("\n") for block in blocks)
        if not lines[0].startswith(":")
    ]
    kinds = [kind for kind, _ in events]
    assert (kinds[0], kinds[-1], set(kinds)) == ("evidence", "answer", {"evidence", "token", "sentence", "answer"})
    answer = events[-1][1]
    assert (answer["answered"], answer["language"]) == (True, "de")
    assert "140" in answer["answer"]
    assert is_proved([(source["document"], source["quote"]) for source in answer["citations"]], item)
    for source in answer["citations"]:
        text = get_json(server, f"/documents/{quote(source['document'])}")["text"]
        assert text[source["start"] : source["end"]] == source["quote"]


# As a program


@pytest.mark.models("smollm2-135m")
def test_the_program_prints_json_and_nothing_else(real_settings: Settings) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "rag.cli", "ask", "--json", "Who founded DeepSeek?"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
        env={
            **os.environ,
            "CROSSCITE_LLM": "smollm2-135m",
            "CROSSCITE_INDEX": str(real_settings.index_dir),
            "CROSSCITE_MODELS": str(real_settings.models_dir),
        },
    )
    assert (run.returncode, run.stderr) == (0, "")
    answer = json.loads(run.stdout)
    assert (answer["question"], answer["model"]) == ("Who founded DeepSeek?", "smollm2-135m")


def test_an_index_that_is_up_to_date_is_left_alone(real_settings: Settings) -> None:
    before = load_index(real_settings)

    def no_embedder() -> Any:
        pytest.fail("nothing has changed, so nothing is to be embedded")

    summary = build(
        [ROOT / "seeds"],
        real_settings.index_dir,
        no_embedder,
        embedder_name=real_settings.embedder,
        embedder_sha256=identity(real_settings.embedder),
        progress=False,
    )
    assert (summary.unchanged, before.is_current()) == (5, True)
    before.close()
