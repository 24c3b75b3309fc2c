"""The gate is fitted to signals, and learns to show right answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.config import Settings
from rag.errors import CrossciteError
from rag.evaluation import calibration
from rag.evaluation.calibration import Outcome, calibrate, collect, cross_validated, errors, read_outcomes, says
from rag.evaluation.datasets import Dataset, Trial
from rag.evaluation.golden import GoldenItem
from rag.gate import Gate
from rag.types import Question
from tests.answering.fakes import FakeLLM, chatbot, index_of


def outcome(at: int, verdict: float, confirmed: float, *, answerable: bool, right: bool | None = None) -> Outcome:
    signals = {"verdict": verdict, "confirmed": confirmed}
    return Outcome("set", f"question {at}", answerable, signals, right=right)


def outcomes(*, wrong: bool) -> list[Outcome]:
    """Ten each: answered and confirmed, answered and not confirmed, without an answer."""
    right = [outcome(at, 2.0 + at / 10, 2.0, answerable=True, right=True) for at in range(10)]
    doubted = [outcome(10 + at, 2.0 + at / 10, -2.0, answerable=True, right=not wrong) for at in range(10)]
    unanswerable = [outcome(20 + at, -2.0 + at / 10, -2.0, answerable=False) for at in range(10)]
    return [*right, *doubted, *unanswerable]


def gate(of: list[Outcome]) -> Gate:
    return Gate(**calibrate(of, Settings())["gate"])


def test_wrong_answers_to_answerable_questions_teach_the_gate_to_refuse_their_like() -> None:
    doubtful = {"verdict": 2.5, "confirmed": -2.0}
    assert gate(outcomes(wrong=False)).probability(doubtful) > 0.5
    assert gate(outcomes(wrong=True)).probability(doubtful) < 0.5


def test_errors_count_questions_whatever_their_answers_were() -> None:
    measured_on = calibrate(outcomes(wrong=True), Settings())["measured_on"]
    assert measured_on["questions"] == {"set": {"answerable": 20, "unanswerable": 10}}
    right_ones = [one for one in outcomes(wrong=True) if one.answerable and one.right is not False]
    probability = np.array([float(one in right_ones) for one in outcomes(wrong=True)])
    assert errors(outcomes(wrong=True), probability, 0.5, "set") == {"false_refusal": 0.5, "false_answer": 0.0}


def test_without_any_right_answer_there_is_nothing_to_learn_and_the_error_says_so() -> None:
    all_wrong = [outcome(at, at / 10, 0.0, answerable=at % 2 == 0, right=False) for at in range(20)]
    with pytest.raises(CrossciteError, match="no right answer"):
        cross_validated(all_wrong)


def test_of_a_question_that_was_asked_again_the_last_outcome_counts(tmp_path: Path) -> None:
    file = tmp_path / "signals.jsonl"
    line = '{"source": "set", "question": "Who?", "answerable": true, "signals": {"verdict": %d}}\n'
    file.write_text(line % 1 + line % 2, encoding="utf-8")
    assert [one.signals for one in read_outcomes(file)] == [{"verdict": 2}]


def test_what_was_asked_is_written_with_its_answer_and_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Twelve red apples hang on the old tree."
    asked = chatbot(index_of(tmp_path, {"garden.txt": said}), FakeLLM(said))  # It has one reply only.
    monkeypatch.setattr(calibration, "_chatbot", lambda *_: asked)
    trial = Trial("set", Question("How many apples hang there?"), True, ("twelve",))
    file = tmp_path / "signals.jsonl"
    first, again = (collect([Dataset({}, (trial,))], Settings(), file) for _ in range(2))
    assert first == again == read_outcomes(file)
    assert [(one.right, one.shown, set(one.signals)) for one in first] == [
        (True, said, {"verdict", "foreign", "confirmed"})
    ]


def test_what_an_earlier_version_wrote_without_a_signal_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Twelve red apples hang on the old tree."
    asked = chatbot(index_of(tmp_path, {"garden.txt": said}), FakeLLM(said))
    monkeypatch.setattr(calibration, "_chatbot", lambda *_: asked)
    file = tmp_path / "signals.jsonl"
    old = (
        '{"source": "set", "question": "How many apples hang there?", "answerable": true, "signals": {"verdict": 1}}\n'
    )
    file.write_text(old, encoding="utf-8")
    trial = Trial("set", Question("How many apples hang there?"), True)
    assert [set(one.signals) for one in collect([Dataset({}, (trial,))], Settings(), file)] == [
        {"verdict", "foreign", "confirmed"}
    ]


@pytest.mark.parametrize(("must", "right"), [("12", True), ("13", False)])
def test_a_golden_question_says_itself_what_a_right_answer_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, must: str, right: bool
) -> None:
    said = "There are 12 red apples on the old tree."
    asked = chatbot(index_of(tmp_path, {"garden.txt": said}), FakeLLM(said))
    monkeypatch.setattr(calibration, "_chatbot", lambda *_: asked)
    item = GoldenItem("a", "fact", "en", "How many apples?", True, must=((must,),), min_groups=1)
    trial = Trial("set", item.asked(), True, golden=item)
    assert [one.right for one in collect([Dataset({}, (trial,))], Settings(), tmp_path / "s.jsonl")] == [right]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The line was closed in 1917.", "1917"),
        ("Es sind 1.000 Schiffe.", "1,000 Schiffe"),
        ("約6,000億円です。", "6000億円"),
        ("他在北京上大学。", "北京"),
        ("मुंबई में लाल किला नहीं, दिल्ली में है।", "दिल्ली"),
        ("It was the University of Paris.", "the University of Paris"),
    ],
)
def test_an_answer_says_what_is_expected_in_other_notation_and_other_forms(answer: str, expected: str) -> None:
    assert says(answer, [expected])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("There are 5.5 million people.", "3.5 million people"),
        ("Am 2. Januar 1990.", "1. Januar 1990"),
        ("1990年5月2日です。", "1990年4月1日"),
        ("ムラト1世です。", "バヤジット1世"),
        ("मुंबई में जल, दल और लाल किला।", "दिल्ली"),
        ("", "Paris"),
        ("It is %.", ""),
    ],
)
def test_another_number_or_name_is_not_what_is_expected(answer: str, expected: str) -> None:
    assert not says(answer, [expected])


def test_a_data_set_counts_no_more_because_it_is_larger() -> None:
    def outcomes(source: str, count: int, apart: float) -> list[Outcome]:
        signals = [{"verdict": (at % 5) / 5 + apart * (at % 2), "foreign": float(source == "B")} for at in range(count)]
        return [Outcome(source, f"{at}", bool(at % 2), one) for at, one in enumerate(signals)]

    small = outcomes("A", 40, apart=0.5) + outcomes("B", 40, apart=-0.2)
    large = outcomes("A", 400, apart=0.5) + outcomes("B", 40, apart=-0.2)
    weights = [calibrate(one, Settings())["gate"]["weights"]["verdict"] for one in (small, large)]
    assert weights[0] == pytest.approx(weights[1], rel=0.2)
