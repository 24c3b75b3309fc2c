"""Files that were handed over one by one, kept in a folder of the index: receive, check, store, remove.

    <index>/uploads/report.pdf              a document
    <index>/uploads/.incoming-<pid>-….pdf   one on its way: not a document for anybody, and gone when its process is

A file takes its place only when a reader has read it and its vectors are there, and loses it before its document leaves
the index. Where that was cut short, `settle` makes folder and index agree again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import unicodedata
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag import indexing, readers
from rag.errors import (
    DocumentError,
    DocumentExists,
    DocumentKept,
    DocumentNotFound,
    DocumentTooLarge,
    IndexError_,
    IndexMissing,
    NameRefused,
    NameTaken,
    system_reason,
)
from rag.generations import UPLOADS, flush
from rag.passages import passages as make_passages
from rag.readers.formats import format_of
from rag.sentences import split
from rag.store import UPLOADS_ROOT, Origin, folder_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.embedding import Embedder

MOST_BYTES = 100 * 2**20
"""Bytes a file may have; what is larger is better read from a folder of this machine than sent."""

MOST_NAME_BYTES = 200
"""Bytes (UTF-8) a file's name may have: file systems take 255, and a file on its way has a longer name."""

MOST_PASSAGES = 20_000
"""Passages a file may have: some forty minutes of embedding on two cores, and 150 MB of vectors held meanwhile."""

_INCOMING, _LEAVING = ".incoming-", ".leaving-"

_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")})
"""Names that mean a device on Windows, whatever their suffix: the folder may be copied there."""

_JOINERS = "\u200c\u200d"
"""The invisible characters that Persian, Hindi and others are written with."""


def checked_name(name: str) -> str:
    """Return a file's name as it is kept: NFC, without space around it.

    Raises:
        NameRefused: it is not the plain name of a visible file, or too long.
        UnsupportedFormat: no reader for its suffix.
    """
    if any("\ud800" <= character <= "\udfff" or character == "\ufffd" for character in name):
        raise NameRefused(_shown(name), "the name is not valid Unicode. Rename the file.", "name_characters")
    name = unicodedata.normalize("NFC", name).strip()
    shown = _shown(name)
    if not name:
        raise NameRefused(shown, "the file has no name.", "name_missing")
    if len(name.encode()) > MOST_NAME_BYTES:
        length = f"the name has {len(name.encode())} bytes; at most {MOST_NAME_BYTES} are taken. Shorten it."
        raise NameRefused(shown, length, "name_long")
    if any(character in "/\\:" for character in name) or name in (".", ".."):
        path = "the name is a path; send the name of the file alone, without / \\ or a colon."
        raise NameRefused(shown, path, "name_path")
    if bad := next((c for c in name if unicodedata.category(c)[0] in "CZ" and c not in {" ", *_JOINERS}), None):
        invisible = f"the name has the invisible character U+{ord(bad):04X}. Rename the file."
        raise NameRefused(shown, invisible, "name_characters")
    if name.startswith(".") or name.endswith("."):
        dot = "the name begins or ends with a dot, as hidden files do. Rename the file."
        raise NameRefused(shown, dot, "name_dot")
    if name.partition(".")[0].strip().casefold() in _DEVICES:
        raise NameRefused(shown, "the name means a device on some systems. Rename the file.", "name_device")
    format_of(Path(name), shown)
    return name


@dataclass(frozen=True)
class Received:
    """A file that is wholly there under a hidden name; `discard` it or give it to `store`."""

    name: str
    path: Path
    size: int
    sha256: str

    def discard(self) -> None:
        """Delete it."""
        self.path.unlink(missing_ok=True)


