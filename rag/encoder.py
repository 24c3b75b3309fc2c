"""The first module of a sentence-transformers model: texts to tokens to their states, in ONNX Runtime.

sentence-transformers' own ONNX backend wants Optimum, which does not work with the present transformers, so the graph
that ``rag.models.graph`` writes is run here; pooling, normalising and batching remain sentence-transformers' own.
Importing this module imports PyTorch: only the embedder's adapter does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from sentence_transformers.sentence_transformer.modules import InputModule
from tokenizers import Tokenizer

from rag.models.e5 import GRAPH, TOKENIZER

TOKENS = 512
"""Tokens the graph works on at once: more fall out of the processor's cache, and texts of more different lengths would
be padded. Measured on paragraphs of 157 tokens: 44 ms a paragraph; 72 ms in batches of 16, which are 40 % padding."""


class OnnxTransformer(InputModule):  # type: ignore[misc]
    """Runs the graph in a folder that ``rag.models.e5.convert`` wrote."""

    def __init__(self, folder: Path, threads: int) -> None:
        super().__init__()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that wait by spinning would take the cores from the language model.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._folder = folder
        self._session = onnxruntime.InferenceSession(
            os.fspath(folder / GRAPH), options, providers=["CPUExecutionProvider"]
        )
        self.tokenizer = Tokenizer.from_file(os.fspath(folder / TOKENIZER))
        self.max_seq_length = int(self._session.get_modelmeta().custom_metadata_map["positions"])
        self.dimensions = int(self._session.get_outputs()[0].shape[2])

    def get_embedding_dimension(self) -> int:
        """The numbers of a token's state."""
        return self.dimensions

    def preprocess(self, inputs: Sequence[str], prompt: str | None = None, **_: Any) -> dict[str, torch.Tensor]:
        """Cut texts into tokens, padded to the longest of them; of a text too long the beginning counts."""
        encodings = self.tokenizer.encode_batch_fast([f"{prompt or ''}{text}" for text in inputs])
        tokens = [self._cut(encoding.ids) for encoding in encodings]
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, text in enumerate(tokens):
            ids[row, : len(text)] = text
            mask[row, : len(text)] = 1
        return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}

    def forward(self, features: dict[str, torch.Tensor], **_: Any) -> dict[str, torch.Tensor]:
        """Add the states of all tokens; texts of similar length go through the graph together."""
        ids, mask = (features[name].numpy() for name in ("input_ids", "attention_mask"))
        lengths = mask.sum(axis=1)
        states = np.zeros((*ids.shape, self.dimensions), dtype=np.float32)
        for rows in _groups(lengths):
            length = int(lengths[rows].max())
            inputs = {"input_ids": ids[rows, :length], "attention_mask": mask[rows, :length]}
            (states[rows, :length],) = self._session.run(None, inputs)
        features["token_embeddings"] = torch.from_numpy(states)
        return features

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Copy the files that the module was made from."""
        for name in (GRAPH, TOKENIZER):
            shutil.copy(self._folder / name, output_path)

    def _cut(self, ids: list[int]) -> list[int]:
        return ids if len(ids) <= self.max_seq_length else [*ids[: self.max_seq_length - 1], ids[-1]]


def _groups(lengths: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """The rows of texts by rising length, as many together as are not more than ``TOKENS`` when padded."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or (end + 1 - start) * lengths[order[end]] > TOKENS:
            yield order[start:end]
            start = end
