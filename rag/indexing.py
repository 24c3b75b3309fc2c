"""Bring the index up to date with files: the story of ``crosscite index [PATH…]``.

Scan the paths, compare with what is stored by content hash, read and split what is new or changed, embed it, store it
document by document in a file beside the index, and put the finished file in the index's place at once. An interrupted
run leaves the index as it was; the next run over the same paths goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import generations
from rag.errors import DocumentError, IndexDamaged, IndexError_, IndexMissing
from rag.generations import Manifest
from rag.index import write_vectors
from rag.passages import passages as make_passages
from rag.readers import SUFFIXES, read
from rag.sentences import split
from rag.store import FORMAT, Embedded, KeyedVector, Origin, Store, encode
from rag.types import Document, Passage, Sentence

if TYPE_CHECKING:
    from tqdm import tqdm

    from rag.embedding import Embedder

GROUP_TEXTS = 256
"""Texts embedded before a commit, some five seconds of work: so much is lost when a build is killed."""

SLICE_TEXTS = 64
"""Texts given to the embedder at once; the progress bar moves when they are done."""


@dataclass(frozen=True)
class Summary:
    """What a run did: ids of documents, ``(path, reason)`` of files that could not be read, and seconds.

    ``unsupported`` counts, by suffix, the files below the folders that no reader exists for.
    """

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    unsupported: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        """One line, such as ``2 added, 0 replaced, 1 removed, 40 unchanged, 0 skipped in 3.1 s``."""
        return (
            f"{len(self.added)} added, {len(self.replaced)} replaced, {len(self.removed)} removed, "
            f"{self.unchanged} unchanged, {len(self.skipped)} skipped in {self.seconds:.1f} s"
        )


@dataclass(frozen=True)
class EmbeddingTexts:
    """The texts whose vectors are stored: one a sentence, one a sentence with its neighbours, one a passage."""

    sentences: list[str]
    windows: list[str]
    passages: list[str]


def embedding_texts(document: Document, sentences: Sequence[Sentence], passages: Sequence[Passage]) -> EmbeddingTexts:
    """What is embedded of a document; runs of white space (hard-wrapped lines) become one space."""
    plain = [_one_line(sentence.text) for sentence in sentences]
    windows = [" ".join(plain[max(0, position - 1) : position + 2]) for position in range(len(plain))]
    return EmbeddingTexts(plain, windows, [_one_line(passage.text) for passage in passages])


def build(
    paths: Sequence[Path],
    folder: Path,
    embedder: Callable[[], Embedder],
    *,
    embedder_name: str,
    embedder_sha256: str,
    rebuild: bool = False,
    progress: bool = True,
) -> Summary:
    """Bring the index in ``folder`` up to date with files and folders.

    New files are added, changed ones replaced, and documents whose file has gone are removed if they came from below
    one of ``paths``; everything else stays. Without paths, those indexed before are looked at again. ``embedder`` is
    called only when something must be embedded. ``rebuild`` starts from nothing: the index then holds exactly what is
    below ``paths``.

    Raises:
        DocumentError: one of ``paths`` does not exist.
        IndexMissing: no paths are given and none are known.
        IndexOutdated: another embedder or format made the index, and ``rebuild`` is False.
        IndexDamaged: the database was altered or cut off, and ``rebuild`` is False.
        IndexLocked: another process is writing.
        IndexError_: the disk is full or the folder cannot be written.
    """
    started = time.monotonic()
    with generations.writing(folder):
        manifest = _present(folder, embedder_sha256, rebuild=rebuild)
        roots, gone = _roots(paths, folder)
        scans = _scans(roots, [] if rebuild else _known_roots(folder))
        draft = _Draft(folder, manifest, embedder, embedder_name, embedder_sha256, scans, rebuild=rebuild)
        try:
            plan = _plan(scans, draft.origins(), folder)
            changes = _carry_out(plan, draft, progress=progress)
            if changes.any or draft.must_publish(scans):
                draft.publish()
        finally:
            draft.close()
    return Summary(
        added=tuple(changes.added),
        replaced=tuple(changes.replaced),
        removed=tuple(changes.removed),
        unchanged=plan.unchanged,
        skipped=(*gone, *plan.skipped, *changes.skipped),
        unsupported=plan.unsupported,
        seconds=time.monotonic() - started,
    )


def remove(document_ids: Sequence[str], folder: Path) -> None:
    """Remove documents from the index; their files stay, and indexing them again brings the documents back.

    Raises:
        DocumentNotFound: one of the ids is unknown; then nothing is removed.
        IndexMissing, IndexOutdated, IndexDamaged, IndexLocked, IndexError_: as ``build``.
    """
    with generations.writing(folder):
        manifest = generations.read_manifest(folder)
        _check_database(folder, manifest)
        generations.discard_building(folder)
        with closing(Store.open_for_reading(folder / manifest.database)) as store:
            store.passage_numbers(document_ids)
        with closing(Store.open_for_writing(generations.copy_to_building(folder, manifest))) as store:
            with store.transaction():
                for document_id in document_ids:
                    store.remove(document_id)
            _publish(store, folder, manifest.embedder, manifest.embedder_sha256, manifest.dimensions, set())


# Which files there are


@dataclass(frozen=True)
class _Scan:
    """``below`` (a file or folder) is looked through; ids are paths below ``root``."""

    root: Path
    below: Path


@dataclass(frozen=True)
class _File:
    """A file found: its path, and the root and path below it that identify it in the index."""

    path: Path
    root: str
    file: str
    named: bool


def _roots(paths: Sequence[Path], folder: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    if paths:
        for path in paths:
            if not path.exists():
                raise DocumentError(str(path), "there is no such file or folder.")
        return [path.resolve() for path in paths], []
    known = _known_roots(folder)
    if not known:
        raise IndexMissing(f"Nothing was ever indexed in {folder}. Name a file or folder: crosscite index seeds")
    gone = [(str(root), "is gone; its documents stay in the index") for root in known if not root.exists()]
    return [root for root in known if root.exists()], gone


def _known_roots(folder: Path) -> list[Path]:
    """The roots of the present index, even if the rest of its manifest cannot be used."""
    try:
        roots = json.loads((folder / generations.MANIFEST).read_bytes())["roots"]
        return [_root_path(root, folder) for root in roots]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _scans(paths: Iterable[Path], known: Iterable[Path]) -> list[_Scan]:
    """A path below a known folder is looked at as a part of it, so that its documents keep their ids."""
    folders = [root for root in known if root.is_dir()]
    scans: list[_Scan] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if any(path == scan.below or scan.below in path.parents for scan in scans):
            continue
        root = next((root for root in folders if root in path.parents), path)
        scans.append(_Scan(root, path))
    return scans


def _files(scan: _Scan, folder: Path) -> Iterator[_File]:
    """The files to consider, in sorted order; hidden ones and the index itself are left out."""
    root = _root_name(scan.root, folder)
    if scan.below.is_file():
        file = "" if scan.below == scan.root else scan.below.relative_to(scan.root).as_posix()
        yield _File(scan.below, root, file, named=True)
        return
    index = folder.resolve()
    for directory, subdirectories, names in os.walk(scan.below):
        here = Path(directory)
        subdirectories[:] = sorted(name for name in subdirectories if not name.startswith(".") and here / name != index)
        for name in sorted(names):
            if not name.startswith("."):
                yield _File(here / name, root, (here / name).relative_to(scan.root).as_posix(), named=False)


def _root_name(root: Path, folder: Path) -> str:
    """Relative to the index folder's parent if below it, so that a project can be moved with its index."""
    project = folder.resolve().parent
    return root.relative_to(project).as_posix() if root.is_relative_to(project) else root.as_posix()