class Receiver:
    """Takes a file's bytes piece by piece, into a hidden file of the uploads folder."""

    def __init__(self, folder: Path, name: str) -> None:
        """Begin.

        Raises:
            NameRefused, UnsupportedFormat: as ``checked_name``.
            IndexError_: the folder cannot be written.
        """
        self.name = checked_name(name)
        self._size = 0
        self._sha256 = hashlib.sha256()
        with _refusals_of_the_disk(self.name):
            self._path = _hidden(folder, _INCOMING, Path(self.name).suffix)
            self._file = self._path.open("xb")

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            DocumentTooLarge: with these there are more than a file may have.
            IndexError_: the disk is full.
        """
        self._size += len(data)
        if self._size > MOST_BYTES:
            raise too_large(self.name)
        self._sha256.update(data)
        with _refusals_of_the_disk(self.name):
            self._file.write(data)

    def finish(self) -> Received:
        """Return the file, once it is on the disk.

        Raises:
            IndexError_: the disk is full.
        """
        with _refusals_of_the_disk(self.name):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return Received(self.name, self._path, self._size, self._sha256.hexdigest())

    def discard(self) -> None:
        """Give up, and leave nothing behind."""
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


def receive_file(folder: Path, path: Path) -> Received:
    """Copy a file of this machine into the uploads folder.

    Raises:
        DocumentError: it cannot be read, or is not taken; as ``Receiver``.
    """
    receiver = Receiver(folder, path.name)
    try:
        with path.open("rb") as file:
            while piece := file.read(2**20):
                receiver.write(piece)
        return receiver.finish()
    except OSError as error:
        receiver.discard()
        raise DocumentError(str(path), system_reason(error), "unopened") from error
    except BaseException:
        receiver.discard()
        raise


@dataclass(frozen=True)
class Checked:
    """A file that can become a document: what is to be embedded of it, each text once, and how many passages."""

    received: Received
    texts: tuple[str, ...]
    passages: int


def check(
    received: Received,
    folder: Path,
    count_tokens: Callable[[str], int],
    *,
    replace: bool = False,
    beside: Sequence[Checked] = (),
) -> Checked:
    """Read a file as a document; those ``beside`` it are to be stored together with it.

    Raises:
        DocumentExists: its content is there already.
        NameTaken: another upload has its name, and ``replace`` is False.
        DocumentTooLarge: it has more passages than are taken.
        DocumentError: a reader's reason.
    """
    coming = [file.received for file in beside]
    _require_new(
        received,
        [*_stored(folder), *(Origin(file.name, UPLOADS_ROOT, file.name, "", file.sha256) for file in coming)],
        replace=replace and all(_alike(file.name) != _alike(received.name) for file in coming),
    )
    document = readers.read(received.path, id=received.name)
    sentences = split(document)
    passages = make_passages(document, sentences, count_tokens=count_tokens)
    if len(passages) > MOST_PASSAGES:
        raise DocumentTooLarge(
            received.name,
            f"has {len(passages):,} passages; at most {MOST_PASSAGES:,} are taken here. "
            "Put it into a folder of its own and run: crosscite index FOLDER",
            "passages",
        )
    texts = indexing.embedding_texts(document, sentences, passages)
    return Checked(received, tuple(dict.fromkeys((*texts.sentences, *texts.windows, *texts.passages))), len(passages))


def store(files: Sequence[Checked], folder: Path, embedder: Embedder, name: str, sha256: str) -> list[str]:
    """Make files documents of the index, all at once, and return their ids; an error leaves all as it was.

    ``embedder``, of this ``name`` and ``sha256``, is asked for the vectors of their texts.

    Raises:
        DocumentError: a file cannot be read after all.
        IndexOutdated, IndexDamaged, IndexLocked, IndexError_: as ``indexing.build``.
    """
    try:
        with _in_place([file.received for file in files], folder) as paths:
            summary = indexing.build(
                paths, folder, lambda: embedder, embedder_name=name, embedder_sha256=sha256, progress=False
            )
            if summary.skipped:
                raise DocumentError(*summary.skipped[0])
    except DocumentError:
        # A build drops a document whose file cannot be read; the one that was to be replaced has come back.
        settle(folder, lambda: embedder, name, sha256)
        raise
    ids = {origin.file: origin.id for origin in indexing.origins(folder) if origin.root == UPLOADS_ROOT}
    return [ids[file.received.name] for file in files]


def remove(document_id: str, folder: Path) -> None:
    """Remove an uploaded document and its file; if the index cannot be written, both stay.

    Raises:
        DocumentNotFound: there is no such document.
        DocumentKept: it was not uploaded: it belongs to a folder that was indexed.
        IndexMissing, IndexOutdated, IndexDamaged, IndexLocked, IndexError_: as ``indexing.remove``.
    """
    path = _file_of(document_id, folder)
    leaving = _hidden(folder, _LEAVING, path.suffix)
    with _refusals_of_the_disk(path.name), suppress(FileNotFoundError):
        os.replace(path, leaving)
    try:
        indexing.remove([document_id], folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.replace(leaving, path)
        raise
    leaving.unlink(missing_ok=True)


def settle(folder: Path, embedder: Callable[[], Embedder], name: str, sha256: str) -> indexing.Summary:
    """Make the index agree with the uploads that are there, where an upload or a removal was cut short.

    Where they agree nothing is written and no ``embedder`` made.

    Raises:
        IndexOutdated, IndexDamaged, IndexLocked, IndexError_: as ``indexing.build``.
    """
    is_empty = all(path.name.startswith(".") for path in (folder / UPLOADS).glob("*"))
    if is_empty and all(origin.root != UPLOADS_ROOT for origin in _stored(folder)):
        return indexing.Summary()
    (folder / UPLOADS).mkdir(parents=True, exist_ok=True)
    return indexing.build(
        [folder / UPLOADS], folder, embedder, embedder_name=name, embedder_sha256=sha256, progress=False
    )


def sweep(folder: Path) -> None:
    """Delete what processes that have ended left on its way."""
    for path in [*(folder / UPLOADS).glob(f"{_INCOMING}*"), *(folder / UPLOADS).glob(f"{_LEAVING}*")]:
        owner = path.name.split("-")[1]
        # This process has only begun, so what bears its number is of one before.
        if not owner.isdigit() or int(owner) == os.getpid() or not _is_alive(int(owner)):
            path.unlink(missing_ok=True)


def too_large(name: str) -> DocumentTooLarge:
    """Return the error for a file that has more bytes than are taken."""
    return DocumentTooLarge(name, f"is larger than {MOST_BYTES // 2**20} MB, the most that is taken. Split it.", "size")


class Known:
    """An embedder that has the vectors already, and asks another one for those it has not."""

    def __init__(self, vectors: Mapping[str, NDArray[np.float32]], other: Embedder) -> None:
        self._vectors = vectors
        self._other = other
        self.dimensions = other.dimensions

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._other.queries(texts)

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any(text not in self._vectors for text in texts):
            return self._other.passages(texts)
        return np.stack([self._vectors[text] for text in texts])

    def count_tokens(self, text: str) -> int:
        return self._other.count_tokens(text)


def _require_new(received: Received, stored: Sequence[Origin], *, replace: bool) -> None:
    for origin in stored:
        if origin.sha256 == received.sha256:
            raise DocumentExists(received.name, f"the same file is already there as {origin.id}.", origin.id)
    for origin in stored:
        if origin.root != UPLOADS_ROOT or _alike(origin.file) != _alike(received.name):
            continue
        if origin.file != received.name:
            raise DocumentExists(
                received.name,
                f"{origin.file} is already there, and some systems cannot tell the names apart. Rename the file.",
                origin.id,
                "alike",
            )
        if not replace:
            raise NameTaken(
                received.name,
                "another file of this name is already there. Rename it, or replace the other.",
                origin.id,
                "taken",
            )


def _stored(folder: Path) -> list[Origin]:
    try:
        return indexing.origins(folder)
    except IndexMissing:
        return []


def _alike(name: str) -> str:
    """What two names share that some file systems cannot tell apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


