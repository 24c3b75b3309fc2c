"""Two dozen shops with their prices in German or Japanese, questions about them, and models to compute by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag import language
from rag.chatbot import Chatbot
from rag.errors import Cancelled
from rag.evaluation import golden
from rag.evaluation.golden import GoldenItem
from rag.index import Index
from rag.indexing import build
from rag.llm import Message, Prompt, Usage, never
from tests.answering.fakes import BY_VERDICT

SHOPS = range(1, 25)
CLOSED = range(90, 100)
"""Shops that are asked about, and of which no document knows."""

_SHOP = re.compile(r"(?:shop |Laden |店)(\d+)")


class NumberEmbedder:
    """The vector of a text is the number of the first shop in it; the last place stands for none that is known."""

    dimensions = len(SHOPS) + 2

    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for at, text in enumerate(texts):
            vectors[at, _shop(text) if _shop(text) in SHOPS else -1] = 1.0
        return vectors

    passages = queries

    def count_tokens(self, text: str) -> int:
        return 100


class Shopkeeper:
    """Reads prices off the evidence, in the language that is asked for; what is not there it takes from next door."""

    name = "shopkeeper"

    def __init__(self) -> None:
        self.usage = Usage(0, 0, 0)
        self.asked = 0

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = (), cancelled: Callable[[], bool] = never
    ) -> Iterator[str]:
        self.asked += 1
        if cancelled():
            raise Cancelled("gone")
        evidence, _, question = prompt.messages[-1].content.rpartition("Question:")
        known = [int(number) for number in _SHOP.findall(evidence)]
        shop = _shop(question) if _shop(question) in known else known[0]
        german = language.ANSWER_IN["de"] in question
        yield (
            f"Im Laden {shop} kosten Äpfel {50 + shop} Euro das Kilo."
            if german
            else f"In shop {shop} apples cost {50 + shop} euro a kilo."
        )

    def choose(self, prompt: Prompt, options: Sequence[str], *, cancelled: Callable[[], bool] = never) -> list[float]:
        evidence, _, question = prompt.messages[-1].content.rpartition("Question:")
        stated = str(_shop(question)) in _SHOP.findall(evidence)
        return [5.0 if stated else -5.0, *[0.0] * (len(options) - 1)]

    def warm(self, messages: Sequence[Message]) -> None:
        pass

    def forget(self) -> None:
        pass


def items() -> list[GoldenItem]:
    """Questions in English and German, about shops that are and are not in the documents."""
    return [_item(number) for number in (*SHOPS, *CLOSED)]


def golden_set(path: Path, asked: Sequence[GoldenItem] | None = None) -> Path:
    lines = [json.dumps(golden.to_fields(item), ensure_ascii=False) for item in asked or items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def index(home: Path) -> Index:
    documents = home / "documents"
    documents.mkdir()
    for number in SHOPS:
        if number % 4:
            text = (
                f"Im Laden {number} kosten Äpfel {50 + number} Euro das Kilo. Der Laden {number} hat täglich geöffnet."
            )
        else:
            text = f"店{number}ではりんごが1キロ{50 + number}ユーロで売られています。店{number}は毎日営業しています。"
        (documents / f"{number}.txt").write_text(text, encoding="utf-8")
    build([documents], home / "index", NumberEmbedder, embedder_name="fake", embedder_sha256="fake", progress=False)
    return Index.load(home / "index", embedder_sha256="fake")


def chatbot(opened: Index, llm: Shopkeeper | None = None) -> Chatbot:
    return Chatbot(opened, NumberEmbedder(), llm or Shopkeeper(), opening=BY_VERDICT)


def _item(number: int) -> GoldenItem:
    german, known = number % 2 == 0, number in SHOPS
    return GoldenItem(
        id=f"shop-{number}",
        kind="fact" if known else "unanswerable",
        language="de" if german else "en",
        question=f"Was kosten Äpfel im Laden {number}?" if german else f"What do apples cost in shop {number}?",
        answerable=known,
        must=((f"{50 + number} euro",),) if known else (),
        min_groups=int(known),
        documents=(f"{number}.txt",) if known else (),
        min_documents=int(known),
        evidence=(f"kosten Äpfel {50 + number} Euro" if number % 4 else f"1キロ{50 + number}ユーロ",) if known else (),
    )


def _shop(text: str) -> int:
    found = _SHOP.search(text)
    return int(found[1]) if found else -1
