"""Bring the index up to date with files: the story of ``crosscite index [PATH…]``.

Scan the paths, compare with what is stored by content hash, read and split what is new or changed, embed it, store it
document by document in a file beside the index, and put the finished file in the index's place at once. An interrupted
run leaves the index as it was; the next run over the same paths goes on where it stopped, and what others write in the
meantime costs none of the vectors.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import generations, interrupted, neighbours, scanning, stories
from rag.errors import DocumentError, IndexDamaged, IndexError_, IndexMissing, system_reason
from rag.generations import Manifest, root_name
from rag.passages import context
from rag.passages import passages as make_passages
from rag.readers import read
from rag.scanning import Plan, Scan, Task, compare, fingerprint, roots_beside, scans_of
from rag.sentences import split
from rag.store import FORMAT, UPLOADS_ROOT, Embedded, KeyedVector, Origin, Store, Vectors
from rag.types import Document, Passage, Sentence
from rag.unread import forget, remember, remembered

if TYPE_CHECKING:
    from tqdm import tqdm

    from rag.embedding import Embedder

GROUP_TEXTS = 256
"""Texts embedded before a commit, some five seconds of work: so much is lost when a build is killed."""

SLICE_TEXTS = 64
"""Texts given to the embedder at once; the progress bar moves when they are done."""

GONE = "is not there any more; its documents stay in the index"


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

    @property
    def changed(self) -> bool:
        """Whether the index is another one than before."""
        return bool(self.added or self.replaced or self.removed)

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
    return EmbeddingTexts(
        sentences=[_one_line(sentence.text) for sentence in sentences],
        windows=[_one_line(context(sentences, index)) for index in range(len(sentences))],
        passages=[_one_line(passage.text) for passage in passages],
    )


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
        DocumentError: one of ``paths`` does not exist, or without paths, in a rebuild, one of those indexed before.
        IndexMissing: no paths are given and none are known.
        IndexOutdated: another embedder or format made the index, and ``rebuild`` is False.
        IndexDamaged: the database was altered or cut off, and ``rebuild`` is False.
        IndexLocked: another process is writing.
        IndexError_: the disk is full or the folder cannot be written.
    """
    started = time.monotonic()
    with generations.writing(folder):
        manifest = _present(folder, embedder_sha256, rebuild=rebuild)
        scans, gone = scans_of(paths, folder, rebuild=rebuild)
        draft = _Draft(folder, manifest, embedder, embedder_name, embedder_sha256, scans, rebuild=rebuild)
        unread = forget(folder, lambda file: not rebuild and scanning.is_as_it_was(file, folder))
        try:
            plan = compare(scans, draft.origins(), unread, folder)
            changes = _carry_out(plan, draft, progress=progress)
            if changes.any or draft.must_publish():
                draft.publish()
            else:
                # An earlier run may have been killed between publishing and this.
                generations.clean(folder, manifest)
        finally:
            draft.close()
        if rebuild:
            interrupted.discard(folder)
        else:
            interrupted.done(folder, embedder_sha256, lambda names: roots_beside(scans, names, folder))
    return Summary(
        added=tuple(changes.added),
        replaced=tuple(changes.replaced),
        removed=tuple(changes.removed),
        unchanged=plan.unchanged,
        skipped=(*((str(root), GONE) for root in gone), *plan.skipped, *changes.skipped),
        unsupported=plan.unsupported,
        seconds=time.monotonic() - started,
    )


def outstanding(folder: Path) -> Plan:
    """Compare the index with the files it was made of: what ``build`` without paths would have to do.

    Raises:
        IndexMissing, IndexOutdated, IndexDamaged: there is no index to compare with.
    """
    stored = origins(folder)
    scans, _ = scans_of((), folder, rebuild=False)
    return compare(scans, stored, remembered(folder), folder)


