"""Data sets of questions with and without an answer, as documents and questions.

NoMIRACL (Thakur et al. 2024): questions with ten passages each, judged by people; the question is limited to its own
passages. SQuAD form (XQuAD, JaQuAD): every second article is left out of the documents, so that the questions about it
have no answer there; the questions may come from a translation with the same ids. And golden sets of one's own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import CrossciteError
from rag.evaluation.golden import GoldenItem, load, read_lines
from rag.types import Question

T = TypeVar("T")


@dataclass(frozen=True)
class Trial:
    """A question whose answer is known to be in the documents or not; ``source`` names the data set.

    ``expected`` are wordings of the answer, in the documents' language and the asker's, where the data set has them;
    a golden question says itself what a right answer is.
    """

    source: str
    question: Question
    answerable: bool
    expected: tuple[str, ...] = ()
    golden: GoldenItem | None = None


@dataclass(frozen=True)
class Dataset:
    """Texts by document id, and the trials on them."""

    texts: dict[str, str]
    trials: tuple[Trial, ...]


def nomiracl(path: Path, each: int) -> Dataset:
    """Read ``each`` answerable and as many unanswerable questions of a NoMIRACL file."""
    items = [json.loads(line) for line in read_lines(path, CrossciteError) if line.strip()]
    texts: dict[str, str] = {}
    trials = []
    for answerable in (True, False):
        for item in islice((item for item in items if item["answerable"] is answerable), each):
            ids = tuple(f"{path.stem}-{item['id'].replace('#', '-')}-{at}.txt" for at in range(len(item["passages"])))
            texts.update(zip(ids, item["passages"], strict=True))
            trials.append(Trial(f"NoMIRACL {path.stem}", Question(item["question"], documents=ids), answerable))
    return Dataset(texts, tuple(trials))


def squad(documents: Path, questions: Path, each: int, articles: int = 12) -> Dataset:
    """Read SQuAD form: every second of ``articles`` pairs is a document, ``each`` questions about either half.

    They are spread evenly over each article: the first ones ask about its opening, which is easier.
    """
    pages: list[dict[str, Any]] = json.loads(_read(documents))["data"][: 2 * articles]
    asked = {qa["id"]: qa for page in json.loads(_read(questions))["data"] for qa in _questions(page)}
    texts = {
        f"{documents.stem}-{at}.txt": "\n\n".join(paragraph["context"] for paragraph in page["paragraphs"])
        for at, page in enumerate(pages)
        if at % 2 == 0
    }
    source = f"{documents.stem} asked by {questions.stem}"
    only = tuple(texts)
    trials = []
    for left_out in (0, 1):
        half = [list(_questions(page)) for page in pages[left_out::2]]
        for about in _spread(half, each):
            question = asked[about["id"]]
            expected = () if left_out else tuple(dict.fromkeys((*_answers(question), *_answers(about))))
            trials.append(Trial(source, Question(question["question"], documents=only), not left_out, expected))
    return Dataset(texts, tuple(trials))


def golden(questions: Path, documents: Path) -> Dataset:
    """Read a golden set and the text files of a folder that it asks about.

    Raises:
        CrossciteError: the folder lacks a document that the set names; without it a question would have no answer.
    """
    items = load(questions)
    found = sorted(documents.glob("*.txt"))
    lacking = {id for item in items for id in item.documents} - {path.name for path in found}
    if lacking or not found:
        raise CrossciteError(f"{documents} does not hold {min(lacking, default='any text file')}; only *.txt are read.")
    texts = {f"{documents.name}-{path.name}": _read(path) for path in found}
    trials = tuple(
        Trial(questions.stem, replace(item.asked(), documents=tuple(texts)), item.answerable, golden=item)
        for item in items
    )
    return Dataset(texts, trials)


def _questions(page: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (qa for paragraph in page["paragraphs"] for qa in paragraph["qas"])


def _answers(question: dict[str, Any]) -> Iterable[str]:
    return (answer["text"] for answer in question.get("answers", ()))


def _spread(groups: list[list[T]], count: int) -> Iterable[T]:
    """Take as many of each group as of the others, as far as it has them, and spread them evenly over it.

    >>> list(_spread([["a1", "a2", "a3", "a4"], ["b1", "b2", "b3"]], 3))
    ['a2', 'a4', 'b2']
    """
    shares = Counter(islice(_places_in_turn(groups), count))
    for place, group in enumerate(groups):
        share = shares[place]
        yield from (group[(2 * one + 1) * len(group) // (2 * share)] for one in range(share))


def _places_in_turn(groups: Sequence[Sequence[T]]) -> Iterable[int]:
    """Name each group as often as it has members, one after the other."""
    for at in range(max(map(len, groups), default=0)):
        yield from (place for place, group in enumerate(groups) if at < len(group))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CrossciteError(f"{path} cannot be read: {error.strerror}.") from error
