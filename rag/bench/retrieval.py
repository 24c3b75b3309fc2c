"""How well search finds the paragraph that answers a question, on data in SQuAD form (XQuAD, JaQuAD and others).

Every paragraph is a document of an index that the product itself builds, and the product's own ``Retriever.search``
ranks the sentences; a paragraph stands where its best sentence stands. The questions may come from a translation: they
are joined with the paragraphs by their ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rag.config import Settings
from rag.embedding import Embedder
from rag.errors import CrossciteError, IndexOutdated
from rag.evaluation.measures import Share
from rag.evaluation.tables import aligned, bootstrap, with_interval
from rag.index import Index
from rag.indexing import build
from rag.models import identity
from rag.retriever import Retriever, body
from rag.types import Question
from rag.wiring import load_embedder

DEPTH = 10
"""Ranks that MRR@10 looks at."""


@dataclass(frozen=True)
class Asked:
    """A question and the document that holds its answer."""

    id: str
    text: str
    document: str


@dataclass(frozen=True)
class Collection:
    """Paragraphs by document id, and the questions about them."""

    name: str
    texts: dict[str, str]
    questions: tuple[Asked, ...]


@dataclass(frozen=True)
class Ranking:
    """The best documents for a question, and the rank of the right one; None: it is not among those found."""

    asked: Asked
    best: tuple[str, ...]
    rank: int | None


@dataclass(frozen=True)
class Scores:
    """R@1 and R@5 with Wilson intervals, MRR@10 with a bootstrap interval over the questions, all of 95 %."""

    name: str
    paragraphs: int
    recall_1: Share
    recall_5: Share
    mrr: float
    mrr_interval: tuple[float, float]


def read(documents: Path, questions: Path) -> Collection:
    """Read the paragraphs of one file and the questions of another, which may be the same.

    A paragraph that occurs twice is one document.

    Raises:
        CrossciteError: a file cannot be read, is not in SQuAD form, or the two share no question id.
    """
    ids: dict[str, str] = {}
    right: dict[str, str] = {}
    for context, asked in _paragraphs(documents):
        document = ids.setdefault(context, f"{len(ids):05}.txt")
        right.update(dict.fromkeys(asked, document))
    known = tuple(
        Asked(id, text, right[id]) for _, asked in _paragraphs(questions) for id, text in asked.items() if id in right
    )
    if not known:
        raise CrossciteError(
            f"{documents} and {questions} share no question id. Give two translations of one data set."
        )
    name = documents.stem if documents == questions else f"{documents.stem} asked by {questions.stem}"
    return Collection(name, {id: text for text, id in ids.items()}, known)


def rank(collection: Collection, settings: Settings, cache: Path) -> list[Ranking]:
    """Index the paragraphs and search for every question.

    ``cache`` keeps the index and all vectors, so that the next run embeds nothing again, whatever has changed in how
    search weighs them.
    """
    place = cache / f"{settings.embedder}-{identity(settings.embedder)[:12]}" / _fingerprint(collection.texts)
    place.mkdir(parents=True, exist_ok=True)
    embedder = _Remembering(settings, place / "vectors.npz")
    with _index(collection.texts, settings, place, embedder) as index:
        embedder.save()
        retriever = Retriever(index, embedder, len)
        rankings = []
        for asked in tqdm(collection.questions, desc=collection.name, unit="question", disable=None):
            hits = retriever.search(Question(asked.text))
            found = list(dict.fromkeys(hit.sentence.document for hit in body(hits)))
            place_of = {document: at for at, document in enumerate(found, 1)}
            rankings.append(Ranking(asked, tuple(found[:DEPTH]), place_of.get(asked.document)))
    embedder.save()
    return rankings


def score(collection: Collection, rankings: Sequence[Ranking]) -> Scores:
    """Sum up the rankings of a collection."""
    reciprocal = np.array([1 / one.rank if one.rank is not None and one.rank <= DEPTH else 0.0 for one in rankings])
    return Scores(
        name=collection.name,
        paragraphs=len(collection.texts),
        recall_1=_recall(rankings, 1),
        recall_5=_recall(rankings, 5),
        mrr=float(reciprocal.mean()),
        mrr_interval=bootstrap(np.mean, reciprocal),
    )


def table(scores: Sequence[Scores]) -> str:
    """Lay the scores out for a terminal."""
    rows = [("paragraphs, questions", "paragraphs", "questions", "R@1 (95 %)", "R@5 (95 %)", f"MRR@{DEPTH} (95 %)")]
    rows += [
        (
            one.name,
            str(one.paragraphs),
            str(one.recall_1.total),
            with_interval(one.recall_1.value, one.recall_1.interval),
            with_interval(one.recall_5.value, one.recall_5.interval),
            with_interval(one.mrr, one.mrr_interval),
        )
        for one in scores
    ]
    return aligned(rows)


def as_dict(collection: Collection, rankings: Sequence[Ranking]) -> dict[str, Any]:
    """Return the scores, and each question whose paragraph was not the first with what came before it."""
    scores = score(collection, rankings)
    return {
        "name": scores.name,
        "paragraphs": scores.paragraphs,
        "questions": scores.recall_1.total,
        "recall_1": {"value": scores.recall_1.value, "interval": scores.recall_1.interval},
        "recall_5": {"value": scores.recall_5.value, "interval": scores.recall_5.interval},
        f"mrr_{DEPTH}": {"value": scores.mrr, "interval": scores.mrr_interval},
        "not_first": [
            {
                "id": one.asked.id,
                "question": one.asked.text,
                "rank": one.rank,
                "right": collection.texts[one.asked.document],
                "first": collection.texts[one.best[0]] if one.best else None,
            }
            for one in rankings
            if one.rank != 1
        ],
    }


def _recall(rankings: Sequence[Ranking], depth: int) -> Share:
    hits = sum(one.rank is not None and one.rank <= depth for one in rankings)
    return Share(f"R@{depth}", hits, len(rankings))


def _paragraphs(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Return each paragraph's text with its questions by id."""
    try:
        pages = json.loads(path.read_text(encoding="utf-8"))["data"]
        return [
            (paragraph["context"], {qa["id"]: qa["question"] for qa in paragraph["qas"]})
            for page in pages
            for paragraph in page["paragraphs"]
        ]
    except OSError as error:
        raise CrossciteError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CrossciteError(f"{path} is not in SQuAD form (data, paragraphs, qas): {error!r}.") from error