def origins(folder: Path) -> list[Origin]:
    """Where every document of the index came from, sorted by id.

    Raises:
        IndexMissing, IndexOutdated, IndexDamaged: there is no index.
    """

    def of(manifest: Manifest) -> list[Origin]:
        with closing(Store.open_for_reading(folder / manifest.database)) as store:
            return store.origins()

    return generations.of_present(folder, of)


def remove(document_ids: Sequence[str], folder: Path) -> None:
    """Remove documents from the index; their files stay, and indexing them again brings the documents back.

    Raises:
        DocumentNotFound: one of the ids is unknown; then nothing is removed.
        IndexMissing, IndexOutdated, IndexDamaged, IndexLocked, IndexError_: as ``build``.
    """
    with generations.writing(folder):
        manifest = generations.read_manifest(folder)
        _check_database(folder, manifest)
        with closing(Store.open_for_reading(folder / manifest.database)) as store:
            store.passage_ranges(document_ids)
            begun = interrupted.found(folder, manifest.generation)
            if begun is not None:
                begun.close()
            interrupted.keep(folder)
            interrupted.forget(
                folder, (key for id in document_ids for key in store.keyed_vectors(id, manifest.dimensions))
            )
        with closing(Store.open_for_writing(generations.copy_to_building(folder, manifest))) as store:
            with store.transaction():
                for document_id in document_ids:
                    store.remove(document_id)
            roots = set(manifest.roots)
            publish(store, folder, manifest, manifest.embedder, manifest.embedder_sha256, manifest.dimensions, roots)


# Doing it


@dataclass
class _Changes:
    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @property
    def any(self) -> bool:
        return bool(self.added or self.replaced or self.removed)


