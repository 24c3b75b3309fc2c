"""How much faster the product embeds than plain sentence-transformers in float32, and whether it finds as much.

Both work in the same process in turns, a slice of the paragraphs each, so that whatever else the machine does falls on
both. What is found is told by the paragraphs' vectors alone: `rag.bench.retrieval` measures the whole search.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rag.bench import plain
from rag.bench.retrieval import Collection
from rag.config import Settings
from rag.errors import CrossciteError
from rag.evaluation.tables import aligned
from rag.models import get, verify
from rag.wiring import load_embedder

SLICE = 48
"""Paragraphs that one embeds before it is the other's turn."""

Encode = Callable[[list[str]], NDArray[np.float32]]


@dataclass
class Contestant:
    """One way of embedding, the seconds it took for the paragraphs, and where it ranked the right ones."""

    name: str
    passages: Encode
    queries: Encode
    seconds: float = 0.0
    ranks: list[int] = field(default_factory=list)

    def recall(self, depth: int) -> float:
        """The share of the questions whose paragraph is among the first ``depth``."""
        return sum(rank <= depth for rank in self.ranks) / len(self.ranks)


@dataclass(frozen=True)
class Compared:
    """A collection embedded by both; the cosines are between the two vectors of a paragraph."""

    collection: Collection
    plain: Contestant
    product: Contestant
    mean_cosine: float
    least_cosine: float


def compare(collections: Sequence[Collection], settings: Settings) -> list[Compared]:
    """Embed the paragraphs and questions of collections in both ways.

    Raises:
        ModelMissing: the embedder has not been fetched.
        CrossciteError: the embedder of the settings was not made from a checkpoint that has a float32 form.
    """
    model = get(settings.embedder)
    verify(model.name, settings.models_dir)
    if not model.converted:
        raise CrossciteError(f"{model.name} has no float32 form to be compared with.")
    with tempfile.TemporaryDirectory() as place:
        plain.write(settings.models_dir / model.file, Path(place) / "plain")
        baseline = _plain(Path(place) / "plain")
    fast = load_embedder(settings)
    return [
        _compare(
            collection,
            Contestant("sentence-transformers, float32", *baseline),
            Contestant(f"crosscite, {model.name}", fast.passages, fast.queries),
        )
        for collection in collections
    ]


def table(compared: Sequence[Compared]) -> str:
    """Lay the figures out for a terminal."""
    rows = [("", "passages/s", "times", "R@1", "R@5", "least cosine", "mean")]
    for one in compared:
        for contestant in (one.plain, one.product):
            same = contestant is one.plain
            rows.append(
                (
                    f"{one.collection.name}: {contestant.name}",
                    f"{len(one.collection.texts) / contestant.seconds:.1f}",
                    f"{one.plain.seconds / contestant.seconds:.2f}",
                    f"{contestant.recall(1):.3f}",
                    f"{contestant.recall(5):.3f}",
                    "" if same else f"{one.least_cosine:.4f}",
                    "" if same else f"{one.mean_cosine:.4f}",
                )
            )
    return aligned(rows)


def _compare(collection: Collection, plain: Contestant, product: Contestant) -> Compared:
    # By length, so that neither pads more in a slice than it would if it were given all at once.
    ids, texts = zip(*sorted(collection.texts.items(), key=lambda item: len(item[1])), strict=True)
    vectors: dict[str, list[NDArray[np.float32]]] = {plain.name: [], product.name: []}
    for contestant in (plain, product):
        contestant.passages(list(texts[:4]))  # what is only done at the first call is not counted
    for start in tqdm(range(0, len(texts), SLICE), desc=collection.name, disable=None):
        for contestant in (plain, product):
            started = time.perf_counter()
            vectors[contestant.name].append(contestant.passages(list(texts[start : start + SLICE])))
            contestant.seconds += time.perf_counter() - started
    paragraphs = {name: np.vstack(parts) for name, parts in vectors.items()}
    right = np.array([ids.index(asked.document) for asked in collection.questions])
    for contestant in (plain, product):
        questions = contestant.queries([asked.text for asked in collection.questions])
        scores = questions @ paragraphs[contestant.name].T
        own = scores[np.arange(len(right)), right]
        contestant.ranks = (1 + (scores > own[:, None]).sum(axis=1)).tolist()
    cosines = (paragraphs[plain.name] * paragraphs[product.name]).sum(axis=1)
    return Compared(collection, plain, product, float(cosines.mean()), float(cosines.min()))


def _plain(folder: Path) -> tuple[Encode, Encode]:
    """Sentence-transformers as its documentation shows it, with the prefixes E5 wants."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def encode(prefix: str) -> Encode:
        return lambda texts: np.asarray(model.encode([prefix + text for text in texts]), dtype=np.float32)

    return encode("passage: "), encode("query: ")
