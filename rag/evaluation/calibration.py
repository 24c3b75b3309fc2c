"""Fit the gate to data: ask questions that have and have not an answer, and weigh the signals by logistic regression.

The threshold is the one at which false refusals and false answers, averaged over the data sets, are fewest; both are
reported for each data set by cross-validation. Measured and left out again, because they did not lower the error or
only told the languages of the data sets apart: the best score itself, and what verification says of the draft.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rag.chatbot import Chatbot
from rag.config import Settings
from rag.evaluation.datasets import Dataset
from rag.gate import Gate
from rag.index import Index
from rag.indexing import build
from rag.models import identity
from rag.types import Answer
from rag.wiring import load_embedder, load_llm

SIGNALS = ("verdict", "lead")
"""The model's log-odds that the evidence states the answer, and how far the best sentence stands out."""

_ALWAYS = Gate(bias=0.0, weights={}, threshold=0.0)
_FOLDS = 5


@dataclass(frozen=True)
class Outcome:
    """The signals of one trial; ``supported`` tells whether verification left a sentence of the draft."""

    source: str
    question: str
    answerable: bool
    signals: dict[str, float]
    supported: bool = True


def collect(datasets: Sequence[Dataset], settings: Settings, output: Path) -> list[Outcome]:
    """Ask every trial with the gate open and write its signals to ``output``, one JSON object a line.

    What ``output`` holds already is not asked again, so that an interrupted run goes on.
    """
    outcomes = read_outcomes(output)
    done = {(outcome.source, outcome.question) for outcome in outcomes}
    with tempfile.TemporaryDirectory() as folder:
        chatbot = _chatbot(datasets, settings, Path(folder))
        trials = [trial for dataset in datasets for trial in dataset.trials]
        for trial in tqdm(trials, desc="Asking", unit="question", disable=None):
            if (trial.source, trial.question.text) in done:
                continue
            (answer,) = [event.data for event in chatbot.answer(trial.question) if isinstance(event.data, Answer)]
            outcomes.append(
                Outcome(trial.source, trial.question.text, trial.answerable, dict(answer.signals), answer.answered)
            )
            with output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(outcomes[-1]), ensure_ascii=False) + "\n")
    return outcomes


def calibrate(outcomes: Sequence[Outcome], settings: Settings) -> dict[str, Any]:
    """Return the content of ``gate.json``: the gate, and what it was measured on.

    A data set that does not have both questions with and without an answer is left out.
    """
    both = {source for source in _sources(outcomes) if all(_counts(outcomes, source).values())}
    outcomes = [outcome for outcome in outcomes if outcome.signals and outcome.source in both]
    held_out = cross_validated(outcomes)
    gate = replace(_fit(outcomes), threshold=round(threshold(outcomes, held_out), 4))
    return {
        "measured_on": {
            "date": date.today().isoformat(),
            "models": [settings.llm, settings.embedder],
            "questions": {source: _counts(outcomes, source) for source in sorted(both)},
            "held_out": {source: _errors(outcomes, held_out, gate.threshold, source) for source in sorted(both)},
        },
        "gate": asdict(gate),
    }


def _chatbot(datasets: Sequence[Dataset], settings: Settings, folder: Path) -> Chatbot:
    texts = folder / "documents"
    texts.mkdir()
    for dataset in datasets:
        for id, text in dataset.texts.items():
            (texts / id).write_text(text, encoding="utf-8")
    embedder = load_embedder(settings)
    sha256 = identity(settings.embedder)
    build([texts], folder / "index", lambda: embedder, embedder_name=settings.embedder, embedder_sha256=sha256)
    chatbot = Chatbot(
        Index.load(folder / "index", embedder_sha256=sha256),
        embedder,
        load_llm(settings),
        opening=_ALWAYS,
    )
    chatbot.warm_up()
    return chatbot


def cross_validated(outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
    """Return each outcome's probability of being answerable, by a fit to four fifths that do not have it."""
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    found = cross_val_predict(_head(), *_table(outcomes), cv=folds, method="predict_proba")
    return np.asarray(found[:, 1])


def left_out(outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
    """Return each outcome's probability of being answerable, by a fit to the other data sets."""
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

    groups = [outcome.source for outcome in outcomes]
    found = cross_val_predict(_head(), *_table(outcomes), groups=groups, cv=LeaveOneGroupOut(), method="predict_proba")
    return np.asarray(found[:, 1])


def threshold(outcomes: Sequence[Outcome], probability: NDArray[np.float64]) -> float:
    """Return the threshold at which false refusals and false answers, averaged over the data sets, are fewest."""

    def error(threshold: float) -> float:
        rates = [_errors(outcomes, probability, threshold, source) for source in _sources(outcomes)]
        return float(np.mean([rate["false_refusal"] + rate["false_answer"] for rate in rates]))

    return min((float(value) for value in np.linspace(0.05, 0.95, 91)), key=error)


def _fit(outcomes: Sequence[Outcome]) -> Gate:
    """Return the gate fitted to everything."""
    model = _head().fit(*_table(outcomes))
    scaler, head = model[0], model[1]
    weights = head.coef_[0] / scaler.scale_
    bias = float(head.intercept_[0] - (weights * scaler.mean_).sum())
    return Gate(round(bias, 4), {name: round(float(w), 4) for name, w in zip(SIGNALS, weights, strict=True)}, 0.5)


def _head() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))


def _table(outcomes: Sequence[Outcome]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the signals, of shape (outcomes, signals), and which outcomes are answerable."""
    values = np.array([[outcome.signals.get(name, 0.0) for name in SIGNALS] for outcome in outcomes])
    return values, np.array([outcome.answerable for outcome in outcomes])


def _errors(
    outcomes: Sequence[Outcome], probability: NDArray[np.float64], threshold: float, source: str
) -> dict[str, float]:
    own = np.array([outcome.source == source for outcome in outcomes])
    answerable = np.array([outcome.answerable for outcome in outcomes])
    return {
        "false_refusal": round(float((probability[own & answerable] < threshold).mean()), 3),
        "false_answer": round(float((probability[own & ~answerable] >= threshold).mean()), 3),
    }


def _counts(outcomes: Sequence[Outcome], source: str) -> dict[str, int]:
    own = [outcome.answerable for outcome in outcomes if outcome.source == source]
    return {"answerable": sum(own), "unanswerable": len(own) - sum(own)}


def _sources(outcomes: Sequence[Outcome]) -> list[str]:
    return sorted({outcome.source for outcome in outcomes})


def read_outcomes(output: Path) -> list[Outcome]:
    """Read the outcomes of an earlier run; none where there is no file."""
    if not output.exists():
        return []
    return [Outcome(**json.loads(line)) for line in output.read_text(encoding="utf-8").splitlines() if line.strip()]
