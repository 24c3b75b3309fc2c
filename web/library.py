"""Add and remove documents while questions are answered.

One thread takes uploads in the order of their coming: those that wait are read, embedded and indexed together. The
embedder and the language model want the same cores, so embedding goes in slices of about half a second between answers
(`Worker.aside`), and the index is written only when all vectors are there: a removal, or another program that writes
the index, never waits for an embedding. Questions are answered from the old index until the new one is complete.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag import uploads
from rag.errors import Cancelled, CrossciteError, IndexError_, IndexLocked
from rag.uploads import Checked, Known, Received
from web.loading import Loader, NotReady
from web.worker import Stopping, Worker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.embedding import Embedder

logger = logging.getLogger(__name__)

REMEMBERED = 100
"""Uploads that are over whose outcome can still be asked for."""

SLICE_TEXTS, SLICE_CHARACTERS = 16, 4000
"""What is embedded at once between answers: about half a second on two cores."""

BATCH_BYTES = 2_000_000
"""Files up to this many bytes are indexed together. A larger one comes alone: small ones need not wait for it."""

SWAP_SECONDS = 5
"""How long a change waits for the new index to be taken up; opening it takes a fraction of a second."""

LOCK_SECONDS = 600
"""How long the index may be written by another program before an upload gives up."""

State = Literal["waiting", "reading", "embedding", "indexing", "done", "refused"]


@dataclass(frozen=True)
class Source:
    """What the library needs to write an index: its folder, and the embedder that makes its vectors.

    ``load_embedder`` is asked where no chatbot could be loaded, which has one otherwise: to add the first document.
    """

    folder: Path
    embedder: str
    embedder_sha256: str
    load_embedder: Callable[[], Embedder]


@dataclass
class Upload:
    """One file on its way to become a document. ``passages`` counts what there is to embed, ``embedded`` of it."""

    received: Received
    replace: bool = False
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    state: State = "waiting"
    passages: int = 0
    embedded: int = 0
    document: str | None = None
    error: Exception | None = None
    over: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False

    def refuse(self, error: Exception) -> None:
        """End without a document, and leave nothing of the file."""
        # What cannot be deleted now is swept away when the next server starts; whoever waits must be told in any case.
        with contextlib.suppress(OSError):
            self.received.discard()
        self.state, self.error = "refused", error
        self.over.set()

    def finish(self, document: str) -> None:
        """End as a document."""
        self.state, self.document = "done", document
        self.over.set()


class Library:
    """The documents behind the answers, as far as they may be changed."""

    def __init__(self, source: Source, loader: Loader, worker: Worker) -> None:
        self.folder = source.folder
        self._source = source
        self._loader = loader
        self._worker = worker
        self._uploads: OrderedDict[str, Upload] = OrderedDict()
        self._changed = threading.Condition()
        self._stopping = False
        # The index has one writer; a removal comes between two uploads.
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="crosscite-library", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 3.0) -> None:
        """Take up nothing more, and wait a little for the thread; what it cannot end in time leaves the index whole."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def add(self, received: Received, *, replace: bool = False) -> Upload:
        """Take up a received file, as one more or in place of the upload of the same name."""
        upload = Upload(received, replace)
        with self._changed:
            if self._stopping:
                upload.refuse(_stopped())
            self._uploads[upload.id] = upload
            over = [id for id, other in self._uploads.items() if other.over.is_set()]
            for id in over[: max(0, len(over) - REMEMBERED)]:
                del self._uploads[id]
            self._changed.notify_all()
        return upload

    def uploads(self) -> list[Upload]:
        """Return what is under way, and what is over and not forgotten, oldest first."""
        with self._changed:
            return list(self._uploads.values())

    def upload(self, id: str) -> Upload | None:
        """Return one of them."""
        with self._changed:
            return self._uploads.get(id)

    @property
    def is_paused(self) -> bool:
        """Whether embedding waits for an answer to be complete."""
        return self._worker.is_answering

    def cancel(self, id: str) -> None:
        """Give an upload up, or forget one that is over."""
        with self._changed:
            upload = self._uploads.pop(id, None)
            if upload is not None:
                upload.cancelled = True
                if upload.state == "waiting":
                    upload.refuse(_cancelled())

    def remove(self, document_id: str) -> None:
        """Remove an uploaded document; when this returns, no question is answered from it any more.

        Raises:
            DocumentNotFound, DocumentKept, IndexError_: as ``rag.uploads.remove``; then it stays.
        """
        with self._writing:
            uploads.remove(document_id, self.folder)
        self._take_up_new_index()

    # In the library's thread

    def _run(self) -> None:
        try:
            self._settle()
            while batch := self._take():
                self._process(batch)
        except Stopping:
            pass
        finally:
            self._refuse(self.uploads(), _stopped())

    def _settle(self) -> None:
        """Finish what a server that was killed had begun; what stands in the way of that is no reason to end."""
        try:
            uploads.sweep(self.folder)
            with self._writing:
                summary = uploads.settle(
                    self.folder, lambda: _Polite(self._embedder(), self._worker), *self._embedder_name
                )
        except Stopping:
            raise
        except (CrossciteError, OSError) as error:
            logger.warning("The uploads cannot be compared with the index: %s", error)
            return
        except Exception:  # the edge of a thread: uploads are to be taken whatever it is
            logger.exception("The uploads cannot be compared with the index")
            return
        if summary.added or summary.replaced or summary.removed:
            logger.warning("Uploads that were cut short are settled: %s", summary)
            self._take_up_new_index()

    def _take(self) -> list[Upload]:
        """Wait for uploads and return the next ones; none when the server stops."""
        with self._changed:
            while not self._stopping:
                if waiting := [upload for upload in self._uploads.values() if upload.state == "waiting"]:
                    sizes = accumulate(upload.received.size for upload in waiting)
                    batch = [upload for upload, size in zip(waiting, sizes, strict=True) if size <= BATCH_BYTES]
                    batch = batch or waiting[:1]
                    for upload in batch:
                        upload.state = "reading"
                    return batch
                self._changed.wait()
        return []

    def _process(self, batch: Sequence[Upload]) -> None:
        try:
            embedder = self._embedder()
            checked = self._check(batch, embedder)
            vectors = self._embed(checked, embedder)
            ready = [(upload, file) for upload, file in checked if not upload.over.is_set()]
            if ready:
                self._store(ready, Known(vectors, _Polite(embedder, self._worker)))
        except Stopping:
            self._refuse(batch, _stopped())
            raise
        except Exception as error:  # the edge of a thread: whatever it is, whoever uploaded must be told
            if not isinstance(error, CrossciteError):
                logger.exception("An upload failed")
            self._refuse(batch, error)

    def _check(self, batch: Sequence[Upload], embedder: Embedder) -> list[tuple[Upload, Checked]]:
        checked: list[tuple[Upload, Checked]] = []
        for upload in batch:
            try:
                _go_on(upload)
                beside = [file for _, file in checked]
                file = uploads.check(
                    upload.received, self.folder, embedder.count_tokens, replace=upload.replace, beside=beside
                )
            except (CrossciteError, OSError) as error:
                upload.refuse(error)
                continue
            upload.passages, upload.state = file.passages, "embedding"
            checked.append((upload, file))
        return checked

    def _embed(self, files: Sequence[tuple[Upload, Checked]], embedder: Embedder) -> dict[str, NDArray[np.float32]]:
        vectors: dict[str, NDArray[np.float32]] = {}
        for upload, file in files:
            try:
                for done, batch in _slices([text for text in file.texts if text not in vectors]):
                    _go_on(upload)
                    with self._worker.aside():
                        vectors.update(zip(batch, embedder.passages(batch), strict=True))
                    upload.embedded = round(file.passages * done)
            except Cancelled as error:
                upload.refuse(error)
        return vectors

    def _store(self, files: Sequence[tuple[Upload, Checked]], known: Known) -> None:
        for upload, file in files:
            upload.state, upload.embedded = "indexing", file.passages
        started = time.monotonic()
        while True:
            try:
                with self._writing:
                    ids = uploads.store([file for _, file in files], self.folder, known, *self._embedder_name)
                break
            except IndexLocked:
                if time.monotonic() - started > LOCK_SECONDS:
                    raise
                self._pause(1.0)
        self._take_up_new_index()
        for (upload, _), document in zip(files, ids, strict=True):
            upload.finish(document)

    def _refuse(self, batch: Sequence[Upload], error: Exception) -> None:
        for upload in batch:
            if not upload.over.is_set():
                upload.refuse(error)

    def _take_up_new_index(self) -> None:
        """Answer from the new index from now on; a server that had none begins to load its models."""
        deadline = time.monotonic() + SWAP_SECONDS
        try:
            # Where a request is just opening an index, it may be the one before.
            while not self._loader.get().index.is_current() and time.monotonic() < deadline:
                time.sleep(0.05)
        except NotReady:
            # Not when somebody asks again: who sees the upload done and asks must not hear that there is no index.
            self._loader.index_has_changed()
        except IndexError_:
            pass

    def _embedder(self) -> Embedder:
        """Return the chatbot's embedder once it is there, or one of our own where no chatbot can be."""
        while True:
            try:
                return self._loader.get().embedder
            except NotReady as error:
                if error.code != "loading":
                    return self._source.load_embedder()
            self._pause(0.1)

    @property
    def _embedder_name(self) -> tuple[str, str]:
        return self._source.embedder, self._source.embedder_sha256

    def _pause(self, seconds: float) -> None:
        with self._changed:
            if self._changed.wait_for(lambda: self._stopping, seconds):
                raise Stopping("The server is stopping.")


