"""A model and an embedder that can be computed by hand, and a chatbot made of them over small documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.chatbot import Chatbot
from rag.errors import Cancelled
from rag.gate import Gate
from rag.index import Index
from rag.indexing import build
from rag.llm import Message, Prompt, Usage, never

WORDS = (("apple", "äpfel", "apfel", "りんご"), ("banana", "banane", "バナナ"), ("cherr", "kirsch", "さくらんぼ"))

BY_VERDICT = Gate(bias=0.0, weights={"verdict": 1.0, "confirmed": 2.0}, threshold=0.5, best={"confirmed": 0.0})
"""Lets the model write when its verdict is 0 or more, and shows a sentence whose confirmation does not outweigh it."""


class FakeEmbedder:
    """The vector of a text counts its apples, bananas and cherries in three languages; the last number is 1 if none.

    A sentence has 100 tokens, so every sentence is a passage of its own.
    """

    dimensions = 4

    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        counts = [[sum(text.lower().count(word) for word in words) for words in WORDS] for text in texts]
        vectors = np.array([[*row, not any(row)] for row in counts], dtype=np.float32).reshape(-1, 4)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    passages = queries

    def count_tokens(self, text: str) -> int:
        return 100


class FakeLLM:
    """Writes the queued replies word by word and gives the queued verdict; a word is a token. It keeps its prompts."""

    name = "fake-llm"

    def __init__(self, *replies: str, verdict: float = 1.0) -> None:
        self.replies = list(replies)
        self.verdict = verdict
        self.prompts: list[Prompt] = []
        self.usage = Usage(0, 0, 0)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = (), cancelled: Callable[[], bool] = never
    ) -> Iterator[str]:
        self.prompts.append(prompt)
        for written, word in enumerate(self.replies.pop(0).split(" ")):
            if cancelled():
                raise Cancelled("gone")
            self.usage = Usage(0, 0, written + 1)
            yield word if not written else f" {word}"

    def choose(self, prompt: Prompt, options: Sequence[str], *, cancelled: Callable[[], bool] = never) -> list[float]:
        self.prompts.append(prompt)
        if cancelled():
            raise Cancelled("gone")
        self.usage = Usage(100, 0, 0)
        return [self.verdict, *[0.0] * (len(options) - 1)]

    def warm(self, messages: Sequence[Message]) -> None:
        pass

    def forget(self) -> None:
        self.prompts.clear()

    @property
    def asked(self) -> str:
        """The last message of the first prompt: evidence, history and question."""
        return self.prompts[0].messages[-1].content


def index_of(folder: Path, files: Mapping[str, str]) -> Index:
    """Index some texts and open the index."""
    documents = folder / "documents"
    documents.mkdir(exist_ok=True)
    for name, text in files.items():
        (documents / name).write_text(text, encoding="utf-8")
    build([documents], folder / "index", FakeEmbedder, embedder_name="fake", embedder_sha256="fake", progress=False)
    return Index.load(folder / "index", embedder_sha256="fake")


def chatbot(index: Index, llm: FakeLLM) -> Chatbot:
    """A chatbot that answers when the verdict is 0 or more."""
    return Chatbot(index, FakeEmbedder(), llm, opening=BY_VERDICT)
