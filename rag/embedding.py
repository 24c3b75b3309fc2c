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


BATCH = 64
"""Texts given to the encoder at once, which puts those of similar length together; the vectors do not depend on it."""


class Embedder(Protocol):
    """What turns texts into vectors whose inner product is their cosine.

    ``queries`` and ``passages`` return float32 of shape (texts, dimensions), each row of length 1.
    """

    dimensions: int

    def __hash__(self) -> int:
        """Tell embedders apart, so that what one of them made can be remembered."""

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed questions."""

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what questions are to find."""

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text, without the model's own marks."""


class E5:
    """A model of the E5 family through sentence-transformers, with the prefixes it was trained with.

    Without ``query: `` and ``passage: `` its retrieval loses much (Wang et al. 2024, "Multilingual E5"). The encoder
    runs in ONNX Runtime. It may be used from several threads: one batch is worked on at a time, since the cores cannot
    do two any faster.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        # The hub is not asked even for optional files once a model is here.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

        from rag.encoder import OnnxTransformer

        torch.set_num_threads(threads)
        try:
            encoder = OnnxTransformer(folder, threads)
        except Exception as error:  # tokenizers raises nothing more special, ONNX Runtime ten kinds without a family
            raise ModelError(
                f"{folder} is not an embedding model that can be loaded: {error}. Run: crosscite models fetch e5-small"
            ) from error
        self._tokenizer = encoder.tokenizer
        self.dimensions = encoder.dimensions
        modules = [encoder, Pooling(self.dimensions, pooling_mode="mean"), Normalize()]
        self._model = SentenceTransformer(modules=modules, device="cpu")
        self._one_at_a_time = threading.Lock()

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode(texts, "query: ")

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode(texts, "passage: ")

    def count_tokens(self, text: str) -> int:
        with self._one_at_a_time:
            return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _encode(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        with self._one_at_a_time:
            vectors = self._model.encode(list(texts), prompt=prompt, batch_size=BATCH, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)
