"""The routes for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from pydantic import AfterValidator

from rag import figures
from rag import language as languages
from rag.errors import QuestionError
from rag.types import Event, Question
from rag.wire import answer_to_dict, document_info_to_dict, document_to_dict, evidence_to_dict
from web.i18n import wanted
from web.loading import ChatbotLike, Loader, answer_from_present, prepare_from_present
from web.paths import DOCUMENT
from web.schemas import (
    MAX_HITS,
    MAX_QUESTION,
    MAX_TRANSLATED,
    AnswerModel,
    AskRequest,
    DocumentModel,
    DocumentsModel,
    HealthModel,
    PrepareRequest,
    ReadyModel,
    SearchModel,
    TranslateRequest,
    TranslationModel,
    not_blank,
    problem_responses,
)
from web.streaming import event_stream, last_answer, when_gone, whole_text
from web.text import stretch
from web.worker import Worker

EVENT_STREAM = "text/event-stream"

_INVALID = "A field is wrong; `errors` says which and why."
_NOT_READY = "The models are still loading, or there is no index; `detail` says what to do."

router = APIRouter()
ahead = APIRouter()
"""What is there only where questions in the making are prepared for."""


def get_loader(request: Request) -> Loader:
    """Return what brings the chatbot up."""
    loader: Loader = request.app.state.loader
    return loader


def get_chatbot(loader: Annotated[Loader, Depends(get_loader)]) -> ChatbotLike:
    """Return the chatbot, or make the response a 503."""
    return loader.get()


def get_worker(request: Request) -> Worker:
    """Return what generates."""
    worker: Worker = request.app.state.worker
    return worker


def get_client(
    request: Request,
    name: Annotated[
        str,
        Header(
            alias="Crosscite-Client",
            max_length=64,
            description="A name of your own, by which clients of the same address get their turn one after another.",
        ),
    ] = "",
) -> str:
    """Return who asks, as far as it matters for the order of the queue: there are no accounts."""
    address = request.client.host if request.client else ""
    return f"{address} {name}"


def get_spoken(
    accept_language: Annotated[
        str, Header(description="Languages that you read; they decide where a question is too short to tell.")
    ] = "",
) -> tuple[str, ...]:
    """Return the languages that the asker reads, as far as they can be answered in, the preferred one first."""
    return languages.codes(wanted(accept_language))


def require_json(request: Request) -> None:
    """Refuse a body that does not say it is JSON: only a page of this origin can send one that does."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(415, f"Send the question as application/json, not as {media_type or 'an untyped body'}.")


Chatbot = Annotated[ChatbotLike, Depends(get_chatbot)]
Client = Annotated[str, Depends(get_client)]
Spoken = Annotated[tuple[str, ...], Depends(get_spoken)]


@router.post(
    "/ask",
    summary="Ask a question",
    dependencies=[Depends(require_json)],
    response_model=AnswerModel,
    responses={
        200: {
            "description": "The verified answer, or with `stream: true` its events: `evidence`, `token`, `sentence` "
            "(with the `sources` of its citation numbers), `answer`, which decides, and `error` if it breaks off.",
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        },
        **problem_responses(
            {
                409: "A document that the answer was being made of has been removed or replaced; ask again.",
                413: "The request is too long.",
                415: "The request is not JSON.",
                422: _INVALID,
                429: "Too many questions are waiting; `Retry-After` says when to ask again.",
                503: _NOT_READY,
            }
        ),
    },
)
async def ask(
    body: AskRequest,
    request: Request,
    chatbot: Chatbot,
    loader: Annotated[Loader, Depends(get_loader)],
    worker: Annotated[Worker, Depends(get_worker)],
    client: Client,
    spoken: Spoken,
) -> Any:
    """Answer from the documents, in the asker's language, with citations that were checked against the text."""
    await anyio.to_thread.run_sync(_require_documents, chatbot, body.documents)
    job = worker.submit(
        body.to_question(spoken), lambda question, cancelled: answer_from_present(loader, question, cancelled), client
    )
    when_gone(request, lambda: worker.withdraw(job))
    if body.stream or EVENT_STREAM in request.headers.get("accept", ""):
        return event_stream(worker, job)
    return answer_to_dict(await last_answer(worker, job))


