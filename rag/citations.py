"""A drafted sentence + evidence -> a verified sentence: which evidence carries it, or that none does.

Three checks that do not ask the model: meaning (cosine across languages), numbers (every one must stand in the cited
evidence, in whatever notation), and names (Latin names and codes must stand in the evidence or the question).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag import figures, language
from rag.types import AnswerSentence, Citation, Evidence

MEANING = 0.80
"""Cosine below which evidence cannot support a sentence; E5's unrelated sentences lie around 0.75."""

SECOND = 0.015
"""A second piece of evidence is cited when its meaning comes this close to the best one's."""

MOST = 3
"""Citations a sentence can have."""

_NUMBER_BONUS = 0.04
_NAME_BONUS = 0.02
"""What shared numbers and names add to the cosine when the evidence for a sentence is chosen."""

_NAME = re.compile(r"[^\W_][\w'’.&-]*[^\W_]|[^\W_]")
_PREFIX = 4
_NOUNS_CAPITALISED = {"de", "lb"}
_MARKER = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")


@dataclass(frozen=True)
class Verified:
    """A sentence of the answer with the evidence that carries it, best first, and why it is not supported."""

    text: str
    evidence: tuple[Evidence, ...]
    support: tuple[float, ...]
    reason: str = ""

    @property
    def supported(self) -> bool:
        return bool(self.evidence)


def verify(
    sentence: str,
    vector: NDArray[np.float32],
    evidence: Sequence[Evidence],
    evidence_vectors: NDArray[np.float32],
    *,
    question: str,
    answer_language: str,
) -> Verified:
    """Find what supports a sentence; ``vector`` has shape (d,), ``evidence_vectors`` (len(evidence), d).

    A sentence without support comes back with no evidence and the reason.
    """
    text = _MARKER.sub("", sentence).strip()
    if not evidence:
        return Verified(text, (), (), "there is no evidence")
    quotes = [f"{piece.quote} {piece.title} {piece.date or ''}" for piece in evidence]
    missing = figures.unsupported(text, [*quotes, question])
    if missing:
        return Verified(text, (), (), f"no source has the number {missing[0]}")
    strange = _strange_name(text, [*quotes, question], answer_language)
    if strange and all(_is_latin(piece.quote) for piece in evidence):
        return Verified(text, (), (), f"no source has the name {strange}")
    meaning = evidence_vectors @ vector
    score = meaning + np.array([_shared(text, piece.quote, answer_language) for piece in evidence], dtype=np.float32)
    order = sorted(range(len(evidence)), key=lambda at: (-float(score[at]), evidence[at].number))
    if float(meaning[order[0]]) < MEANING:
        return Verified(text, (), (), "no source says this")
    chosen = _needed(text, order, score, evidence)
    return Verified(text, tuple(evidence[at] for at in chosen), tuple(_support(float(meaning[at])) for at in chosen))


def number(verified: Sequence[Verified]) -> tuple[tuple[AnswerSentence, ...], tuple[Citation, ...]]:
    """Number the citations in the order in which the answer's sentences first need them."""
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    sentences = []
    for sentence in verified:
        own = []
        for piece, support in zip(sentence.evidence, sentence.support, strict=True):
            key = (piece.document, piece.start, piece.end)
            if key not in numbers:
                numbers[key] = len(numbers) + 1
                citations.append(cite(piece, numbers[key], support))
            own.append(numbers[key])
        sentences.append(AnswerSentence(sentence.text, tuple(own), sentence.supported))
    return tuple(sentences), tuple(citations)


def cite(piece: Evidence, number: int, support: float) -> Citation:
    """Return evidence as a citation."""
    return Citation(
        number=number,
        document=piece.document,
        title=piece.title,
        language=piece.language,
        start=piece.start,
        end=piece.end,
        quote=piece.quote,
        support=support,
        date=piece.date,
        page=piece.page,
    )


def with_markers(sentences: Sequence[AnswerSentence]) -> str:
    """Write an answer with its citation numbers behind each sentence."""
    parts = []
    for sentence in sentences:
        marks = "".join(f"[{number}]" for number in sentence.citations)
        parts.append(f"{sentence.text} {marks}".strip())
    return " ".join(parts)


def _needed(
    text: str, order: Sequence[int], score: NDArray[np.float32], evidence: Sequence[Evidence]
) -> list[int]:
    """Take the best evidence, then what brings a number the best lacks, then what is as good."""
    chosen = [order[0]]
    for at in order[1:]:
        if len(chosen) == MOST:
            break
        have = [evidence[one].quote for one in chosen]
        lacking = figures.unsupported(text, have)
        brings = len(figures.unsupported(text, [*have, evidence[at].quote])) < len(lacking)
        if brings or (not lacking and float(score[order[0]] - score[at]) <= SECOND):
            chosen.append(at)
    return chosen


def _support(cosine: float) -> float:
    """Spread the narrow range of E5's cosines over [0, 1]."""
    return round(min(1.0, max(0.0, (cosine - 0.7) / 0.3)), 4)


def _shared(text: str, quote: str, answer_language: str) -> float:
    bonus = 0.0
    numbers = figures.figures(text)
    if numbers:
        bonus += _NUMBER_BONUS * (1 - len(figures.unsupported(text, [quote])) / len(numbers))
    names = _names(text, answer_language)
    if names:
        known = _prefixes(quote)
        bonus += _NAME_BONUS * sum(_prefix(name) in known for name in names) / len(names)
    return bonus


def _strange_name(text: str, sources: Sequence[str], answer_language: str) -> str | None:
    """Return a name of two or more words none of whose words stands in any source."""
    known = set().union(*(_prefixes(source) for source in sources))
    for run in _runs(text, answer_language):
        if len(run) >= 2 and not any(_prefix(word) in known for word in run):
            return " ".join(run)
    return None


def _names(text: str, answer_language: str) -> list[str]:
    return [word for run in _runs(text, answer_language) for word in run]


def _runs(text: str, answer_language: str) -> list[list[str]]:
    """Return the runs of neighbouring words that look like names: capitals (but not at the start), digits inside."""
    runs: list[list[str]] = [[]]
    for position, word in enumerate(_NAME.findall(text)):
        capital = word[0].isupper() and position > 0 and answer_language not in _NOUNS_CAPITALISED
        code = any(character.isupper() for character in word[1:]) or (
            any(character.isdigit() for character in word) and any(character.isalpha() for character in word)
        )
        if _is_latin(word) and (capital or code):
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _prefixes(text: str) -> set[str]:
    return {_prefix(word) for word in _NAME.findall(text)}


def _prefix(word: str) -> str:
    """Return what is left of a word when inflection ("Chinese", "chinesische") and accents are taken off."""
    bare = unicodedata.normalize("NFD", word.casefold())
    return "".join(character for character in bare if character.isalnum())[:_PREFIX]


def _is_latin(text: str) -> bool:
    return not language.is_unspaced(text) and any("LATIN" in unicodedata.name(character, "") for character in text)
