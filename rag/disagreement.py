"""Evidence + sentences of other documents -> those that give another figure for the same thing.

Two sentences tell of the same thing when they are nearly translations of each other once their numbers are masked,
share half of their names, and differ in one number only: "founded 2015 with 20 people" against "founded 2016 with 20
people". Measured on XQuAD (English sentences against the German paragraphs, and the other way round), with one number
of the translation changed: .52 to .54 of the changes are found (English against English: .92), and .015 of the
unchanged sentences have a finding, nearly all of them numbers that the translators changed, such as dollars to euros.

Only figures: whether two texts contradict each other otherwise, a language model of 1.5B cannot tell well enough. On 48
such sentences a head over three of its judgements found .58 of the contradictions and took .25 of the sentences that
say nothing of the matter for one.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag import figures, names
from rag.embedding import Embedder
from rag.number_words import and_in_digits
from rag.types import Evidence

SAME_BUT_FOR_NUMBERS = 0.90
"""Cosine of two sentences with masked numbers from which they tell of the same thing; see above. At .86 .66 of the
changes are found, but among the findings are two markets that opened in different years."""

_MASK = "#"


def giving_another_figure(
    text: str, cited: Sequence[Evidence], others: Sequence[Evidence], embedder: Embedder
) -> list[Evidence]:
    """Return those of ``others`` that contradict a number of ``text`` which it has from a ``cited`` sentence."""
    known = {piece.document for piece in cited}
    stated = [piece for piece in cited if _shares_a_figure(text, piece.quote)]
    other = [piece for piece in others if piece.document not in known and figures.figures(piece.quote)]
    pairs = [(mine, theirs) for mine in stated for theirs in other if _may_contradict(text, mine, theirs)]
    if not pairs:
        return []
    masked = embedder.passages([_masked(piece.quote) for pair in pairs for piece in pair])
    near = (masked[0::2] * masked[1::2]).sum(axis=1) >= SAME_BUT_FOR_NUMBERS
    return list(dict.fromkeys(theirs for (_, theirs), is_near in zip(pairs, near, strict=True) if is_near))


def _may_contradict(text: str, mine: Evidence, theirs: Evidence) -> bool:
    lacking = figures.unsupported(mine.quote, [and_in_digits(theirs.quote, theirs.language)], codes=False)
    instead = figures.unsupported(theirs.quote, [and_in_digits(mine.quote, mine.language)], codes=False)
    if len(lacking) != 1 or len(instead) != 1:
        return False
    if not _shares_a_figure(text, lacking[0]) or _shares_a_figure(text, instead[0]):
        return False
    own = set(map(names.key, names.names(mine.quote, mine.language)))
    return 2 * len(own & names.keys(theirs.quote)) >= len(own)


def _shares_a_figure(text: str, source: str) -> bool:
    known = figures.values_of([source])
    return any(figure.values & known for figure in figures.figures(text) if not figure.code)


def _masked(text: str) -> str:
    for figure in reversed(figures.figures(text)):
        text = text[: figure.start] + _MASK + text[figure.end :]
    return text
