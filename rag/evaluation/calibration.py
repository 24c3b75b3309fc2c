"""Fit the gate to data: ask questions that have and have not an answer, and weigh the signals by logistic regression.

What it learns to show are right answers: where a data set has the expected words, a wrong answer counts as one to be
refused, even if the question has a right one. The errors count questions with and without an answer.

The threshold is the one at which false refusals and false answers, averaged over the data sets, are fewest; both are
reported for each data set by cross-validation; a draft of which verification leaves nothing counts as refused. Measured
and left out again, because they did not lower the error: the best score itself and how far it stands out from those
behind it (which tell questions about absent subjects, AUC .93-1, but not those about present ones, .46-.66; on a data
set left out the mean error rises from .215 to .30 and .25), the model's mean log-probability of the draft (AUC
.50-.68), a prompt of its own with examples of right and wrong answers (AUC .61-.87, the shared prompt's .65-.90), a
linear probe of the last hidden state at the verdict (280 questions; AUC .75 and .73 on NoMIRACL, the verdict's own .73
and .75), the verdict asked for once more in other words ("Does the evidence above contain the answer?"; AUC .81 and .84
on NoMIRACL, the verdict's .78 and .78, but with both the mean error is .184 instead of .195 by cross-validation and
.199 instead of .195 on a data set left out), how much likelier the evidence makes a token of the question (AUC .97 and
.99 where the subject is absent, .45 and .51 where it is present), the question before the evidence too (40 questions
each: AUC .57 and .64 on NoMIRACL, .85 on XQuAD, without it .66, .78 and .94), and eight examples in the prompt, half of
them without an answer (.75, .79 and .89).

The share of the evidence in another language than the answer is a signal because the model is less sure there of what
is right: of the 530 questions of ``gate.json`` the mean error is .211 with it and .227 without (cross-validated; on a
data set left out .212 and .235). That holds only since every data set counts alike in the fit, as it does in the error:
with every question alike it is .220 and .224 (left out .228 and .236). A second slope for a confirmation below 0, alone
or beside it, lowers neither (294 questions).

Measured with signals of their own and left out too: the verdict on the cited sentences alone, and the confirmation with
the question before the draft. On 272 questions the AUC for right answers is .83 and .70 (the verdict's is .80, the
confirmation's .72); on 320 questions of NoMIRACL, XQuAD and JaQuAD the mean error by cross-validation is .222 with the
verdicts on all and on the cited sentences, .225 with the confirmation too and .219 with that and the verdict (on a data
set left out .231, .237 and .234), and without either change .219 (.234). They cost half a second an answer. Of the
verdicts on the four nearest sentences one by one the maximum has .83, but with it the error is no lower on a data set
left out. Asked again of the 427 questions of ``gate.json``: with the verdict on the cited sentences too .230 (left out
.241), on all evidence from the cited documents .225 (.239), without them .215 (.226); the first tells wrong drafts
better (AUC .755 instead of .718), questions without an answer no better (.891 and .892).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rag import figures, language
from rag.chatbot import Chatbot
from rag.config import Settings
from rag.errors import CrossciteError
from rag.evaluation import measures
from rag.evaluation.asking import Here
from rag.evaluation.datasets import Dataset, Trial
from rag.evaluation.golden import folded, read_lines
from rag.gate import Gate
from rag.index import Index
from rag.indexing import build
from rag.models import identity
from rag.types import Answer
from rag.wiring import load_embedder, load_llm

SIGNALS = ("verdict", "foreign", "confirmed")
"""The model's log-odds that the evidence states the answer, the share of the evidence in another language than the
answer (the model is less sure there of what is right), and its log-odds that the cited words state the draft."""

_LATE = "confirmed"
_LATE_BEST = 0.975
"""The share of drafts whose late signal is below the value that the gate takes for its best."""

_MOST_WORDS = 0.6
"""The share of an expected wording's words that is enough: an answer inflects some, and leaves out "the"."""

_ALWAYS = Gate(bias=0.0, weights={}, threshold=0.0)
_FOLDS, _ROUNDS = 5, 10


