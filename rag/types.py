"""The data that flows through crosscite, from a file's text to a verified answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Span:
    """A half-open range ``[start, end)`` of Unicode code points in a canonical text."""

    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """One source: its canonical text (NFC, lines ended by a line feed) and what the text says about itself.

    ``id`` is the path below the folder that was indexed, with forward slashes. ``furniture`` are the spans that
    belong to the web page or the print layout around the text (advertisement markers, comment counters, language
    bars): they stay readable but are neither embedded nor cited. ``pages`` holds the offset at which each page
    starts, and is empty where the format has no pages. ``headings`` are the lines that the format marks as headings;
    None where it doesn't say, so that they must be guessed. ``verbatim`` are the lines of programs and their output.
    ``language`` is an ISO 639-1 code or "und".
    """

    id: str
    text: str
    title: str
    language: str
    date: str | None = None
    url: str | None = None
    sha256: str = ""
    size: int = 0
    pages: tuple[int, ...] = ()
    furniture: tuple[Span, ...] = ()
    headings: tuple[Span, ...] | None = None
    verbatim: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """A span of a document's canonical text; ``text`` is exactly ``document.text[start:end]``.

    ``paragraph`` counts the paragraphs of the document, ``heading`` marks a line that is a heading.
    """

    document: str
    position: int
    start: int
    end: int
    text: str
    paragraph: int = 0
    heading: bool = False

    @property
    def id(self) -> str:
        return f"{self.document}#{self.position}"


@dataclass(frozen=True)
class Passage:
    """Consecutive sentences of one document, ``first`` to ``last`` inclusive: what the first search looks for."""

    document: str
    position: int
    first: int
    last: int
    start: int
    end: int
    text: str

    @property
    def id(self) -> str:
        return f"{self.document}#p{self.position}"


@dataclass(frozen=True)
class Hit:
    """A sentence found for a question, with its score: higher is better, comparable within one search only.

    ``meaning`` is the part of the score that its vectors have; the rest it owes to the terms that it shares, or would
    be likely to share if it were in the language of the question.
    """

    sentence: Sentence
    score: float
    meaning: float


@dataclass(frozen=True)
class Evidence:
    """A numbered span put before the model; ``quote`` is exactly ``document.text[start:end]``."""

    number: int
    document: str
    title: str
    language: str
    start: int
    end: int
    quote: str
    score: float
    date: str | None = None
    page: int | None = None


@dataclass(frozen=True)
class Citation:
    """Evidence that supports a sentence of the answer, with its support in [0, 1]."""

    number: int
    document: str
    title: str
    language: str
    start: int
    end: int
    quote: str
    support: float
    date: str | None = None
    page: int | None = None


@dataclass(frozen=True)
class AnswerSentence:
    """A sentence of the answer, the numbers of its citations, and whether the code could verify it.

    A sentence in the source's own words has ``quoted=True``; one that is the machine's translation of them has
    ``translated=True``.
    """

    text: str
    citations: tuple[int, ...]
    supported: bool
    quoted: bool = False
    translated: bool = False


@dataclass(frozen=True)
class Disagreement:
    """Words of another document that contradict a sentence of the answer, which is counted from 1."""

    sentence: int
    source: Evidence


@dataclass(frozen=True)
class Refusal:
    """Why there is no answer: ``code`` for programs, ``message`` in the asker's language."""

    code: Literal["not_in_documents", "no_documents"]
    message: str


@dataclass(frozen=True)
class Turn:
    """One message of the conversation so far."""

    role: Literal["user", "assistant"]
    content: str


def question_before(history: Sequence[Turn]) -> str | None:
    """Return the last question of a conversation so far."""
    return next((turn.content for turn in reversed(history) if turn.role == "user"), None)


@dataclass(frozen=True)
class Question:
    """What is asked, the turns before it (oldest first), and the wishes of the asker.

    ``language`` None means: the language of the question. ``documents`` None means: all of them. ``fresh`` asks for a
    new answer where the same question was answered before. ``spoken`` are the languages that the asker is known to
    read, the preferred one first: they decide where a question is too short to tell its own.
    """

    text: str
    history: tuple[Turn, ...] = ()
    language: str | None = None
    documents: tuple[str, ...] | None = None
    fresh: bool = False
    spoken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timings:
    """Milliseconds spent, and tokens the model read (without those reused) and wrote."""

    retrieve_ms: float = 0.0
    first_token_ms: float | None = None
    total_ms: float = 0.0
    prompt_tokens: int = 0
    answer_tokens: int = 0


@dataclass(frozen=True)
class Answer:
    """The verified result of one question.

    ``dropped`` are the model's sentences that found no support, ``disagreements`` what other documents say otherwise.
    ``cached`` says that it was given before to the same question over the same index; its timings are those of now.
    """

    question: str
    language: str
    answered: bool
    text: str
    refusal: Refusal | None
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    evidence: tuple[Evidence, ...]
    dropped: tuple[str, ...]
    model: str
    timings: Timings
    signals: Mapping[str, float] = field(default_factory=dict)
    disagreements: tuple[Disagreement, ...] = ()
    cached: bool = False


@dataclass(frozen=True)
class Event:
    """A step of an answer in the making, in the order: evidence, token…, sentence…, answer.

    ``data`` is a tuple of Evidence for "evidence", the new characters for "token", an AnswerSentence for
    "sentence", and an Answer for "answer". ``citations`` are those that a "sentence" names.
    """

    kind: Literal["evidence", "token", "sentence", "answer"]
    data: tuple[Evidence, ...] | str | AnswerSentence | Answer
    citations: tuple[Citation, ...] = ()
