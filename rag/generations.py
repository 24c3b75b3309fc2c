"""The files of the index folder: one finished generation, named by a manifest that is replaced at once.

    manifest.json            which generation is the index, and the checksums of its files
    <generation>.sqlite      documents, sentences, passages, vectors, lexical index
    <generation>.faiss       the search structure over the passage vectors
    building.sqlite          a build that is under way or was interrupted
    interrupted.sqlite       vectors of an interrupted build that another one came before
    building.faiss, *.new    what is being written, and takes another name when it is complete
    unread.jsonl             files that could not be read, and why
    writer.lock              held by the one process that writes

Whoever reads follows the manifest, so it sees the old index or the new one; an interrupted write is no index at all.
The folder may be one that holds other things: nothing is deleted in it but files of these names.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shlex
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import filelock

from rag import unread
from rag.errors import IndexDamaged, IndexError_, IndexLocked, IndexMissing, IndexOutdated
from rag.neighbours import Structure
from rag.store import FORMAT, UPLOADS_ROOT, Store

T = TypeVar("T")

MANIFEST = "manifest.json"
BUILDING = "building.sqlite"
BUILDING_VECTORS = "building.faiss"
INTERRUPTED = "interrupted.sqlite"
COPY = "copy.new"
LOCK = "writer.lock"
INDEX_AGAIN = "Run: crosscite index seeds"
REBUILD = "Run: crosscite index --rebuild"

UPLOADS = "uploads"
"""The folder within the index folder that holds uploaded files. It is a root of its own that is always looked through,
so that indexing other folders, or a rebuild, does not lose what was uploaded."""

_COMPANIONS = ("", "-journal", "-wal", "-shm")
"""What SQLite adds to the name of a database for the files beside it."""

_GENERATION = re.compile(r"[0-9a-f]{12}\.(?:faiss|sqlite(?:-journal|-wal|-shm)?)")
"""The files of a generation, with what SQLite may have left beside one."""

_TEMPORARY = frozenset({BUILDING_VECTORS, COPY, f"{MANIFEST}.new", f"{unread.NAME}.new"})
"""Files that are complete only under another name."""

CHECKED_WHOLE = 512 * 2**20
"""Bytes up to which opening an index checks a file's SHA-256 (about 0.4 s); of larger ones only the size."""


@dataclass(frozen=True)
class FileCheck:
    """What a file must be: its size in bytes and its SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What the index is: its generation, the embedder that made its vectors, how much it holds, since when.

    ``roots`` are the files and folders that were indexed: relative to the index folder's parent where they lie below
    it, so that a checkout can be moved. ``search`` tells how the search structure was made, and its measured recall.
    """

    format: int
    generation: str
    embedder: str
    embedder_sha256: str
    dimensions: int
    documents: int
    sentences: int
    passages: int
    roots: tuple[str, ...]
    created: str
    crosscite: str
    search: Structure
    files: Mapping[str, FileCheck]

    @property
    def database(self) -> str:
        """The name of the SQLite file."""
        return f"{self.generation}.sqlite"

    @property
    def vectors(self) -> str:
        """The name of the FAISS file."""
        return f"{self.generation}.faiss"


