"""A drafted sentence + evidence -> a verified sentence: which evidence carries it, or that none does.

Four checks that do not ask the model: meaning (cosine across languages), numbers (every one must stand in the cited
evidence, in whatever notation), names (Latin names and codes must stand in the evidence or the question), and commands
(what the model sets as code must stand in the cited evidence or the question).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag import figures, language, names
from rag.figures import Figure
from rag.lexical import terms
from rag.number_words import and_in_digits
from rag.types import AnswerSentence, Citation, Evidence
from rag.writing import visible

MEANING = 0.78
"""Cosine below which evidence cannot support a sentence; E5's unrelated sentences lie around 0.75. At .80 two of 16
right answers on XQuAD were lost ("This edict was declared in 1685."); what passes is confirmed one by one."""

NEAR = 0.06
"""How much farther in meaning evidence may be that has more of the sentence's numbers and names than the nearest."""

SHARED = 0.01
"""What evidence with all of a sentence's words that the question did not have counts as nearer in meaning: it settles
what is all but equal. "Profiles are stored in /etc/apparmor.d/." is .9382 near the sentence that says so and .9386 near
the next one. Up to .01 no citation of 157 right answers on XQuAD and JaQuAD becomes worse, and one of 79 wrong ones
right."""

MOST = 3
"""Citations a sentence can have."""

_CLOSE_SPELLING = 0.8
"""Similarity (difflib's ratio) from which an unknown name is a misspelt one of the sources: "Ziding" for "Zhiding"."""

_NUMBERS = r"[\[［【]\s*\^?\d{1,3}(?:[\s,;:–-]+\d{1,3})*\s*(?:†[^\]］】]*)?[\]］】]"
_MARKER = re.compile(rf"\s*{_NUMBERS}(?:[,;]?\s*{_NUMBERS})*")
"""Numbers of sources in the forms that models write; the code writes its own behind a sentence. Years are none."""

_NOTE_OF_A_SOURCE = re.compile(
    r"(?:sources?|references?|quellen?|références?|fuentes?|fontes?|fonti|bron|bronnen|källor|källa|kilder|kilde|źródł[oa]|"
    r"zdroje?|источники?|джерел[оа]|kaynaklar|kaynak|nguồn|sumber|出典|来源|來源|출처|المصدر|مصدر)\s*[:：]",
    re.IGNORECASE,
)
"""How a model begins a note of its own about where something stands; a document may have told it what to write."""

_WORD_BEFORE = re.compile(r"[^\W\d_]+[^\W\d_\u3040-\u309f][\s-]?$")
"""The word that a number stands behind; a Japanese one does not end in a particle."""

_COMMAND = re.compile(r"`\s*([a-z/.~][!-_a-~]*)[^`\n]*`")
"""The first word of what a sentence sets as code, where it is a command or a path: the rest may be translated
("edquota user"), and capitals may be a name of which the source has another spelling."""

_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)[^)]*\)")


@dataclass(frozen=True)
class Verified:
    """A sentence of the answer with the evidence that carries it, best first, or the reason why none does.

    ``confirmed`` is the model's log-odds that the cited words state it, where it was asked.
    """

    text: str
    evidence: tuple[Evidence, ...]
    support: tuple[float, ...]
    reason: str = ""
    quoted: bool = False
    translated: bool = False
    confirmed: float | None = None

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
    text = _words(sentence)
    if not evidence:
        return Verified(text, (), (), "there is no evidence")
    if _NOTE_OF_A_SOURCE.match(text):
        return Verified(text, (), (), "sources are named by the code")
    asked = and_in_digits(question, language.detect(question, expected=answer_language))
    sources = [*(f"{_with_digits(piece)} {piece.title} {piece.date or ''}" for piece in evidence), asked]
    text = figures.rescaled(_respelt(text, sources, answer_language), sources, answer_language)
    missing = figures.unsupported(text, sources)
    if missing:
        return Verified(text, (), (), f"no source has the number {missing[0]}")
    meaning = evidence_vectors @ vector
    if float(meaning.max()) < MEANING:
        return Verified(text, (), (), "no source says this")
    chosen = _needed(text, meaning, evidence, question, answer_language)
    unproved = _not_among(text, [evidence[at] for at in chosen], asked)
    if unproved:
        return Verified(text, (), (), f"the words it would cite do not have the number {unproved[0]}")
    unknown = _commands_not_in([*(evidence[at].quote for at in chosen), question], text)
    if unknown:
        return Verified(text, (), (), f"the words it would cite do not have {min(unknown)}")
    return Verified(
        text,
        tuple(evidence[at] for at in chosen),
        tuple(_support(float(meaning[at])) for at in chosen),
    )


def _with_digits(piece: Evidence) -> str:
    """Return the words of evidence, with those numbers in digits too that it writes in words."""
    return and_in_digits(piece.quote, piece.language)


