"""A chatbot that follows a script, over documents a reader can count in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from rag.errors import Cancelled, DocumentNotFound
from rag.store import DocumentInfo
from rag.types import (
    Answer,
    AnswerSentence,
    Citation,
    Disagreement,
    Document,
    Event,
    Evidence,
    Passage,
    Question,
    Refusal,
    Span,
    Timings,
)

GERMAN = Document(
    "firmen/deepseek.txt",
    "ANZEIGE\n\nLiang Wenfeng gründete DeepSeek im Jahr 2023. Die Firma sitzt in Hangzhou.\n\n" + "Füllsatz. " * 400,
    "China feiert DeepSeek",
    "de",
    date="2025-01-29",
    sha256="ab",
    size=99,
    furniture=(Span(0, 7),),
)
JAPANESE = Document(
    "人材.txt", "𠮷田さんは言う。若い技術者は故郷で家族の近くに住める。", "中国の若手技術者", "ja", sha256="cd", size=50
)
HOSTILE = Document(
    "a <b>&'\"#?%41.txt",
    "</script><script>document.title='owned'</script> <img src=x onerror=document.title='owned'> "
    "[x](javascript:alert(1))",
    "<script>document.title='owned'</script>\u202egnp.exe",
    "en",
)


def span(document: Document, quote: str) -> tuple[int, int]:
    start = document.text.index(quote)
    return start, start + len(quote)


def evidence(number: int, document: Document, quote: str, score: float = 0.5) -> Evidence:
    start, end = span(document, quote)
    return Evidence(
        number, document.id, document.title, document.language, start, end, quote, score, date=document.date
    )


def citation(number: int, document: Document, quote: str, support: float = 0.9) -> Citation:
    start, end = span(document, quote)
    return Citation(
        number, document.id, document.title, document.language, start, end, quote, support, date=document.date
    )


ADDED = "2026-01-02T03:04:05+00:00"
FAMILY = evidence(1, JAPANESE, "若い技術者は故郷で家族の近くに住める。", 0.83)
FOUNDED = evidence(2, GERMAN, "Liang Wenfeng gründete DeepSeek im Jahr 2023.", 0.71)
FIRST = AnswerSentence("Liang Wenfeng founded DeepSeek in 2023.", (1,), True)
SECOND = AnswerSentence("Young engineers can live near their families.", (2,), True)
ANSWER = Answer(
    question="Who founded DeepSeek?",
    language="en",
    answered=True,
    text="Liang Wenfeng founded DeepSeek in 2023. [1] Young engineers can live near their families. [2]",
    refusal=None,
    sentences=(FIRST, SECOND),
    citations=(citation(1, GERMAN, FOUNDED.quote), citation(2, JAPANESE, FAMILY.quote)),
    evidence=(FAMILY, FOUNDED),
    dropped=("He was born in Paris.",),
    model="fake-1b",
    timings=Timings(12.34, 56.78, 90.12, 34, 12),
)
HANGZHOU = "Die Firma sitzt in Hangzhou."
DISPUTED = replace(ANSWER, disagreements=(Disagreement(2, evidence(1, GERMAN, HANGZHOU)),))
"""Another document says otherwise than the second sentence."""
REFUSAL = Answer(
    question="What is the capital of Mongolia?",
    language="en",
    answered=False,
    text="The documents do not say this.",
    refusal=Refusal("not_in_documents", "The documents do not say this."),
    sentences=(),
    citations=(),
    evidence=(FAMILY,),
    dropped=(),
    model="fake-1b",
    timings=Timings(10.0, None, 20.0, 30, 0),
)


@dataclass
class Hold:
    """A step that takes until it is released, as the evaluation of a prompt does; it ends early when cancelled."""

    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def run(self, cancelled: Callable[[], bool]) -> None:
        self.reached.set()
        while not self.released.wait(0.005):
            if cancelled():
                self.cancelled.set()
                raise Cancelled("gone")


@dataclass(frozen=True)
class Pause:
    """A step that takes some seconds."""

    seconds: float


Step = Event | Hold | Pause | Exception


def sentence_event(answer: Answer, number: int) -> Event:
    """A sentence of an answer, with the citations that it names."""
    sentence = answer.sentences[number]
    return Event("sentence", sentence, tuple(c for c in answer.citations if c.number in sentence.citations))


def answered(answer: Answer = ANSWER) -> list[Step]:
    """The whole story of an answer, a token a word."""
    words = " ".join(sentence.text for sentence in answer.sentences).split(" ")
    return [
        Event("evidence", answer.evidence),
        *(Event("token", word if position == 0 else f" {word}") for position, word in enumerate(words) if word),
        *(sentence_event(answer, number) for number in range(len(answer.sentences))),
        Event("answer", answer),
    ]


class FakeIndex:
    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = {document.id: document for document in documents}
        self.current = True

    def is_current(self) -> bool:
        return self.current

    def documents(self) -> list[DocumentInfo]:
        return [
            DocumentInfo(d.id, d.title, d.language, d.date, d.url, d.size, d.text.count("."), 1, 0, "firmen", ADDED)
            for d in self._documents.values()
        ]

    def passages_of(self, document_id: str) -> list[Passage]:
        document = self.document(document_id)
        start = document.furniture[0].end + 2 if document.furniture else 0
        return [Passage(document_id, 0, 0, 0, start, len(document.text), document.text[start:])]

    def document(self, id: str) -> Document:
        try:
            return self._documents[id]
        except KeyError as error:
            raise DocumentNotFound(f"There is no document {id!r} in the index.") from error


class FakeChatbot:
    """Plays one script a question, the last one again and again, and remembers what it was asked."""

    model = "fake-1b"

    def __init__(self, *scripts: Sequence[Step], documents: Iterable[Document] = (GERMAN, JAPANESE)) -> None:
        self.index = FakeIndex(documents)
        self.scripts = list(scripts) or [answered()]
        self.questions: list[Question] = []
        self.running = 0
        self.most_running = 0
        self.translating: Hold | None = None
        self.prepared: list[Question] = []
        self.searched: list[Question] = []
        self.preparing: list[Hold | Exception] = []

    def answer(self, question: Question, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        self.questions.append(question)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            for step in script:
                if isinstance(step, Event):
                    yield step
                elif isinstance(step, Exception):
                    raise step
                elif isinstance(step, Hold):
                    step.run(cancelled)
                else:
                    time.sleep(step.seconds)
        finally:
            self.running -= 1

    def prepare(self, question: Question, *, cancelled: Callable[[], bool] = lambda: False) -> None:
        self.prepared.append(question)
        step = self.preparing.pop(0) if self.preparing else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            step.run(cancelled)

    def translate(self, text: str, into: str, *, cancelled: Callable[[], bool] = lambda: False) -> str:
        if self.translating is not None:
            self.translating.run(cancelled)
        return f"<{into}> {text.replace('2023', '2024')}"

    def search(self, query: str, k: int = 8, *, spoken: Sequence[str] = ()) -> tuple[Evidence, ...]:
        self.searched.append(Question(query, spoken=tuple(spoken)))
        return (FAMILY, FOUNDED)[:k]