def read_manifest(folder: Path) -> Manifest:
    """Read what the folder's index is.

    Raises:
        IndexMissing: there is none, or only an unfinished one.
        IndexOutdated: another version of crosscite wrote it.
        IndexDamaged: the manifest was cut off or altered.
    """
    try:
        raw = (folder / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise IndexMissing(unfinished(folder) or f"No index in {folder}. {INDEX_AGAIN}") from error
    try:
        values = json.loads(raw)
        checksum = values.pop("checksum")
        if values["format"] != FORMAT:
            raise IndexOutdated(f"The index in {folder} has format {values['format']}, not {FORMAT}. {REBUILD}")
        if checksum != _checksum(values):
            raise ValueError("its checksum does not fit")
        values["files"] = {name: FileCheck(**check) for name, check in values["files"].items()}
        values["roots"] = tuple(values["roots"])
        values["search"] = Structure(**values["search"])
        return Manifest(**{field.name: values[field.name] for field in fields(Manifest)})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(f"{folder / MANIFEST} was altered or cut off. {REBUILD} seeds") from error


def of_present(folder: Path, take: Callable[[Manifest], T]) -> T:
    """Return what ``take`` makes of the present generation, or of the newer one that took its place meanwhile.

    Raises:
        IndexMissing, IndexOutdated, IndexDamaged: as of ``read_manifest``; damaged, too, where a file is missing.
    """
    while True:
        manifest = read_manifest(folder)
        try:
            return take(manifest)
        except FileNotFoundError as error:
            if read_manifest(folder).generation == manifest.generation:
                name = manifest.vectors if (folder / manifest.database).exists() else manifest.database
                raise IndexDamaged(f"{folder / name} is missing. {mend(name)}") from error


def unfinished(folder: Path) -> str | None:
    """Say that the index was never finished, and the command that goes on with it; None where none was begun."""
    path = folder / BUILDING
    if not path.exists():
        return None
    try:
        # This does not disturb the process that is perhaps writing it.
        with closing(Store.open_for_reading(path)) as store:
            known = json.loads(store.meta()["scans"])
        paths = [root_path(name, folder) for name in known if name != UPLOADS_ROOT] or [folder.resolve() / UPLOADS]
        command = f"crosscite index {shlex.join(map(str, paths))} (it goes on where it stopped)"
    except (IndexDamaged, OSError, sqlite3.Error, KeyError, ValueError, TypeError):
        command = "crosscite index, with the files and folders that were to be indexed"
    return f"The index in {folder} is not finished. Run: {command}"


def root_name(root: Path, folder: Path) -> str:
    """How a root is stored: relative to the index folder's parent if below it, so that a project can be moved."""
    project = folder.resolve().parent
    if root == folder.resolve() / UPLOADS:
        return UPLOADS_ROOT
    return root.relative_to(project).as_posix() if root.is_relative_to(project) else root.as_posix()


def root_path(name: str, folder: Path) -> Path:
    """Where the root of a stored name is."""
    if name == UPLOADS_ROOT:
        return folder.resolve() / UPLOADS
    return (folder.resolve().parent / name).resolve()


def check_embedder(manifest: Manifest, folder: Path, embedder_sha256: str | None) -> None:
    """Refuse an index whose vectors another model made; None accepts any.

    Raises:
        IndexOutdated: the checksums differ.
    """
    if embedder_sha256 is not None and embedder_sha256 != manifest.embedder_sha256:
        raise IndexOutdated(
            f"The index in {folder} was made with the embedder {manifest.embedder} "
            f"({manifest.embedder_sha256[:12]}…), not with the present one ({embedder_sha256[:12]}…). {REBUILD}"
        )


def embedder_was_renewed(folder: Path, embedder: str, embedder_sha256: str) -> bool:
    """Whether another version of the same embedder made the index: what is wished is beyond doubt then."""
    try:
        manifest = read_manifest(folder)
    except IndexError_:
        return False
    return manifest.embedder == embedder and manifest.embedder_sha256 != embedder_sha256


def check_file(folder: Path, manifest: Manifest, name: str, *, whole: bool = False) -> None:
    """Compare a file with the manifest: its size, and its checksum unless it is large and ``whole`` is False.

    Raises:
        FileNotFoundError: it is not there; a newer generation may have replaced it.
        IndexDamaged: it is not what was written.
    """
    path, expected = folder / name, manifest.files[name]
    size = path.stat().st_size
    if size != expected.size:
        raise IndexDamaged(f"{path} has {size} bytes instead of {expected.size}. {mend(name)}")
    if (whole or size <= CHECKED_WHOLE) and sha256_of(path) != expected.sha256:
        raise IndexDamaged(f"{path} was altered: its checksum is not the manifest's. {mend(name)}")


def mend(name: str) -> str:
    """The command that mends a damaged file: vectors of the search structure are also in the database."""
    return "Run: crosscite index" if name.endswith(".faiss") else REBUILD


def publish(folder: Path, manifest: Manifest, vectors: Path) -> None:
    """Make ``building.sqlite`` and the FAISS file ``vectors`` the index; the manifest decides, all or nothing."""
    for path in (folder / BUILDING, vectors):
        flush(path)
    os.replace(vectors, folder / manifest.vectors)
    os.replace(folder / BUILDING, folder / manifest.database)
    flush(folder)
    values = asdict(manifest)
    values["checksum"] = _checksum(values)
    temporary = folder / f"{MANIFEST}.new"
    temporary.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    flush(temporary)
    os.replace(temporary, folder / MANIFEST)
    flush(folder)
    clean(folder, manifest)


def clean(folder: Path, manifest: Manifest | None) -> None:
    """Delete what no manifest names: older generations and the remains of interrupted writes."""
    keep = {manifest.database, manifest.vectors} if manifest else set()
    for path in list(folder.iterdir()):
        if path.name not in keep and (path.name in _TEMPORARY or _GENERATION.fullmatch(path.name)):
            # Where open files cannot be deleted, the next write does it.
            with suppress(PermissionError):
                path.unlink()


def discard_building(folder: Path) -> None:
    """Delete an unfinished build."""
    discard_database(folder / BUILDING)


def discard_database(path: Path) -> None:
    """Delete a database with what SQLite may have left beside it."""
    for companion in _COMPANIONS:
        path.with_name(path.name + companion).unlink(missing_ok=True)


def recover_building(folder: Path) -> None:
    """Take a database that was finished but never named by a manifest back as the unfinished build it belongs to."""
    try:
        named = json.loads((folder / MANIFEST).read_bytes())["generation"] + ".sqlite"
    except FileNotFoundError:
        named = None
    except (ValueError, KeyError, TypeError):
        # It cannot be told which database the index was.
        return
    if (folder / BUILDING).exists():
        return
    databases = [path for path in folder.glob("*.sqlite") if _GENERATION.fullmatch(path.name)]
    orphans = [path for path in databases if path.name != named]
    if orphans:
        # SQLite would undo in the one what the journal of the other says.
        discard_building(folder)
        os.replace(max(orphans, key=lambda path: path.stat().st_mtime_ns), folder / BUILDING)


def copy_to_building(folder: Path, manifest: Manifest) -> Path:
    """Copy the present database, for a build to change it."""
    temporary = folder / COPY
    shutil.copyfile(folder / manifest.database, temporary)
    os.replace(temporary, folder / BUILDING)
    return folder / BUILDING


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the folder's writer lock, and turn what the disk refuses into one clear line.

    Raises:
        IndexLocked: another process is writing.
        IndexError_: the disk is full or the folder cannot be written; the index is as it was.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / LOCK, timeout=0)
        with lock:
            yield
    except filelock.Timeout as error:
        raise IndexLocked(
            f"Another process is writing the index in {folder}. Wait until it is done, then run the command again."
        ) from error
    except (OSError, sqlite3.Error, RuntimeError) as error:
        if _is_disk_full(error):
            raise IndexError_(
                f"The disk is full: no space left to write the index in {folder}. The previous index is untouched. "
                "Free some space and run the same command again; it goes on where it stopped."
            ) from error
        if _is_forbidden(error, folder):
            raise IndexError_(
                f"The index in {folder} cannot be written: {error}. Give this user the right to write there, "
                "or set CROSSCITE_INDEX to another folder."
            ) from error
        raise


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(2**20))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
    return digest.hexdigest()


def file_check(path: Path) -> FileCheck:
    """What a file is now."""
    return FileCheck(path.stat().st_size, sha256_of(path))


def flush(path: Path) -> None:
    """Wait until a file or a folder is on the disk, where the system can say so."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    # FAISS reports its write errors as RuntimeError with the system's text.
    return "disk is full" in str(error) or os.strerror(errno.ENOSPC) in str(error)


def _is_forbidden(error: BaseException, folder: Path) -> bool:
    if isinstance(error, PermissionError):
        return error.filename is None or Path(error.filename).resolve().is_relative_to(folder.resolve())
    return "readonly database" in str(error)


def _checksum(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