def _commands_not_in(sources: Sequence[str], text: str) -> set[str]:
    """Return the commands and paths that a sentence sets as code and no source has as words of their own."""
    commands = {found.rstrip(".,;:") for found in _COMMAND.findall(text)}
    patterns = {one: rf"(?<![a-z0-9]){re.escape(one)}(?![a-z0-9])" for one in commands}
    return {one for one in commands if not any(re.search(patterns[one], source, re.I) for source in sources)}


def _words(draft: str) -> str:
    """Leave the words of a draft: no numbers of sources, and nothing that does more than it shows where it is rendered.

    A picture would be fetched from wherever a document wished, a link can hide its address, and some characters hide.
    """
    text = _LINK.sub(r"\1 (\2)", _PICTURE.sub(r"\1", _MARKER.sub("", draft)))
    return visible(text).strip()


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
        sentences.append(
            AnswerSentence(sentence.text, tuple(own), sentence.supported, sentence.quoted, sentence.translated)
        )
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
    text: str, meaning: NDArray[np.float32], evidence: Sequence[Evidence], question: str, answer_language: str
) -> list[int]:
    """Take the evidence with most of the sentence's numbers, then of the names that the question did not have.

    More is cited only for a number that is still lacking.
    """
    near = [at for at in range(len(evidence)) if float(meaning[at]) >= float(meaning.max()) - NEAR]
    numbers = [figure for figure in figures.figures(text) if not figure.code]
    told = set(map(names.key, names.names(text, answer_language))) - names.keys(question)
    said = set(terms(text)) - set(terms(question))

    def nearness(at: int) -> float:
        shared = len(said.intersection(terms(evidence[at].quote))) / max(1, len(said))
        return float(meaning[at]) + SHARED * shared

    def rank(at: int) -> tuple[int, int, float, int]:
        quote = evidence[at].quote
        known = figures.values_of([_with_digits(evidence[at])])
        shared_numbers = sum(bool(figure.values & known) for figure in numbers)
        lacking_commands = len(_commands_not_in([quote, question], text))
        return lacking_commands - shared_numbers, -len(told & names.keys(quote)), -nearness(at), evidence[at].number

    order = sorted(near, key=rank)
    chosen = order[:1]
    lacking = figures.unsupported(text, [_with_digits(evidence[at]) for at in chosen], codes=False)
    for at in order[1:]:
        if not lacking or len(chosen) == MOST:
            break
        still = figures.unsupported(text, [_with_digits(evidence[one]) for one in (*chosen, at)], codes=False)
        if len(still) < len(lacking):
            chosen, lacking = [*chosen, at], still
    return chosen


def _not_among(text: str, cited: Sequence[Evidence], question: str) -> list[str]:
    """Return the numbers of a text that the cited words do not prove.

    A date or the year of a title says when all of it was; any other number of a title tells nothing about what the
    sentence counts, unless it belongs to a name there ("Apollo 11", "エリザベス1世").
    """
    titles = [piece.title for piece in cited]
    years = [figure.text for title in titles for figure in figures.figures(title) if _is_a_year(figure)]
    known = figures.values_of([question, *years, *(f"{_with_digits(piece)} {piece.date or ''}" for piece in cited)])
    return [
        figure.text
        for figure in figures.figures(text)
        if not (figure.code or figure.values & known or any(_named(figure, text, title) for title in titles))
    ]


def _is_a_year(figure: Figure) -> bool:
    return len(figure.text) == 4 and figure.text.isdigit() and any(1000 <= value < 2700 for value in figure.values)


def _named(figure: Figure, text: str, title: str) -> bool:
    """Whether a title has a number behind the same word, which makes it a part of that name."""
    word = _WORD_BEFORE.search(text, 0, figure.start)
    if word is None:
        return False
    # Without spaces between words the last letters stand for the word.
    name = word.group()[-2:] if language.is_unspaced(word.group()) else word.group()
    return re.search(rf"{re.escape(name + figure.text)}(?!\d)", title) is not None


def _respelt(text: str, sources: Sequence[str], answer_language: str) -> str:
    """Write names as the sources have them."""
    words = {word for source in sources for word in names.WORD.findall(source) if word[0].isupper() and len(word) > 3}
    known = {word.casefold() for word in words}
    for name in names.names(text, answer_language, first=True):
        if len(name) > 3 and name.casefold() not in known:
            close = difflib.get_close_matches(name, sorted(words), n=1, cutoff=_CLOSE_SPELLING)
            if close and close[0][0] == name[0] and not _same_stem(close[0], name):
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", close[0], text)
    return text


def _same_stem(first: str, second: str) -> bool:
    """Whether two words differ in their endings only, which is inflection ("China", "Chinas") and no misspelling."""
    shared = names.shared_letters(first.casefold(), second.casefold())
    return shared >= min(len(first), len(second)) - 1 and shared >= 4


def _support(cosine: float) -> float:
    """Spread the narrow range of E5's cosines over [0, 1]."""
    return round(min(1.0, max(0.0, (cosine - 0.7) / 0.3)), 4)
