"""Texts to vectors: the Embedder protocol and its ONNX Runtime adapter."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rag.errors import ModelError
from rag.models.e5 import GRAPH, TOKENIZER

if TYPE_CHECKING:
    from numpy.typing import NDArray


BATCH_TOKENS = 2048
"""Tokens worked on at once, with those that pad; from 512 to 4096 the difference is within the noise."""


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
    """A model of the E5 family in ONNX Runtime, with the prefixes it was trained with.

    Without ``query: `` and ``passage: `` its retrieval loses much (Wang et al. 2024, "Multilingual E5"). It may be used
    from several threads; one text batch is worked on at a time, since the cores cannot do two any faster.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that wait by spinning would take the cores from the language model.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                os.fspath(folder / GRAPH), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(os.fspath(folder / TOKENIZER))
        except Exception as error:  # tokenizers raises nothing more special, ONNX Runtime ten kinds without a family
            raise ModelError(
                f"{folder} is not an embedding model that can be loaded: {error}. Run: crosscite models fetch e5-small"
            ) from error
        self._one_at_a_time = threading.Lock()
        self._positions = int(self._session.get_modelmeta().custom_metadata_map["positions"])
        self.dimensions = int(self._session.get_outputs()[0].shape[1])

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode([f"query: {text}" for text in texts])

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode([f"passage: {text}" for text in texts])

    def count_tokens(self, text: str) -> int:
        with self._one_at_a_time:
            return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        with self._one_at_a_time:
            tokens = [self._cut(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(texts)]
            for chosen in _batches([len(ids) for ids in tokens]):
                vectors[chosen] = self._vectors([tokens[at] for at in chosen])
        return vectors

    def _cut(self, ids: list[int]) -> list[int]:
        """What the model can see of a text: its beginning, and the mark of its end."""
        return ids if len(ids) <= self._positions else [*ids[: self._positions - 1], ids[-1]]

    def _vectors(self, batch: Sequence[list[int]]) -> NDArray[np.float32]:
        ids = np.zeros((len(batch), max(map(len, batch))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return np.asarray(self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0], dtype=np.float32)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions of texts, those of similar length together, so that little is padded; the longest come first."""
    order = sorted(range(len(lengths)), key=lambda at: (-lengths[at], at))
    while order:
        count = max(1, BATCH_TOKENS // lengths[order[0]])
        yield order[:count]
        order = order[count:]
