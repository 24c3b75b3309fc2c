"""The routes that change the documents: upload, follow an upload, cancel it, remove a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse

from rag.errors import CrossciteError
from rag.uploads import MOST_BYTES
from web.library import Library, Upload
from web.multipart import HOW, MOST_FILES, Files, receive_files
from web.paths import DOCUMENT
from web.problems import describe, problem_response
from web.schemas import AddedModel, UploadModel, UploadsModel, problem_responses

POLL_SECONDS = 0.2

RESPOND_ASYNC = "respond-async"

router = APIRouter()


def get_library(request: Request) -> Library:
    """Return what changes the documents, or refuse."""
    library: Library | None = request.app.state.library
    if library is None:
        raise HTTPException(403, "This server does not let its documents be changed over HTTP.")
    return library


ChangeableLibrary = Annotated[Library, Depends(get_library)]

_FILES_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            }
        },
    }
}


@router.post(
    "/documents",
    summary="Upload documents",
    status_code=201,
    response_model=AddedModel,
    responses={
        202: {
            "description": "With the header `Prefer: respond-async`: the files are there and will be documents soon; "
            "`GET /uploads` tells how far they are.",
            "model": UploadsModel,
        },
        **problem_responses(
            {
                403: "The request comes from a page of another site, or this server takes no documents.",
                409: "The same file is there already, or another one of its name; `?replace=true` replaces that one.",
                413: f"A file has more than {MOST_BYTES // 2**20} MB or too many passages, "
                f"or there are more than {MOST_FILES} files.",
                415: "There is no reader for files of this kind; `detail` names those that can be read.",
                422: "A name cannot be kept, or a file cannot be read; `detail` says why.",
                503: "The disk is full, or another program has been writing the index for a long time.",
            }
        ),
    },
    openapi_extra=_FILES_BODY,
)
async def upload(
    request: Request,
    library: ChangeableLibrary,
    replace: Annotated[bool, Query(description="Put a file in the place of the upload of the same name.")] = False,
    prefer: Annotated[str, Header(description="`respond-async`: do not wait until the files are documents.")] = "",
) -> Response:
    """Add one or several files to the documents.

    Files that cannot be added are listed in `refused`, each with its problem; if none can, the problem of the first is
    the response.
    """
    files = await receive_files(request, library.folder)
    if not files.received and not files.refused:
        raise HTTPException(422, f"There is no file in the request. {HOW}")
    uploads = [library.add(file, replace=replace) for file in files.received]
    if RESPOND_ASYNC in prefer.lower():
        if not uploads:
            return _refused(files.refused[0][1])
        return JSONResponse({"uploads": [upload_to_dict(item) for item in uploads], "refused": _problems(files)}, 202)
    for item in uploads:
        while not item.over.is_set():
            await anyio.sleep(POLL_SECONDS)
    files.refused += [(item.received.name, item.error) for item in uploads if isinstance(item.error, CrossciteError)]
    added = [item for item in uploads if item.document]
    if not added:
        return _refused(next(item.error for item in uploads if item.error) if uploads else files.refused[0][1])
    return JSONResponse({"documents": [item.document for item in added], "refused": _problems(files)}, 201)


@router.get(
    "/uploads",
    summary="Follow uploads",
    response_model=UploadsModel,
    responses=problem_responses({403: "This server takes no documents."}),
)
def uploads(library: ChangeableLibrary) -> Any:
    """Return the uploads that are under way, and what became of the last ones."""
    paused = library.is_paused
    return {"uploads": [upload_to_dict(item, paused=paused) for item in library.uploads()]}


@router.get(
    "/uploads/{id}",
    summary="Follow an upload",
    response_model=UploadModel,
    responses=problem_responses({403: "This server takes no documents.", 404: "There is no such upload."}),
)
def upload_status(id: str, library: ChangeableLibrary) -> Any:
    """Return how far one upload is."""
    item = library.upload(id)
    if item is None:
        raise HTTPException(404)
    return upload_to_dict(item, paused=library.is_paused)


@router.delete(
    "/uploads/{id}",
    summary="Cancel an upload",
    status_code=204,
    responses=problem_responses({403: "The request comes from a page of another site."}),
)
def cancel(id: str, library: ChangeableLibrary) -> Response:
    """Give an upload up; one that is over is forgotten. What is a document already stays."""
    library.cancel(id)
    return Response(status_code=204)


@router.delete(
    DOCUMENT,
    summary="Remove a document",
    status_code=204,
    responses=problem_responses(
        {
            403: "The request comes from a page of another site, or this server takes no documents.",
            404: "There is no such document.",
            409: "It was not uploaded: it belongs to an indexed folder, where its file has to be removed.",
            503: "Another program is writing the index; `Retry-After` says when to try again.",
        }
    ),
)
def remove(id: str, library: ChangeableLibrary) -> Response:
    """Remove an uploaded document: its file, its text, vectors and terms. No answer cites it any more."""
    library.remove(id)
    return Response(status_code=204)


def upload_to_dict(upload: Upload, *, paused: bool = False) -> dict[str, Any]:
    """Return an upload as JSON values."""
    return {
        "id": upload.id,
        "name": upload.received.name,
        "size": upload.received.size,
        "state": upload.state,
        "passages": upload.passages,
        "embedded": upload.embedded,
        "paused": paused and upload.state == "embedding",
        "document": upload.document,
        "problem": describe(upload.error)[0] if upload.error else None,
    }


def _refused(error: Exception) -> Response:
    problem, headers = describe(error)
    return problem_response(problem, headers)


def _problems(files: Files) -> list[Mapping[str, Any]]:
    return [{"name": name, "problem": describe(error)[0]} for name, error in files.refused]
