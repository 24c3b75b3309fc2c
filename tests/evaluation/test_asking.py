"""Asking a golden set: rows as they come, going on after an interruption, here or at a server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.errors import QuestionError
from rag.evaluation import asking, remote, results
from rag.evaluation.asking import Here
from rag.evaluation.measures import judge, total, value
from rag.evaluation.remote import Remote, ServerError
from rag.evaluation.results import ResultsError, Row
from rag.index import Index
from rag.types import Answer, Evidence, Question, Turn
from tests.evaluation import shops
from tests.evaluation.conftest import AskShops
from tests.evaluation.made import ANSWER, item, row
from tests.web.conftest import eventually, running
from web.app import create_app


class Flaky:
    """Asks another one, until it has been asked so often; then it fails in some way."""

    def __init__(self, asked: Here, answers: int, error: BaseException) -> None:
        self._asked = asked
        self.left = answers
        self._error = error

    def answer(self, question: Question) -> Answer:
        if not self.left:
            raise self._error
        self.left -= 1
        return self._asked.answer(question)

    def search(self, question: Question, k: int) -> Sequence[Evidence] | None:
        return self._asked.search(question, k)

    def text(self, document: str) -> str | None:
        return self._asked.text(document)

    def languages(self) -> Mapping[str, str]:
        return self._asked.languages()


def measured(run: results.Run) -> dict[str, float | None]:
    judged = [judge(one) for one in run.rows]
    return {name: value(total(judged, name)) for name in ("correct", "false_answer", "citation_precision", "mrr@10")}


def test_the_shopkeeper_answers_what_is_known_and_refuses_the_rest(ask_shops: AskShops, tmp_path: Path) -> None:
    run = ask_shops(tmp_path / "a.jsonl")
    assert measured(run) == {"correct": 1.0, "false_answer": 0.0, "citation_precision": 1.0, "mrr@10": 1.0}
    assert {one.quotes_exact for one in run.rows} == {(True,), ()}
    assert run.rows[0].evidence_languages == (("de",),)


def test_what_is_written_can_be_measured_again(ask_shops: AskShops, tmp_path: Path) -> None:
    run = ask_shops(tmp_path / "a.jsonl")
    again = results.load(tmp_path / "a.jsonl")
    assert (measured(again), again.conditions) == (measured(run), run.conditions)
    assert [judge(one).parts for one in again.rows] == [judge(one).parts for one in run.rows]


def test_an_interrupted_run_goes_on_where_it_stopped(shop_index: Index, ask_shops: AskShops, tmp_path: Path) -> None:
    path, keeper = tmp_path / "a.jsonl", shops.Shopkeeper()
    here = Here(shops.chatbot(shop_index, keeper))
    with pytest.raises(KeyboardInterrupt):
        ask_shops(path, Flaky(here, 10, KeyboardInterrupt()))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": "shop-11", "ite')  # the line that was being written
    assert len(results.load(path).rows) == 10

    keeper.asked = 0
    run = ask_shops(path, here)
    assert keeper.asked == 14
    assert (len(run.rows), measured(run)["correct"]) == (34, 1.0)
    assert [one.item.id for one in results.load(path).rows] == [one.id for one in shops.items()]


def test_a_run_that_is_killed_as_it_goes_on_keeps_the_rows_it_had(
    shop_index: Index, ask_shops: AskShops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, here = tmp_path / "a.jsonl", Here(shops.chatbot(shop_index))
    with pytest.raises(KeyboardInterrupt):
        ask_shops(path, Flaky(here, 10, KeyboardInterrupt()))
    written, fields = [], results.row_to_fields

    def killed(row: Row) -> dict[str, Any]:
        if len(written) == 5:
            raise KeyboardInterrupt
        written.append(row)
        return fields(row)

    monkeypatch.setattr(results, "row_to_fields", killed)
    with pytest.raises(KeyboardInterrupt):
        ask_shops(path, here)
    assert len(results.load(path).rows) == 10


def test_a_finished_run_and_one_under_other_conditions_are_asked_anew(shop_index: Index, tmp_path: Path) -> None:
    path, keeper, items = tmp_path / "a.jsonl", shops.Shopkeeper(), shops.items()[:3]
    here = Here(shops.chatbot(shop_index, keeper))
    for model, kept, finished in (("a", 0, False), ("a", 3, True), ("a", 0, False), ("b", 0, False)):
        _, already = asking.run(here, items, {"mode": "answers", "llm": model}, path, progress=False)
        assert already == kept
        if not finished:  # forget that it was finished
            path.write_text("".join(path.read_text(encoding="utf-8").splitlines(True)[:-1]), encoding="utf-8")


def test_a_question_that_fails_keeps_its_row_and_is_asked_again(
    shop_index: Index, ask_shops: AskShops, tmp_path: Path
) -> None:
    here = Here(shops.chatbot(shop_index))
    broken = ask_shops(tmp_path / "a.jsonl", Flaky(here, 20, QuestionError("question", "is odd")))
    assert len(broken.rows) == 34
    assert {one.error for one in broken.rows} == {None, "QuestionError: question: is odd"}
    assert measured(broken)["correct"] == pytest.approx(20 / 24)
    mended = ask_shops(tmp_path / "a.jsonl", here)
    assert (measured(mended)["correct"], {one.error for one in mended.rows}) == (1.0, {None})


def test_two_runs_agree(ask_shops: AskShops, tmp_path: Path) -> None:
    rows = [[replace(judge(one), row=row(one.item)) for one in ask_shops(tmp_path / name).rows] for name in "ab"]
    assert rows[0] == rows[1]


def test_retrieval_alone_needs_no_language_model(shop_index: Index, ask_shops: AskShops, tmp_path: Path) -> None:
    alone = asking.retrieval_alone(shop_index, shops.NumberEmbedder())
    run = ask_shops(tmp_path / "a.jsonl", alone, asking.RETRIEVAL)
    assert (run.answers, measured(run)) == (
        False,
        {"correct": None, "false_answer": None, "citation_precision": None, "mrr@10": 1.0},
    )


def test_a_follow_up_is_searched_with_what_was_said_before(shop_index: Index) -> None:
    here = asking.retrieval_alone(shop_index, shops.NumberEmbedder())
    history = (Turn("user", "What do apples cost in shop 7?"), Turn("assistant", "57 euro."))
    found = here.search(Question("And is it open?", history), 1)
    assert found is not None
    assert found[0].document == "7.txt"


def test_results_of_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(ResultsError, match=r"is not a results file of this version\. Make one: crosscite eval GOLDEN"):
        results.load(path)
    results.Recorder(path).begin({}, "")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": "a"}\n')
    with pytest.raises(ResultsError, match=r"line 2 is not a row of results: KeyError 'answer'"):
        results.load(path)


def test_a_row_is_read_as_it_was_written(tmp_path: Path) -> None:
    recorder = results.Recorder(tmp_path / "a.jsonl")
    recorder.begin({"mode": "answers"}, "now")
    written = row(item("a"), replace(ANSWER, text="One line\u2028and\u0085another.", signals={"verdict": 1.5}))
    recorder.add(written)
    assert results.load(recorder.path).rows == (written,)


# At a server


def test_a_server_is_measured_like_the_chatbot_behind_it(
    shop_index: Index, ask_shops: AskShops, tmp_path: Path
) -> None:
    bot = shops.chatbot(shop_index)
    app = create_app(lambda: bot)
    with running(app) as server:
        eventually(lambda: app.state.loader.state == "ready")
        there = ask_shops(tmp_path / "there.jsonl", Remote(server.url))
    here = ask_shops(tmp_path / "here.jsonl")
    assert [judge(one).parts for one in there.rows] == [judge(one).parts for one in here.rows]


def test_a_server_that_has_only_ask_is_measured_by_its_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def answer_only(self: Remote, path: str, seconds: float, body: Mapping[str, object] | None = None) -> object:
        if path != "/ask":
            raise remote.HTTPError(path, 404, "Not Found", {}, None)  # type: ignore[arg-type]
        return {
            "question": "What do apples cost?",
            "language": "en",
            "answered": True,
            "answer": "Apples cost 3 euro there.",
            "citations": [{"document": "a.txt", "start": 0, "end": 20, "quote": "Äpfel kosten 3 Euro."}],
        }

    monkeypatch.setattr(Remote, "_json", answer_only)
    asked = Remote("http://127.0.0.1:1")
    run, _ = asking.run(asked, [item("a")], {"mode": "answers"}, tmp_path / "a.jsonl", progress=False)
    parts = judge(run.rows[0]).parts
    assert (parts["correct"], parts["citation_recall"], parts["quote_integrity"]) == ((1, 1), (1, 1), (0, 0))
    assert "mrr@10" not in parts


def test_a_server_that_is_not_there_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    earlier = tmp_path / "a.jsonl"
    results.Recorder(earlier).begin({"mode": "answers"}, "earlier", [row(item("a"))])
    before = earlier.read_bytes()
    with pytest.raises(ServerError):
        asking.run(Remote("http://127.0.0.1:9"), [item("a")], {"mode": "answers"}, earlier, progress=False)
    assert earlier.read_bytes() == before
    with pytest.raises(ServerError, match=r"http://127\.0\.0\.1:9 cannot be reached: .*refused"):
        Remote("http://127.0.0.1:9").languages()
    with pytest.raises(ServerError, match="'localhost' is not an address"):
        Remote("localhost")


def test_conditions_name_what_could_change_a_figure() -> None:
    common = asking.conditions([item("a")], asking.ANSWERS, None, None, "http://127.0.0.1")
    other = asking.conditions([item("a", must=(("4 euro",),))], asking.ANSWERS, None, None, "http://127.0.0.1")
    assert common["golden_sha256"] != other["golden_sha256"]
    assert json.loads(json.dumps(common)) == common
