"""The HTTP contract as pydantic models: what may be asked, within which limits, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from rag import language as languages
from rag.types import Question, Turn

MAX_QUESTION = 2_000
MAX_TURNS = 20
MAX_TURN = 4_000
MAX_DOCUMENTS = 1_000
MAX_HITS = 50
MAX_TRANSLATED = 1_500
"""Characters of a quote to translate: longer than any sentence that is cited, and half a minute's work at most."""

QuestionText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUESTION)]


def not_blank(text: str) -> str:
    """Return the text, or raise ValueError when nothing is in it but space."""
    if not text.strip():
        raise ValueError("must not be blank")
    return text


class HistoryTurn(BaseModel):
    """One message of the conversation so far."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["user", "assistant"]
    content: Annotated[str, StringConstraints(max_length=MAX_TURN)]


class PrepareRequest(BaseModel):
    """A question, whole or in the making, and optionally what was said before it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "Why did Zizheng Pan join DeepSeek?"},
                {
                    "question": "And when did he found it?",
                    "history": [
                        {"role": "user", "content": "Who founded DeepSeek?"},
                        {"role": "assistant", "content": "Liang Wenfeng founded DeepSeek."},
                    ],
                    "language": "en",
                },
            ]
        },
    )

    question: QuestionText = Field(description="What to ask, in any language.")
    history: Annotated[list[HistoryTurn], Field(max_length=MAX_TURNS)] = Field(
        default_factory=list, description="The turns before this one, oldest first."
    )
    language: str | None = Field(
        default=None, description="ISO 639-1 code or BCP 47 tag to answer in; null: the question's own language."
    )
    documents: Annotated[list[str], Field(min_length=1, max_length=MAX_DOCUMENTS)] | None = Field(
        default=None, description="Answer from these documents only; null: from all."
    )

    @field_validator("question")
    @classmethod
    def _question_is_not_blank(cls, question: str) -> str:
        return not_blank(question)

    @field_validator("language")
    @classmethod
    def _language_is_known(cls, tag: str | None) -> str | None:
        return None if tag is None else languages.code(tag)

    def to_question(self, spoken: Sequence[str] = ()) -> Question:
        """Return the question as the library takes it, of an asker who reads the ``spoken`` languages."""
        return Question(
            text=self.question,
            history=tuple(Turn(turn.role, turn.content) for turn in self.history),
            language=self.language,
            spoken=tuple(spoken),
            documents=None if self.documents is None else tuple(self.documents),
        )


class AskRequest(PrepareRequest):
    """A question, and optionally what was said before it."""

    stream: bool = Field(default=False, description="Answer as server-sent events.")
    fresh: bool = Field(default=False, description="Write a new answer even if the same question was answered before.")

    def to_question(self, spoken: Sequence[str] = ()) -> Question:
        """Return the question as the library takes it, of an asker who reads the ``spoken`` languages."""
        return replace(super().to_question(spoken), fresh=self.fresh)


