"""Run the application under uvicorn on one address."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from rag.config import Settings
from rag.errors import SettingsError
from web.app import create_app
from web.guard import LOOPBACK_NAMES
from web.library import Source
from web.loading import ChatbotLike, Renew
from web.worker import Worker

if TYPE_CHECKING:
    from rag.embedding import Embedder

GRACE_SECONDS = 3
"""How long connections may take to end after a signal; generations are interrupted at once."""


def serve(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    load: Callable[[], ChatbotLike] | None = None,
    read_only: bool = False,
    access_log: bool = False,
) -> None:
    """Serve until a signal ends it; print the address once it is taken.

    ``read_only`` lets nobody add or remove documents over HTTP.

    Raises:
        SettingsError: the port is taken, not allowed, or the host is not an address of this machine.
    """
    listener = listen(host, port)
    hosts: Collection[str] | None = {*LOOPBACK_NAMES, host} if is_loopback(listener) else None
    renew = _renew(settings) if load is None else None
    app = create_app(
        load or _load(settings),
        renew=renew,
        queue_size=settings.queue_size,
        allowed_hosts=hosts,
        source=None if read_only or load else _source(settings),
        ahead=settings.ahead,
    )
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if access_log:
        logging.getLogger("uvicorn.access").setLevel(logging.INFO)
    print(f"crosscite is at {address(listener)} (Ctrl+C stops it)", flush=True)
    run(app, listener, access_log=access_log)


def run(app: FastAPI, listener: socket.socket, *, access_log: bool = False) -> None:
    """Serve an application on a listening socket until a signal ends it."""
    # uvicorn ends well on Ctrl+C and then raises the signal again for whoever called it.
    with contextlib.suppress(KeyboardInterrupt):
        server(app, access_log=access_log).run(sockets=[listener])


def server(app: FastAPI, *, access_log: bool = False) -> uvicorn.Server:
    """Return a uvicorn server that ends running generations first when it shuts down."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=access_log,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    return _Server(config, app.state.worker)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on ``host`` and ``port``; port 0 takes any free one.

    Raises:
        SettingsError: the port is taken, not allowed, or the host is not an address of this machine.
    """
    if not 0 <= port <= 65535:
        raise SettingsError(f"{port} is not a port. Give one from 1 to 65535: make run PORT=8001")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise SettingsError(_why_not(error, host, port)) from error


def address(listener: socket.socket) -> str:
    """Return the URL of a listening socket, as a browser on this machine can open it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach the socket."""
    host = str(listener.getsockname()[0])
    return host == "::1" or host.startswith("127.")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, worker: Worker) -> None:
        super().__init__(config)
        self._worker = worker

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn first waits for open responses, and a stream stays open as long as its generation.
        self._worker.interrupt()
        await super().shutdown(sockets)


def _load(settings: Settings) -> Callable[[], ChatbotLike]:
    def load() -> ChatbotLike:
        from rag.wiring import load_chatbot

        chatbot: ChatbotLike = load_chatbot(settings)
        return chatbot

    return load


def _source(settings: Settings) -> Source:
    from rag.models import identity

    def load_embedder() -> Embedder:
        from rag import wiring

        return wiring.load_embedder(settings)

    return Source(settings.index_dir, settings.embedder, identity(settings.embedder), load_embedder)


def _renew(settings: Settings) -> Renew:
    def renew(chatbot: ChatbotLike) -> ChatbotLike:
        from rag.chatbot import Chatbot
        from rag.wiring import with_present_index

        assert isinstance(chatbot, Chatbot)
        present: ChatbotLike = with_present_index(chatbot, settings)
        return present

    return renew


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken. Stop the other program or run: make run PORT={port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs privileges. Run: make run PORT=8000"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{host!r} is not an address of this machine. Run: make run HOST=127.0.0.1"
    return f"Cannot listen on {host} port {port}: {error}"