class _Draft:
    """The store that a build changes: made on the first change, so that a run without changes writes nothing."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest | None,
        embedder: Callable[[], Embedder],
        embedder_name: str,
        embedder_sha256: str,
        scans: Sequence[Scan],
        *,
        rebuild: bool,
    ) -> None:
        self._folder = folder
        self._manifest = None if rebuild else manifest
        self._make_embedder = embedder
        self._embedder_name = embedder_name
        self._embedder_sha256 = embedder_sha256
        # A folder that is empty, or away, is looked at again all the same; a rebuild is what leaves one out.
        former = () if rebuild or manifest is None else roots_beside(scans, manifest.roots, folder)
        self._roots = {*former, *(root_name(scan.root, folder) for scan in scans)}
        self._identity = {
            "format": str(FORMAT),
            "base": f"{'rebuild of ' * rebuild}{manifest.generation if manifest else ''}",
            "scans": json.dumps(sorted(root_name(scan.below, folder) for scan in scans)),
            "embedder_sha256": embedder_sha256,
        }
        self._kept: interrupted.Kept | None = None
        self._store = self._resume(manifest.generation if manifest else "")
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

    def remove(self, document_ids: Iterable[str]) -> list[str]:
        """Remove documents, and return those that were there."""
        ids = sorted(document_ids)
        store = self.store
        # The embedder, which may have to be loaded to know the dimensions, is asked only where something is kept.
        interrupted.forget(self._folder, (key for id in ids for key in store.keyed_vectors(id, self.dimensions)))
        with store.transaction():
            return [id for id in ids if store.remove(id)]

    def kept_vectors(self, keys: Iterable[bytes]) -> dict[bytes, Vectors]:
        """The vectors that an interrupted build had, of those with these keys."""
        return self._kept.vectors(keys, self.dimensions) if self._kept else {}

    def remember_unread(self, task: Task, reason: str) -> None:
        """See that a file that cannot be read is not tried again as long as it is not touched."""
        unread = scanning.unread(task, reason)
        if unread:
            remember(self._folder, unread)

    def must_publish(self) -> bool:
        """Whether there is something to finish although no document changed in this run."""
        if self.resumed or self._manifest is None:
            return True
        # A folder in which there is nothing yet; that uploads are looked through need not be written down.
        if self._roots - {UPLOADS_ROOT} - set(self._manifest.roots):
            return True
        return _sound_vectors(self._folder, self._manifest) is None

    def publish(self) -> None:
        publish(
            self.store,
            self._folder,
            self._manifest,
            self._embedder_name,
            self._embedder_sha256,
            self.dimensions,
            self._roots,
        )

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
        if self._kept is not None:
            self._kept.close()

    def _resume(self, generation: str) -> Store | None:
        """Go on with what was interrupted, if it was this; anything else stays as it is until this has to write."""
        store = interrupted.found(self._folder, generation)
        if store is None:
            return None
        if self._identity.items() <= store.meta().items():
            self._open_kept()
            return store
        store.close()
        return None

    def _begin(self) -> Store:
        interrupted.keep(self._folder)
        self._open_kept()
        if self._manifest is None:
            return Store.create(self._folder / generations.BUILDING, {**self._identity, interrupted.BEGUN: "0"})
        store = Store.open_for_writing(generations.copy_to_building(self._folder, self._manifest))
        with store.transaction():
            store.set_meta({**self._identity, interrupted.BEGUN: str(store.last_passage)})
        return store

    def _open_kept(self) -> None:
        if (self._folder / generations.INTERRUPTED).exists():
            kept = interrupted.Kept.open(self._folder)
            if kept.is_of(self._embedder_sha256):
                self._kept = kept
            else:
                kept.close()


def _carry_out(plan: Plan, draft: _Draft, *, progress: bool) -> _Changes:
    changes = _Changes()
    with _Progress(plan.tasks, shown=progress) as bar:
        for group in _groups(plan.tasks, draft, changes, bar):
            _store_group(group, draft, bar)
            for part in group:
                (changes.replaced if part.task.replaces else changes.added).append(part.task.id)
    # Last, because a moved file takes over the vectors; a new document may also have taken the id of one that has gone.
    gone = set(plan.gone).difference(changes.added)
    if gone:
        changes.removed += draft.remove(gone)
    return changes


@dataclass(frozen=True)
class _Part:
    """One document read and split, waiting for its vectors."""

    task: Task
    document: Document
    sentences: list[Sentence]
    passages: list[Passage]
    texts: EmbeddingTexts

    @property
    def all_texts(self) -> list[str]:
        return [*self.texts.sentences, *self.texts.windows, *self.texts.passages]


def _groups(tasks: Sequence[Task], draft: _Draft, changes: _Changes, bar: _Progress) -> Iterator[list[_Part]]:
    """Documents until there are enough texts: small documents are embedded together."""
    group: list[_Part] = []
    for task in tasks:
        try:
            group.append(_read(task, draft))
        except DocumentError as error:
            changes.skipped.append((str(task.file.path), error.reason))
            draft.remember_unread(task, error.reason)
            bar.advance(task.size)
            if task.replaces:
                # What the index holds is no longer what the file says.
                draft.remove([task.id])
                changes.removed.append(task.id)
        if sum(len(part.all_texts) for part in group) >= GROUP_TEXTS:
            yield group
            group = []
    if group:
        yield group


def _read(task: Task, draft: _Draft) -> _Part:
    try:
        document = read(task.file.path, id=task.id)
    except OSError as error:
        raise DocumentError(str(task.file.path), system_reason(error), "unopened") from error
    sentences = split(document)
    passages = make_passages(document, sentences, count_tokens=draft.embedder.count_tokens)
    return _Part(task, document, sentences, passages, embedding_texts(document, sentences, passages))


def _store_group(group: Sequence[_Part], draft: _Draft, bar: _Progress) -> None:
    known: dict[bytes, Vectors] = {}
    store, texts = draft.store, [text for part in group for text in part.all_texts]
    for part in group:
        for document_id in part.task.before:
            known.update(store.keyed_vectors(document_id, draft.dimensions))
    known.update(draft.kept_vectors({_key(text) for text in texts} - known.keys()))
    _embed(texts, known, draft, bar, sum(p.task.size for p in group))

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
            task, sha256 = part.task, part.document.sha256
            origin = Origin(
                id=task.id,
                root=task.file.root,
                file=task.file.file,
                fingerprint=fingerprint(task.id, sha256),
                sha256=sha256,
                stamp=task.stamp,
            )
            draft.store.add(embedded, origin)


def _embed(texts: Iterable[str], known: dict[bytes, Vectors], draft: _Draft, bar: _Progress, size: int) -> None:
    """Add to ``known`` the vectors of all texts that are not there yet, those of similar length together."""
    missing = {key: text for key, text in ((_key(text), text) for text in texts) if key not in known}
    ordered = sorted(missing.items(), key=lambda item: (len(item[1]), item[1]))
    characters = sum(len(text) for text in missing.values())
    for start in range(0, len(ordered), SLICE_TEXTS):
        keys, batch = zip(*ordered[start : start + SLICE_TEXTS], strict=True)
        embedder = draft.embedder
        started = time.monotonic()
        vectors = embedder.passages(list(batch))
        seconds = time.monotonic() - started
        if vectors.shape != (len(batch), draft.dimensions):
            raise IndexError_(
                f"The embedder gave vectors of shape {vectors.shape} instead of {(len(batch), draft.dimensions)}. "
                f"{generations.REBUILD}"
            )
        known.update(zip(keys, vectors, strict=True))
        bar.advance(size * sum(map(len, batch)) / max(1, characters), texts=len(batch), seconds=seconds)
    if not missing:
        bar.advance(size)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Progress:
    """A bar over the bytes of the files to read, which are known before anything is read; shown from the first."""

    def __init__(self, tasks: Sequence[Task], *, shown: bool) -> None:
        self._total = sum(task.size for task in tasks)
        self._files = len(tasks)
        self._shown = shown and bool(tasks)
        self._bar: tqdm[Any] | None = None
        self._texts = 0
        self._seconds = 0.0

    def __enter__(self) -> _Progress:
        if self._shown:
            from tqdm import tqdm

            self._bar = tqdm(
                total=self._total,
                desc=f"Reading and embedding {self._files} document{'s' * (self._files != 1)}",
                bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
                # A log file is not a screen: one line every ten seconds is enough there.
                mininterval=0.1 if sys.stderr.isatty() else 10,
            )
        return self

    def advance(self, size: float, *, texts: int = 0, seconds: float = 0.0) -> None:
        self._texts += texts
        self._seconds += seconds
        if self._bar is not None:
            if self._seconds:
                self._bar.set_postfix_str(f"{self._texts / self._seconds:.0f} texts/s", refresh=False)
            self._bar.update(min(size, self._total - self._bar.n))  # parts of files add up to a hair more

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


def _sound_vectors(folder: Path, manifest: Manifest) -> tuple[Path, neighbours.Structure] | None:
    try:
        generations.check_file(folder, manifest, manifest.vectors)
    except (IndexDamaged, FileNotFoundError):
        return None
    return folder / manifest.vectors, manifest.search


def publish(
    store: Store,
    folder: Path,
    before: Manifest | None,
    embedder: str,
    embedder_sha256: str,
    dimensions: int,
    roots: set[str],
) -> None:
    """Make a filled store the index: write the search structure and the manifest, then put all in place at once."""
    counts, roots = store.counts(), roots | set(store.roots())
    vectors = folder / generations.BUILDING_VECTORS
    # Where every vector is compared there is nothing to go on from, and no need to check the file.
    old = _sound_vectors(folder, before) if before is not None and before.search.lists else None
    search = neighbours.write(store, dimensions, vectors, before=old)
    stories.find(store, neighbours.Neighbours.open(vectors, search, store, dimensions), dimensions)
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
        search=search,
        files={
            f"{generation}.sqlite": generations.file_check(folder / generations.BUILDING),
            f"{generation}.faiss": generations.file_check(vectors),
        },
    )
    generations.publish(folder, manifest, vectors)


def _version() -> str:
    # Not at the top: it takes 60 ms.
    import importlib.metadata

    try:
        return importlib.metadata.version("crosscite")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _one_line(text: str) -> str:
    return " ".join(text.split())
