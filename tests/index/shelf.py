"""An embedder that can be computed by hand, and small folders to index with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.index import Index
from rag.indexing import Summary, build

FRUITS = ("apple", "banana", "cherry")


class FakeEmbedder:
    """The vector of a text counts its apples, bananas and cherries; the last number is 1 if it has none of them.

    A sentence has 100 tokens, so every sentence is a passage of its own. ``embedded`` collects what was asked for.
    """

    dimensions = 4

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.embedded += texts
        return self.queries(texts)

    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        counts = [[text.lower().count(fruit) for fruit in FRUITS] for text in texts]
        vectors = np.array([[*row, not any(row)] for row in counts], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def count_tokens(self, text: str) -> int:
        return 100


class Shelf:
    """A folder of documents, an index beside it, and the embedder that both share."""

    def __init__(self, home: Path) -> None:
        self.documents = home / "documents"
        self.folder = home / "index"
        self.embedder = FakeEmbedder()
        self.loaded = 0
        self._open: list[Index] = []

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.documents / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def build(self, *paths: Path, rebuild: bool = False, sha256: str = "fake-1") -> Summary:
        return self.build_paths(paths or [self.documents], rebuild=rebuild, sha256=sha256)

    def build_paths(self, paths: Sequence[Path], *, rebuild: bool = False, sha256: str = "fake-1") -> Summary:
        self.embedder.embedded.clear()
        return build(
            paths,
            self.folder,
            self._load,
            embedder_name="fake",
            embedder_sha256=sha256,
            rebuild=rebuild,
            progress=False,
        )

    def _load(self) -> FakeEmbedder:
        self.loaded += 1
        return self.embedder

    def load(self, sha256: str | None = "fake-1") -> Index:
        index = Index.load(self.folder, embedder_sha256=sha256)
        self._open.append(index)
        return index

    def ids(self) -> list[str]:
        return [document.id for document in self.load().documents()]

    def files(self, suffix: str) -> list[Path]:
        return sorted(self.folder.glob(f"*.{suffix}"))

    def close(self) -> None:
        for index in self._open:
            index.close()


def nearest(index: Index, question: str, k: int = 10) -> list[tuple[str, float]]:
    """Ids and rounded scores of the passages nearest to a question."""
    vector = FakeEmbedder().queries([question])[0]
    return [(passage.id, round(score, 3)) for passage, score in index.nearest_passages(vector, k)]
