"""How fast, how exact and how large search is over more passages than anybody wants to embed for a measurement.

The vectors are real ones, moved: each is the vector of a real text plus the difference of two other real texts that are
near each other, scaled to length 1. So the collection has the clusters and the directions of real ones, only denser;
collections of that many different texts may be easier or harder. The questions are real and not moved.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rag import memory
from rag.errors import CrossciteError
from rag.evaluation.statistics import percentile_95
from rag.evaluation.tables import aligned
from rag.generations import BUILDING
from rag.index import Index
from rag.indexing import build, publish
from rag.store import Embedded, KeyedVector, Origin, Store
from rag.types import Document, Passage, Sentence

Vectors = NDArray[np.float32]

PASSAGES_OF_ONE = 50
QUESTIONS = 300
NEAR = 20
"""Of so many nearest texts one is taken for the difference that moves a vector."""


@dataclass(frozen=True)
class Measured:
    """Seconds, shares and megabytes; the times of search are the median and the 95th percentile over the questions."""

    passages: int
    lists: int
    build_seconds: float
    megabytes_on_disk: float
    load_seconds: float
    search: tuple[float, float]
    recall: float
    recall_at_build: float
    in_language: tuple[float, float]
    lexical: tuple[float, float]
    resident_megabytes: float
    add_one_seconds: float
    unchanged_seconds: float


@dataclass(frozen=True)
class Real:
    """Texts with their vectors, and the vectors of questions."""

    texts: list[str]
    vectors: Vectors
    questions: list[str]
    question_vectors: Vectors


def read(files: Sequence[Path]) -> Real:
    """Read the vectors that ``crosscite bench retrieval`` keeps."""
    texts: dict[str, Vectors] = {}
    questions: dict[str, Vectors] = {}
    for path in files:
        try:
            with np.load(path) as kept:
                for text, vector in zip(kept["texts"].tolist(), kept["vectors"], strict=True):
                    role, _, rest = text.partition(": ")
                    (questions if role == "query" else texts)[rest] = vector
        except (OSError, KeyError, ValueError) as error:
            raise CrossciteError(f"{path} is not a file of vectors that crosscite bench retrieval keeps.") from error
    if not texts or not questions:
        raise CrossciteError("There are no questions among the vectors. Run crosscite bench retrieval with --cache.")
    return Real(list(texts), np.stack(list(texts.values())), list(questions), np.stack(list(questions.values())))


def measure(real: Real, passages: int, place: Path | None = None) -> Measured:
    """Make a collection, index it, search in it, change it."""
    with tempfile.TemporaryDirectory(dir=place) as home:
        return _measure(real, passages, Path(home))


def _measure(real: Real, passages: int, home: Path) -> Measured:
    folder = home / "index"
    folder.mkdir()
    dimensions = real.vectors.shape[1]
    store = Store.create(folder / BUILDING, {"base": "bench"})
    for batch in _batches(_documents(real, passages), 40):
        with store.transaction():
            for embedded, origin in batch:
                store.add(embedded, origin)
    started = time.perf_counter()
    publish(store, folder, None, "bench", "bench", dimensions, set())
    build_seconds = time.perf_counter() - started
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    started = time.perf_counter()
    with Index.load(folder) as index:
        load_seconds = time.perf_counter() - started
        chosen = np.random.default_rng(1).permutation(len(real.questions))[:QUESTIONS]
        vectors = [real.question_vectors[at] for at in chosen]
        words = [real.questions[at] for at in chosen]
        found: list[set[float]] = []

        def search(vector: Vectors) -> None:
            found.append({round(score, 4) for _, score in index.nearest_passages(vector, 10)})

        times = _times(search, vectors)
        resident = memory.present() / 1e6
        one = min({info.language for info in index.documents()})
        language = _times(lambda vector: index.nearest_passages(vector, 12, language=one), vectors)
        lexical = _times(lambda text: index.lexical(text, 24), words)
        recall = _recall(index, np.stack(vectors), found[-len(vectors) :])
        structure = index.manifest.search
    add, unchanged = _add_one(home, folder, real)
    return Measured(
        passages, structure.lists, build_seconds, size, load_seconds, times, recall, structure.recall, language,
        lexical, resident, add, unchanged,
    )  # fmt: skip


def table(one: Measured) -> str:
    """Lay the figures out for a terminal."""

    def milliseconds(times: tuple[float, float]) -> str:
        return f"{1000 * times[0]:.1f} / {1000 * times[1]:.1f} ms"

    return aligned(
        [
            (f"{one.passages:,} passages", ""),
            ("inverted lists (0: every vector is compared)", str(one.lists)),
            ("made the search structure and published in", f"{one.build_seconds:.1f} s"),
            ("on the disk", f"{one.megabytes_on_disk:,.0f} MB"),
            ("opened in", f"{one.load_seconds:.2f} s"),
            ("ten nearest, median / 95th percentile", milliseconds(one.search)),
            ("recall@10 of real questions against exact search", f"{one.recall:.3f}"),
            ("recall@10 that the manifest states", f"{one.recall_at_build:.3f}"),
            ("twelve nearest in one language", milliseconds(one.in_language)),
            ("sentences by their terms", milliseconds(one.lexical)),
            ("resident memory after the searches", f"{one.resident_megabytes:,.0f} MB"),
            ("added one document in", f"{one.add_one_seconds:.2f} s"),
            ("found it unchanged in", f"{one.unchanged_seconds:.2f} s"),
        ]
    )


def _documents(real: Real, passages: int) -> Iterator[tuple[Embedded, Origin]]:
    random = np.random.default_rng(0)
    near = _near(real.vectors)
    for at in tqdm(range(0, passages, PASSAGES_OF_ONE), desc="Making documents", disable=None):
        count = min(PASSAGES_OF_ONE, passages - at)
        chosen = random.integers(len(real.texts), size=count)
        # A word of its own for each, as real texts have.
        texts = [f"{real.texts[one]} w{at + offset}" for offset, one in enumerate(chosen)]
        yield _embedded(f"{at}.txt", texts, _moved(real, near, chosen, random), _moved(real, near, chosen, random))


def _embedded(id: str, texts: list[str], vectors: Vectors, others: Vectors) -> tuple[Embedded, Origin]:
    japanese = sum("\u3040" <= character <= "\u30ff" for character in texts[0]) > 3
    document = Document(id, "\n".join(texts), id, "ja" if japanese else "de", sha256=id)
    ends = np.cumsum([len(text) + 1 for text in texts]).tolist()
    spans = [(end - len(text) - 1, end - 1, text) for end, text in zip(ends, texts, strict=True)]
    keyed = [KeyedVector(f"{id}{at}".encode(), vector) for at, vector in enumerate(vectors)]
    aside = [KeyedVector(f"{id}{at}".encode(), vector) for at, vector in enumerate(others)]
    embedded = Embedded(
        document=document,
        sentences=[Sentence(id, at, start, end, text) for at, (start, end, text) in enumerate(spans)],
        passages=[Passage(id, at, at, at, start, end, text) for at, (start, end, text) in enumerate(spans)],
        sentence_vectors=aside,
        window_vectors=keyed,
        passage_vectors=keyed,
    )
    return embedded, Origin(id, "bench", id, id, id)


def _near(vectors: Vectors) -> NDArray[np.int64]:
    """For each vector one of its nearest, so that their difference is one between texts of one subject."""
    random = np.random.default_rng(2)
    found = np.empty(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), 1024):
        scores = vectors[start : start + 1024] @ vectors.T
        # Not itself: a difference of nothing would make copies.
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = -1
        nearest = np.argpartition(-scores, NEAR, axis=1)[:, :NEAR]
        found[start : start + 1024] = nearest[np.arange(len(nearest)), random.integers(NEAR, size=len(nearest))]
    return found


def _moved(real: Real, near: NDArray[np.int64], chosen: NDArray[np.int64], random: np.random.Generator) -> Vectors:
    others = random.integers(len(real.texts), size=len(chosen))
    moved = real.vectors[chosen] + real.vectors[others] - real.vectors[near[others]]
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)


def _recall(index: Index, questions: Vectors, found: Sequence[set[float]]) -> float:
    """The share of the ten largest scores of all passages that were found; equal scores are as good as each other."""
    best = np.zeros((len(questions), 0), dtype=np.float32)
    for _, batch in index._store.passage_vectors(index.manifest.dimensions):
        best = -np.sort(-np.hstack([best, questions @ batch.T]), axis=1)[:, :10]
    hits = [len({round(float(score), 4) for score in row} & have) for row, have in zip(best, found, strict=True)]
    of = [len({round(float(score), 4) for score in row}) for row in best]
    return sum(hits) / sum(of)


def _times(work: Callable[[Vectors], object] | Callable[[str], object], items: Sequence[object]) -> tuple[float, float]:
    seconds = []
    for warm in (True, False):
        for item in items[: 50 if warm else None]:
            started = time.perf_counter()
            work(item)  # type: ignore[arg-type]
            if not warm:
                seconds.append(time.perf_counter() - started)
    return float(np.median(seconds)), percentile_95(seconds)


class _AtOnce:
    """An embedder that takes no time, since only what stands around it is measured."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self.passages(texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        rows = np.random.default_rng(len(texts)).normal(size=(len(texts), self.dimensions))
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


def _add_one(home: Path, folder: Path, real: Real) -> tuple[float, float]:
    documents = home / "documents"
    documents.mkdir()
    (documents / "new.txt").write_text("\n\n".join(real.texts[:20]), encoding="utf-8")
    # What is read for the first time starts the process that reads files.
    (documents / "first.txt").write_text("Nothing much.", encoding="utf-8")
    seconds = []
    for path in (documents / "first.txt", documents / "new.txt", documents / "new.txt"):
        started = time.perf_counter()
        build(
            [path],
            folder,
            lambda: _AtOnce(real.vectors.shape[1]),
            embedder_name="bench",
            embedder_sha256="bench",
            progress=False,
        )
        seconds.append(time.perf_counter() - started)
    return seconds[1], seconds[2]


def _batches(items: Iterator[tuple[Embedded, Origin]], size: int) -> Iterator[list[tuple[Embedded, Origin]]]:
    batch: list[tuple[Embedded, Origin]] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
