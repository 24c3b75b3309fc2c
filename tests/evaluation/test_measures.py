"""What an answer is worth, item by item, and what a run is worth in sum."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.evaluation import ranking
from rag.evaluation.golden import GoldenItem
from rag.evaluation.measures import (
    is_wrong,
    latencies,
    reasons,
    refusal_trade_off,
    risk_coverage,
    slices,
    total,
    wilson,
)
from rag.evaluation.results import Ranked
from rag.types import Answer
from tests.evaluation.made import ANSWER, OTHER, answer, citation, evidence, item, judged, refused


def test_a_right_answer_with_a_citation_that_proves_it() -> None:
    one = judged(item("a"))
    assert {
        name: one.parts[name] for name in ("correct", "false_refusal", "citation_precision", "citation_recall")
    } == {
        "correct": (1, 1),
        "false_refusal": (0, 1),
        "citation_precision": (1, 1),
        "citation_recall": (1, 1),
    }
    assert (one.parts["quote_integrity"], one.parts["language"], one.parts["unsupported_numbers"]) == (
        (1, 1),
        (1, 1),
        (0, 1),
    )
    assert (reasons(one), is_wrong(one)) == ((), False)


@pytest.mark.parametrize(
    ("golden", "given", "words"),
    [
        (item("a"), refused(), ("refused",)),
        (item("a"), answer("Apples cost 3 pounds at the market."), ("not right",)),
        (item("a", must_not=("market",)), ANSWER, ("not right",)),
        (item("a"), answer(citations=(citation(quote=OTHER),)), ("a citation does not prove it", "a number that no")),
        (item("a", min_documents=2), ANSWER, ("not right",)),
        (item("a"), answer("Äpfel kosten auf dem Markt 3 Euro das Kilo."), ("another language than the question's",)),
        (item("a"), answer("Apples cost 3 euro, and 70 on Sundays."), ("a number that no quote has",)),
        (item("a", answerable=False), ANSWER, ("answered, though the documents do not say it",)),
    ],
)
def test_what_is_wrong_is_said(golden: GoldenItem, given: Answer, words: tuple[str, ...]) -> None:
    one = judged(golden, given)
    assert is_wrong(one)
    assert len(reasons(one)) == len(words)
    assert all(said.startswith(word) for said, word in zip(reasons(one), words, strict=True))


def test_a_refusal_of_what_the_documents_do_not_say_is_right() -> None:
    one = judged(item("a", answerable=False), refused())
    assert (one.parts["false_answer"], is_wrong(one)) == ((0, 1), False)
    assert "correct" not in one.parts


def test_a_number_of_the_question_may_be_repeated() -> None:
    one = judged(item("a", question="What do 12 apples cost?"), answer("The 12 apples cost 3 euro in all."))
    assert one.parts["unsupported_numbers"] == (0, 1)


def test_a_question_that_failed_was_not_answered_right_and_nothing_else() -> None:
    one = judged(item("a"), None, error="ServerError: gone", ranking=None)
    assert dict(one.parts) == {"correct": (0, 1), "sentence_length": (0, 0)}
    assert reasons(one) == ("failed to run: ServerError: gone",)


def test_quotes_whose_document_is_not_to_be_had_are_not_counted() -> None:
    assert judged(item("a"), quotes_exact=None).parts["quote_integrity"] == (0, 0)
    assert judged(item("a"), quotes_exact=(False,)).parts["quote_integrity"] == (0, 1)


def test_ranking_measures_agree_with_a_calculation_by_hand() -> None:
    found = [
        Ranked("a.txt", 0, 9),
        Ranked("a.txt", 9, 20, (1,)),
        Ranked("a.txt", 20, 30, (1,)),
        Ranked("b.txt", 0, 5, (0,)),
    ]
    scores = ranking.scores(found, [0, 1, 2])
    assert scores == pytest.approx(
        {
            ranking.HIT: 1.0,
            ranking.RECALL: 2 / 3,
            ranking.MRR: 1 / 2,
            # Gains at places 2 and 4 over those at 1, 2 and 3.
            ranking.NDCG: (0.63093 + 0.43068) / (1 + 0.63093 + 0.5),
        },
        abs=1e-4,
    )


def test_evidence_of_another_language_is_passed_over() -> None:
    found = [Ranked("b.txt", 0, 5, (1,)), Ranked("a.txt", 0, 9, (0,))]
    assert ranking.scores(found, [0])[ranking.MRR] == 1.0
    assert ranking.scores([], [0])[ranking.MRR] == 0.0


def test_slices_tell_languages_apart() -> None:
    both = item("a", evidence=("3 Euro", "バナナは安い"), documents=("a.txt", "b.txt"))
    one = judged(both, evidence_languages=(("de",), ("ja",)), ranking=(Ranked("a.txt", 0, 20, (0,)),))
    found = {part.name: total(part.judged, ranking.RECALL, part.document_language) for part in slices([one])}
    assert found == {
        "all": (0.5, 1),
        "kind=fact": (0.5, 1),
        "lang=en": (0.5, 1),
        "pair=en-de": (1, 1),
        "pair=en-ja": (0, 1),
        "documents=de": (1, 1),
        "documents=ja": (0, 1),
    }


def test_wilsons_interval() -> None:
    assert wilson((25, 33)) == pytest.approx((0.590, 0.872), abs=0.001)


def test_risk_grows_as_less_sure_answers_are_given() -> None:
    run = [
        judged(item("a"), confidence=0.9),
        judged(item("b"), answer("Apples are free of charge."), confidence=0.6),
        judged(item("c"), refused(), confidence=0.2),
        judged(item("d", answerable=False), ANSWER, confidence=0.7),
    ]
    assert [(point.x, point.y) for point in risk_coverage(run)] == [
        (0.25, 0.0),
        (0.5, 0.5),
        (0.75, pytest.approx(2 / 3)),
    ]


def test_the_gates_trade_off_runs_from_never_to_always_open() -> None:
    run = [
        judged(item("a"), confidence=0.9),
        judged(item("b"), confidence=0.4),
        judged(item("c", answerable=False), confidence=0.6),
    ]
    points = [(point.confidence, point.x, point.y) for point in refusal_trade_off(run)]
    assert points == [(2.0, 1.0, 0.0), (0.9, 0.5, 0.0), (0.6, 0.5, 1.0), (0.4, 0.0, 1.0)]


def test_latency_is_told_in_seconds_and_refusals_have_no_first_token() -> None:
    slow = replace(ANSWER.timings, total_ms=8000, first_token_ms=None)
    found = latencies([judged(item("a")), judged(item("b"), answer(timings=slow))])
    assert (found["first_token_median"], found["total_median"], found["total_p95"]) == (3.0, 6.0, 8.0)


def test_evidence_that_was_before_the_model_is_found() -> None:
    assert judged(item("a")).parts["evidence_found"] == (1, 1)
    assert judged(item("a"), answer(evidence=(evidence(1, OTHER),))).parts["evidence_found"] == (0, 1)
