"""Two runs: what moved, whether it could be chance, and how seldom the gate cries wolf."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.evaluation import comparing, gates
from rag.evaluation.comparing import Comparison
from rag.evaluation.gates import Gates, GatesError
from rag.evaluation.measures import Judged
from rag.evaluation.results import ResultsError, Run
from tests.evaluation.made import ANSWER, answer, citation, item, judged, refused, run_of

RUN = Run({"mode": "answers"}, ())
SEVERAL = Gates(not_worse=dict.fromkeys(["correct", "false_refusal", "citation_precision", "citation_recall"], 0.0))


def compared(before: Sequence[Judged], after: Sequence[Judged], held: Gates = SEVERAL) -> Comparison:
    wanted = [gates.split(name) for name in held.relative]
    gated = len(wanted)
    return comparing.compare(before, after, gated=gated, meaningful=held.meaningful, wanted=wanted, everything=False)


def exit_code(before: Sequence[Judged], after: Sequence[Judged], held: Gates = SEVERAL) -> int:
    return gates.judge(held, RUN, after, compared(before, after, held)).exit_code


def test_a_drop_in_one_direction_is_worse() -> None:
    before, after = run_of([True] * 30, per_document=10), run_of([False] * 9 + [True] * 21, per_document=10)
    change = compared(before, after).change("correct")
    assert change is not None
    assert (change.before, change.after, change.worse, change.better) == (1.0, 0.7, 9, 0)
    assert change.mcnemar == change.p == pytest.approx(1 / 512)
    assert change.interval[0] == pytest.approx(-0.47, abs=0.03)
    assert exit_code(before, after) == 1


def test_what_may_not_move_fails_in_both_directions() -> None:
    low, high = run_of([False] * 12 + [True] * 18, per_document=10), run_of([True] * 30, per_document=10)
    for before, after in ((low, high), (high, low)):
        assert exit_code(before, after, Gates(not_moved={"correct": 0.3})) == 1
        assert exit_code(before, after, Gates(not_moved={"correct": 0.5})) == 0
    assert exit_code(low, high, Gates(not_worse={"correct": 0})) == 0


def test_as_many_changes_in_both_directions_are_chance() -> None:
    before = run_of([True] * 20 + [False] * 5)
    after = run_of([False] * 5 + [True] * 20)
    assert exit_code(before, after) == 0


def test_what_is_tolerated_is_let_through() -> None:
    before, after = run_of([True] * 60), run_of([False] * 12 + [True] * 48)
    assert exit_code(before, after, Gates(not_worse={"correct": 0.25})) == 0
    assert exit_code(before, after, Gates(not_worse={"correct": 0.15})) == 1


def test_with_few_documents_questions_are_resampled_and_with_many_documents() -> None:
    few, many = (run_of([True] * 40, per_document=per) for per in (10, 4))
    for run, by_document in ((few, False), (many, True)):
        change = compared(run, run).change("correct")
        assert change is not None
        assert change.by_document is by_document


def test_questions_of_one_document_that_fall_together_prove_less() -> None:
    """Twelve questions of three documents fall: three accidents, not twelve."""
    before = run_of([True] * 60, per_document=4)
    after = run_of([False] * 12 + [True] * 48, per_document=4)
    change = compared(before, after).change("correct")
    assert change is not None
    assert change.mcnemar == pytest.approx(2**-12)
    assert change.p == pytest.approx(1 / 8, abs=0.02)
    assert exit_code(before, after) == 0


def test_a_small_slice_is_called_underpowered() -> None:
    small, large = (run_of([True] * count) for count in (9, 400))
    for run, weak in ((small, True), (large, False)):
        change = compared(run, run).change("false_refusal")
        assert change is not None
        assert change.underpowered is weak
    verdicts = gates.judge(SEVERAL, RUN, small, compared(small, small)).verdicts
    assert "underpowered: smallest detectable drop 0.89" in verdicts[0].words


def test_questions_that_changed_or_are_gone_are_left_out() -> None:
    before = [judged(item(id)) for id in "abc"]
    after = [judged(item("a")), judged(item("b", must=(("three",),))), judged(item("d"))]
    comparison = compared(before, after)
    assert [new.item.id for _, new in comparison.pairs] == ["a"]
    assert set(comparison.left_out) == {"b", "c", "d"}
    with pytest.raises(ResultsError, match="no question in common"):
        compared(before, [judged(item("z"))])


def test_changed_answers_stand_side_by_side_the_worse_first() -> None:
    before = [judged(item("a")), judged(item("b"), refused()), judged(item("c"), ANSWER), judged(item("d"))]
    reads_otherwise = judged(item("c"), answer("For apples you pay 3 euro there. [1]"))
    after = [judged(item("a"), refused()), judged(item("b")), reads_otherwise, judged(item("d"))]
    items = compared(before, after).items
    assert [(one.after.item.id, one.verdict) for one in items] == [("a", "worse"), ("b", "better"), ("c", "other")]


def test_what_differs_between_the_runs_is_named() -> None:
    run = run_of([True])
    comparison = comparing.compare(run, run, ({"llm": "a", "threads": 2}, {"llm": "b", "threads": 2}))
    assert comparison.conditions == {"llm": ("a", "b")}


# Gates


def test_hard_limits_need_no_baseline() -> None:
    run = run_of([True] * 7 + [False] * 3)
    held = Gates(at_least={"correct": 0.7, "correct[lang=en]": 0.7}, at_most={"false_refusal": 0.3, "total_p95": 5})
    assert gates.judge(held, RUN, run, None).exit_code == 0
    judgement = gates.judge(Gates(at_least={"correct": 0.71}), RUN, run, None)
    assert (judgement.exit_code, judgement.words) == (1, "WORSE: correct")
    assert judgement.verdicts[0].words == "0.7, must be at least 0.71"


def test_a_gate_on_what_was_not_measured_could_not_run() -> None:
    judgement = gates.judge(Gates(at_most={"false_answer": 0.1}), RUN, run_of([True]), None)
    assert (judgement.exit_code, judgement.words) == (2, "COULD NOT BE JUDGED: false_answer")


def test_a_question_that_failed_makes_a_run_that_could_not_run() -> None:
    failed = [*run_of([True]), judged(item("z"), None, error="gone", ranking=None)]
    judgement = gates.judge(Gates(), RUN, failed, None)
    assert (judgement.exit_code, judgement.words) == (2, "COULD NOT RUN: 1 questions failed")


def test_gates_on_answers_are_passed_over_where_only_retrieval_was_asked() -> None:
    run = [judged(item("a"), None)]
    held = Gates(at_least={"correct": 1, "mrr@10": 0.5})
    judgement = gates.judge(held, Run({"mode": "retrieval"}, ()), run, None)
    assert [(verdict.name, verdict.holds) for verdict in judgement.verdicts] == [("mrr@10", True)]
    told = "(only retrieval was asked; gates on answers passed over:"
    assert (judgement.exit_code, judgement.words) == (0, f"HOLDS {told} 1)")
    held = Gates(at_least={"correct": 1}, not_worse={"correct": 0})
    assert gates.judge(held, Run({"mode": "retrieval"}, ()), run, None).words == f"MEASURED {told} 2)"
    assert gates.judge(Gates(), RUN, run, None).words == "MEASURED (no gates were given)"


@pytest.mark.parametrize("held", [Gates(not_worse={"correct": 0}), Gates(not_moved={"correct": 0})])
@pytest.mark.parametrize("at_least", [{}, {"correct": 0.5}])
def test_a_gate_that_needs_a_baseline_does_not_hold_without_one(held: Gates, at_least: dict[str, float]) -> None:
    held = held.model_copy(update={"at_least": at_least})
    judgement = gates.judge(held, RUN, run_of([True]), None)
    assert (judgement.exit_code, judgement.words) == (2, "COULD NOT BE JUDGED: correct")
    assert judgement.verdicts[0].words == "needs a baseline: --baseline, or crosscite eval compare"


def test_what_is_worse_without_the_baseline_is_worse() -> None:
    held = Gates(at_least={"correct": 1}, not_worse={"correct": 0})
    judgement = gates.judge(held, RUN, run_of([False]), None)
    assert (judgement.exit_code, judgement.words) == (1, "WORSE: correct")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[at_least\n", "gates.toml is not TOML"),
        ("[at_least]\nright = 1\n", "right is not a measure that can be gated so. Known: correct, "),
        ("[not_worse]\ntotal_p95 = 0\n", "total_p95 is not a measure"),
        ("[floors]\ncorrect = 1\n", "floors: extra inputs are not permitted"),
        ('[at_least]\ncorrect = "high"\n', "at_least.correct: input should be a valid number"),
    ],
)
def test_a_gates_file_that_cannot_be_used_says_why(content: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "gates.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(GatesError, match=re.escape(reason)):
        gates.load(path)


# How seldom it cries wolf, and how surely it sees


def noisy(rng: np.random.Generator, questions: int, right: float, per_document: int) -> list[Judged]:
    """A run in which each question is right by chance, whole documents lean one way, and citations vary too."""
    leaning = rng.normal(0, 0.1, size=questions)
    chance = [right + leaning[at // per_document] for at in range(questions)]
    run = run_of([bool(rng.random() < one) for one in chance], per_document)
    wrong = answer(citations=(citation(), citation(2, "Birnen kosten 2 Euro.")))
    return [
        judged(one.item, replace(wrong, text=f"{wrong.text} Yes."))
        if one.row.answer and one.row.answer.answered and rng.random() < 0.2
        else one
        for one in run
    ]


@pytest.mark.parametrize(("questions", "per_document"), [(43, 9), (60, 4)])
def test_a_hundred_comparisons_of_runs_that_are_alike_raise_at_most_five_false_alarms(
    questions: int, per_document: int
) -> None:
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(100):
        before, after = (noisy(rng, questions, 0.8, per_document) for _ in "ab")
        alarms += exit_code(before, after) == 1
    assert alarms <= 5


def test_the_drop_that_is_claimed_to_be_detectable_is_detected() -> None:
    rng = np.random.default_rng(4)
    held = Gates(not_worse={"correct": 0})
    before = run_of([True] * 48 + [False] * 12, per_document=15)
    claimed = compared(before, before, held).change("correct")
    assert claimed is not None
    assert claimed.detectable is not None
    seen = 0
    for _ in range(50):
        spoilt = rng.random(60) < claimed.detectable / 0.8
        after = run_of([at < 48 and not spoilt[at] for at in range(60)], per_document=15)
        seen += exit_code(before, after, held) == 1
    assert seen >= 35  # .8 of 50, less two standard errors