def _root_path(root: str, folder: Path) -> Path:
    return (folder.resolve().parent / root).resolve()


# What is to be done


@dataclass(frozen=True)
class _Task:
    """A file to read and store as ``id``; ``before`` are the ids of documents whose vectors it may share."""

    file: _File
    id: str
    replaces: bool
    size: int
    before: tuple[str, ...]


@dataclass
class _Plan:
    tasks: list[_Task] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    unchanged: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    unsupported: Counter[str] = field(default_factory=Counter)


@dataclass
class _Changes:
    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @property
    def any(self) -> bool:
        return bool(self.added or self.replaced or self.removed)


def _plan(scans: Sequence[_Scan], origins: Sequence[Origin], folder: Path) -> _Plan:
    plan = _Plan()
    files = list(_readable(scans, folder, plan))
    here = {(file.root, file.file) for file in files}
    stored = {(origin.root, origin.file): origin for origin in origins}
    gone = {
        origin.id
        for key, origin in stored.items()
        if key not in here and _in_scope(_root_path(origin.root, folder) / origin.file, scans)
    }
    taken = {origin.id for origin in origins} - gone
    same_content: dict[str, list[str]] = {}
    for origin in origins:
        same_content.setdefault(origin.sha256, []).append(origin.id)
    for file in files:
        old = stored.get((file.root, file.file))
        document_id = old.id if old else _new_id(file, taken)
        if document_id is None:
            plan.skipped.append((str(file.path), "another document has the same id; rename the file or its folder"))
            continue
        taken.add(document_id)
        try:
            sha256, size = generations.sha256_of(file.path), file.path.stat().st_size
        except OSError as error:
            plan.skipped.append((str(file.path), _reason(error)))
            continue
        if old and old.fingerprint == _fingerprint(document_id, sha256):
            plan.unchanged += 1
        else:
            before = dict.fromkeys(([document_id] if old else []) + same_content.get(sha256, [])[:1])
            plan.tasks.append(_Task(file, document_id, old is not None, size, tuple(before)))
    # A new document may have taken the id of one that has gone; storing it replaces that one.
    plan.remove = sorted(gone - {task.id for task in plan.tasks})
    return plan


