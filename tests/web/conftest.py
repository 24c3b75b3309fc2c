"""A real server on a free port of this machine, for what a test client cannot show."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.web.fakes import FakeChatbot
from web.app import create_app
from web.server import address, listen, server

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.web.browsing import Stage
    from tests.web.stock import Stock

PATIENCE = 10.0

BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
]


def eventually(condition: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait until a condition holds; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


@dataclass(frozen=True)
class Running:
    url: str
    app: FastAPI
    stop: Callable[[], None]


@contextmanager
def running(app: FastAPI, port: int = 0) -> Iterator[Running]:
    listener = listen("127.0.0.1", port)
    uvicorn_server = server(app)
    thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    eventually(lambda: uvicorn_server.started)

    def stop() -> None:
        uvicorn_server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()

    try:
        yield Running(address(listener), app, stop)
    finally:
        stop()
        listener.close()


@contextmanager
def client(bot: FakeChatbot | None = None, **options: Any) -> Iterator[TestClient]:
    """A test client of an application whose chatbot is loaded."""
    chatbot = bot or FakeChatbot()
    app = create_app(lambda: chatbot, **options)
    with TestClient(app, raise_server_exceptions=False) as http:
        eventually(lambda: app.state.loader.state == "ready")
        yield http


@pytest.fixture
def http() -> Iterator[TestClient]:
    with client() as http:
        yield http


@pytest.fixture(scope="module")  # not longer: while it is there, no other test can run an event loop
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stage(browser: Browser) -> Iterator[Stage]:
    from tests.web import browsing

    understudy = browsing.Understudy()
    with running(create_app(lambda: understudy)) as server:
        yield browsing.Stage(browser, server, understudy)


@pytest.fixture
def stock(tmp_path: Path) -> Stock:
    from tests.web import stock

    made = stock.Stock(tmp_path)
    made.write("garden.txt", f"The garden\n\n{stock.APPLES}\n")
    made.index()
    return made
