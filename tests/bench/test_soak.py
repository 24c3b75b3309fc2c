"""Load on a server: what is done to it, and that a broken promise is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from rag.bench import serving, soak
from rag.bench.serving import Server
from rag.config import Settings
from rag.indexing import build
from rag.models import identity
from rag.types import Event, Question
from rag.wiring import load_embedder
from tests.web.conftest import eventually, running
from tests.web.fakes import ANSWER, FAMILY, FakeChatbot, answered
from web.app import create_app

QUESTIONS = ["Who founded DeepSeek?", "Who lives near the family?"]


class Honest(FakeChatbot):
    """Answers every question with an answer of its own."""

    def answer(self, question: Question, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        self.scripts = [answered(replace(ANSWER, question=question.text))]
        yield from super().answer(question, cancelled=cancelled)


class MixedUp(FakeChatbot):
    """Answers every question as if it were the one before it."""

    def answer(self, question: Question, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        before = self.questions[-1].text if self.questions else "nothing"
        self.scripts = [answered(replace(ANSWER, question=before))]
        yield from super().answer(question, cancelled=cancelled)


class OthersEvidence(Honest):
    def answer(self, question: Question, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        for event in super().answer(question, cancelled=cancelled):
            yield Event("evidence", (FAMILY,)) if event.kind == "evidence" else event


class BreaksOff(FakeChatbot):
    def __init__(self) -> None:
        super().__init__([*answered()[:3], ValueError("broken")])


@dataclass
class Watched:
    """A server in this process, with what only one in a process of its own can tell."""

    url: str
    ended: int | None = None
    log: str = ""
    sizes: list[int] = field(default_factory=list)

    @property
    def process(self) -> Watched:
        return self

    def poll(self) -> int | None:
        return self.ended

    returncode = 1

    def complaints(self) -> str:
        return self.log

    def resident_bytes(self) -> int:
        return self.sizes.pop(0) if self.sizes else 1


@contextmanager
def watched(bot: FakeChatbot, **seen: Any) -> Iterator[Server]:
    with running(create_app(lambda: bot, allowed_hosts=["127.0.0.1", "localhost"])) as server:
        eventually(lambda: server.app.state.loader.state == "ready")
        yield cast(Server, Watched(server.url, **seen))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "LONGEST_STAY", 0.05)
    monkeypatch.setattr(soak, "SLOW_SECONDS", 0.05)


def soaked(server: Server, requests: int = 120, **options: Any) -> soak.Outcome:
    return soak.soak(server, QUESTIONS, requests=requests, clients=4, progress=False, **options)


def test_an_honest_server_keeps_every_promise() -> None:
    with watched(Honest(), sizes=[100_000_000] * 12) as server:
        outcome = soaked(server)
    assert outcome.broken == []
    assert outcome.counts.total() == 120
    assert {"left", "answered", "refused", "searched", "typed"} <= set(outcome.counts)
    assert outcome.counts["left"] >= 120 / 4
    assert soak.table(outcome).endswith("Every promise was kept.")


@pytest.mark.parametrize(
    ("bot", "complaint"),
    [(MixedUp(), "has the answer to"), (OthersEvidence(), "has evidence of another question")],
)
def test_answers_that_are_mixed_up_are_noticed(bot: FakeChatbot, complaint: str) -> None:
    with watched(bot) as server:
        outcome = soaked(server)
    assert any(complaint in promise for promise in outcome.broken)


@pytest.mark.filterwarnings("ignore")
def test_an_answer_that_is_lost_is_noticed() -> None:
    with watched(BreaksOff()) as server:
        outcome = soaked(server)
    assert any("no answer, only ['evidence', 'token', 'token', 'error']" in promise for promise in outcome.broken)


@pytest.mark.parametrize(
    ("seen", "complaint"),
    [
        ({"ended": 1}, "the server has ended with 1"),
        (
            {"log": "WARNING uvicorn.error: Invalid HTTP request received.\nTraceback: ..."},
            "complained: Traceback: ...",
        ),
        ({"sizes": [*[100_000_000] * 8, *[200_000_000] * 4]}, "memory has grown from 100 to 200 MB"),
    ],
)
def test_what_happens_to_the_process_is_noticed(seen: dict[str, Any], complaint: str) -> None:
    with watched(Honest(), **seen) as server:
        outcome = soaked(server)
    assert [complaint in promise for promise in outcome.broken] == [True]


def test_it_ends_in_time() -> None:
    with watched(Honest()) as server:
        outcome = soaked(server, minutes=0)
    assert (outcome.counts.total(), outcome.broken) == (0, ["there was no time for all requests"])


@pytest.mark.models("smollm2-135m", "e5-small")
def test_a_real_server_with_a_small_model_keeps_every_promise(tmp_path: Path, models_dir: Path) -> None:
    settings = replace(Settings(), index_dir=tmp_path / "index", models_dir=models_dir, llm="smollm2-135m")
    text = tmp_path / "garden.txt"
    text.write_text("The garden\n\nThe old tree bears 12 red apples. The gardener is called Anna.\n", encoding="utf-8")
    build(
        [text],
        settings.index_dir,
        lambda: load_embedder(settings),
        embedder_name=settings.embedder,
        embedder_sha256=identity(settings.embedder),
        progress=False,
    )
    with serving.served(settings) as server:
        outcome = soak.soak(
            server, ["How many apples are there?", "Wie heißt der Gärtner?"], requests=60, progress=False
        )
    assert outcome.broken == []
