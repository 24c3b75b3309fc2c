"""A server that speaks the HTTP contract, asked over the network that its address names."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from rag.errors import CrossciteError
from rag.evaluation.results import answer_from_dict, evidence_from_list
from rag.types import Answer, Evidence, Question

ANSWER_SECONDS = 600
LOOK_UP_SECONDS = 60

PATIENCE = 300
"""Seconds to wait for a server that says it is busy or still loads its models."""


class ServerError(CrossciteError):
    """A server cannot be asked."""


class Remote:
    """A server that has ``POST /ask``, and perhaps ``GET /search`` and ``GET /documents``."""

    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ServerError(f"{url!r} is not an address. Give one such as http://127.0.0.1:8000")
        self.url = url.rstrip("/")

    def answer(self, question: Question) -> Answer:
        history = [{"role": turn.role, "content": turn.content} for turn in question.history]
        body = {"question": question.text, **({"history": history} if history else {})}
        return answer_from_dict(self._json("/ask", ANSWER_SECONDS, body))

    def search(self, question: Question, k: int) -> Sequence[Evidence] | None:
        """Return what is found; None for a question that leans on others, which ``GET /search`` cannot be told."""
        if question.history:
            return None
        found = self._optional(f"/search?{urlencode({'q': question.text, 'k': k})}")
        return None if found is None else evidence_from_list(found["evidence"])

    def text(self, document: str) -> str | None:
        found = self._optional(f"/documents/{quote(document)}")
        return None if found is None else str(found["text"])

    def languages(self) -> Mapping[str, str]:
        """Return the documents' languages; asked first, so it is here that a server that is not there is noticed."""
        found = self._optional("/documents") or {"documents": []}
        return {info["id"]: info["language"] for info in found["documents"]}

    def _optional(self, path: str) -> Any:
        try:
            return self._json(path, LOOK_UP_SECONDS)
        except HTTPError as error:
            if error.code in (404, 405, 501):
                return None
            raise

    def _json(self, path: str, seconds: float, body: Mapping[str, Any] | None = None) -> Any:
        """Ask, and ask again while the server says that it will be ready later.

        Raises:
            ServerError: it is not there, or does not speak JSON.
            HTTPError: it answers with an error.
        """
        request = Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Accept": "application/json", "Content-Type": "application/json"},
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urlopen(request, timeout=seconds) as response:
                    return json.loads(response.read())
            except HTTPError as error:
                wait = _seconds(error.headers.get("Retry-After"))
                if error.code not in (429, 503) or time.monotonic() + wait > deadline:
                    raise
                time.sleep(wait)
            except URLError as error:
                raise ServerError(f"{self.url} cannot be reached: {error.reason}.") from error
            except json.JSONDecodeError as error:
                raise ServerError(f"{self.url}{path} does not answer in JSON: {error.msg}.") from error


def _seconds(retry_after: str | None) -> float:
    return min(float(retry_after), 30.0) if retry_after and retry_after.isdigit() else 2.0
