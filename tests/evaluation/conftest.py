"""The shops' index, made once, and runs over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.evaluation import asking
from rag.evaluation.asking import Asked
from rag.evaluation.results import Run
from rag.index import Index
from tests.evaluation import shops

AskShops = Callable[..., Run]


@pytest.fixture(scope="session")
def shop_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with shops.index(tmp_path_factory.mktemp("shops")) as opened:
        yield opened


@pytest.fixture
def ask_shops(shop_index: Index) -> AskShops:
    """Ask the shops' questions and write the results."""

    def ask(output: Path, asked: Asked | None = None, mode: str = asking.ANSWERS) -> Run:
        items = shops.items()
        conditions = asking.conditions(items, mode, None, None, "shops")
        here = asked or asking.Here(shops.chatbot(shop_index))
        run, _ = asking.run(here, items, conditions, output, progress=False)
        return run

    return ask
