"""Timing answers, with a model and a limit that take no time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rag.bench import answers
from rag.bench.answers import Asked, Bench, Counting, Line
from rag.bench.peer import Peer, PeerMissing
from rag.evaluation.golden import GoldenItem
from rag.index import Index
from rag.llm import Prompt, Usage
from rag.types import Turn
from tests.answering.fakes import FakeEmbedder, FakeLLM, index_of

SURE = 20.0
APPLES = "There are 12 apples on the old tree in the garden."


class FakeLimit:
    """Reads 100 tokens a second, and writes as many as stand before."""

    def reading(self, calls: Sequence[Usage]) -> float:
        return sum(call.evaluated for call in calls) / 100

    def writing(self, behind: int) -> float:
        return float(behind)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with index_of(tmp_path, {"garden.txt": APPLES}) as index:
        yield index


def item(question: str = "How many apples are there?", *history: Turn) -> GoldenItem:
    return GoldenItem("apples", "fact", "en", question, True, history)


def asked(**values: float | None) -> Asked:
    known: dict[str, float | None] = {
        "evidence": 0.02, "embedder": 0.01, "faiss": 0.001, "first_token": 2.0, "limit": 1.6, "total": 3.0,
        "evaluated": 355, "evaluated_before": 290, "reused": 1300, "written": 20, "writing": 18.0,
        "writing_limit": 20.0,
    }  # fmt: skip
    return Asked(id="apples", **{**known, **values})  # type: ignore[arg-type]


def line(name: str, *all_asked: Asked) -> Line:
    (found,) = [line for line in answers.lines(all_asked) if line.name.strip() == name]
    return found


def test_a_question_is_asked_in_all_the_ways(index: Index) -> None:
    llm = FakeLLM(*[APPLES] * 9, verdict=SURE)
    bench = Bench(index, FakeEmbedder(), llm, FakeLimit(), peer=lambda question: 31.0)
    one = bench.ask(item(), peer=True)
    assert (one.evaluated, one.evaluated_before, one.reused, one.written) == (200, 100, 0, 11)
    assert (one.limit, one.writing_limit) == (1.0, 100.0)
    assert one.first_token is not None
    assert 0 < one.evidence <= one.first_token <= one.total
    assert one.retry is not None
    assert one.identical is not None
    assert (one.follow_up, one.peer) == (None, 31.0)


def test_a_follow_up_is_asked_after_its_question(index: Index) -> None:
    llm = FakeLLM(*[APPLES] * 9, verdict=SURE)
    turns = (Turn("user", "Where is the apple tree?"), Turn("assistant", "In the garden."))
    one = Bench(index, FakeEmbedder(), llm, FakeLimit()).ask(item("How many apples does it have?", *turns))
    assert one.follow_up is not None
    assert "Question: Where is the apple tree?\n" in llm.prompts[0].messages[-1].content


def test_calls_are_counted_until_the_next_question() -> None:
    llm = Counting(FakeLLM("a b c"))
    prompt = Prompt(())
    llm.choose(prompt, ("yes", "no"))
    assert list(llm.generate(prompt, max_tokens=9)) == ["a", " b", " c"]
    assert [(call.evaluated, call.written) for call in llm.calls] == [(100, 0), (0, 3)]
    assert len(llm.pieces) == 3
    llm.begin()
    assert (llm.calls, llm.pieces) == ([], [])


def test_a_measure_has_median_percentile_and_whether_its_targets_are_met() -> None:
    first = line("first token, new question", asked(first_token=2.0), asked(first_token=3.0), asked(first_token=2.4))
    assert (first.median, first.targets, first.meets()) == (2.4, (2.5, 4.5), True)
    assert not line("first token, new question", asked(first_token=2.6)).meets()
    assert not line("first token, new question", *[asked()] * 9, asked(first_token=9.0)).meets()
    assert line("over crosscite's", asked(peer=18.0)).meets()
    assert not line("over crosscite's", asked(peer=17.0)).meets()
    assert line("whole answer", asked()).meets() is None


def test_a_refusal_counts_for_no_measure_of_the_first_word() -> None:
    refused = asked(first_token=None, writing=None)
    assert line("first token over bare llama.cpp", asked(), refused).values == (1.25,)
    assert line("tokens read before it", asked(), refused).values == (290,)


def test_the_table_and_the_object_have_every_measure() -> None:
    both = [asked(), asked(first_token=5.0)]
    shown = answers.table(both).splitlines()
    assert len(shown) == 1 + len(answers.lines(both))
    (first,) = [row for row in shown if row.startswith("first token, new question")]
    assert " ".join(first.split()) == "first token, new question 2 3.5 s 5 s median <= 2.5; 95th <= 4.5 missed"
    told = answers.as_dict({"threads": 2}, both, "LlamaIndex was not asked")
    assert told["conditions"] == {"threads": 2}
    assert [measure["met"] for measure in told["measures"] if measure["name"] == "first token, new question"] == [False]
    assert [one["first_token"] for one in told["questions"]] == [2.0, 5.0]


def test_a_peer_that_is_not_installed_is_named_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_index.core", None)
    with pytest.raises(PeerMissing, match=r"LlamaIndex .* was not measured: .*pip install 'crosscite\[peer\]'"):
        Peer([], FakeEmbedder(), Path("model.gguf"), threads=1)