class _Polite:
    """An embedder that works between answers."""

    def __init__(self, embedder: Embedder, worker: Worker) -> None:
        self._embedder = embedder
        self._worker = worker
        self.dimensions = embedder.dimensions

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._embedder.queries(texts)

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        parts = []
        for _, batch in _slices(texts):
            with self._worker.aside():
                parts.append(self._embedder.passages(batch))
        return np.concatenate(parts) if parts else self._embedder.passages([])

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)


def _slices(texts: Sequence[str]) -> Iterator[tuple[float, list[str]]]:
    """Cut texts into parts of about equal work, each with the share of all that is done with it.

    >>> list(_slices(["a", "b" * 4000, "c"]))[0][1]
    ['a']
    """
    total = sum(map(len, texts)) or 1
    batch: list[str] = []
    done = size = 0
    for text in texts:
        if batch and (len(batch) == SLICE_TEXTS or size + len(text) > SLICE_CHARACTERS):
            done += size
            yield done / total, batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield 1.0, batch


def _go_on(upload: Upload) -> None:
    if upload.cancelled:
        raise _cancelled()


def _stopped() -> Stopping:
    return Stopping("The server was stopped before the document was in the index.")


def _cancelled() -> Cancelled:
    return Cancelled("The upload was cancelled.")
