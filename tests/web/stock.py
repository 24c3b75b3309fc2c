"""A server over real documents in a folder, with an embedder and a model that can be computed by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from fastapi import FastAPI
from fastapi.testclient import TestClient

from rag.chatbot import Chatbot
from rag.errors import Cancelled
from rag.index import Index
from rag.indexing import build
from rag.llm import Prompt, Usage, never
from tests.answering.fakes import BY_VERDICT, FakeEmbedder, FakeLLM
from tests.web.conftest import PATIENCE, eventually
from web.app import create_app
from web.library import Source

APPLES = "There are 12 red apples on the old tree in the garden."
CHERRIES = "The cherries in the basket come from Ferrara and cost 3 euros."
BANANAS = "Seven yellow bananas lie on the kitchen table of the house."


class GatedEmbedder(FakeEmbedder):
    """Embeds passages only while its gate is open, and counts what it embedded."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()
        self.embedded: list[str] = []
        self.dimensions = 4

    def passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.reached.set()
        assert self.gate.wait(PATIENCE)
        self.embedded += texts
        return self.queries(texts)


class EchoLLM(FakeLLM):
    """Answers with the first sentence of the nearest document, the prompt's last, word for word; waits at its gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()

    def generate(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = (), cancelled: Callable[[], bool] = never
    ) -> Iterator[str]:
        self.reached.set()
        while not self.gate.wait(0.005):
            if cancelled():
                raise Cancelled("gone")
        asked = prompt.messages[-1].content.rpartition('From "')[2]
        self.usage = Usage(0, 0, 1)
        yield min((text for text in (APPLES, CHERRIES, BANANAS) if text in asked), key=asked.index)


class Stock:
    """A folder with garden.txt, its index, and what a server over them is made of."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "index"
        self.uploads = self.folder / "uploads"
        self.embedder = GatedEmbedder()
        self.llm = EchoLLM()
        self.may_load = threading.Event()
        self.may_load.set()

    def write(self, name: str, text: str) -> None:
        path = self.home / "seeds" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def index(self, *paths: Path, rebuild: bool = False) -> None:
        """Do what ``crosscite index`` does, over the folder of documents or other paths."""
        build(
            paths or [self.home / "seeds"],
            self.folder,
            lambda: self.embedder,
            embedder_name="fake",
            embedder_sha256="fake",
            rebuild=rebuild,
            progress=False,
        )

    def app(self, **options: Any) -> FastAPI:
        def load() -> Chatbot:
            assert self.may_load.wait(PATIENCE)
            return Chatbot(Index.load(self.folder), self.embedder, self.llm, opening=BY_VERDICT)

        def renew(chatbot: Any) -> Chatbot:
            present: Chatbot = chatbot.with_index(Index.load(self.folder))
            chatbot.index.close_when_unused()
            return present

        source = Source(self.folder, "fake", "fake", lambda: self.embedder)
        return create_app(load, **{"renew": renew, "source": source, "retry_seconds": 0.02, **options})

    @contextmanager
    def served(self, **options: Any) -> Iterator[TestClient]:
        app = self.app(**options)
        with TestClient(app, raise_server_exceptions=False) as http:
            eventually(lambda: app.state.loader.state != "loading")
            yield http

    def kept(self) -> list[str]:
        """Names of all files in the uploads folder, hidden ones too."""
        return sorted(path.name for path in self.uploads.glob("*")) if self.uploads.exists() else []


def cited(http: TestClient, question: str) -> list[str]:
    """The documents that the answer to a question cites."""
    return [citation["document"] for citation in http.post("/ask", json={"question": question}).json()["citations"]]