def _readable(scans: Sequence[_Scan], folder: Path, plan: _Plan) -> Iterator[_File]:
    for scan in scans:
        for file in _files(scan, folder):
            if file.path.suffix.lower() not in SUFFIXES:
                if file.named:
                    plan.skipped.append(
                        (str(file.path), f"files of the kind {file.path.suffix or '(none)'} are not read")
                    )
                else:
                    plan.unsupported[file.path.suffix.lower()] += 1
            elif not file.path.resolve().is_relative_to(scan.root):
                plan.skipped.append((str(file.path), "a symbolic link that leads out of the folder is not followed"))
            elif not file.path.is_file():
                plan.skipped.append((str(file.path), "not a regular file"))
            else:
                yield file


def _in_scope(path: Path, scans: Sequence[_Scan]) -> bool:
    return any(path == scan.below or scan.below in path.parents for scan in scans)


def _new_id(file: _File, taken: set[str]) -> str | None:
    own = file.file or file.path.name
    folder = Path(file.root).parent.name if not file.file else Path(file.root).name
    return next((id for id in (own, f"{folder}/{own}") if id not in taken), None)


def _fingerprint(document_id: str, sha256: str) -> str:
    return hashlib.sha256(f"{reading_version()}\n{document_id}\n{sha256}".encode()).hexdigest()


@cache
def reading_version() -> str:
    """A hash of the code that makes documents, sentences, passages and terms of files.

    When that code changes, everything is read again; only texts that came out differently are embedded again.
    """
    here = Path(__file__).parent
    sources = sorted((here / "readers").glob("*.py"))
    sources += [here / name for name in ("language.py", "lexical.py", "passages.py", "sentences.py", "writing.py")]
    digest = hashlib.sha256()
    for source in [*sources, Path(__file__)]:
        with suppress(FileNotFoundError):
            digest.update(source.read_bytes())
    return digest.hexdigest()


# Doing it


