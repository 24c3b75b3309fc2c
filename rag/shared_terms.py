"""How much sentences share with a question: BM25 over the terms of ``rag.lexical``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rag.lexical import terms
from rag.passages import window
from rag.types import Passage, Sentence

SATURATION, LENGTH = 0.4, 0.4
"""BM25's k1 and b. Beside vectors it matters that a term is there, hardly how often: R@1 is .902 on JaQuAD and .966 on
XQuAD (German); with the usual 1.2 and .75 it is .892 and .961, with .9 and .4 .900 and .962."""

_Place = tuple[str, int]
"""A document and the position of a sentence or a passage in it."""

REACH = 2
"""Passages on either side, none beyond a heading, that are counted with a sentence's own, as far as they were found:
they tell what all of it is about. With 0.6 for k1, R@1 on JaQuAD is .897 with the own passage alone, .900 with one on
either side and .901 with two (XQuAD, German: .961, .962, .964), and of 300 questions in each the right sentence is
among the evidence for .76, .78 and .77 (.88, .89, .89)."""


def shared_terms(
    rarity: Mapping[str, float], sentences: Sequence[Sentence], passages: Sequence[Passage]
) -> NDArray[np.float32]:
    """Return the points of each sentence, of shape (len(sentences),), for the terms of a question with their rarity.

    They are counted in the sentence, in it with its neighbours and in the passages around it, as far as these are among
    the sentences too: what a question names often stands before what it asks for.
    """
    found = {(one.document, one.position): one for one in sentences}
    own = [_counted(one.text) for one in sentences]
    contexts = [_in_context(one, found) for one in sentences]
    in_passages = _around(found, passages)
    around = [
        in_passages.get((one.document, one.position), context) for one, context in zip(sentences, contexts, strict=True)
    ]
    return _bm25(rarity, own) + _bm25(rarity, contexts) + _bm25(rarity, around)


def _in_context(sentence: Sentence, found: Mapping[_Place, Sentence]) -> Counter[str]:
    """Return the terms of a sentence with its neighbours."""
    before, after = (found.get((sentence.document, sentence.position + step)) for step in (-1, 1))
    return _sum(_counted(one.text) for one in window(sentence, before, after))


def _around(found: Mapping[_Place, Sentence], passages: Sequence[Passage]) -> dict[_Place, Counter[str]]:
    """Return the terms of the passages around each sentence, by its place; a sentence of none of them is left out."""
    members = {
        (passage.document, passage.position): [
            found[passage.document, position]
            for position in range(passage.first, passage.last + 1)
            if (passage.document, position) in found
        ]
        for passage in passages
    }
    opening = {place for place, own in members.items() if own and own[0].heading}
    together = {place: _sum(_counted(one.text) for one in own) for place, own in members.items()}
    around = {}
    for place, own in members.items():
        whole = _sum(together[near] for near in _near(place, together, opening))
        around.update({(one.document, one.position): whole for one in own})
    return around


def _near(passage: _Place, found: Container[_Place], opening: Container[_Place]) -> list[_Place]:
    """Return those found of a passage and the ones on either side, none beyond a heading that was found too.

    ``opening`` are the passages that begin with a heading: what stands beyond it is about something else.
    """
    document, position = passage
    first = last = position
    while position - first < REACH and (document, first) not in opening:
        first -= 1
    while last - position < REACH and (document, last + 1) not in opening:
        last += 1
    return [(document, one) for one in range(first, last + 1) if (document, one) in found]


def _bm25(rarity: Mapping[str, float], texts: Sequence[Counter[str]]) -> NDArray[np.float32]:
    """Return the BM25 of texts, given as counted terms.

    Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009).

    >>> _bm25({"apple": 2.0}, [Counter(["an", "apple"]), Counter(["some", "text"])]).tolist()
    [2.0, 0.0]
    """
    average = sum(text.total() for text in texts) / max(1, len(texts)) or 1.0
    return np.array([_points(rarity, text, text.total() / average) for text in texts], dtype=np.float32)


def _points(rarity: Mapping[str, float], text: Counter[str], length: float) -> float:
    damping = SATURATION * (1 - LENGTH + LENGTH * length)
    shared = ((weight, text[term]) for term, weight in rarity.items() if term in text)
    return sum(weight * count * (SATURATION + 1) / (count + damping) for weight, count in shared)


@lru_cache(maxsize=2048)
def _counted(text: str) -> Counter[str]:
    """Count the terms of a sentence; most sentences that are near a question were near the one before it."""
    return Counter(terms(text))


def _sum(counts: Iterable[Counter[str]]) -> Counter[str]:
    together: Counter[str] = Counter()
    for one in counts:
        together.update(one)
    return together
