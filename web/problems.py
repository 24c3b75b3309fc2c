"""Every error as RFC 9457 problem details: what went wrong, for people and for programs.

``type`` is a link into this server's own documentation, ``code`` the same as a bare word; a 422 lists which field is
wrong and why in ``errors``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from rag.errors import (
    Cancelled,
    CrossciteError,
    DocumentError,
    DocumentExists,
    DocumentKept,
    DocumentNotFound,
    DocumentTooLarge,
    IndexError_,
    ModelError,
    QuestionError,
    QueueFull,
    UnsupportedFormat,
)
from web.headers import SECURITY_HEADERS
from web.loading import DocumentsChanged, NotReady, error_code
from web.worker import Stopping

logger = logging.getLogger(__name__)

TITLES = {
    "invalid_request": "The request is not valid",
    "document_not_found": "No such document",
    "document_exists": "The document is there already",
    "document_too_large": "The document is too large",
    "document_error": "The document cannot be read",
    "document_kept": "The document belongs to an indexed folder",
    "documents_changed": "A document has changed meanwhile",
    "name_taken": "Another upload has this name",
    "name_refused": "The file's name cannot be kept",
    "unsupported_format": "There is no reader for this kind of file",
    "queue_full": "Too many questions are waiting",
    "loading": "The models are loading",
    "stopping": "The server is stopping",
    "model_missing": "A model is not on this machine yet",
    "model_unknown": "There is no model of this name",
    "index_missing": "There is no index",
    "index_outdated": "The index was made by another version or model",
    "index_damaged": "The index is damaged",
    "index_locked": "The index is being written",
    "foreign_origin": "A page of another site may not ask here",
    "unknown_host": "This server does not go by that name",
    "internal": "Something went wrong in the server",
}
"""What each ``code`` means, in words that do not change from case to case."""

_FILE_STATUS = ((DocumentExists, 409), (DocumentTooLarge, 413), (UnsupportedFormat, 415))
"""Why a file is not taken; any other reason is a 422."""

CLIENT_CLOSED_REQUEST = 499
"""For the log only: whoever asked is gone and reads no status."""


def problem_dict(
    status: int, detail: str, *, code: str | None = None, errors: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """Return a problem as the JSON object that is sent."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    return {
        "type": f"/docs#{code}" if code in TITLES else "about:blank",
        "title": TITLES.get(code or "", phrase),
        "status": status,
        "detail": detail,
        **({"code": code} if code else {}),
        **({"errors": list(errors)} if errors else {}),
    }


def problem_response(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a response."""
    return JSONResponse(body, body["status"], headers=headers, media_type="application/problem+json")


def _respond(request: Request, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as what was asked for: a page for somebody who follows a link, else the JSON object."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        from web.pages import problem_page  # which knows this module already

        return problem_page(request, body, headers or {})
    return problem_response(body, headers)


def field_problem(field: str, reason: str) -> dict[str, Any]:
    """Return the 422 problem of one field."""
    return problem_dict(422, f"{field}: {reason}", code="invalid_request", errors=[{"field": field, "reason": reason}])


def describe(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the problem and the headers that an exception becomes; what nobody foresaw is logged, not shown."""
    if isinstance(error, QuestionError):
        return field_problem(error.field, error.reason), {}
    if isinstance(error, NotReady):
        return problem_dict(503, str(error), code=error.code), {"Retry-After": str(error.retry_after)}
    if isinstance(error, QueueFull):
        return problem_dict(429, str(error), code="queue_full"), {"Retry-After": str(error.retry_after)}
    if isinstance(error, DocumentNotFound):
        return problem_dict(404, str(error), code="document_not_found"), {}
    if isinstance(error, DocumentError):
        status = next((status for kind, status in _FILE_STATUS if isinstance(error, kind)), 422)
        other = {"document": error.document} if isinstance(error, DocumentExists) else {}
        return {**problem_dict(status, str(error), code=error_code(error)), "why": error.why, **other}, {}
    if isinstance(error, (DocumentKept, DocumentsChanged)):
        return problem_dict(409, str(error), code=error_code(error)), {}
    if isinstance(error, Stopping):
        return problem_dict(503, str(error), code="stopping"), {"Retry-After": "5"}
    if isinstance(error, Cancelled):
        return problem_dict(CLIENT_CLOSED_REQUEST, str(error), code="cancelled"), {}
    if isinstance(error, (ModelError, IndexError_)):
        return problem_dict(503, str(error), code=error_code(error)), {"Retry-After": "5"}
    if isinstance(error, CrossciteError):
        return problem_dict(500, str(error), code=error_code(error)), {}
    logger.error("A request failed", exc_info=error)
    return problem_dict(500, "The server's log has the details.", code="internal"), {}


def install(app: FastAPI) -> None:
    """Make every error of the application a problem, those of the framework included."""

    async def on_known(request: Request, error: Exception) -> Response:
        return _respond(request, *describe(error))

    async def on_unexpected(request: Request, error: Exception) -> Response:
        body, headers = describe(error)
        # This handler runs outside all middleware, so that the headers have to be set here.
        return _respond(request, body, {**SECURITY_HEADERS, **headers})

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = [_field_error(item) for item in error.errors()]
        detail = "; ".join(f"{item['field']}: {item['reason']}" for item in errors)
        return _respond(request, problem_dict(422, detail, code="invalid_request", errors=errors))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = str(error.detail)
        if error.status_code == 404:
            detail = f"There is nothing at {request.url.path}."
        elif error.status_code == 405:
            detail = f"{request.url.path} does not take {request.method}."
        return _respond(request, problem_dict(error.status_code, detail), error.headers)

    app.add_exception_handler(CrossciteError, on_known)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_unexpected)


def _field_error(item: Mapping[str, Any]) -> dict[str, str]:
    if item["type"] == "json_invalid":
        return {"field": "body", "reason": f"is not valid JSON: {item.get('ctx', {}).get('error', 'cannot be read')}"}
    location = [str(part) for part in item["loc"]]
    field = ".".join(location[1:]) or location[0]
    return {"field": field, "reason": str(item["msg"]).removeprefix("Value error, ")}