@dataclass(frozen=True)
class Outcome:
    """The signals of one trial; ``supported`` tells whether verification left a sentence of the draft.

    ``right`` tells whether what was left says the answer; None where the data set has no wording of it. ``shown`` is
    what was left, for whoever looks at the wrong ones.
    """

    source: str
    question: str
    answerable: bool
    signals: dict[str, float]
    supported: bool = True
    right: bool | None = None
    shown: str = ""


def collect(datasets: Sequence[Dataset], settings: Settings, output: Path) -> list[Outcome]:
    """Ask every trial with the gate open and write its signals to ``output``, one JSON object a line.

    What ``output`` holds already is not asked again, so that an interrupted run goes on; what it holds of other
    questions is left there and not returned.
    """
    known = {(outcome.source, outcome.question): outcome for outcome in read_outcomes(output)}
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        asked = Here(_chatbot(datasets, settings, Path(folder)))
        trials = [trial for dataset in datasets for trial in dataset.trials]
        for trial in tqdm(trials, desc="Asking", unit="question", disable=None):
            outcome = known.get((trial.source, trial.question.text))
            if outcome is None or _lacks_something(outcome, trial):
                outcome = _outcome(trial, asked.answer(trial.question))
                with output.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
            outcomes.append(outcome)
    return outcomes


def lacks_a_signal(outcome: Outcome) -> bool:
    """Whether an earlier crosscite wrote an outcome, without the language of the evidence."""
    return bool(outcome.signals) and "foreign" not in outcome.signals


def _lacks_something(outcome: Outcome, trial: Trial) -> bool:
    return bool(trial.expected and outcome.right is None) or lacks_a_signal(outcome)


def _outcome(trial: Trial, answer: Answer) -> Outcome:
    shown = " ".join(sentence.text for sentence in answer.sentences)
    right = says(shown, trial.expected) if trial.expected else None
    if trial.golden is not None and trial.answerable:
        right = measures.is_right(trial.golden, answer)
    signals = dict(answer.signals)
    return Outcome(trial.source, trial.question.text, trial.answerable, signals, answer.answered, right, shown)


def says(answer: str, expected: Iterable[str]) -> bool:
    """Whether an answer has one of the expected wordings, or all numbers and most words of one.

    >>> says("It closed in October 2016.", ["October 2016"]), says("Es schloss im Mai 2016.", ["Oktober 2016"])
    (True, False)
    >>> says("Es sind 3,5 Millionen Menschen.", ["3.5 million people", "3.5 Millionen"]), says("서울에 있다.", ["서울"])
    (True, True)
    """
    said = folded(answer)
    for wording in map(folded, expected):
        if not wording or figures.unsupported(wording, [answer]):
            continue
        words = [word for word in _words(wording) if len(word) > 1]
        known = sum(word in said for word in words)
        if wording in said or (known >= _MOST_WORDS * len(words) and (words or figures.figures(wording))):
            return True
    return False


def _words(text: str) -> list[str]:
    """Return the runs of letters with their marks."""
    return "".join(one if language.is_of_a_word(one) else " " for one in text).split()