@ahead.post(
    "/prepare",
    summary="Say what will probably be asked",
    dependencies=[Depends(require_json), Depends(get_chatbot)],
    status_code=202,
    response_class=Response,
    responses=problem_responses({415: "The request is not JSON.", 422: _INVALID, 503: _NOT_READY}),
)
async def prepare(
    body: PrepareRequest,
    loader: Annotated[Loader, Depends(get_loader)],
    worker: Annotated[Worker, Depends(get_worker)],
    client: Client,
    spoken: Spoken,
) -> None:
    """Look up and read evidence for a question in the making while nobody asks, so that its answer begins sooner.

    The newest one of each client counts. What was sent is held in memory for a while, and written nowhere.
    """
    worker.prepare(
        body.to_question(spoken), lambda question, cancelled: prepare_from_present(loader, question, cancelled), client
    )


@router.post(
    "/translate",
    summary="Translate a quote",
    dependencies=[Depends(require_json)],
    response_model=TranslationModel,
    responses=problem_responses(
        {
            404: "There is no such document.",
            415: "The request is not JSON.",
            422: _INVALID,
            429: "Too many questions are waiting; `Retry-After` says when to ask again.",
            503: _NOT_READY,
        }
    ),
)
async def translate(
    body: TranslateRequest,
    request: Request,
    chatbot: Chatbot,
    worker: Annotated[Worker, Depends(get_worker)],
    client: Client,
) -> Any:
    """Return a machine translation of a span of a document, made by the model that answers, in its turn."""
    document = await anyio.to_thread.run_sync(chatbot.index.document, body.document)
    span = stretch(document, body.start, body.end)
    quote = document.text[span.start : span.end]
    if len(quote) > MAX_TRANSLATED:
        raise QuestionError("end", f"the span has {len(quote):,} characters; at most {MAX_TRANSLATED:,} are translated")

    def made(question: Question, cancelled: Callable[[], bool]) -> Iterator[Event]:
        yield Event("token", chatbot.translate(question.text, body.language, cancelled=cancelled))

    job = worker.submit(Question(quote), made, client)
    when_gone(request, lambda: worker.withdraw(job))
    text = await whole_text(worker, job)
    return {
        "quote": quote,
        "language": body.language,
        "text": text,
        "doubtful": figures.unsupported(text, [quote]),
        "model": chatbot.model,
    }


@router.get(
    "/search",
    summary="Search without answering",
    response_model=SearchModel,
    responses=problem_responses({422: _INVALID, 503: _NOT_READY}),
)
async def search(
    request: Request,
    chatbot: Chatbot,
    q: Annotated[
        str,
        Query(min_length=1, max_length=MAX_QUESTION, openapi_examples={"question": {"value": "Who founded DeepSeek?"}}),
        AfterValidator(not_blank),
    ],
    spoken: Spoken,
    k: Annotated[int, Query(ge=1, le=MAX_HITS, description="How many sentences at most.")] = 8,
) -> Any:
    """Return the sentences that a question would be answered from, best first."""
    # One at a time: each search uses every core, and a generation may be running beside it.
    searched = partial(chatbot.search, q, k, spoken=spoken)
    evidence = await anyio.to_thread.run_sync(searched, limiter=request.app.state.search_limiter)
    return {"query": q, "evidence": [evidence_to_dict(item) for item in evidence]}


@router.get(
    "/documents",
    summary="List the documents",
    response_model=DocumentsModel,
    responses=problem_responses({503: _NOT_READY}),
)
def documents(chatbot: Chatbot) -> Any:
    """Return every document of the index."""
    return {"documents": [document_info_to_dict(info) for info in chatbot.index.documents()]}


@router.get(
    "/healthz",
    summary="Is the server running?",
    response_model=HealthModel,
)
def healthz() -> Any:
    """Say that the process answers; models may still be loading."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Can it answer?",
    response_model=ReadyModel,
    responses=problem_responses({503: _NOT_READY}),
)
def readyz(chatbot: Chatbot) -> Any:
    """Say that questions are answered."""
    return {"status": "ready", "documents": len(chatbot.index.documents())}


@router.get(
    DOCUMENT,
    summary="Read a document",
    response_model=DocumentModel,
    responses=problem_responses({404: "There is no such document.", 503: _NOT_READY}),
)
def document(id: str, chatbot: Chatbot) -> Any:
    """Return one document with its canonical text; offsets of citations count its code points."""
    return document_to_dict(chatbot.index.document(id))


def _require_documents(chatbot: ChatbotLike, ids: Sequence[str] | None) -> None:
    if ids is None:
        return
    known = {document.id for document in chatbot.index.documents()}
    unknown = [id for id in ids if id not in known]
    if unknown:
        raise QuestionError("documents", f"there is no document {', '.join(map(repr, unknown))} in the index")
