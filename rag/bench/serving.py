"""A server in a process of its own, and a page that speaks with it as the chat does."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rag.config import Settings
from rag.errors import CrossciteError

START_SECONDS = 180
"""How long a server may take until it answers questions."""

SILENCE_SECONDS = 120
"""How long a server may say nothing at all; it says at least every two seconds that a stream is alive."""


class BenchError(CrossciteError):
    """A measurement cannot be made."""


@dataclass(frozen=True)
class Server:
    """A running server: its address, its process, and the file its complaints go to."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    def resident_bytes(self) -> int:
        """Return the memory that the process holds."""
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return int(shown.stdout or 0) * 1024

    def complaints(self) -> str:
        """Return what it wrote to its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def served(settings: Settings, *options: str) -> Iterator[Server]:
    """Run ``crosscite serve`` on a free port of this machine, from when it can answer until the block ends.

    Raises:
        BenchError: it does not come up; the message has its last words.
    """
    with tempfile.TemporaryDirectory() as place:
        log = Path(place, "server.log")
        with log.open("w", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "rag.cli", "serve", "--port", "0", *options],
                env={**os.environ, **settings.as_environment()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            server = Server(_address(process, log), process, log)
            _wait(server)
            yield server
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


@dataclass(frozen=True)
class Reply:
    """A response to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Page:
    """One open chat page: a client of its own, which asks as the page's scripts do."""

    def __init__(self, url: str) -> None:
        self._netloc = urlsplit(url).netloc
        self._name = uuid.uuid4().hex

    def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request and read the whole response; ``body`` is bytes as they are, or anything else as JSON."""
        with self._sent(method, path, body, headers or {}) as response:
            received = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, received, response.read())

    @contextmanager
    def asking(self, body: Mapping[str, Any]) -> Iterator[Asking]:
        """Ask for a stream of events; the connection closes with the block, whatever has been read of it."""
        asked = time.monotonic()
        with self._sent("POST", "/ask", {**body, "stream": True}, {"Accept": "text/event-stream"}) as response:
            yield Asking(response, asked)

    def leave(self, path: str, body: Mapping[str, Any], *, after: float) -> None:
        """Post something, read nothing of the response, and hang up after some seconds."""
        data = json.dumps(body).encode()
        connection = http.client.HTTPConnection(self._netloc, timeout=SILENCE_SECONDS)
        try:
            connection.request("POST", path, data, self._headers)
            time.sleep(after)
        finally:
            connection.close()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "Crosscite-Client": self._name}

    @contextmanager
    def _sent(
        self, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(self._netloc, timeout=SILENCE_SECONDS)
        try:
            connection.request(method, path, data, {**self._headers, **headers})
            response = connection.getresponse()
            try:
                yield response
            finally:
                response.close()
        finally:
            connection.close()


class Asking:
    """The events of an answer as they come in."""

    def __init__(self, response: http.client.HTTPResponse, asked: float) -> None:
        self._response = response
        self._asked = asked
        self.status = response.status
        self.retry_after = int(response.headers.get("Retry-After", 1))

    def events(self) -> Iterator[tuple[float, str, Any]]:
        """Yield seconds since asking, kind and data of each event; comments come as kind "comment"."""
        kind = ""
        for line in self._response:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield time.monotonic() - self._asked, kind, json.loads(value)
            elif name == "":
                yield time.monotonic() - self._asked, "comment", value


def _address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if "http://" not in line:
        raise BenchError(f"The server does not start. {log.read_text(encoding='utf-8').strip()}")
    return line[line.index("http://") :].split()[0]


def _wait(server: Server) -> None:
    page, deadline = Page(server.url), time.monotonic() + START_SECONDS
    while (reply := page.request("GET", "/readyz")).status != 200:
        problem = reply.json()
        if problem.get("code") != "loading" or time.monotonic() > deadline or server.process.poll() is not None:
            raise BenchError(f"The server cannot answer. {problem.get('detail', '')}")
        time.sleep(0.05)