def calibrate(outcomes: Sequence[Outcome], settings: Settings) -> dict[str, Any]:
    """Return the content of ``gate.json``: the gate, and what it was measured on.

    A data set that does not have both questions with and without an answer is left out. The threshold is chosen by what
    each data set gets of a gate that was fitted to the others: the gate is for documents that it has never seen.
    """
    both = {source for source in _sources(outcomes) if all(_counts(outcomes, source).values())}
    outcomes = [outcome for outcome in outcomes if outcome.signals and outcome.source in both]
    held_out = left_out(outcomes) if len(both) > 1 else cross_validated(outcomes)
    best = float(np.quantile([o.signals[_LATE] for o in outcomes if _LATE in o.signals] or [0.0], _LATE_BEST))
    chosen = round(threshold(outcomes, held_out), 4)
    gate = replace(_fit(outcomes), threshold=chosen, best={_LATE: round(best, 2)})
    return {
        "measured_on": {
            "date": date.today().isoformat(),
            "models": [settings.llm, settings.embedder],
            "questions": {source: _counts(outcomes, source) for source in sorted(both)},
            "held_out": {source: errors(outcomes, held_out, gate.threshold, source) for source in sorted(both)},
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
    """Return each outcome's probability of being worth showing, the mean of fits to four fifths that do not have it.

    The questions are parted anew for each of several rounds: with a single one chance moves the best threshold.
    """
    from sklearn.model_selection import RepeatedStratifiedKFold

    folds = RepeatedStratifiedKFold(n_splits=_FOLDS, n_repeats=_ROUNDS, random_state=0)
    return _held_out(outcomes, folds.split(*_table(outcomes)))


def left_out(outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
    """Return each outcome's probability of being worth showing, by a fit to the other data sets."""
    from sklearn.model_selection import LeaveOneGroupOut

    groups = [outcome.source for outcome in outcomes]
    return _held_out(outcomes, LeaveOneGroupOut().split(*_table(outcomes), groups=groups))


def threshold(outcomes: Sequence[Outcome], probability: NDArray[np.float64]) -> float:
    """Return the threshold at which false refusals and false answers, averaged over the data sets, are fewest."""

    def error(threshold: float) -> float:
        rates = [errors(outcomes, probability, threshold, source) for source in _sources(outcomes)]
        return float(np.mean([rate["false_refusal"] + rate["false_answer"] for rate in rates]))

    return min((float(value) for value in np.linspace(0.05, 0.95, 91)), key=error)


def _held_out(
    outcomes: Sequence[Outcome], splits: Iterable[tuple[NDArray[np.intp], NDArray[np.intp]]]
) -> NDArray[np.float64]:
    """Return the probabilities of the held-out part of each split; 0 where verification left no sentence to show."""
    values, to_show = _table(outcomes)
    supported = np.array([outcome.supported for outcome in outcomes])
    sources = np.array([outcome.source for outcome in outcomes])
    total, times = np.zeros(len(outcomes)), np.zeros(len(outcomes))
    for train, test in splits:
        seen = train[supported[train]]
        if len(set(to_show[seen])) < 2:  # verification alone has told them apart
            seen = train
        model = _learnt(values[seen], to_show[seen], sources[seen])
        total[test] += model.predict_proba(values[test])[:, 1]
        times[test] += 1
    return np.where(supported, total / times, 0.0)


def _fit(outcomes: Sequence[Outcome]) -> Gate:
    """Return the gate fitted to every outcome that it has to judge."""
    judged = [outcome for outcome in outcomes if outcome.supported]
    model = _learnt(*_table(judged), np.array([outcome.source for outcome in judged]))
    scaler, head = model[0], model[1]
    weights = head.coef_[0] / scaler.scale_
    bias = float(head.intercept_[0] - (weights * scaler.mean_).sum())
    return Gate(round(bias, 4), {name: round(float(w), 4) for name, w in zip(SIGNALS, weights, strict=True)}, 0.5)


def _learnt(values: NDArray[np.float64], to_show: NDArray[np.bool_], sources: NDArray[np.str_]) -> Any:
    """Return a model in which every data set counts alike, and in each what is to be shown as much as what is not."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if len(set(to_show)) < 2:
        kind = "no right answer" if not to_show.any() else "nothing to refuse"
        raise CrossciteError(
            f"Among {len(to_show)} answers is {kind} to learn from. Give more questions (--each) or other data sets."
        )
    _, groups, counts = np.unique([sources, to_show.astype(str)], axis=1, return_inverse=True, return_counts=True)
    weights = len(to_show) / len(counts) / counts[groups.ravel()]
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return model.fit(values, to_show, logisticregression__sample_weight=weights)


def _table(outcomes: Sequence[Outcome]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the signals, of shape (outcomes, signals), and of which outcomes the answer is to be shown."""
    values = np.array([[outcome.signals.get(name, 0.0) for name in SIGNALS] for outcome in outcomes])
    return values, np.array([outcome.answerable and outcome.right is not False for outcome in outcomes])


def errors(
    outcomes: Sequence[Outcome], probability: NDArray[np.float64], threshold: float, source: str
) -> dict[str, float]:
    """Return the shares of a data set's questions that a threshold wrongly refuses and wrongly lets be answered."""
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
    """Read the outcomes of an earlier run, the last one of each question; none where there is no file."""
    if not output.exists():
        return []
    read = [Outcome(**json.loads(line)) for line in read_lines(output, CrossciteError) if line.strip()]
    return list({(outcome.source, outcome.question): outcome for outcome in read}.values())
