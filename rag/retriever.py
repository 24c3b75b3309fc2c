"""A question -> the sentences of the documents that the answer may rest on.

Every sentence of the passages that the first search finds is scored by three vectors: its own, its own with its
neighbours, and its passage's. Measured on XQuAD (question en, paragraphs de): R@1 .84 by passage alone, .87 with the
neighbours, .89 with all three; on JaQuAD .73, .80, .84. Shared terms are counted too (.90 on JaQuAD), but only where
question and sentence share a language: English questions about German paragraphs lose a point by them. What cannot
share terms because it is in another language, in a document of another, is given what they add to the nearest that can.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rag import figures, hubs, language, names
from rag.embedding import Embedder
from rag.index import Index
from rag.leaning import leanings
from rag.lexical import terms
from rag.shared_terms import shared_terms
from rag.types import Evidence, Hit, Passage, Question, Sentence

PASSAGES = 48
"""Passages of the first search whose sentences are scored; R@48 is above .99 on XQuAD and JaQuAD."""

PASSAGES_PER_LANGUAGE = 12
"""The share of each language of the collection, because passages in the question's own language crowd out the rest."""

LEXICAL_SENTENCES = 24
"""Sentences that the lexical index adds to the candidates, in any language: a rare name finds its sentence there."""

LEXICAL_WEIGHT = 0.003
"""What one point of BM25 adds to the weighted sum of the cosines (``rag.shared_terms``). With a weight of 1 for each
cosine the right sentence of XQuAD (German) is among the first 1, 3 and 6 for .78 .94 .98, without shared terms for .73
.92 .96; of JaQuAD for .68 .87 .94 and .60 .81 .89. Weights from .0015 to .005 are within a point, the paragraphs' R@1
is best at this one."""

EVIDENCE_TOKENS = 230
"""Tokens of the language model spent on evidence: at 145 tokens a second a second and a half before the first word. The
right sentence is among the evidence for .86, .90 and .80 of the questions (300 each of XQuAD asked in English and in
German about the German sentences and of JaQuAD; one that was split in another way counts as missed). With 300 tokens
and the cut-off at .25 it is for .88, .92 and .81, but of the golden questions three more were answered wrongly."""

NAMELESS_WEIGHT = 0.4
"""What the question without its names adds: names outshine what is asked about them. On XQuAD (question en, sentences
de) R@1 of the sentence rises from .664 to .687, of the paragraph from .899 to .902; .2 to .5 are as good."""

RARE = 8
"""Sentences of the collection in which a name may occur so that one of them is always among the evidence."""

ATTESTED = 8
"""Sentences looked at to see whether the collection writes a name as the question does."""

LIKELY_SHARED = 10
"""Nearest sentences in meaning in the question's language, of whose points for shared terms a sentence of a document in
another language is given the mean. Without it such sentences stand behind everything that is in the asker's language.
Share of the questions whose sentence is among the evidence, XQuAD, 300 each, the first four with every second paragraph
German and the others English, the last four with ten English ones among 230 German ones (about the ten: 59):

| | de, en has it | en, de has it | en, en | de, de | de, en has it | en, de has it | en, en | de, de |
|---|---|---|---|---|---|---|---|---|
| nothing is given | .84 | .82 | .97 | .95 | .85 | .87 | 1 | .96 |
| the mean of 5 | .89 | .86 | .98 | .93 | .88 | .87 | .95 | .96 |
| the mean of 10 | .89 | .86 | .98 | .94 | .86 | .87 | .97 | .96 |
| the mean of 15 | .89 | .85 | .98 | .95 | .86 | .87 | .98 | .96 |
"""

IN_ANY_CASE = 4
"""Best sentences, by the whole score, that are evidence wherever there is room if they share terms with the question
and the nearest in meaning can share them too: else shared terms would let in what is far, because they count for it
alone. With none, 3, 4 and 5 of them the right sentence is among the evidence for .893, .90, .90 and .903 of 300
questions of XQuAD (German), .78, .793, .807 and .807 of JaQuAD."""

FARTHEST = 0.18
"""How far below the nearest sentence in meaning other evidence may lie, which saves time and keeps away names that pad
lists. Of 300 questions each of XQuAD (en-de, de-de) and JaQuAD, .003, none and .003 more have the right sentence among
the evidence than at .15; at .30 .004, .007 and .013 more again. Judged by the whole score, in which shared terms can
set one sentence far apart, it left out the right sentence of six or seven questions in a hundred that share a language
with the document."""

