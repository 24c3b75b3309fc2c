"""Golden sets: reading them, their schema, what makes one unsound, and making an item of an answer."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from rag.evaluation import adding, checking, golden
from rag.evaluation.golden import GoldenError, GoldenItem
from tests.evaluation.made import ANSWER, GERMAN, TEXTS, item

SEEDS = Path(__file__).parents[1] / "golden" / "seeds.jsonl"


def test_the_schema_that_ships_is_the_one_that_is_checked() -> None:
    shipped = json.loads(files("rag.evaluation").joinpath("golden.schema.json").read_text(encoding="utf-8"))
    assert shipped == golden.schema()
    assert set(shipped["required"]) == {"id", "kind", "lang", "question", "answerable"}


def test_an_item_is_written_as_it_was_read() -> None:
    lines = [json.loads(line) for line in SEEDS.read_text(encoding="utf-8").splitlines()]
    assert [golden.to_fields(one) for one in golden.load(SEEDS)] == lines


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 1 is not JSON: Expecting property name"),
        ("{}", "line 1: id: field required."),
        ('{"id": "a", "kind": "fact", "lang": "English", "question": "?", "answerable": true}', "lang: string should"),
        (
            '{"id": "a", "kind": "fact", "lang": "en", "question": "?", "answerable": true, "musst": []}',
            "line 1: musst",
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_its_field(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(GoldenError, match=reason):
        golden.load(path)


def test_a_set_that_is_missing_or_empty_is_said(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match=r"none\.jsonl cannot be read: No such file"):
        golden.load(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(GoldenError, match="holds no question"):
        golden.load(tmp_path / "empty.jsonl")


# crosscite eval check


def findings(*items: GoldenItem) -> list[str]:
    return [f"{finding.id}: {finding.words}" for finding in checking.check(items, TEXTS)]


def test_a_sound_set_has_no_finding() -> None:
    assert findings(item("price"), item("none", answerable=False, question="Who sells cherries?")) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (item("a", evidence=("five euros",)), "has evidence that no document contains: 'five euros'"),
        (item("a", documents=("b.txt",)), "has evidence that stands in a.txt, which it does not name: '3 Euro'"),
        (item("a", documents=("a.txt", "z.txt")), "names the document z.txt, which is not in the index"),
        (item("a", evidence=()), "is answerable, but has no evidence: no citation can ever be right"),
        (item("a", must=()), "cannot be failed: it asks for nothing (must, min_groups)"),
        (item("a", min_groups=0), "cannot be failed: it asks for nothing (must, min_groups)"),
        (item("a", must=(("apples",),)), "can be passed by repeating the question, which contains 'apples'"),
        (item("a", must=(("e",),)), "accepts 'e', which nearly every answer contains"),
        (item("a", min_groups=2), "cannot be passed: it asks for 2 of 1 groups"),
        (item("a", min_documents=2), "cannot be passed: it asks for 2 of 1 documents"),
        (item("a", must_not=("euro",)), "forbids by must_not what it asks for: '3 euro'"),
        (item("a", answerable=False), "is unanswerable, but has must, evidence or documents"),
        (item("a", language="ja"), "says its language is ja, but it reads like en"),
    ],
)
def test_what_would_measure_nothing_is_found(wrong: GoldenItem, words: str) -> None:
    if words.startswith("is unanswerable"):
        wrong = replace(item("a"), answerable=False)
    assert f"a: {words}" in findings(wrong)


def test_ids_and_questions_stand_once() -> None:
    assert findings(item("a"), item("a", question="What do pears cost?"), item("b")) == [
        "a: the id stands 2 times",
        "b: asks the same as a",
    ]


def test_the_same_words_after_another_question_are_another_question() -> None:
    follow = replace(item("b"), history=(*ANSWER_HISTORY,))
    assert findings(item("a"), follow) == []


ANSWER_HISTORY = (golden.Turn("user", "What do pears cost?"), golden.Turn("assistant", "2 euro."))


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("seeds", "seeds"),
        ("short", "seeds"),
        ("languages", "tests/golden/languages"),
        ("brief", "tests/golden/languages"),
        ("unseen", "tests/golden/unseen"),
    ],
)
def test_the_projects_own_golden_sets_are_sound(name: str, about: str) -> None:
    from rag.readers import read

    texts = {path.name: read(path, id=path.name).text for path in (SEEDS.parents[2] / about).glob("*.txt")}
    assert checking.check(golden.load(SEEDS.with_name(f"{name}.jsonl")), texts) == []


# crosscite eval add


def test_an_answer_and_its_chosen_citations_make_an_item() -> None:
    made = adding.item(
        ANSWER,
        id="price",
        kind="fact",
        proofs=adding.chosen(ANSWER, [1], []),
        must=adding.groups(["3 euro | three euro"]),
    )
    assert made == GoldenItem(
        id="price",
        kind="fact",
        language="en",
        question="What do apples cost?",
        answerable=True,
        must=(("3 euro", "three euro"),),
        min_groups=1,
        documents=("a.txt",),
        min_documents=1,
        evidence=(GERMAN,),
    )


def test_evidence_that_was_not_cited_can_be_chosen() -> None:
    assert [source.quote for source in adding.chosen(ANSWER, [], [2])] == ["Birnen kosten 2 Euro."]
    with pytest.raises(GoldenError, match=r"The answer has no citation 7; it has 1\."):
        adding.chosen(ANSWER, [7], [])


def test_ids_are_made_of_words_and_are_new() -> None:
    assert adding.new_id("What do apples cost?", []) == "what-apples"
    assert adding.new_id("What do apples cost?", ["what-apples"]) == "what-apples-2"


def test_an_item_is_added_below_a_last_line_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    adding.append(path, item("a"))
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    adding.append(path, item("b"))
    assert golden.load(path) == [item("a"), item("b")]
