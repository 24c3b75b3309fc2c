"""How much texts share with a question: BM25 over the terms of ``rag.lexical``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

SATURATION, LENGTH = 1.2, 0.75
"""BM25's k1 and b, at their usual values, which SQLite has too."""


def bm25(rarity: Mapping[str, float], texts: Sequence[Counter[str]]) -> NDArray[np.float32]:
    """Return the BM25 of texts, given as counted terms, for the terms of a question with their rarity.

    Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009).

    >>> bm25({"apple": 2.0}, [Counter(["an", "apple"]), Counter(["some", "text"])]).tolist()
    [2.0, 0.0]
    """
    average = sum(text.total() for text in texts) / max(1, len(texts)) or 1.0
    return np.array([_points(rarity, text, text.total() / average) for text in texts], dtype=np.float32)


def _points(rarity: Mapping[str, float], text: Counter[str], length: float) -> float:
    damping = SATURATION * (1 - LENGTH + LENGTH * length)
    shared = ((weight, text[term]) for term, weight in rarity.items() if term in text)
    return sum(weight * count * (SATURATION + 1) / (count + damping) for weight, count in shared)