FARTHEST_DOCUMENT = 0.08
"""How far below the nearest sentence in meaning the best one of a document may lie for its others to be evidence: names
and figures of a document about something else get into answers. Of 800 questions of XQuAD (every second paragraph
German, the others English, among 140 files in 28 languages) the right sentence is among the evidence for .910, .914 and
.918 at .05, .08 and .12, without this for .915; across languages for .883, .878, .878 and .868."""

LANGUAGE_SHARE = 0.07
"""How far below the nearest sentence in meaning the best one of another language may lie to be evidence in place of the
last, so that sources which disagree in two languages are both read. The right sentence is among the evidence, at .05,
.07 and .10, for .927, .927 and .928 of the questions of ``hubs.WEIGHT`` in two languages, for .888, .891 and .892 in
three, and for .915, .915 and .913 in 28, where every language would have its place: hardly more than chance."""

OWN, WITH_NEIGHBOURS, OF_ITS_PASSAGE = 1.2, 0.6, 1.2
"""What the three cosines of a sentence count for. R@1 on XQuAD (questions en and de, paragraphs de) and JaQuAD is .893,
.961 and .903, with 1 each .892, .964 and .899; from 1.1, .8, 1.1 to 1.3, .5, 1.2 it is .892-.895, .961 and .901-.904.
The right sentence is among the evidence as often, within .007."""

COSINES = OWN + WITH_NEIGHBOURS + OF_ITS_PASSAGE
"""Cosines that a sentence's score amounts to."""

TRANSLATION = 0.90
"""Cosine from which sentences of any two documents say the same thing."""


@dataclass(frozen=True)
class Retrieval:
    """The evidence by documents, and every scored sentence, best first."""

    evidence: tuple[Evidence, ...]
    hits: tuple[Hit, ...]


