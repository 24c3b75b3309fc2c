"""The table of the gate's errors, from signals that somebody measured before."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rag.bench import gate
from rag.cli import main
from rag.errors import CrossciteError
from rag.evaluation.calibration import Outcome


def outcomes(source: str, *, overlap: float = 0.0) -> list[Outcome]:
    """Twenty questions: the verdict of those without an answer reaches up to ``overlap``."""
    right = [Outcome(source, f"yes {at}", True, {"verdict": 0.1 + at / 10, "foreign": 0.0}) for at in range(10)]
    wrong = [
        Outcome(source, f"no {at}", False, {"verdict": overlap - 0.1 - at / 10, "foreign": 0.0}) for at in range(10)
    ]
    return right + wrong


def test_signals_that_tell_everything_make_no_errors_even_on_a_data_set_never_seen() -> None:
    errors = gate.measure(outcomes("A") + outcomes("B"))
    assert list(errors) == ["cross-validated", "data set left out"]
    for rows in errors.values():
        assert [row.source for row in rows] == ["A", "B"]
        assert all((row.mean, row.at_accepted) == (0.0, 0.0) for row in rows)
        assert all((row.false_refusals.total, row.false_answers.total) == (10, 10) for row in rows)


def test_what_verification_refused_is_refused_whatever_the_gate_says() -> None:
    left = [Outcome(**{**asdict(one), "supported": one.answerable}) for one in outcomes("A", overlap=2.0)]
    (first, _) = gate.measure(left + outcomes("B"))["cross-validated"]
    assert first.false_answers.hits == 0
    lost = [Outcome(**{**asdict(one), "supported": False}) for one in outcomes("A")]
    (first, _) = gate.measure(lost + outcomes("B"))["cross-validated"]
    assert first.false_refusals.value == 1.0
    assert math.isnan(first.at_accepted)


def test_false_answers_are_counted_where_fifteen_in_a_hundred_are_refused() -> None:
    right, wrong = np.arange(20) / 20, np.array([0.05, 0.12, 0.2, 0.9])
    errors = gate._of_one("A", right, wrong, common=0.5)
    assert (errors.false_refusals.hits, errors.false_answers.hits) == (10, 1)
    assert errors.mean == pytest.approx((10 / 20 + 1 / 4) / 2)
    # Three of twenty are refused: those below 0.15.
    assert errors.at_accepted == pytest.approx(2 / 4)
    low, high = errors.at_accepted_interval
    assert 0 <= low < 0.5 < high <= 1


def test_one_data_set_says_nothing_about_another() -> None:
    only_answerable = [one for one in outcomes("B") if one.answerable]
    with pytest.raises(CrossciteError, match="fewer than two data sets"):
        gate.measure(outcomes("A") + only_answerable)


def test_signals_of_an_earlier_version_are_not_taken_for_zeros() -> None:
    old = [Outcome("A", "Who?", True, {"verdict": 1.0}), *outcomes("A"), *outcomes("B")]
    with pytest.raises(CrossciteError, match="^1 of 41 questions lack a signal.*calibrate --signals"):
        gate.measure(old)


def test_the_command_reads_the_file_that_calibrate_writes(tmp_path: Path) -> None:
    lines = [json.dumps(asdict(one)) for one in outcomes("A") + outcomes("B")]
    (tmp_path / "signals.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = CliRunner().invoke(main, ["bench", "gate", str(tmp_path / "signals.jsonl")], catch_exceptions=False)
    rows = [line.split()[:3] for line in result.stdout.splitlines() if line[:2] in ("A ", "B ")]
    assert rows == [["A", "10+10", ".000"], ["B", "10+10", ".000"]] * 2
    as_json = CliRunner().invoke(main, ["bench", "gate", str(tmp_path / "signals.jsonl"), "--json"])
    assert json.loads(as_json.stdout)["data set left out"][0]["false_answers"] == {
        "name": "false answers", "hits": 0, "total": 10
    }  # fmt: skip
