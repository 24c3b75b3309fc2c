"""The results of a run: one JSON line that says what was measured, then one line a question, written as they come.

A row keeps what was answered and found, not only what it was worth, so that measures can change without asking again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import CrossciteError
from rag.evaluation import golden
from rag.evaluation.golden import GoldenItem
from rag.types import Answer, AnswerSentence, Citation, Disagreement, Evidence, Refusal, Timings
from rag.wire import answer_to_dict

FORMAT = 1


class ResultsError(CrossciteError):
    """A results file cannot be used."""


@dataclass(frozen=True)
class Ranked:
    """A sentence that retrieval alone found; ``proves`` holds the positions of the item's evidence that is in it."""

    document: str
    start: int
    end: int
    proves: tuple[int, ...] = ()
    language: str = "und"


@dataclass(frozen=True)
class Row:
    """What became of one question.

    ``answer`` is None where only retrieval was asked or the question failed; ``error`` then says why. ``ranking`` is
    None where the server cannot search. ``quotes_exact`` says for each citation whether its quote is exactly the
    document's text, None where the text was not to be had. ``evidence_languages`` holds the languages of the
    documents in which each evidence string of the item stands. ``confidence`` is the gate's probability.
    """

    item: GoldenItem
    answer: Answer | None = None
    error: str | None = None
    ranking: tuple[Ranked, ...] | None = None
    quotes_exact: tuple[bool, ...] | None = None
    evidence_languages: tuple[tuple[str, ...], ...] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class Run:
    """A whole run: its rows, and under which ``conditions`` (models, index, settings, version) they came about."""

    conditions: Mapping[str, Any]
    rows: tuple[Row, ...]
    started: str = ""
    finished: str = ""

    @property
    def answers(self) -> bool:
        """Whether questions were answered, and not only looked up."""
        return self.conditions.get("mode") != "retrieval"


@dataclass(frozen=True)
class Recorder:
    """Appends the rows of a run to a file as they come."""

    path: Path

    def begin(self, conditions: Mapping[str, Any], started: str, kept: Iterable[Row] = ()) -> None:
        """Start the file anew with the rows that are kept; what was there stays until all of them are written."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        header = {"crosscite_eval": FORMAT, "started": started, "conditions": dict(conditions)}
        beginning = _line(header) + "".join(_line(row_to_fields(row)) for row in kept)
        target = self.path.resolve()
        if target.exists() and not target.is_file():  # /dev/null must stay what it is
            target.write_text(beginning, encoding="utf-8")
            return
        temporary = target.with_name(f"{target.name}.{os.getpid()}")
        temporary.write_text(beginning, encoding="utf-8")
        os.replace(temporary, target)

    def add(self, row: Row) -> None:
        """Append one row."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(row_to_fields(row)))

    def finish(self, finished: str) -> None:
        """Mark the run as complete."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line({"finished": finished}))


def load(path: Path) -> Run:
    """Read a results file. Of two rows for one question the later counts; a last line cut off is left out.

    Raises:
        ResultsError: the file is missing, or is none of ours.
    """
    lines = golden.read_lines(path, ResultsError)
    objects = [
        _parsed(line, last=at == len(lines) - 1, place=f"{path}, line {at + 1}") for at, line in enumerate(lines)
    ]
    header = objects[0] if objects else None
    if not header or header.get("crosscite_eval") != FORMAT:
        raise ResultsError(
            f"{path} is not a results file of this version. Make one: crosscite eval GOLDEN --output {path}"
        )
    rows: dict[str, Row] = {}
    finished = ""
    for number, fields in enumerate(objects[1:], 2):
        if fields is not None and "finished" in fields:
            finished = str(fields["finished"])
        elif fields is not None:
            row = _row(fields, f"{path}, line {number}")
            rows[row.item.id] = row
    return Run(header["conditions"], tuple(rows.values()), header["started"], finished)


def require_replaceable(path: Path) -> None:
    """Make sure that writing results to a path destroys nothing but results.

    Raises:
        ResultsError: another file is there, such as the golden set, or one that cannot be read.
    """
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            first = file.readline()
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        header = json.loads(first)
    except ValueError:
        header = None
    if first and not (isinstance(header, dict) and "crosscite_eval" in header):
        raise ResultsError(f"{path} is there already and holds no results, so it is left alone. Give another --output.")


def row_to_fields(row: Row) -> dict[str, Any]:
    """Return a row as JSON values."""
    return {
        "id": row.item.id,
        "item": golden.to_fields(row.item),
        "answer": None if row.answer is None else answer_to_dict(row.answer),
        "signals": {} if row.answer is None else dict(row.answer.signals),
        "confidence": row.confidence,
        "quotes_exact": None if row.quotes_exact is None else list(row.quotes_exact),
        "evidence_languages": [list(languages) for languages in row.evidence_languages],
        "ranking": None
        if row.ranking is None
        else [[hit.document, hit.start, hit.end, list(hit.proves), hit.language] for hit in row.ranking],
        "error": row.error,
    }


def answer_from_dict(fields: Mapping[str, Any], signals: Mapping[str, float] | None = None) -> Answer:
    """Return the answer of the object that ``POST /ask`` returns; what another server leaves out is taken as none.

    Raises:
        KeyError, TypeError, ValueError: it is no such object.
    """
    refusal = fields.get("refusal")
    return Answer(
        question=fields["question"],
        language=fields["language"],
        answered=bool(fields["answered"]),
        text=fields["answer"],
        refusal=None if refusal is None else Refusal(refusal["code"], refusal["message"]),
        sentences=tuple(_sentence(sentence) for sentence in fields.get("sentences", ())),
        citations=tuple(
            Citation(support=float(source.get("support") or 0), **_source(source, number))
            for number, source in enumerate(fields["citations"], 1)
        ),
        evidence=evidence_from_list(fields.get("evidence", ())),
        dropped=tuple(fields.get("dropped", ())),
        model=fields.get("model", ""),
        timings=_timings(fields.get("timings") or {}),
        signals=signals or {},
        disagreements=tuple(
            Disagreement(int(one["sentence"]), Evidence(score=0.0, **_source(one, number)))
            for number, one in enumerate(fields.get("disagreements", ()), 1)
        ),
        cached=bool(fields.get("cached")),
    )


def evidence_from_list(found: Sequence[Mapping[str, Any]]) -> tuple[Evidence, ...]:
    """Return the evidence of ``POST /ask`` or ``GET /search``.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    return tuple(
        Evidence(score=float(source.get("score") or 0), **_source(source, number))
        for number, source in enumerate(found, 1)
    )


