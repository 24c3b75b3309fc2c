"""Texts to vectors: the Embedder protocol and its sentence-transformers adapter."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rag.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Embedder(Protocol):
    """What turns texts into vectors whose inner product is their cosine.

    ``queries`` and ``passages`` return float32 of shape (texts, dimensions), each row of length 1.
    """

    dimensions: int

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed questions."""

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what questions are to find."""

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text, without the model's own marks."""


class E5:
    """A model of the E5 family through sentence-transformers, with the prefixes it was trained with.

    Without ``query: `` and ``passage: `` its retrieval loses much (Wang et al. 2024, "Multilingual E5"). It may be used
    from several threads: a tokenizer is not made for two at once ("Already borrowed"), and neither are the cores.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        # The hub is not asked even for optional files once a model is here.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        torch.set_num_threads(threads)
        try:
            self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"{folder} is not an embedding model that can be loaded: {error}. "
                "Run: crosscite models fetch e5-small --again"
            ) from error
        self._one_at_a_time = threading.Lock()
        self.dimensions = int(self._model.get_embedding_dimension() or 0)

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode([f"query: {text}" for text in texts])

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode([f"passage: {text}" for text in texts])

    def count_tokens(self, text: str) -> int:
        with self._one_at_a_time:
            return len(self._model.tokenizer.encode(text, add_special_tokens=False))

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        with self._one_at_a_time:
            vectors = self._model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)