class TranslateRequest(BaseModel):
    """A span of a document, to be read in another language."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"document": "004_b403fa05c0106c7b.txt", "start": 3660, "end": 3869, "language": "en"}]
        },
    )

    document: str = Field(description="The document's id.")
    start: int = Field(ge=0, description="The span's first code point in the canonical text.")
    end: int = Field(ge=1, description="The code point after its last one.")
    language: str = Field(description="ISO 639-1 code or BCP 47 tag of the language to translate into.")

    @field_validator("language")
    @classmethod
    def _language_is_known(cls, tag: str) -> str:
        return languages.code(tag)


class TranslationModel(BaseModel):
    """A machine translation of a quote, to help a reader. The quote alone is what proves an answer.

    ``doubtful`` are the numbers of the translation that the quote does not have.
    """

    quote: str
    language: str
    text: str
    doubtful: list[str]
    model: str


class PlaceModel(BaseModel):
    """A span of a document: ``quote`` is exactly its canonical text from ``start`` to ``end``, in code points."""

    document: str
    title: str
    language: str
    date: str | None
    start: int
    end: int
    page: int | None
    quote: str


class SourceModel(PlaceModel):
    """A numbered span of a document."""

    number: int


class CitationModel(SourceModel):
    """A source that supports a sentence of the answer."""

    support: float


class EvidenceModel(SourceModel):
    """A source that was looked at."""

    score: float


class SentenceModel(BaseModel):
    """A sentence of the answer and the numbers of its citations.

    ``quoted``: it stands in the words of the source; ``translated``: it is the model's translation of those.
    """

    text: str
    citations: list[int]
    supported: bool
    quoted: bool
    translated: bool


class DisagreementModel(PlaceModel):
    """What another document says otherwise than a sentence of the answer, which is counted from 1."""

    sentence: int


class RefusalModel(BaseModel):
    """Why there is no answer."""

    code: Literal["not_in_documents", "no_documents"]
    message: str


class TimingsModel(BaseModel):
    """Milliseconds and tokens."""

    retrieve_ms: float
    first_token_ms: float | None
    total_ms: float
    prompt_tokens: int
    answer_tokens: int


class AnswerModel(BaseModel):
    """A verified answer, or a refusal with the nearest evidence."""

    question: str
    language: str
    answered: bool
    answer: str
    refusal: RefusalModel | None
    sentences: list[SentenceModel]
    citations: list[CitationModel]
    evidence: list[EvidenceModel]
    disagreements: list[DisagreementModel]
    dropped: list[str]
    model: str
    cached: bool = Field(description="Whether the same question was answered before, over the same documents.")
    timings: TimingsModel


class SearchModel(BaseModel):
    """What retrieval alone finds, best first."""

    query: str
    evidence: list[EvidenceModel]


class DocumentInfoModel(BaseModel):
    """A document of the index without its text."""

    id: str
    title: str
    language: str
    date: str | None
    url: str | None
    size: int
    sentences: int
    passages: int
    pages: int = Field(description="0 where the format has no pages.")
    uploaded: bool = Field(description="Whether `DELETE` removes it.")
    folder: str | None = Field(description="The indexed folder it belongs to; null for an upload.")
    added: str = Field(description="ISO time.")


class DocumentsModel(BaseModel):
    """All documents of the index."""

    documents: list[DocumentInfoModel]


class SpanModel(BaseModel):
    """A half-open range of code points."""

    start: int
    end: int


class DocumentModel(BaseModel):
    """A document with its canonical text; ``furniture`` are the spans that are never cited."""

    id: str
    title: str
    language: str
    date: str | None
    url: str | None
    sha256: str
    size: int
    pages: list[int]
    furniture: list[SpanModel]
    text: str


class HealthModel(BaseModel):
    """The server runs."""

    status: Literal["ok"]


class ReadyModel(BaseModel):
    """Questions are answered."""

    status: Literal["ready"]
    documents: int


class FieldErrorModel(BaseModel):
    """Which part of a request is wrong, and why."""

    field: str
    reason: str


class ProblemModel(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    code: str | None = None
    errors: list[FieldErrorModel] | None = None
    why: str | None = Field(default=None, description="In one word, why a file is not taken.")
    document: str | None = Field(default=None, description="The document because of which a file is not taken.")


class UploadModel(BaseModel):
    """A file on its way to become a document."""

    id: str
    name: str
    size: int
    state: Literal["waiting", "reading", "embedding", "indexing", "done", "refused"]
    passages: int = Field(description="How many there are to embed; 0 until the file is read.")
    embedded: int = Field(description="How many of them are embedded.")
    paused: bool = Field(description="Whether a question is answered first.")
    document: str | None = Field(description="The document that it has become.")
    problem: ProblemModel | None


class RefusedModel(BaseModel):
    """A file that is not taken, and why."""

    name: str
    problem: ProblemModel


class UploadsModel(BaseModel):
    """Files on their way."""

    uploads: list[UploadModel]
    refused: list[RefusedModel] = Field(default_factory=list)


class AddedModel(BaseModel):
    """Identifiers of the documents that were added, and the files that were not."""

    documents: list[str]
    refused: list[RefusedModel]


def problem_responses(descriptions: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI responses for problems, from status to when it is sent."""
    schema = {"$ref": f"#/components/schemas/{ProblemModel.__name__}"}
    return {
        status: {"description": text, "content": {"application/problem+json": {"schema": schema}}}
        for status, text in descriptions.items()
    }