@contextmanager
def _in_place(files: Sequence[Received], folder: Path) -> Iterator[list[Path]]:
    """Give files their names, and take these back if the block fails; what they replaced comes back then."""
    done: list[tuple[Received, Path, Path | None]] = []
    try:
        for file in files:
            place = folder / UPLOADS / file.name
            with _refusals_of_the_disk(file.name):
                kept = _hidden(folder, _LEAVING, place.suffix) if place.exists() else None
                if kept:
                    shutil.copyfile(place, kept)
                done.append((file, place, kept))
                os.replace(file.path, place)
        flush(folder / UPLOADS)
        yield [place for _, place, _ in done]
    except BaseException:
        for file, place, kept in done:
            if not file.path.exists():
                os.replace(place, file.path)
            if kept:
                os.replace(kept, place)
        raise
    for _, _, kept in done:
        if kept:
            kept.unlink(missing_ok=True)


def _file_of(document_id: str, folder: Path) -> Path:
    origin = next((origin for origin in indexing.origins(folder) if origin.id == document_id), None)
    if origin is None:
        raise DocumentNotFound(f"No document {document_id!r} in the index. crosscite documents lists what there is.")
    if origin.root != UPLOADS_ROOT:
        raise DocumentKept(document_id, folder_name(origin.root, document_id))
    return folder / UPLOADS / origin.file


def _hidden(folder: Path, kind: str, suffix: str) -> Path:
    (folder / UPLOADS).mkdir(parents=True, exist_ok=True)
    return folder / UPLOADS / f"{kind}{os.getpid()}-{uuid.uuid4().hex}{suffix}"


@contextmanager
def _refusals_of_the_disk(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = system_reason(error)
        raise IndexError_(f"{name} cannot be kept: {reason}. Nothing has changed; mend that and try again.") from error


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _shown(name: str) -> str:
    """A name that can be printed, and does not turn the line around."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name[:80]) + "…" * (len(name) > 80) or "(no name)"
