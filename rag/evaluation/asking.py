"""Ask the questions of a golden set, here or at a server, and write down what comes back, one by one."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from rag import gate
from rag.chatbot import Chatbot
from rag.config import Settings
from rag.embedding import Embedder
from rag.errors import Cancelled, CrossciteError, DocumentNotFound
from rag.evaluation import results
from rag.evaluation.golden import GoldenItem, folded
from rag.evaluation.ranking import DEPTH
from rag.evaluation.results import Ranked, Recorder, Row, Run, proves
from rag.index import Index
from rag.llm import Message, Prompt, Usage, never
from rag.types import Answer, Citation, Evidence, Question

RETRIEVAL, ANSWERS = "retrieval", "answers"


class Asked(Protocol):
    """Whoever can be asked."""

    def answer(self, question: Question) -> Answer:
        """Return the answer to a question."""

    def search(self, question: Question, k: int) -> Sequence[Evidence] | None:
        """Return what retrieval alone finds, best first; None if that cannot be asked."""

    def text(self, document: str) -> str | None:
        """Return a document's text; None if it cannot be had."""

    def languages(self) -> Mapping[str, str]:
        """Return the language of every document."""


class Here:
    """A chatbot in this process, which is asked every question as if it were the first."""

    def __init__(self, chatbot: Chatbot) -> None:
        self._chatbot = chatbot

    def answer(self, question: Question) -> Answer:
        self._chatbot.forget()
        (last,) = [event.data for event in self._chatbot.answer(question) if isinstance(event.data, Answer)]
        return last

    def search(self, question: Question, k: int) -> Sequence[Evidence] | None:
        return self._chatbot.search(question.text, k, history=question.history)

    def text(self, document: str) -> str | None:
        try:
            return self._chatbot.index.document(document).text
        except DocumentNotFound:
            return None

    def languages(self) -> Mapping[str, str]:
        return {info.id: info.language for info in self._chatbot.index.documents()}


def retrieval_alone(index: Index, embedder: Embedder) -> Here:
    """Return a chatbot that searches but cannot answer, so that no language model need be loaded."""
    return Here(Chatbot(index, embedder, _NoModel()))


class _NoModel:
    """Stands where only retrieval is asked."""

    name = "none"
    usage = Usage(0, 0, 0)

    def count_tokens(self, text: str) -> int:
        return len(text)

    def generate(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = (), cancelled: Callable[[], bool] = never
    ) -> Iterator[str]:
        raise NotImplementedError("only retrieval is asked")

    def choose(self, prompt: Prompt, options: Sequence[str], *, cancelled: Callable[[], bool] = never) -> list[float]:
        raise NotImplementedError("only retrieval is asked")

    def warm(self, messages: Sequence[Message]) -> None:
        pass

    def forget(self) -> None:
        pass


def run(
    asked: Asked,
    items: Sequence[GoldenItem],
    conditions: Mapping[str, Any],
    output: Path,
    *,
    progress: bool = True,
) -> tuple[Run, int]:
    """Ask every item and write its row to ``output``; return the run and how many rows were there before.

    An unfinished file of a run under the same conditions is gone on with, and what failed in it is asked again; any
    other results are replaced. A question that fails keeps its row, with the error in it.

    Raises:
        ResultsError: ``output`` is there already and holds no results.
    """
    results.require_replaceable(output)
    texts = _Texts(asked)  # asks for the documents: a server that is not there leaves the output as it was
    known = _unfinished(output, conditions, items)
    started = known.started if known else _now()
    kept = {row.item.id: row for row in known.rows if row.error is None} if known else {}
    recorder = Recorder(output)
    recorder.begin(conditions, started, kept.values())
    rows = []
    for item in tqdm(items, desc="Asking", unit="question", disable=None if progress else True):
        row = kept.get(item.id) or _asked(asked, item, conditions["mode"], texts)
        rows.append(row)
        if item.id not in kept:
            recorder.add(row)
    finished = _now()
    recorder.finish(finished)
    return Run(conditions, tuple(rows), started, finished), len(kept)


