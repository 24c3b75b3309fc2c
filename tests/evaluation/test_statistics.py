"""The statistics, against values by hand and against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from rag.evaluation import statistics

Rng = np.random.Generator


def parts(*values: float) -> statistics.Parts:
    return np.array([[value, 1.0] for value in values])


def test_mcnemar_is_the_sign_test_on_what_changed() -> None:
    assert statistics.mcnemar(5, 0) == pytest.approx(1 / 32)
    assert statistics.mcnemar(3, 1) == pytest.approx(5 / 16)
    assert statistics.mcnemar(0, 0) == 1.0


def test_the_randomisation_test_agrees_with_mcnemar() -> None:
    before, after = parts(1, 1, 1, 1, 1, 1, 0), parts(0, 0, 0, 0, 0, 1, 0)
    assert statistics.randomisation(before, after, lower_is_worse=True) == pytest.approx(1 / 32, abs=0.01)
    assert statistics.randomisation(before, after, lower_is_worse=False) == 1.0


def test_the_interval_of_a_difference_is_that_of_theory() -> None:
    before, after = parts(*[1.0] * 100), parts(*[0.0] * 20, *[1.0] * 80)
    low, high = statistics.interval(before, after)
    # A fifth was lost: a standard error of .04.
    assert (low, high) == (pytest.approx(-0.28, abs=0.02), pytest.approx(-0.12, abs=0.02))
    assert statistics.interval(before, before) == (0.0, 0.0)


def test_holm_multiplies_the_smallest_most() -> None:
    assert statistics.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


@pytest.mark.parametrize(("values", "expected"), [(1, 1), (2, 2), (19, 19), (20, 19), (21, 20), (40, 38), (100, 95)])
def test_the_95th_percentile_is_one_of_the_values_that_95_percent_do_not_exceed(values: int, expected: int) -> None:
    assert statistics.percentile_95(range(values, 0, -1)) == expected


def test_the_design_effect_of_questions_that_share_their_fate() -> None:
    documents = [f"{at // 5}" for at in range(50)]
    alike = [float(int(document) % 2) for document in documents]
    assert statistics.design_effect(alike, documents) == pytest.approx(5.0)
    unlike = [float(at % 2) for at in range(50)]
    assert statistics.design_effect(unlike, documents) == 1.0


@pytest.mark.parametrize(("questions", "churn"), [(33, 0.02), (100, 0.0), (300, 0.03)])
def test_the_smallest_detectable_drop_is_detected_as_often_as_claimed(questions: int, churn: float) -> None:
    alpha = 0.05 / 6
    drop = statistics.smallest_drop(questions, churn, alpha)
    assert drop is not None
    rng = np.random.default_rng(1)
    lost = rng.multinomial(questions, [drop + churn, churn, 1 - drop - 2 * churn], size=2000)
    seen = np.mean([statistics.mcnemar(int(worse), int(better)) <= alpha for worse, better, _ in lost])
    smaller = statistics.mcnemar_power(questions, drop - 1 / questions, churn, alpha)
    assert seen >= statistics.POWER - 0.03
    assert smaller < statistics.POWER


def test_a_set_too_small_to_show_anything_says_so() -> None:
    assert statistics.smallest_drop(5, 0.0, 0.05 / 6) is None


def test_the_detectable_loss_of_a_mean_is_detected_as_often_as_claimed() -> None:
    rng = np.random.default_rng(2)
    alpha, questions = 0.05 / 6, 60
    values = rng.choice([0.2, 0.5, 1.0], size=questions, p=[0.2, 0.2, 0.6])
    loss = statistics.smallest_loss(questions, float(values.mean()), float(np.mean(values**2)), 0.0, alpha)
    assert loss is not None
    seen = 0
    for _ in range(60):
        kept = rng.random(questions) >= loss / values.mean()
        p = statistics.randomisation(parts(*values), parts(*values * kept), lower_is_worse=True)
        seen += p <= alpha
    assert seen / 60 >= statistics.POWER - 0.1