def proves(quote: str, evidence: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of the evidence strings that a quote contains, or of which it is a good part."""
    text = golden.folded(quote)
    return tuple(
        at
        for at, words in enumerate(map(golden.folded, evidence))
        if words in text or (len(text) >= SHORTEST_PART and text in words)
    )


SHORTEST_PART = 12
"""A quote inside an evidence string proves it from this many characters on."""


def _row(fields: Mapping[str, Any], place: str) -> Row:
    try:
        answer, quotes, ranking = fields["answer"], fields["quotes_exact"], fields["ranking"]
        return Row(
            item=golden.from_fields(fields["item"]),
            answer=None if answer is None else answer_from_dict(answer, fields["signals"]),
            error=fields["error"],
            ranking=None if ranking is None else tuple(_ranked(*hit) for hit in ranking),
            quotes_exact=None if quotes is None else tuple(quotes),
            evidence_languages=tuple(tuple(languages) for languages in fields["evidence_languages"]),
            confidence=fields["confidence"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"{place} is not a row of results: {type(error).__name__} {error}") from error


def _ranked(document: str, start: int, end: int, proven: list[int], language: str) -> Ranked:
    return Ranked(document, start, end, tuple(proven), language)


def _parsed(line: str, last: bool, place: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        if last:  # whoever wrote it was interrupted
            return None
        raise ResultsError(f"{place} is not JSON: {error.msg}.") from error
    if not isinstance(value, dict):
        raise ResultsError(f"{place} is not a JSON object.")
    return value


def _sentence(fields: Mapping[str, Any]) -> AnswerSentence:
    return AnswerSentence(
        fields["text"],
        tuple(fields["citations"]),
        bool(fields.get("supported", True)),
        bool(fields.get("quoted")),
        bool(fields.get("translated")),
    )


def _source(fields: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {
        "number": fields.get("number", number),
        "document": fields["document"],
        "title": fields.get("title", ""),
        "language": fields.get("language", "und"),
        "date": fields.get("date"),
        "start": fields["start"],
        "end": fields["end"],
        "page": fields.get("page"),
        "quote": fields["quote"],
    }


def _timings(fields: Mapping[str, Any]) -> Timings:
    return Timings(
        retrieve_ms=fields.get("retrieve_ms") or 0.0,
        first_token_ms=fields.get("first_token_ms"),
        total_ms=fields.get("total_ms") or 0.0,
        prompt_tokens=fields.get("prompt_tokens") or 0,
        answer_tokens=fields.get("answer_tokens") or 0,
    )


def _line(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False) + "\n"
