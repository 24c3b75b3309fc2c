"""Files of a multipart request, written to disk as they come: none is ever whole in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import anyio
from fastapi import HTTPException, Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from rag.errors import CrossciteError, DocumentError
from rag.uploads import Received, Receiver

MOST_FILES = 20
"""Files a request may have."""

MOST_HEADER_BYTES = 8_192
"""Bytes the headers of a part may have."""

HOW = "Send files as multipart/form-data, as in: curl -F file=@report.pdf"


@dataclass
class Files:
    """What came with a request: files that are there, and ``(name, error)`` of those that are not taken."""

    received: list[Received] = field(default_factory=list)
    refused: list[tuple[str, CrossciteError]] = field(default_factory=list)

    def discard(self) -> None:
        """Delete what was received."""
        for file in self.received:
            file.discard()


async def receive_files(request: Request, folder: Path) -> Files:
    """Write the files of a request into the uploads folder; fields that are no files are left out.

    Raises:
        HTTPException: 415 for a body that is not multipart, 422 for a broken one, 413 for too many files.
        IndexError_: the disk is full.
    """
    parts = _Parts(folder)
    parser = _parser(request.headers.get("content-type", ""), parts)
    complete = False
    try:
        async for chunk in request.stream():
            await anyio.to_thread.run_sync(parser.write, chunk)
        parser.finalize()
        complete = True
    except FormParserError as error:
        raise HTTPException(422, f"The multipart body is broken: {error}. {HOW}") from error
    finally:
        if not complete:
            parts.give_up()
    if not parts.ended:
        parts.give_up()
        raise HTTPException(422, f"The multipart body is cut off. {HOW}")
    return parts.files


def _parser(content_type: str, parts: _Parts) -> MultipartParser:
    media_type, options = parse_options_header(content_type)
    if media_type != b"multipart/form-data":
        raise HTTPException(415, f"The body is {content_type or 'untyped'}. {HOW}")
    if not options.get(b"boundary"):
        raise HTTPException(422, f"The multipart body has no boundary. {HOW}")
    return MultipartParser(
        options[b"boundary"],
        {
            "on_part_begin": parts.begin,
            "on_header_field": parts.header_name,
            "on_header_value": parts.header_value,
            "on_header_end": parts.header_end,
            "on_headers_finished": parts.headers_end,
            "on_part_data": parts.data,
            "on_part_end": parts.part_end,
            "on_end": parts.end,
        },
    )


class _Parts:
    """What a parser tells, turned into files."""

    def __init__(self, folder: Path) -> None:
        self.files = Files()
        self.ended = False
        self._folder = folder
        self._count = 0
        self._receiver: Receiver | None = None
        self._name = self._value = self._disposition = b""

    def begin(self) -> None:
        self._name = self._value = self._disposition = b""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name = self._bounded(self._name + data[start:end])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value = self._bounded(self._value + data[start:end])

    def header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"filename")
        if name is None:
            return
        self._count += 1
        if self._count > MOST_FILES:
            raise HTTPException(413, f"A request may have {MOST_FILES} files at most. Send the others in another one.")
        # Browsers send these three escaped, and nothing else.
        text = name.decode("utf-8", "replace").replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
        try:
            self._receiver = Receiver(self._folder, text)
        except DocumentError as error:
            self.files.refused.append((error.path, error))

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._receiver is None:
            return
        try:
            self._receiver.write(data[start:end])
        except DocumentError as error:
            self._receiver.discard()
            self._receiver = None
            self.files.refused.append((error.path, error))

    def part_end(self) -> None:
        if self._receiver is not None:
            receiver, self._receiver = self._receiver, None
            self.files.received.append(receiver.finish())

    def end(self) -> None:
        self.ended = True

    def give_up(self) -> None:
        if self._receiver is not None:
            self._receiver.discard()
        self.files.discard()

    def _bounded(self, header: bytes) -> bytes:
        if len(header) > MOST_HEADER_BYTES:
            raise HTTPException(422, f"A header within the body is longer than {MOST_HEADER_BYTES:,} bytes.")
        return header