class _Draft:
    """The store that a build changes: made on the first change, so that a run without changes writes nothing."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest | None,
        embedder: Callable[[], Embedder],
        embedder_name: str,
        embedder_sha256: str,
        scans: Sequence[_Scan],
        *,
        rebuild: bool,
    ) -> None:
        self._folder = folder
        self._manifest = None if rebuild else manifest
        self._make_embedder = embedder
        self._embedder_name = embedder_name
        self._embedder_sha256 = embedder_sha256
        self._roots = {_root_name(scan.root, folder) for scan in scans}
        self._identity = {
            "format": str(FORMAT),
            "base": f"{'rebuild of ' * rebuild}{manifest.generation if manifest else ''}",
            "scans": json.dumps(sorted(_root_name(scan.below, folder) for scan in scans)),
            "embedder_sha256": embedder_sha256,
        }
        self._store = self._resume()
        self.resumed = self._store is not None

    @cached_property
    def embedder(self) -> Embedder:
        return self._make_embedder()

    @property
    def dimensions(self) -> int:
        return self._manifest.dimensions if self._manifest else self.embedder.dimensions

    @property
    def store(self) -> Store:
        if self._store is None:
            self._store = self._begin()
        return self._store

    def origins(self) -> list[Origin]:
        if self._store is not None:
            return self._store.origins()
        if self._manifest is None:
            return []
        with closing(Store.open_for_reading(self._folder / self._manifest.database)) as store:
            return store.origins()

    def must_publish(self, scans: Sequence[_Scan]) -> bool:
        """Whether there is something to finish although no document changed in this run."""
        if self.resumed or self._manifest is None:
            return True
        try:
            generations.check_file(self._folder, self._manifest, self._manifest.vectors)
        except (IndexDamaged, FileNotFoundError):
            return True
        return False

    def publish(self) -> None:
        _publish(self.store, self._folder, self._embedder_name, self._embedder_sha256, self.dimensions, self._roots)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    def _resume(self) -> Store | None:
        generations.recover_building(self._folder, self._manifest_on_disk())
        path = self._folder / generations.BUILDING
        if not path.exists():
            return None
        store = Store.open_for_writing(path)
        if store.is_sound() and self._identity.items() <= store.meta().items():
            return store
        store.close()
        generations.discard_building(self._folder)
        return None

    def _manifest_on_disk(self) -> Manifest | None:
        try:
            return generations.read_manifest(self._folder)
        except IndexError_:
            return None

    def _begin(self) -> Store:
        generations.discard_building(self._folder)
        if self._manifest is None:
            return Store.create(self._folder / generations.BUILDING, self._identity)
        store = Store.open_for_writing(generations.copy_to_building(self._folder, self._manifest))
        with store.transaction():
            store.set_meta(self._identity)
        return store


def _carry_out(plan: _Plan, draft: _Draft, *, progress: bool) -> _Changes:
    changes = _Changes()
    with _Progress(plan.tasks, shown=progress) as bar:
        for group in _groups(plan.tasks, draft, changes, bar):
            _store_group(group, draft, bar)
            for part in group:
                (changes.replaced if part.task.replaces else changes.added).append(part.task.id)
    if plan.remove:
        with draft.store.transaction():
            changes.removed += [id for id in plan.remove if draft.store.remove(id)]
    return changes


@dataclass(frozen=True)
class _Part:
    """One document read and split, waiting for its vectors."""

    task: _Task
    document: Document
    sentences: list[Sentence]
    passages: list[Passage]
    texts: EmbeddingTexts

    @property
    def all_texts(self) -> list[str]:
        return [*self.texts.sentences, *self.texts.windows, *self.texts.passages]


def _groups(tasks: Sequence[_Task], draft: _Draft, changes: _Changes, bar: _Progress) -> Iterator[list[_Part]]:
    """Documents until there are enough texts: small documents are embedded together."""
    group: list[_Part] = []
    for task in tasks:
        try:
            group.append(_read(task, draft))
        except DocumentError as error:
            changes.skipped.append((str(task.file.path), error.reason))
            bar.advance(task.size)
            if task.replaces:
                # What the index holds is no longer what the file says.
                with draft.store.transaction():
                    draft.store.remove(task.id)
                changes.removed.append(task.id)
        if sum(len(part.all_texts) for part in group) >= GROUP_TEXTS:
            yield group
            group = []
    if group:
        yield group


def _read(task: _Task, draft: _Draft) -> _Part:
    try:
        document = read(task.file.path, id=task.id)
    except OSError as error:
        raise DocumentError(str(task.file.path), _reason(error)) from error
    sentences = split(document)
    passages = make_passages(document, sentences, count_tokens=draft.embedder.count_tokens)
    return _Part(task, document, sentences, passages, embedding_texts(document, sentences, passages))


def _store_group(group: Sequence[_Part], draft: _Draft, bar: _Progress) -> None:
    known: dict[bytes, bytes] = {}
    for part in group:
        for document_id in part.task.before:
            known.update(draft.store.keyed_vectors(document_id))
    _embed([text for part in group for text in part.all_texts], known, draft, bar, sum(p.task.size for p in group))

    def vectors(texts: Iterable[str]) -> list[KeyedVector]:
        return [KeyedVector(key, known[key]) for key in map(_key, texts)]

    with draft.store.transaction():
        for part in group:
            embedded = Embedded(
                document=part.document,
                sentences=part.sentences,
                passages=part.passages,
                sentence_vectors=vectors(part.texts.sentences),
                window_vectors=vectors(part.texts.windows),
                passage_vectors=vectors(part.texts.passages),
            )
            file, sha256 = part.task.file, part.document.sha256
            draft.store.add(
                embedded, Origin(part.task.id, file.root, file.file, _fingerprint(part.task.id, sha256), sha256)
            )


def _embed(texts: Iterable[str], known: dict[bytes, bytes], draft: _Draft, bar: _Progress, size: int) -> None:
    """Add to ``known`` the vectors of all texts that are not there yet, those of similar length together."""
    missing = {key: text for key, text in ((_key(text), text) for text in texts) if key not in known}
    ordered = sorted(missing.items(), key=lambda item: (len(item[1]), item[1]))
    characters = sum(len(text) for text in missing.values())
    for start in range(0, len(ordered), SLICE_TEXTS):
        keys, batch = zip(*ordered[start : start + SLICE_TEXTS], strict=True)
        vectors = draft.embedder.passages(list(batch))
        if vectors.shape != (len(batch), draft.dimensions):
            raise IndexError_(
                f"The embedder gave vectors of shape {vectors.shape} instead of {(len(batch), draft.dimensions)}. "
                f"{generations.REBUILD}"
            )
        known.update(zip(keys, encode(vectors), strict=True))
        bar.advance(size * sum(map(len, batch)) / max(1, characters), texts=len(batch))
    if not missing:
        bar.advance(size)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Progress:
    """A bar over the bytes of the files to read, which are known before anything is read; shown from the first."""

    def __init__(self, tasks: Sequence[_Task], *, shown: bool) -> None:
        self._total = sum(task.size for task in tasks)
        self._files = len(tasks)
        self._shown = shown and bool(tasks)
        self._bar: tqdm[Any] | None = None
        self._texts = 0
        self._started = time.monotonic()

    def __enter__(self) -> _Progress:
        if self._shown:
            from tqdm import tqdm

            self._bar = tqdm(
                total=self._total,
                desc=f"Embedding {self._files} document{'s' * (self._files != 1)}",
                bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
                # A log file is not a screen: one line every ten seconds is enough there.
                mininterval=0.1 if sys.stderr.isatty() else 10,
            )
        return self

    def advance(self, size: float, texts: int = 0) -> None:
        self._texts += texts
        if self._bar is not None:
            rate = self._texts / max(1e-3, time.monotonic() - self._started)
            self._bar.set_postfix_str(f"{rate:.0f} texts/s", refresh=False)
            self._bar.update(size)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


# The finished index


def _present(folder: Path, embedder_sha256: str, *, rebuild: bool) -> Manifest | None:
    """The manifest that a build starts from: None when there is no index, or none that can be used in a rebuild."""
    try:
        manifest = generations.read_manifest(folder)
        if not rebuild:
            generations.check_embedder(manifest, folder, embedder_sha256)
            _check_database(folder, manifest)
    except IndexMissing:
        return None
    except IndexError_:
        if not rebuild:
            raise
        return None
    return manifest


def _check_database(folder: Path, manifest: Manifest) -> None:
    try:
        generations.check_file(folder, manifest, manifest.database)
    except FileNotFoundError as error:
        raise IndexDamaged(f"{folder / manifest.database} is missing. {generations.REBUILD}") from error


def _publish(store: Store, folder: Path, embedder: str, embedder_sha256: str, dimensions: int, roots: set[str]) -> None:
    counts, roots = store.counts(), roots | set(store.roots())
    vectors = folder / "building.faiss"
    write_vectors(store, dimensions, vectors)
    store.finish()
    generation = uuid.uuid4().hex[:12]
    manifest = Manifest(
        format=FORMAT,
        generation=generation,
        embedder=embedder,
        embedder_sha256=embedder_sha256,
        dimensions=dimensions,
        documents=counts.documents,
        sentences=counts.sentences,
        passages=counts.passages,
        roots=tuple(sorted(roots)),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        crosscite=_version(),
        files={
            f"{generation}.sqlite": generations.file_check(folder / generations.BUILDING),
            f"{generation}.faiss": generations.file_check(vectors),
        },
    )
    generations.publish(folder, manifest, vectors)


def _version() -> str:
    try:
        return importlib.metadata.version("crosscite")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
