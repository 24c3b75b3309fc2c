"""What every test shares: where the real models are, who may be skipped, and a network that ends at this machine."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag.config import Settings
from rag.models import DEFAULT_MODELS, get, identity, is_present

if TYPE_CHECKING:
    from rag.chatbot import Chatbot
    from rag.embedding import Embedder

ROOT = Path(__file__).parents[1]

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Where the real models are, for tests marked ``models``."""
    return Settings.from_environment().models_dir


@pytest.fixture(scope="session")
def real_embedder(models_dir: Path) -> Embedder:
    """The default embedder, loaded once for this run."""
    from rag.wiring import load_embedder

    return load_embedder(replace(Settings(), models_dir=models_dir))


@pytest.fixture(scope="session")
def real_settings(tmp_path_factory: pytest.TempPathFactory, models_dir: Path, real_embedder: Embedder) -> Settings:
    """The default models over an index of the articles that ship with crosscite, built once for this run."""
    from rag.indexing import build

    settings = replace(Settings(), index_dir=tmp_path_factory.mktemp("real") / "index", models_dir=models_dir)
    summary = build(
        [ROOT / "seeds"],
        settings.index_dir,
        lambda: real_embedder,
        embedder_name=settings.embedder,
        embedder_sha256=identity(settings.embedder),
        progress=False,
    )
    assert (len(summary.added), summary.skipped) == (5, ())
    return settings


@pytest.fixture(scope="session")
def real_bot(real_settings: Settings) -> Iterator[Chatbot]:
    """The chatbot with the default models, loaded once for this run."""
    from rag.wiring import load_chatbot

    chatbot = load_chatbot(real_settings)
    yield chatbot
    chatbot.index.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium on this machine, for tests marked ``browser``."""
    path = _chromium()
    assert path is not None
    return path


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine cannot run, or fail it where ``make test`` or CI promised that it can."""
    for marker in item.iter_markers("models"):
        _require_models(marker.args or DEFAULT_MODELS)
    if item.get_closest_marker("browser") and _chromium() is None:
        pytest.skip(f"no Chromium on this machine (looked for {', '.join(_CHROMIUM_NAMES)})")


def _require_models(names: tuple[str, ...]) -> None:
    folder = Settings.from_environment().models_dir
    missing = [name for name in names if not is_present(get(name), folder)]
    if not missing:
        return
    reason = f"not in {folder}: {', '.join(missing)}; run: crosscite models fetch {missing[0]}"
    if os.environ.get("CROSSCITE_REQUIRE_MODELS") == "1" or os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _chromium() -> str | None:
    return next((path for name in _CHROMIUM_NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def calls_to_elsewhere() -> Iterator[list[str]]:
    """Refuse connections and look-ups that would leave this machine, and collect them."""
    calls: list[str] = []
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse(host: object) -> None:
        if not _is_here(host):
            calls.append(str(host))
            raise ConnectionRefusedError(f"the tests may not call {host}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse(None if self.family == socket.AF_UNIX else address[0])
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse(None if self.family == socket.AF_UNIX else address[0])
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        refuse(host)
        return getaddrinfo(host, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield calls


@pytest.fixture(autouse=True)
def _nothing_calls_out(calls_to_elsewhere: list[str]) -> Iterator[None]:
    """Fail the test during which something called out, even if the caller swallowed the refusal."""
    before = len(calls_to_elsewhere)
    yield
    assert calls_to_elsewhere[before:] == []


def _is_here(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost", "testserver"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False
