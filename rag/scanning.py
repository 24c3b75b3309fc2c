"""Which files there are below the paths to index, and how they differ from what is stored."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rag.errors import DocumentError, IndexMissing, system_reason
from rag.generations import MANIFEST, UPLOADS, root_name, root_path, sha256_of, unfinished
from rag.readers import SUFFIXES
from rag.store import UPLOADS_ROOT, Origin
from rag.unread import Unread

SETTLED_NS = 2_000_000_000
"""Nanoseconds after which the time of a file's last change tells it from the next: FAT counts in two seconds."""

_READING = (
    "abbreviations.py", "indexing.py", "language.py", "lexical.py", "memory.py", "passages.py", "sentences.py",
    "writing.py",
)  # fmt: skip


@dataclass(frozen=True)
class Scan:
    """``below`` (a file or folder) is looked through; ids of documents are paths below ``root``."""

    root: Path
    below: Path

    def covers(self, path: Path) -> bool:
        """Whether a file is, or would be, among those looked at."""
        return path == self.below or self.below in path.parents


@dataclass(frozen=True)
class File:
    """A file found: its path, and the root and path below it by which the index knows it."""

    path: Path
    root: str
    file: str
    named: bool


@dataclass(frozen=True)
class Task:
    """A file to read and store as ``id``; of the documents ``before`` it may share the vectors."""

    file: File
    id: str
    replaces: bool
    size: int
    stamp: str
    before: tuple[str, ...]


@dataclass
class Plan:
    """What is to be done: files to read, documents whose file has gone, and what needs or allows nothing."""

    tasks: list[Task] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    unsupported: Counter[str] = field(default_factory=Counter)
    unreadable: list[Path] = field(default_factory=list)

    def skip(self, path: Path, reason: str | OSError) -> None:
        """Record a file that cannot be indexed."""
        if isinstance(reason, OSError):
            reason = system_reason(reason)
        # The name may hold bytes that are no text, which could not be printed.
        self.skipped.append((str(path).encode("utf-8", "backslashreplace").decode(), reason))

    def skip_folder(self, error: OSError) -> None:
        """Record a folder that cannot be listed: nothing is known of its files, so they do not count as gone."""
        self.unreadable.append(Path(error.filename))
        self.skip(Path(error.filename), error)


def scans_of(paths: Sequence[Path], folder: Path, *, rebuild: bool) -> tuple[list[Scan], list[Path]]:
    """What to look through for ``paths``, and which folders indexed before are not there any more.

    A path below a folder that was indexed before is looked at as a part of it, so that its documents keep their ids.
    Without paths everything indexed before is looked through. Uploads are looked through with whatever else is.

    Raises:
        DocumentError: one of ``paths`` does not exist, or one of those known that a rebuild is to be made of.
        IndexMissing: there are no paths, and none are known.
    """
    known = known_roots(folder)
    uploads = folder.resolve() / UPLOADS
    if not paths and not known:
        nothing = f"Nothing was ever indexed in {folder}. Name a file or folder: crosscite index seeds"
        raise IndexMissing(unfinished(folder) or nothing)
    for path in paths:
        if not path.exists():
            raise DocumentError(str(path), "there is no such file or folder.")
    gone = [] if paths else [root for root in known if not root.exists()]
    if gone and rebuild:
        raise _lost_in_a_rebuild(gone, [root for root in known if root not in gone and root != uploads])
    wanted = {path.resolve() for path in paths} or {root for root in known if root.exists()}
    scans = _uploads_among(wanted, uploads)
    others = sorted(
        (path for path in wanted if path != uploads and uploads not in path.parents),
        key=lambda path: (len(path.parts), path),
    )
    folders = [] if rebuild else [root for root in known if root.is_dir() and root != uploads]
    for path in others:
        if not any(scan.covers(path) for scan in scans):
            scans.append(Scan(next((root for root in folders if root in path.parents), path), path))
    return scans, gone


def _lost_in_a_rebuild(gone: Sequence[Path], there: Sequence[Path]) -> DocumentError:
    return DocumentError(
        ", ".join(map(str, gone)),
        "is not there any more, and a rebuild would lose its documents; nothing was changed. Bring it back, or name "
        f"what the index is to hold: crosscite index --rebuild {shlex.join(map(str, there)) or 'PATH'}",
    )


def roots_beside(scans: Sequence[Scan], roots: Iterable[str], folder: Path) -> list[str]:
    """Of the roots of an index those that the scans do not take over, as a folder does with one in it."""
    return [root for root in roots if not any(scan.covers(root_path(root, folder)) for scan in scans)]


def _uploads_among(wanted: set[Path], uploads: Path) -> list[Scan]:
    """The whole folder of uploads, or single ones where nothing but they is wanted."""
    if all(uploads in path.parents for path in wanted):
        return [Scan(uploads, path) for path in sorted(wanted)]
    return [Scan(uploads, uploads)] if uploads.is_dir() else []


