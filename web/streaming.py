"""The events of an answer as they go over the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import Request
from fastapi.sse import EventSourceResponse, format_sse_event

from rag.errors import Cancelled, CrossciteError
from rag.types import Answer, AnswerSentence, Event, Evidence
from rag.wire import answer_to_dict, citation_to_dict, evidence_to_dict, sentence_to_dict
from web.problems import describe
from web.worker import Job, Worker

PING_SECONDS = 2.0
"""How often a silent stream says that it is alive: well below the time-outs of proxies, often enough for a queue."""

_watchers: set[asyncio.Task[None]] = set()
"""The event loop keeps only weak references to tasks."""


def event_stream(worker: Worker, job: Job) -> EventSourceResponse:
    """Return a job's events as server-sent events: evidence, token…, sentence…, answer, or error at any time."""
    return EventSourceResponse(_encoded(worker, job), headers={"X-Accel-Buffering": "no"})


async def last_answer(worker: Worker, job: Job) -> Answer:
    """Wait for the answer that ends a job."""
    answer: Answer | None = None
    try:
        while (event := await job.next_event()) is not None:
            if isinstance(event.data, Answer):
                answer = event.data
    finally:
        worker.withdraw(job)
    if answer is None:
        raise CrossciteError("The generation ended without an answer.")
    return answer


async def whole_text(worker: Worker, job: Job) -> str:
    """Wait for the end of a job and return the text that its tokens make."""
    pieces = []
    try:
        while (event := await job.next_event()) is not None:
            if isinstance(event.data, str):
                pieces.append(event.data)
    finally:
        worker.withdraw(job)
    return "".join(pieces)


def when_gone(request: Request, action: Callable[[], None]) -> None:
    """Call ``action`` once the client has closed its connection or the response is complete.

    It watches the connection itself: while a prompt is evaluated nothing is sent that could fail, for many seconds.
    """

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        action()

    task = asyncio.create_task(watch())
    _watchers.add(task)
    task.add_done_callback(_watchers.discard)


async def _encoded(worker: Worker, job: Job) -> AsyncIterator[bytes]:
    try:
        yield format_sse_event(comment=_waiting(worker, job))
        while True:
            try:
                event = await job.next_event(PING_SECONDS)
            except TimeoutError:
                yield format_sse_event(comment=_waiting(worker, job))
                continue
            if event is None:
                return
            yield _encode(event.kind, event_data(event))
    except Cancelled:
        return
    except Exception as error:  # the edge of a response whose status is sent already
        problem, _headers = describe(error)
        yield _encode("error", problem)
    finally:
        worker.withdraw(job)


def event_data(event: Event) -> Any:
    """Return what an event carries, as JSON values; a sentence brings the sources that its numbers stand for."""
    data = event.data
    if isinstance(data, str):
        return data
    if isinstance(data, Answer):
        return answer_to_dict(data)
    if isinstance(data, AnswerSentence):
        return {**sentence_to_dict(data), "sources": [citation_to_dict(citation) for citation in event.citations]}
    return [evidence_to_dict(evidence) for evidence in data if isinstance(evidence, Evidence)]


def _encode(kind: str, data: Any) -> bytes:
    return format_sse_event(event=kind, data_str=json.dumps(data, ensure_ascii=False))


def _waiting(worker: Worker, job: Job) -> str:
    return f"ahead={worker.ahead_of(job)}"
