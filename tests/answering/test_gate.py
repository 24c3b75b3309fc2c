"""The gate weighs what is known before the model writes, and what a drafted sentence adds."""

from rag.gate import Gate, calibrated

GATE = Gate(bias=-1.0, weights={"verdict": 1.0, "confirmed": 1.0}, threshold=0.5, best={"confirmed": 2.0})


def test_a_question_that_the_best_draft_would_not_save_is_refused_at_once() -> None:
    assert GATE.may_open({"verdict": -1.0})
    assert not GATE.may_open({"verdict": -1.1})


def test_a_doubtful_sentence_needs_better_evidence() -> None:
    assert GATE.opens({"verdict": 2.0, "confirmed": -1.0})
    assert not GATE.opens({"verdict": 1.0, "confirmed": -1.0})


def test_the_gate_that_ships_asks_for_less_where_the_evidence_is_in_another_language() -> None:
    same, other = ({"verdict": 1.0, "confirmed": 0.5, "foreign": share} for share in (0.0, 1.0))
    assert calibrated().probability(other) > calibrated().probability(same)


def test_the_gate_that_ships_knows_the_signals_that_it_is_given() -> None:
    assert set(calibrated().weights) == {"verdict", "foreign", "confirmed"}
    assert set(calibrated().best) == {"confirmed"}