def conditions(
    items: Sequence[GoldenItem], mode: str, settings: Settings | None, index: Index | None, url: str | None = None
) -> dict[str, Any]:
    """Return everything that could change a figure: what was asked, by which code, models and machine, of what.

    Of a server only its address is known.
    """
    golden_sha256 = hashlib.sha256(repr([asdict(item) for item in items]).encode()).hexdigest()
    common = {"mode": mode, "golden_sha256": golden_sha256}
    if settings is None or index is None:
        return {**common, "url": url}
    from rag.models import get

    models = {"embedder": settings.embedder, **({"llm": settings.llm} if mode == ANSWERS else {})}
    manifest = index.manifest
    return {
        **common,
        **models,
        **{f"{kind}_sha256": get(name).sha256 for kind, name in models.items()},
        "index_sha256": _digest_of_index(index),
        "documents": manifest.documents,
        "sentences": manifest.sentences,
        "passages": manifest.passages,
        "crosscite": _version("crosscite"),
        "code_sha256": _digest_of_code(),
        "decoding": "greedy",
        "threads": settings.cores,
        "processor": _processor(),
        "python": platform.python_version(),
        **{
            name: _version(name)
            for name in ("llama-cpp-python", "onnxruntime", "sentence-transformers", "faiss-cpu", "numpy")
        },
    }


def _asked(asked: Asked, item: GoldenItem, mode: str, texts: _Texts) -> Row:
    question = item.asked()
    row = Row(item, evidence_languages=texts.languages_of(item))
    try:
        found = asked.search(question, DEPTH)
        row = replace(row, ranking=None if found is None else tuple(_ranked(hit, item) for hit in found))
        if mode == RETRIEVAL:
            return row if found is not None else replace(row, error="this server cannot search with a history")
        answer = asked.answer(question)
        return replace(row, answer=answer, quotes_exact=_exact(answer.citations, texts), confidence=_confidence(answer))
    except Cancelled:
        raise
    except (CrossciteError, OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        return replace(row, error=f"{type(error).__name__}: {' '.join(str(error).split())}")


def _ranked(hit: Evidence, item: GoldenItem) -> Ranked:
    return Ranked(hit.document, hit.start, hit.end, proves(hit.quote, item.evidence), hit.language)


def _exact(citations: Sequence[Citation], texts: _Texts) -> tuple[bool, ...] | None:
    if any(texts.of(citation.document) is None for citation in citations):
        return None
    return tuple((texts.of(c.document) or "")[c.start : c.end] == c.quote for c in citations)


def _confidence(answer: Answer) -> float | None:
    return round(gate.calibrated().probability(answer.signals), 4) if answer.signals else None


class _Texts:
    """Documents' texts and languages, each asked for once."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._languages = asked.languages()
        self._known: dict[str, str | None] = {}

    def of(self, document: str) -> str | None:
        if document not in self._known:
            self._known[document] = self._asked.text(document)
        return self._known[document]

    def languages_of(self, item: GoldenItem) -> tuple[tuple[str, ...], ...]:
        """Return for each evidence string of an item the languages of those of its documents that contain it."""
        held = {id: folded(text) for id in item.documents if (text := self.of(id)) is not None}
        return tuple(
            tuple(sorted({self._languages.get(id, "und") for id, text in held.items() if folded(words) in text}))
            for words in item.evidence
        )


def _unfinished(output: Path, conditions: Mapping[str, Any], items: Sequence[GoldenItem]) -> Run | None:
    """Return the run in a file that can be gone on with."""
    try:
        found = results.load(output)
    except results.ResultsError:
        return None
    whole = found.finished and not any(row.error for row in found.rows)
    wanted = {item.id: item for item in items}
    same = dict(found.conditions) == dict(conditions) and all(wanted.get(r.item.id) == r.item for r in found.rows)
    return found if same and not whole else None


def _digest_of_index(index: Index) -> str:
    """Return a digest of what is indexed: the same documents, split in the same way, give the same."""
    digest = hashlib.sha256()
    for info in index.documents():
        digest.update(f"{info.id}\n{info.language}\n".encode())
        for sentence in index.sentences_of(info.id):
            digest.update(f"{sentence.start} {sentence.end} {sentence.text}\n".encode())
    return digest.hexdigest()


def _digest_of_code() -> str:
    """Return a digest of the library's source, which changes between releases too."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".json")):
        if not {folder / "evaluation", folder / "bench"} & set(path.parents):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