def _index(texts: dict[str, str], settings: Settings, place: Path, embedder: Embedder) -> Index:
    """Build the index over the paragraphs, or open it where it is built already."""
    folder = place / "paragraphs"
    folder.mkdir(exist_ok=True)
    for id, text in texts.items():
        if not (folder / id).exists():
            (folder / id).write_text(text, encoding="utf-8")
    sha256 = identity(settings.embedder)
    bring_up_to_date = partial(
        build, [folder], place / "index", lambda: embedder, embedder_name=settings.embedder, embedder_sha256=sha256
    )
    try:
        bring_up_to_date()
    except IndexOutdated:  # crosscite has changed since the index was kept
        bring_up_to_date(rebuild=True)
    return Index.load(place / "index", embedder_sha256=sha256)


def _fingerprint(texts: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:16]


class _Remembering:
    """An embedder that embeds a text once, in this run or an earlier one, and loads the model only for a new text."""

    def __init__(self, settings: Settings, file: Path) -> None:
        self._settings = settings
        self._file = file
        self._known: dict[str, NDArray[np.float32]] = {}
        if file.exists():
            with np.load(file) as kept:
                self._known = dict(zip(kept["texts"].tolist(), kept["vectors"], strict=True))
        self._saved = len(self._known)
        self.dimensions = len(next(iter(self._known.values()), ())) or self._embedder.dimensions

    @cached_property
    def _embedder(self) -> Embedder:
        return load_embedder(self._settings)

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._remembered("query", texts, lambda new: self._embedder.queries(new))

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._remembered("passage", texts, lambda new: self._embedder.passages(new))

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)

    def _remembered(
        self, role: str, texts: Sequence[str], embed: Callable[[list[str]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        keys = {f"{role}: {text}": text for text in texts}
        new = [key for key in keys if key not in self._known]
        if new:
            self._known.update(zip(new, embed([keys[key] for key in new]), strict=True))
        return np.stack([self._known[f"{role}: {text}"] for text in texts])

    def save(self) -> None:
        """Write the vectors for the next run."""
        if len(self._known) > self._saved:
            np.savez(self._file, texts=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
            self._saved = len(self._known)
