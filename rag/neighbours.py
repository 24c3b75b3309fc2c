"""The search structure over the passage vectors: every vector compared while they are few, inverted lists when not.

Inverted lists (Sivic and Zisserman 2003; FAISS: Douze et al. 2024) hold each vector as bytes beside its nearest
centroid; a question looks into the lists of the nearest centroids only. The file is memory-mapped, and what is found
is scored again with the vectors of the store, so scores do not depend on the structure. How many lists must be looked
into is measured against exact search when the structure is made.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.store import Store, Vectors

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

EXACT_UP_TO = 65_536
"""Passages up to which a question is compared with every vector: 100 MB."""

TRAINING_VECTORS = 40
"""Vectors a list that the centroids are trained on; FAISS asks for at least 39."""

RECALL_WANTED = 0.97
"""Share of the ten nearest passages to find: .95 is promised, and questions are not the sentences it is measured on."""

RECALL_QUERIES = 200
"""Sentences of the collection that stand for questions when the recall is measured."""

OUTGROWN = 2.0
"""The lists are made anew when the collection is so many times as large, or as small, as when they were trained."""

SPARSE = 4096
"""Passages that are simply all compared where a search is limited to so few of a large collection."""

SAME = 1e-4
"""Scores that differ by less are the same when recall is measured."""

FEW_PROBES = 8
"""Lists looked into where many vectors are searched for at once."""

REFINED = 2
"""Candidates scored exactly, as a multiple of the passages wanted: their order among themselves is by bytes only."""


@dataclass(frozen=True)
class Structure:
    """How the search structure was made: ``lists`` is 0 where every vector is compared.

    ``recall`` is the share of the ten nearest passages that a search finds, against exact search.
    """

    trained: int = 0
    lists: int = 0
    probes: int = 0
    recall: float = 1.0


def write(store: Store, dimensions: int, path: Path, *, before: tuple[Path, Structure] | None = None) -> Structure:
    """Write the search structure over all passage vectors of a store; the ids in it are the passages' row numbers.

    ``before`` is an older structure with lists over an earlier state of the store: its centroids are used again while
    they fit.
    """
    import faiss

    count = store.counts().passages
    if count <= EXACT_UP_TO:
        exact = faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))
        _add(exact, store, dimensions)
        faiss.write_index(exact, os.fspath(path))
        return Structure()
    if before is not None and 1 / OUTGROWN < count / before[1].trained < OUTGROWN:
        index = faiss.read_index(os.fspath(before[0]))
        _bring_up_to_date(index, store, dimensions)
        faiss.write_index(index, os.fspath(path))
        return before[1]
    lists = 2 ** round(math.log2(4 * math.sqrt(count)))
    index = faiss.index_factory(dimensions, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.train(store.some_passage_vectors(dimensions, TRAINING_VECTORS * lists))
    _add(index, store, dimensions)
    faiss.write_index(index, os.fspath(path))
    del index
    return _measured(store, dimensions, path, Structure(count, lists))


class Neighbours:
    """A search structure opened for searching, and the store that has the exact vectors."""

    def __init__(self, index: Any, structure: Structure, store: Store, dimensions: int) -> None:
        self._index = index
        self._structure = structure
        self._store = store
        self._dimensions = dimensions

    @classmethod
    def open(cls, path: Path, structure: Structure, store: Store, dimensions: int) -> Neighbours:
        """Open a structure; lists are read from the disk when they are looked into.

        Raises:
            RuntimeError: FAISS cannot read the file.
        """
        import faiss

        flags = faiss.IO_FLAG_MMAP if structure.lists else 0
        return cls(faiss.read_index(os.fspath(path), flags), structure, store, dimensions)

    def search(self, vector: Vectors, k: int, mask: Mask | None = None) -> dict[int, float]:
        """The numbers of the ``k`` passages with the largest inner product with ``vector``, and the products.

        Where ``mask`` is given, only passages whose number is True in it are found.
        """
        allowed = int(self._index.ntotal) if mask is None else int(mask.sum())
        if k <= 0 or not allowed:
            return {}
        row = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, self._dimensions)
        if not self._structure.lists:
            return _best(*self._found(row, min(k, allowed), mask), k)
        if mask is not None and allowed <= SPARSE:
            numbers = np.flatnonzero(mask)
        else:
            numbers, _ = self._found(row, min(REFINED * k, allowed), mask)
        known, vectors = self._store.passage_vectors_of(numbers, self._dimensions)
        return _best(known, vectors @ row[0], k)

    def nearest(self, vectors: Vectors, k: int) -> Numbers:
        """The numbers of about the ``k`` nearest passages of each of many vectors; -1 where there are fewer.

        In a large collection few lists are looked into: this finds what is the same, not all that is alike.
        """
        import faiss

        if not len(vectors):
            return np.zeros((0, k), dtype=np.int64)
        probes = min(self._structure.probes, FEW_PROBES)
        parameters = faiss.SearchParametersIVF(nprobe=probes) if self._structure.lists else None  # type: ignore[call-arg]
        _, numbers = self._index.search(np.ascontiguousarray(vectors, dtype=np.float32), k, params=parameters)
        return np.asarray(numbers, dtype=np.int64)

    def _found(self, row: Vectors, k: int, mask: Mask | None) -> tuple[Numbers, Vectors]:
        import faiss

        options: dict[str, Any] = {}
        parameters: Any
        if mask is not None:
            bits = np.packbits(mask, bitorder="little")
            options["sel"] = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
        if self._structure.lists:
            probes = self._structure.probes if mask is None else self._probes(row, mask)
            parameters = faiss.SearchParametersIVF(nprobe=probes, **options)  # type: ignore[call-arg]
        else:
            parameters = faiss.SearchParameters(**options)
        scores, numbers = self._index.search(row, k, params=parameters)
        found = numbers[0] >= 0
        return numbers[0][found], scores[0][found]

    def _probes(self, row: Vectors, mask: Mask) -> int:
        """How many lists hold as many of the allowed passages as a search without limits compares."""
        allowed = np.bincount(self._list_of[: len(mask)][mask], minlength=self._structure.lists)
        _, order = self._index.quantizer.search(row, self._structure.lists)
        seen = np.cumsum(allowed[order[0]])
        enough = min(int(seen[-1]), self._structure.probes * int(self._index.ntotal) // self._structure.lists)
        return int(np.searchsorted(seen, enough)) + 1

    @cached_property
    def _list_of(self) -> npt.NDArray[np.int32]:
        """The list of each passage, by row number."""
        found = np.zeros(self._store.last_passage + 1, dtype=np.int32)
        for at, numbers in enumerate(_ids_by_list(self._index)):
            found[numbers] = at
        return found


def _best(numbers: Numbers, scores: Vectors, k: int) -> dict[int, float]:
    order = np.lexsort((numbers, -scores))[:k]
    return {int(numbers[at]): float(scores[at]) for at in order}


def _add(index: Any, store: Store, dimensions: int) -> None:
    for numbers, batch in store.passage_vectors(dimensions):
        index.add_with_ids(batch, numbers)


def _bring_up_to_date(index: Any, store: Store, dimensions: int) -> None:
    """Take out the passages that the store has no more, and add those it has since; numbers are never used twice."""
    import faiss

    held = _ids(index)
    present = store.all_passage_numbers()
    gone = np.setdiff1d(held, present, assume_unique=True)
    if len(gone):
        index.remove_ids(faiss.IDSelectorBatch(gone))
    new = np.setdiff1d(present, held, assume_unique=True)
    for start in range(0, len(new), 8192):
        numbers, vectors = store.passage_vectors_of(new[start : start + 8192], dimensions)
        index.add_with_ids(vectors, numbers)


def _ids(index: Any) -> Numbers:
    return np.concatenate(list(_ids_by_list(index)))


def _ids_by_list(index: Any) -> Iterator[Numbers]:
    import faiss

    lists = index.invlists
    for at in range(lists.nlist):
        size = lists.list_size(at)
        yield faiss.rev_swig_ptr(lists.get_ids(at), size).copy() if size else np.zeros(0, dtype=np.int64)


def _measured(store: Store, dimensions: int, path: Path, structure: Structure) -> Structure:
    """Look into twice as many lists until the recall suffices."""
    queries = store.some_sentence_vectors(dimensions, RECALL_QUERIES)
    worst = _tenth_score(store, dimensions, queries)
    for probes in _doubling(structure.lists):
        tried = replace(structure, probes=probes)
        neighbours = Neighbours.open(path, tried, store, dimensions)
        found = [list(neighbours.search(query, 10).values()) for query in queries]
        # By score, because of passages with the same words any is as good as the other.
        hits = sum(score >= least - SAME for scores, least in zip(found, worst, strict=True) for score in scores)
        recall = hits / max(1, 10 * len(queries))
        if recall >= RECALL_WANTED:
            break
    return replace(tried, recall=round(recall, 4))


def _doubling(most: int) -> Iterator[int]:
    probes = 8
    while probes < most:
        yield probes
        probes *= 2
    yield most


def _tenth_score(store: Store, dimensions: int, queries: Vectors) -> list[float]:
    """The score of the tenth nearest passage of each query by comparing all, in one pass over the store."""
    best = np.zeros((len(queries), 0), dtype=np.float32)
    for _, batch in store.passage_vectors(dimensions):
        best = -np.sort(-np.hstack([best, queries @ batch.T]), axis=1)[:, :10]
    return [float(row[-1]) for row in best]
