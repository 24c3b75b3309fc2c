"""Refuse what a page of another site could send to a server on this machine.

A browser sends requests to 127.0.0.1 on behalf of any page. A changed ``Host`` (DNS rebinding) would let such a page
read the answers, a foreign ``Origin`` would let it put questions; both are turned away before anything is read.
"""

from __future__ import annotations

from collections.abc import Collection

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.uploads import MOST_BYTES
from web.headers import SECURITY_HEADERS
from web.problems import problem_dict, problem_response

MAX_BODY_BYTES = 1_000_000
"""The longest allowed question with the longest history is 82,000 characters: 984,000 bytes if JSON escapes each one
as a surrogate pair."""

MAX_UPLOAD_BYTES = 2 * MOST_BYTES
"""Several files may come in one request, each of which has a limit of its own."""

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """ASGI middleware: host, origin and size checks on the way in, security headers on the way out.

    ``allowed_hosts`` None allows every name, for a server that is meant to be reached from other machines.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Collection[str] | None = None) -> None:
        self._app = app
        self._allowed_hosts = None if allowed_hosts is None else frozenset(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_security_headers(send)
        uploads = (scope["method"], scope["path"]) == ("POST", "/documents")
        limit = MAX_UPLOAD_BYTES if uploads else MAX_BODY_BYTES
        problem = self._problem(scope["method"], Headers(scope=scope), limit)
        if problem is not None:
            await problem_response(problem)(scope, receive, send)
            return
        await self._app(scope, _limited(receive, limit), send)

    def _problem(self, method: str, headers: Headers, limit: int) -> dict[str, object] | None:
        host = headers.get("host", "")
        if self._allowed_hosts is not None and _name(host) not in self._allowed_hosts:
            return problem_dict(421, f"This server is not called {_name(host)!r}.", code="unknown_host")
        if method not in _SAFE_METHODS and not _same_origin(headers.get("origin"), host):
            return problem_dict(
                403, f"The request comes from {headers['origin']}, this server is {host}.", code="foreign_origin"
            )
        if int(headers.get("content-length") or 0) > limit:
            return problem_dict(413, f"The request is longer than {limit:,} bytes.")
        return None


def _name(host: str) -> str:
    """Return a Host header without its port: ``[::1]:8000`` is ``::1``."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _same_origin(origin: str | None, host: str) -> bool:
    """Whether an Origin header is absent (not a browser) or names this very server."""
    return origin is None or origin.partition("://")[2].lower() == host.lower()


def _limited(receive: Receive, limit: int) -> Receive:
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, f"The request is longer than {limit:,} bytes.")
        return message

    return counting


def _with_security_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-cache")
        await send(message)

    return sending
