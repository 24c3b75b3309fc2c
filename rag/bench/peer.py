"""The same questions for LlamaIndex's CitationQueryEngine, with the same model files (the optional extra ``peer``)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rag.embedding import Embedder
from rag.errors import CrossciteError
from rag.types import Document

NAME = "LlamaIndex CitationQueryEngine"


class PeerMissing(CrossciteError):
    """LlamaIndex is not installed."""


class Peer:
    """LlamaIndex as its documentation sets it up: its own chunks, three of them, and its own prompt."""

    def __init__(self, documents: Iterable[Document], embedder: Embedder, llm: Path, *, threads: int) -> None:
        """Index the documents.

        Raises:
            PeerMissing: the packages of the extra are not here.
        """
        try:
            from llama_index.core import Document as Text
            from llama_index.core import VectorStoreIndex
            from llama_index.core.embeddings import BaseEmbedding
            from llama_index.core.query_engine import CitationQueryEngine
            from llama_index.llms.llama_cpp import LlamaCPP
        except ImportError as error:
            raise PeerMissing(f"{NAME} was not measured: {error}. Run: pip install 'crosscite[peer]'") from error

        class Same(BaseEmbedding):  # type: ignore[misc, unused-ignore]
            def _get_query_embedding(self, query: str) -> list[float]:
                return [float(number) for number in embedder.queries([query])[0]]

            def _get_text_embedding(self, text: str) -> list[float]:
                return [float(number) for number in embedder.passages([text])[0]]

            async def _aget_query_embedding(self, query: str) -> list[float]:
                return self._get_query_embedding(query)

        index = VectorStoreIndex.from_documents(
            [Text(text=document.text) for document in documents], embed_model=Same()
        )
        model = LlamaCPP(
            model_path=str(llm),
            temperature=0.0,
            max_new_tokens=256,
            context_window=4096,
            model_kwargs={"n_threads": threads, "n_threads_batch": threads},
            completion_to_prompt=_chat,
            verbose=False,
        )
        self._engine: Any = CitationQueryEngine.from_args(index, llm=model, similarity_top_k=3)

    def seconds(self, question: str) -> float:
        """Return how long the whole answer takes."""
        started = time.perf_counter()
        str(self._engine.query(question))
        return time.perf_counter() - started


def _chat(text: str) -> str:
    return f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
