"""The web application: serves at once, loads its models behind, and answers one question at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles

from web import api, pages, problems, uploads
from web.guard import Guard
from web.library import Library, Source
from web.loading import RETRY_SECONDS, ChatbotLike, Loader, Renew
from web.schemas import ProblemModel
from web.worker import Worker

DESCRIPTION = "Questions about a folder of documents, answered with citations that were checked against the text."


def create_app(
    load: Callable[[], ChatbotLike],
    *,
    renew: Renew | None = None,
    queue_size: int = 8,
    allowed_hosts: Collection[str] | None = None,
    retry_seconds: float = RETRY_SECONDS,
    source: Source | None = None,
    ahead: bool = True,
) -> FastAPI:
    """Return the application.

    ``load`` is called in a background thread when the server starts, and again after a failure when somebody asks,
    at most every ``retry_seconds``, or when an upload has mended the index. ``renew`` changes a chatbot to an index
    that is newer than its own; without it the index stays what it was. ``queue_size`` questions may wait while one is
    answered. ``allowed_hosts`` are the names the server goes by, None for any. ``source`` is where documents are added
    and removed; without it they cannot be changed over HTTP. ``ahead`` lets the chat send questions while they are
    typed, to be prepared for.
    """
    loader = Loader(load, renew=renew, retry_seconds=retry_seconds)
    worker = Worker(queue_size)
    library = Library(source, loader, worker) if source else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.search_limiter = anyio.CapacityLimiter(1)
        worker.start()
        loader.start()
        if library:
            library.start()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(worker.stop)
            if library:
                await anyio.to_thread.run_sync(library.stop)

    # The usual documentation pages load scripts from a foreign origin; web/pages.py has its own.
    app = FastAPI(title="crosscite", description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.loader = loader
    app.state.worker = worker
    app.state.library = library
    app.state.ahead = ahead
    app.add_middleware(Guard, allowed_hosts=allowed_hosts)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    # Pages first: the API's "/documents/{id}" takes identifiers with slashes, and so would take ".../view" too.
    app.include_router(pages.router)
    if ahead:
        app.include_router(api.ahead)
    app.include_router(api.router)
    app.include_router(uploads.router)
    problems.install(app)
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Put the problem object into the OpenAPI description, in place of the framework's own validation errors."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _replace_validation_errors(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _replace_validation_errors(schema: dict[str, Any]) -> None:
    for methods in schema["paths"].values():
        for operation in methods.values():
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
    problem = ProblemModel.model_json_schema(ref_template="#/components/schemas/{model}")
    components = schema["components"]["schemas"]
    for framework in ("HTTPValidationError", "ValidationError"):
        components.pop(framework, None)
    components.update(problem.pop("$defs"), ProblemModel=problem)
