"""The routes for people: the chat, a document with one span highlighted, and the API's own documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.templating import Jinja2Templates

from rag.readers import SUFFIXES
from rag.uploads import MOST_BYTES
from web.api import Chatbot
from web.i18n import page_context
from web.paths import DOCUMENT
from web.problems import TITLES
from web.schemas import MAX_QUESTION, MAX_TURN, problem_responses
from web.starters import HOW_MANY, spread, starters
from web.text import blocks, cited_span

HERE = Path(__file__).parent
HISTORY_TURNS = 6
"""How many messages the chat sends along: a follow-up refers to the last answers, and prompt length is the cost."""

_FOR_PEOPLE = "pages"

router = APIRouter(default_response_class=HTMLResponse)
templates = Jinja2Templates(HERE / "templates", context_processors=[page_context])


@router.get("/", include_in_schema=False)
def chat(request: Request) -> Response:
    """Return the chat, which opens before any model is loaded."""
    limits = {"max_question": MAX_QUESTION, "max_turn": MAX_TURN, "history_turns": HISTORY_TURNS}
    return render(request, "chat.html", {**limits, "ahead": request.app.state.ahead})


@router.get("/starters", include_in_schema=False)
def starter_questions(request: Request, chatbot: Chatbot) -> Response:
    """Return a few questions to begin with, as the page shows them."""
    infos = spread(chatbot.index.documents(), lambda info: info.language)[:HOW_MANY]
    documents = [chatbot.index.document(info.id) for info in infos]
    questions = starters(documents, page_context(request)["t"])
    return JSONResponse({"questions": questions}, headers={"Vary": "Accept-Language"})


@router.get(
    f"{DOCUMENT}/view",
    summary="Read a document in the browser",
    tags=[_FOR_PEOPLE],
    responses=problem_responses({404: "There is no such document.", 422: "The span is not in the text."}),
)
def view(
    request: Request,
    id: str,
    chatbot: Chatbot,
    start: Annotated[int | None, Query(description="First code point to highlight.")] = None,
    end: Annotated[int | None, Query(description="The code point after the last one to highlight.")] = None,
) -> Response:
    """Return a page with the document's text, the span highlighted and scrolled to."""
    document = chatbot.index.document(id)
    passages = chatbot.index.passages_of(id)
    cited = cited_span(document, start, end)
    context = {
        "document": document,
        "passages": len(passages),
        "blocks": blocks(document, passages, cited),
        "cited": cited is not None,
    }
    return render(request, "view.html", context)


@router.get("/library", include_in_schema=False)
def library(request: Request) -> Response:
    """Return the page that lists the documents, adds and removes them."""
    limits = {
        "changeable": request.app.state.library is not None,
        "suffixes": SUFFIXES,
        "most_bytes": MOST_BYTES,
    }
    return render(request, "library.html", limits)


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> Response:
    """Return the API's documentation, made from its OpenAPI description without any foreign script."""
    app: FastAPI = request.app
    context = {"operations": _operations(app.openapi()), "problems": TITLES, "base": str(request.base_url).rstrip("/")}
    return render(request, "docs.html", context)


def problem_page(request: Request, problem: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """Return the page that tells somebody why the page they wanted cannot be had."""
    t = page_context(request)["t"]
    code = problem.get("code")
    if code in t.catalogue["problems"]:
        said = t(f"problems.{code}")
    else:
        said = t("page.nothing_here") if problem["status"] == HTTPStatus.NOT_FOUND else problem["title"]
    return render(request, "problem.html", {"problem": problem, "said": said}, problem["status"], headers)


def render(
    request: Request,
    template: str,
    context: dict[str, Any],
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a page in the browser's language."""
    headers = {"Vary": "Accept-Language", **(headers or {})}
    return templates.TemplateResponse(request, template, context, status, headers)


def _operations(description: dict[str, Any]) -> list[dict[str, Any]]:
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation["summary"],
            "text": operation.get("description", ""),
            "parameters": operation.get("parameters", []),
            "examples": [json.dumps(example, ensure_ascii=False) for example in _examples(description, operation)],
            "takes_files": "multipart/form-data" in operation.get("requestBody", {}).get("content", {}),
            "responses": {status: response["description"] for status, response in operation["responses"].items()},
            "for_people": _FOR_PEOPLE in operation.get("tags", []),
        }
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    return sorted(operations, key=lambda operation: operation["for_people"])


def _examples(description: dict[str, Any], operation: dict[str, Any]) -> list[Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
    examples: list[Any] = description["components"]["schemas"].get(name, {}).get("examples", [])
    return examples
