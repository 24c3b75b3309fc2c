"""Load an index and search it: passages by vector, sentences by their terms."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import IndexDamaged
from rag.generations import Manifest, check_embedder, check_file, mend, of_present, read_manifest
from rag.neighbours import Mask, Neighbours
from rag.store import TIES, DocumentInfo, PassageRange, Store, Vectors
from rag.types import Document, Passage, Sentence

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["DocumentInfo", "Index", "Manifest"]

FREQUENCIES_KEPT = 10_000
"""Terms whose frequency is remembered: that of a common one takes 5 ms in 150,000 sentences, and more in more."""


class Index:
    """One finished generation of an index, safe to search from several threads.

    It stays what it was when a newer generation is written; ``is_current`` tells when it is time to load again.
    """

    def __init__(self, folder: Path, manifest: Manifest, store: Store, neighbours: Neighbours) -> None:
        self.folder = folder
        self.manifest = manifest
        self._store = store
        self._neighbours = neighbours
        self._in_language: dict[str, Mask] = {}
        self._frequencies: dict[str, int] = {}

    @classmethod
    def load(cls, folder: Path, *, embedder_sha256: str | None = None) -> Index:
        """Open the index that the folder's manifest names, after checking its files against the manifest.

        Raises:
            IndexMissing: there is none.
            IndexOutdated: another format, or another embedder than the one of ``embedder_sha256``, made it.
            IndexDamaged: a file is missing, cut off or altered.
        """
        return of_present(folder, lambda manifest: cls._open(folder, manifest, embedder_sha256))

    @classmethod
    def _open(cls, folder: Path, manifest: Manifest, embedder_sha256: str | None) -> Index:
        check_embedder(manifest, folder, embedder_sha256)
        for name in (manifest.database, manifest.vectors):
            check_file(folder, manifest, name)
        store = Store.open_for_reading(folder / manifest.database)
        try:
            return cls(folder, manifest, store, _neighbours(folder / manifest.vectors, manifest, store))
        except BaseException:
            store.close()
            raise

    @property
    def generation(self) -> str:
        """The name of this state of the index; every change makes a new one."""
        return self.manifest.generation

    def is_current(self) -> bool:
        """Whether the folder's manifest still names this generation.

        Raises:
            IndexMissing, IndexOutdated, IndexDamaged: as ``load``.
        """
        return read_manifest(self.folder).generation == self.generation

    def check(self) -> None:
        """Compare every byte of the index with the manifest, however large it is.

        Raises:
            IndexDamaged: a file is not what was written.
        """
        for name in (self.manifest.database, self.manifest.vectors):
            try:
                check_file(self.folder, self.manifest, name, whole=True)
            except FileNotFoundError as error:
                raise IndexDamaged(f"{self.folder / name} is missing. {mend(name)}") from error

    def documents(self) -> list[DocumentInfo]:
        """All documents, sorted by id, without their texts."""
        return self._store.documents()

    def document(self, id: str) -> Document:
        """One document with its text.

        Raises:
            DocumentNotFound: no document has this id.
        """
        return self._store.document(id)

    def page(self, sentence: Sentence) -> int | None:
        """The number of the page, from 1, on which a sentence begins; None where the document has no pages."""
        return self._store.page(sentence.document, sentence.start)

    def sentences_of(self, document_id: str) -> list[Sentence]:
        """The sentences of a document in order.

        Raises:
            DocumentNotFound: no document has this id.
        """
        return self._store.sentences_of(document_id)

    def same_story(self, document_id: str) -> list[str]:
        """The other documents that tell the same story: the same text, nearly the same, or a translation.

        Raises:
            DocumentNotFound: no document has this id.
        """
        return self._store.same_story(document_id)

    def passages_of(self, document_id: str) -> list[Passage]:
        """The passages of a document in order.

        Raises:
            DocumentNotFound: no document has this id.
        """
        return self._store.passages_of(document_id)

    def nearest_passages(
        self, vector: Vectors, k: int, *, documents: Sequence[str] | None = None, language: str | None = None
    ) -> list[tuple[Passage, float]]:
        """The ``k`` passages with the largest inner product with ``vector`` of shape (dimensions,).

        ``documents`` limits the search to some documents and ``language`` to those in it; None means all.

        Raises:
            DocumentNotFound: one of ``documents`` is unknown.
        """
        if k <= 0:
            return []
        found = self._neighbours.search(vector, k + TIES, self._mask(documents, language))
        hits = [(passage, found[number]) for number, passage in self._store.passages(found).items()]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0].document, hit[0].position))[:k]

    def _mask(self, documents: Sequence[str] | None, language: str | None) -> Mask | None:
        """Which passages, by row number, a search is limited to."""
        mask = None
        if language is not None:
            if language not in self._in_language:
                ranges = [range for range in self._store.passage_ranges() if range.language == language]
                self._in_language[language] = self._mask_of(ranges)
            mask = self._in_language[language]
        if documents is not None:
            chosen = self._mask_of(self._store.passage_ranges(documents))
            mask = chosen if mask is None else chosen & mask
        return mask

    def _mask_of(self, ranges: Sequence[PassageRange]) -> Mask:
        mask = np.zeros(self._store.last_passage + 1, dtype=np.bool_)
        for _, _, first, count in ranges:
            mask[first : first + count] = True
        return mask

    def sentences(self, passages: Sequence[Passage]) -> list[Sentence]:
        """The sentences of passages, in the passages' order, each once."""
        found: dict[tuple[str, int], Sentence] = {}
        for passage in passages:
            for sentence in self._store.sentences_between(passage.document, passage.first, passage.last):
                found.setdefault((sentence.document, sentence.position), sentence)
        return list(found.values())

    def vectors(self, sentences: Sequence[Sentence]) -> tuple[Vectors, Vectors]:
        """The vectors of sentences alone, and of each with its neighbours: two arrays of shape (n, dimensions).

        Raises:
            DocumentNotFound: a sentence is not in this index.
        """
        return self._store.sentence_vectors(sentences, self.manifest.dimensions)

    def lexical(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> list[tuple[Sentence, float]]:
        """The ``k`` sentences that share the rarest terms with the query, by BM25 (higher is better).

        Raises:
            DocumentNotFound: one of ``documents`` is unknown.
        """
        return self._store.lexical(query, k, documents, self.document_frequency)

    def document_frequency(self, term: str) -> int:
        """In how many sentences (of ``manifest.sentences``) a term of ``rag.lexical.terms`` occurs."""
        known = self._frequencies.get(term)
        if known is None:
            known = self._store.document_frequency(term)
            if len(self._frequencies) >= FREQUENCIES_KEPT:
                self._frequencies.clear()
            self._frequencies[term] = known
        return known

    def close(self) -> None:
        """Close the files."""
        self._store.close()

    def close_when_unused(self) -> None:
        """Close the files as soon as nobody holds this object any more: other threads may still be reading."""
        weakref.finalize(self, self._store.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _neighbours(path: Path, manifest: Manifest, store: Store) -> Neighbours:
    try:
        return Neighbours.open(path, manifest.search, store, manifest.dimensions)
    except RuntimeError as error:
        if not path.exists():
            raise FileNotFoundError(path) from error
        raise IndexDamaged(f"{path} cannot be read: {str(error).splitlines()[0]}. {mend(path.name)}") from error