class Retriever:
    """Finds evidence in an index."""

    def __init__(self, index: Index, embedder: Embedder, count_tokens: Callable[[str], int]) -> None:
        self._index = index
        self._embedder = embedder
        self._count_tokens = lru_cache(maxsize=2048)(count_tokens)
        self._documents = {info.id: info for info in index.documents()}
        self._languages = {info.language for info in self._documents.values()}
        self._leanings = leanings(embedder, self._languages)
        self._any_question = hubs.any_question(embedder)

    def retrieve(self, question: Question, *, budget: int = EVIDENCE_TOKENS) -> Retrieval:
        """Return evidence for a question within a budget of the language model's tokens.

        Raises:
            DocumentNotFound: the question is limited to a document that is not in the index.
        """
        hits = self.search(question)
        found = body(hits)
        candidates = self._each_story_once(
            question, [*self._with_rare_names(question, found), *self._near(question, found)]
        )
        chosen = self._with_each_language(self._filled([], candidates, budget), candidates, budget)
        chosen = self._filled(chosen, candidates, budget)
        return Retrieval(self._by_documents(chosen), hits)

    def _near(self, question: Question, hits: Sequence[Hit]) -> list[Hit]:
        """Leave out what is far from the question, and far documents, but for the first of what shares its terms."""
        if not hits:
            return []
        nearest = max(hits, key=lambda hit: hit.meaning)
        near_documents = {hit.sentence.document for hit in hits if hit.meaning >= nearest.meaning - FARTHEST_DOCUMENT}
        asked = language.asked_in(question)
        best = hits[:IN_ANY_CASE] if self._can_share_terms(nearest.sentence, asked) else []
        first = [hit for hit in best if hit.score > hit.meaning and self._can_share_terms(hit.sentence, asked)]
        return [
            hit
            for hit in hits
            if hit in first or (hit.meaning >= nearest.meaning - FARTHEST and hit.sentence.document in near_documents)
        ]

    def search(self, question: Question) -> tuple[Hit, ...]:
        """Return the scored sentences for a question, best first."""
        vector = self._vector(question)
        shared = self._index.lexical(question.text, LEXICAL_SENTENCES, documents=question.documents)
        passages = self._candidates(vector, question.documents)
        found = self._index.sentences([passage for passage, _ in passages])
        sentences = list(
            {sentence.id: sentence for sentence in (*found, *(sentence for sentence, _ in shared))}.values()
        )
        if not sentences:
            return ()
        meaning = self._meaning(sentences, passages, vector) - self._for_the_language_alone(sentences, vector)
        scores = meaning + self._shared_terms(sentences, [passage for passage, _ in passages], question, meaning)
        hits = [
            Hit(sentence, float(score), float(own))
            for sentence, score, own in zip(sentences, scores, meaning, strict=True)
        ]
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.sentence.document, hit.sentence.position)))

    def language_of(self, document: str) -> str:
        """Return the language of a document."""
        return self._documents[document].language

    def languages_writing(self, name: str) -> set[str]:
        """Return the languages of documents that have a name just as it is written here, as far as a search tells."""
        found = self._index.lexical(name, ATTESTED)
        return {self.language_of(sentence.document) for sentence, _ in found if name in sentence.text}

    def _meaning(
        self, sentences: Sequence[Sentence], passages: Sequence[tuple[Passage, float]], vector: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the weighted sum of three cosines a sentence: its own, with its neighbours, and its passage's.

        What a sentence is near to any question, alone and with its neighbours, is taken off.
        """
        own_vectors, window_vectors = self._index.vectors(sentences)
        own, with_neighbours = own_vectors @ vector, window_vectors @ vector
        of_passages = _passage_scores(sentences, passages, np.asarray((own + with_neighbours) / 2, dtype=np.float32))
        to_any = hubs.WEIGHT * (1 + NAMELESS_WEIGHT) * self._any_question
        total = (
            OWN * (own - own_vectors @ to_any)
            + WITH_NEIGHBOURS * (with_neighbours - window_vectors @ to_any)
            + OF_ITS_PASSAGE * of_passages
        )
        return np.asarray(total, dtype=np.float32)

    def _for_the_language_alone(
        self, sentences: Sequence[Sentence], vector: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return what each sentence's score owes to the language it is in; the same for all where there is but one.

        What is in no language is near to every question, and is helped by none.
        """
        if not self._leanings:
            return np.zeros(len(sentences), dtype=np.float32)
        points = {one: COSINES * float(leaning @ vector) for one, leaning in self._leanings.items()}
        points[language.UNKNOWN] = max(points.values())
        return np.array([points.get(self._language_of_sentence(s), 0.0) for s in sentences], dtype=np.float32)

    def _vector(self, question: Question) -> NDArray[np.float32]:
        """Embed a question, what was said before it, and what is asked when its names are left out."""
        before = " ".join(turn.content for turn in question.history)
        asked = _without_names(question)
        own, in_context, nameless = self._embedder.queries([question.text, f"{before} {question.text}".strip(), asked])
        return np.asarray((own + in_context) / 2 + NAMELESS_WEIGHT * nameless, dtype=np.float32)

    def _candidates(self, vector: NDArray[np.float32], documents: Sequence[str] | None) -> list[tuple[Passage, float]]:
        found = dict(self._index.nearest_passages(vector, PASSAGES, documents=documents))
        languages = self._languages
        if documents is not None:
            languages = {self.language_of(id) for id in documents if id in self._documents}
        if len(languages) > 1:
            for one in sorted(languages):
                found.update(
                    self._index.nearest_passages(vector, PASSAGES_PER_LANGUAGE, documents=documents, language=one)
                )
        return sorted(found.items(), key=lambda item: (-item[1], item[0].document, item[0].position))

    def _shared_terms(
        self,
        sentences: Sequence[Sentence],
        passages: Sequence[Passage],
        question: Question,
        meaning: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Return what shared terms add to each sentence, and what they are likely to add to one that cannot share them.

        Headings take part in any language: they tell where a section ends.
        """
        asked = language.asked_in(question)
        headings = np.array([one.heading for one in sentences])
        can = np.array([self._can_share_terms(one, asked) for one in sentences])
        counted = can | headings
        added = np.zeros(len(sentences), dtype=np.float32)
        if counted.any():
            sharing = [one for one, is_counted in zip(sentences, counted, strict=True) if is_counted]
            added[counted] = LEXICAL_WEIGHT * shared_terms(self._rarity(question.text), sharing, passages)
        foreign = np.array([self.language_of(one.document) != asked for one in sentences])
        in_words = np.array([self._language_of_sentence(one) != language.UNKNOWN for one in sentences])
        prose = in_words & ~headings
        added[prose & foreign & ~can] = _mean_of_nearest(added, meaning, prose & can)
        return added

    def _can_share_terms(self, sentence: Sentence, asked: str) -> bool:
        """Return whether a sentence is in the language of the question, or, if it is in none, its document is."""
        own = self._language_of_sentence(sentence)
        return (self.language_of(sentence.document) if own == language.UNKNOWN else own) == asked

    def _rarity(self, text: str) -> dict[str, float]:
        """Return the inverse document frequency of each term of a text, over the sentences of the collection."""
        total = self._index.manifest.sentences
        having = {term: self._index.document_frequency(term) for term in dict.fromkeys(terms(text))}
        return {term: math.log(1 + (total - count + 0.5) / (count + 0.5)) for term, count in having.items() if count}

    def _with_rare_names(self, question: Question, hits: Sequence[Hit]) -> list[Hit]:
        """Return the best sentence with each rare name of the question: vectors hardly see a name.

        Questions begin with a capital whatever their first word is, and "And" is rare where all but a few titles are
        German: that word is a name where a sentence writes it with a capital too, though not as its own first word.
        """
        asked = language.asked_in(question)
        certain = names.names(question.text, asked)
        first = []
        for name in names.names(question.text, asked, first=True):
            if 0 < max((self._index.document_frequency(term) for term in terms(name)), default=0) <= RARE:
                keys_of = names.keys if name in certain else names.keys_of_capitalised
                having = (hit for hit in hits if names.key(name) in keys_of(hit.sentence.text))
                first += [hit for hit in [next(having, None)] if hit is not None and hit not in first]
        return first

    def _each_story_once(self, question: Question, hits: Sequence[Hit]) -> list[Hit]:
        """Leave a story that is told in several languages to one of its documents.

        That is the one in the language of the question, or else the one with the best sentence. Sentences alone would
        not do: a translation divides them in another way, and a half is not the same as the whole.
        """
        asked = language.asked_in(question)
        order = list(dict.fromkeys(hit.sentence.document for hit in hits))
        told: list[str] = []
        for id in sorted(order, key=lambda id: self.language_of(id) != asked):
            others = {other for other in self._index.same_story(id) if other in told}
            if all(self.language_of(other) == self.language_of(id) for other in others):
                told.append(id)
        return [hit for hit in hits if hit.sentence.document in told]

    def _filled(self, chosen: Sequence[Hit], hits: Sequence[Hit], budget: int) -> list[Hit]:
        """Add the best sentences that the budget has room for, each content once; a first one whatever it costs."""
        filled = [*chosen]
        left = budget - sum(map(self._cost, filled))
        for hit in hits:
            cost = self._cost(hit)
            if hit in filled or (filled and cost > left) or self._says_the_same(hit, filled):
                continue
            filled.append(hit)
            left -= cost
        return filled

    def _with_each_language(self, chosen: Sequence[Hit], hits: Sequence[Hit], budget: int) -> list[Hit]:
        """Give the best sentence of each other language the place of the last ones, where it is about as near.

        Only a sentence whose language has another one gives way, so that no language drives out another; the best of
        all never does.
        """
        nearest = max((hit.meaning for hit in hits), default=0.0)
        best = max(hits, key=lambda hit: hit.score, default=None)
        shown = [*chosen]
        for hit in hits:
            told = Counter(map(self._language_of_hit, shown))
            if self._language_of_hit(hit) in {*told, language.UNKNOWN} or hit.meaning < nearest - LANGUAGE_SHARE:
                continue
            if self._says_the_same(hit, shown):
                continue
            kept = self._with_room_for(self._cost(hit), shown, told, budget, best)
            shown = [*kept, hit] if kept else shown
        return shown

    def _with_room_for(
        self, cost: int, shown: Sequence[Hit], told: Counter[str], budget: int, best: Hit | None
    ) -> list[Hit]:
        """Leave out the last hits that others speak for, until there is room; nothing where that is not enough."""
        kept, left = [*shown], Counter(told)
        for hit in reversed(shown):
            if sum(map(self._cost, kept)) + cost <= budget:
                break
            spoken = self._language_of_hit(hit)
            if spoken == language.UNKNOWN or (hit is not best and left[spoken] > 1):
                left[spoken] -= 1
                kept.remove(hit)
        return kept if sum(map(self._cost, kept)) + cost <= budget else []

    def _language_of_hit(self, hit: Hit) -> str:
        return self._language_of_sentence(hit.sentence)

    def _language_of_sentence(self, sentence: Sentence) -> str:
        """Return the language that a sentence is compared in: a document may be half translated, or quote.

        Its own, as far as it can be told and the collection has it; a Norwegian sentence among Norwegian documents is
        not taken for Danish. Figures and output of programs are in none.
        """
        if language.is_in_none(sentence.text):
            return language.UNKNOWN
        own = self._own_language(sentence)
        known = own in self._languages or own == language.UNKNOWN
        return own if known else self.language_of(sentence.document)

    def _own_language(self, sentence: Sentence) -> str:
        """Return the language of a sentence, that of its document where it is too short to tell.

        A short one in a script that its document's language is not written in is in none.
        """
        known = self.language_of(sentence.document)
        if len(sentence.text) >= language.SURE_TO_TELL:
            return language.detect(sentence.text, expected=known)
        return known if language.could_be(known, sentence.text) else language.UNKNOWN

    def _cost(self, hit: Hit) -> int:
        """Return the tokens of a hit as evidence: its own, and its number in brackets."""
        return self._count_tokens(hit.sentence.text) + 5

    def _says_the_same(self, hit: Hit, chosen: Sequence[Hit]) -> bool:
        others = [
            other
            for other in chosen
            if other.sentence.document != hit.sentence.document
            # What has another number disagrees: both must be seen.
            and not figures.differ(other.sentence.text, hit.sentence.text)
        ]
        if not others:
            return False
        vectors, _ = self._index.vectors([hit.sentence, *(other.sentence for other in others)])
        return bool(np.max(vectors[1:] @ vectors[0]) >= TRANSLATION)

    def _by_documents(self, chosen: Sequence[Hit]) -> tuple[Evidence, ...]:
        """Keep a document's sentences together and in order; the document with the best sentence comes first."""
        best: dict[str, float] = {}
        for hit in chosen:
            best.setdefault(hit.sentence.document, hit.score)
        ordered = sorted(
            chosen, key=lambda hit: (-best[hit.sentence.document], hit.sentence.document, hit.sentence.position)
        )
        return tuple(self.evidence(hit, number) for number, hit in enumerate(ordered, 1))

    def evidence(self, hit: Hit, number: int) -> Evidence:
        """Return a hit as numbered evidence."""
        info = self._documents[hit.sentence.document]
        return Evidence(
            number=number,
            document=info.id,
            title=info.title,
            language=self._own_language(hit.sentence),
            start=hit.sentence.start,
            end=hit.sentence.end,
            quote=hit.sentence.text,
            score=hit.score,
            date=info.date,
            page=self._index.page(hit.sentence),
        )


def body(hits: Iterable[Hit]) -> list[Hit]:
    """Leave out the headings: they say what is spoken of, and nothing about it."""
    return [hit for hit in hits if not hit.sentence.heading]


def _passage_scores(
    sentences: Sequence[Sentence], passages: Sequence[tuple[Passage, float]], otherwise: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the score of each sentence's passage; ``otherwise`` where the lexical index alone found the sentence."""
    scores: dict[tuple[str, int], float] = {}
    for passage, score in passages:
        for position in range(passage.first, passage.last + 1):
            scores[passage.document, position] = score
    pairs = zip(sentences, otherwise, strict=True)
    return np.array([scores.get((s.document, s.position), float(other)) for s, other in pairs], dtype=np.float32)


def _mean_of_nearest(points: NDArray[np.float32], meaning: NDArray[np.float32], among: NDArray[np.bool_]) -> float:
    """Return the mean points of the nearest in meaning among some sentences; 0 where there is none."""
    nearest = sorted(np.flatnonzero(among), key=lambda at: -meaning[at])[:LIKELY_SHARED]
    return float(points[nearest].mean()) if nearest else 0.0


def _without_names(question: Question) -> str:
    left_out = set(names.names(question.text, language.asked_in(question)))
    words = (word for word in question.text.split() if left_out.isdisjoint(names.WORD.findall(word)))
    return " ".join(words) or question.text