def compare(scans: Sequence[Scan], origins: Sequence[Origin], remembered: Iterable[Unread], folder: Path) -> Plan:
    """Compare the files below ``scans`` with the documents stored, by content.

    A file ``remembered`` as one that could not be read, and not touched since, is skipped for the same reason.
    """
    plan = Plan()
    unread = {(known.root, known.file): known for known in remembered}
    files = list(_files_to_index(scans, folder, plan))
    stored = {(origin.root, origin.file): origin for origin in origins}
    gone = set(_gone(files, origins, scans, folder, plan))
    taken = {origin.id for origin in origins} - gone
    twins = {origin.sha256: origin.id for origin in origins}
    for file in files:
        old = stored.get((file.root, file.file))
        document_id = old.id if old else _new_id(file, taken)
        if document_id is None:
            plan.skip(file.path, "another document has the same id; rename the file or its folder")
            continue
        taken.add(document_id)
        try:
            status = file.path.stat()
            stamp, size = _stamp(status), status.st_size
            known = unread.get((file.root, file.file))
            if known and not old and (known.stamp, known.reader) == (stamp, _reading_version()):
                plan.skip(file.path, known.reason)
                continue
            sha256 = old.sha256 if old and stamp and stamp == old.stamp else sha256_of(file.path)
        except OSError as error:
            plan.skip(file.path, error)
            continue
        if old and old.fingerprint == fingerprint(document_id, sha256):
            plan.unchanged += 1
        else:
            before = [id for id in (old and old.id, twins.get(sha256)) if id]
            plan.tasks.append(Task(file, document_id, old is not None, size, stamp, tuple(dict.fromkeys(before))))
    plan.gone = sorted(gone)
    return plan


def unread(task: Task, reason: str) -> Unread | None:
    """What to remember of a file that could not be read; None where its next change could not be told."""
    return Unread(task.file.root, task.file.file, task.stamp, _reading_version(), reason) if task.stamp else None


def is_as_it_was(unread: Unread, folder: Path) -> bool:
    """Whether reading a file again would come to the same end."""
    try:
        status = (root_path(unread.root, folder) / unread.file).stat()
    except OSError:
        return False
    return (unread.stamp, unread.reader) == (_stamp(status), _reading_version())


def _stamp(status: os.stat_result) -> str:
    """What the system says of a file without its content being read; empty when that may not tell the next change.

    A file that was written just now could be written again in the same tick of the file system's clock.
    """
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    if time.time_ns() - newest < SETTLED_NS:
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def fingerprint(document_id: str, sha256: str) -> str:
    """What decides whether a document must be read again: its id, its content and the code that reads it."""
    return hashlib.sha256(f"{_reading_version()}\n{document_id}\n{sha256}".encode()).hexdigest()


def known_roots(folder: Path) -> list[Path]:
    """The roots of the present index, even if the rest of its manifest cannot be used."""
    try:
        roots = json.loads((folder / MANIFEST).read_bytes())["roots"]
        return [root_path(root, folder) for root in roots]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _files_to_index(scans: Sequence[Scan], folder: Path, plan: Plan) -> Iterator[File]:
    for scan in scans:
        for file in _files(scan, folder, plan):
            if not file.named and file.path.suffix.lower() not in SUFFIXES:
                plan.unsupported[file.path.suffix.lower()] += 1
            elif reason := _unfit(file.path, scan.root):
                plan.skip(file.path, reason)
            else:
                yield file


def _unfit(path: Path, root: Path) -> str | OSError | None:
    """Why a file is not even looked into."""
    if any("\ud800" <= character <= "\udfff" for character in str(path)):
        return "its name is not valid Unicode"
    try:
        if not path.resolve().is_relative_to(root):
            return "a symbolic link that leads out of the folder is not followed"
        return None if path.is_file() else "not a regular file"
    except OSError as error:
        return error


def _files(scan: Scan, folder: Path, plan: Plan) -> Iterator[File]:
    """Files in sorted order; hidden ones, the index itself and its uploads are left out."""
    root = root_name(scan.root, folder)
    if not scan.below.is_dir():
        file = "" if scan.below == scan.root else scan.below.relative_to(scan.root).as_posix()
        yield File(scan.below, root, file, named=True)
        return
    apart = {folder.resolve(), folder.resolve() / UPLOADS}
    for directory, subdirectories, names in os.walk(scan.below, onerror=plan.skip_folder):
        here = Path(directory)
        subdirectories[:] = sorted(name for name in _visible(subdirectories) if here / name not in apart)
        for name in sorted(_visible(names)):
            yield File(here / name, root, (here / name).relative_to(scan.root).as_posix(), named=False)


def _visible(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("."))


def _gone(
    files: Iterable[File], origins: Sequence[Origin], scans: Sequence[Scan], folder: Path, plan: Plan
) -> Iterator[str]:
    """The stored documents that should be among the files but are not."""
    here = {(file.root, file.file) for file in files}
    roots = {name: root_path(name, folder) for name in {origin.root for origin in origins}}
    for origin in origins:
        path = roots[origin.root] / origin.file
        hidden = any(unreadable in path.parents for unreadable in plan.unreadable)
        if (origin.root, origin.file) not in here and not hidden and any(scan.covers(path) for scan in scans):
            yield origin.id


def _new_id(file: File, taken: set[str]) -> str | None:
    """The path below the root; with the folder's name before it where two roots have the same path."""
    root = Path(UPLOADS if file.root == UPLOADS_ROOT else file.root)
    own, folder = (file.file, root.name) if file.file else (root.name, file.path.parent.name)
    return next((id for id in (own, f"{folder}/{own}") if id not in taken), None)


@cache
def _reading_version() -> str:
    """A hash of the code that makes documents, sentences, passages and terms of files.

    When that code changes, everything is read again; only texts that came out differently are embedded again.
    """
    here = Path(__file__).parent
    sources = [*sorted((here / "readers").glob("*.py")), *(here / name for name in _READING)]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
