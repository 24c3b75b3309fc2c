"""Ranking measures through ir_measures (the only importer), over what retrieval alone finds.

What is to be found are the evidence strings of a question, not sentences of the index, so that two runs can be
compared although they split or index the documents in different ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.evaluation.results import Ranked

DEPTH = 20
"""Sentences that are looked up for a question."""

HIT, RECALL, NDCG, MRR = "hit@5", "recall@10", "ndcg@10", "mrr@10"


def scores(ranking: Sequence[Ranked], wanted: Sequence[int]) -> Mapping[str, float]:
    """Return the measures of one ranking; ``wanted`` are the positions of the evidence strings that count.

    A sentence that proves the answer by other strings only (in another language) is passed over.

    >>> scores([Ranked("a.txt", 0, 9), Ranked("a.txt", 9, 20, proves=(0,))], [0])["mrr@10"]
    0.5
    """
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    names = {Success @ 5: HIT, R @ 10: RECALL, nDCG @ 10: NDCG, RR @ 10: MRR}
    qrels = {"question": {f"evidence {at}": 1 for at in wanted}}
    run = {"question": _found(ranking, set(wanted))}
    return {names[metric.measure]: float(metric.value) for metric in ir_measures.iter_calc(list(names), qrels, run)}


def _found(ranking: Sequence[Ranked], wanted: set[int]) -> dict[str, float]:
    """Return a score for each place of a ranking, falling, under the evidence that it shows for the first time."""
    found: list[str] = []
    for place, hit in enumerate(ranking):
        if hit.proves and wanted.isdisjoint(hit.proves):
            continue
        new = [f"evidence {at}" for at in hit.proves if at in wanted and f"evidence {at}" not in found]
        found += new or [f"nothing {place}"]
    return {name: float(len(found) - place) for place, name in enumerate(found)}
