"""crosscite eval on the command line: its commands, and the exit codes that a pull request depends on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rag import wiring
from rag.cli import main
from rag.evaluation import golden
from rag.index import Index
from rag.wire import answer_to_dict
from tests.evaluation import shops
from tests.evaluation.made import ANSWER

LIMITS = "[at_least]\ncorrect = 0.9\n"
GATES = f"{LIMITS}\n[not_worse]\ncorrect = 0.0\nlanguage = 0.0\n"


@pytest.fixture(autouse=True)
def _shops(shop_index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The shops' chatbot in place of the models, and an empty folder to work in."""
    monkeypatch.setattr(wiring, "load_index", lambda settings: Index.load(shop_index.folder))
    monkeypatch.setattr(wiring, "load_embedder", lambda settings: shops.NumberEmbedder())
    monkeypatch.setattr(wiring, "load_chatbot", lambda settings, index: shops.chatbot(index))
    monkeypatch.chdir(tmp_path)
    shops.golden_set(Path("shops.jsonl"))
    Path("limits.toml").write_text(LIMITS, encoding="utf-8")
    Path("gates.toml").write_text(GATES, encoding="utf-8")


def crosscite(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["eval", *arguments], input=typed)


def test_a_golden_set_is_asked_and_measured() -> None:
    result = crosscite("shops.jsonl", "--gates", "limits.toml")
    assert result.exit_code == 0, result.output
    assert "correct               1.00  (24/24; 95 %: 0.86-1.00)" in result.stdout
    assert result.stdout.endswith("\nHOLDS\n")
    assert len(Path("shops.results.jsonl").read_text(encoding="utf-8").splitlines()) == 36


def test_a_run_whose_baseline_was_lost_does_not_hold() -> None:
    result = crosscite("shops.jsonl", "--gates", "gates.toml", "--junit", "junit.xml")
    assert result.exit_code == 2
    assert "?      correct not worse 0   needs a baseline: --baseline, or crosscite eval compare" in result.stdout
    assert "holds  correct at least 0.9  1 ≥ 0.9" in result.stdout
    assert result.stdout.endswith("\nCOULD NOT BE JUDGED: correct, language\n")
    assert 'failures="0" errors="2"' in Path("junit.xml").read_text(encoding="utf-8")


def test_every_report_is_written() -> None:
    names = ("out/a.json", "out/a.xml", "out/a.md", "out/a.html")
    options = zip(("--json", "--junit", "--markdown", "--html"), names, strict=True)
    assert crosscite("shops.jsonl", *(part for pair in options for part in pair)).exit_code == 0
    starts = [Path(name).read_text(encoding="utf-8")[:15] for name in names]
    assert starts == ['{\n "verdict": "', '<?xml version="', "<!-- crosscite ", "<!doctype html>"]


def test_only_some_questions_are_asked_and_compared() -> None:
    assert crosscite("shops.jsonl", "--output", "base.jsonl").exit_code == 0
    result = crosscite("shops.jsonl", "--only", "shop-1", "--baseline", "base.jsonl", "--gates", "gates.toml")
    assert result.exit_code == 0
    assert "Against the baseline: no measure moved." in result.stdout
    assert "Not compared" not in result.stdout


def test_a_worse_run_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    assert crosscite("shops.jsonl", "--output", "base.jsonl").exit_code == 0
    monkeypatch.setattr(shops.Shopkeeper, "choose", lambda self, prompt, options, **rest: [-5.0, 0.0])
    result = crosscite("shops.jsonl", "--baseline", "base.jsonl", "--gates", "gates.toml")
    assert result.exit_code == 1
    assert result.stdout.endswith("\nWORSE: correct, correct\n")
    assert crosscite("compare", "base.jsonl", "shops.results.jsonl", "--gates", "gates.toml").exit_code == 1
    assert crosscite("report", "shops.results.jsonl", "--gates", "gates.toml").exit_code == 1


def test_retrieval_alone() -> None:
    result = crosscite("shops.jsonl", "--retrieval-only", "--gates", "gates.toml")
    assert result.exit_code == 0
    assert "mrr@10                1.00" in result.stdout
    assert "correct" not in result.stdout
    assert result.stdout.endswith("\nMEASURED (only retrieval was asked; gates on answers passed over: 3)\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["none.jsonl"], "Error: none.jsonl cannot be read: No such file or directory."),
        (["shops.jsonl", "--baseline", "none.jsonl"], "Error: none.jsonl cannot be read: No such file or directory."),
        (["shops.jsonl", "--gates", "none.toml"], "Error: none.toml cannot be read: No such file or directory."),
        (["shops.jsonl", "--url", "http://127.0.0.1:9"], "Error: http://127.0.0.1:9 cannot be reached: "),
        (["compare", "gates.toml", "gates.toml"], "Error: gates.toml, line 1 is not JSON: Expecting"),
        (["shops.jsonl", "--only", "x"], "No id in shops.jsonl begins with 'x'."),
        (["shops.jsonl", "--baseline", "b", "--output", "b"], "cannot be read"),
        (["add", "shops.jsonl"], "Give either a QUESTION or --answer."),
    ],
)
def test_what_could_not_run_ends_with_2(arguments: list[str], line: str) -> None:
    result = crosscite(*arguments)
    assert result.exit_code == 2
    assert line in result.stderr


@pytest.mark.parametrize("content", ["my notes\n", "[1]\n", "7\n", '{"id": "a"}\n', "\xff\n"])
def test_what_holds_no_results_is_not_written_over(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "load_index", lambda settings: pytest.fail("refused too late"))
    Path("mine").write_text(content, encoding="latin-1")
    result = crosscite("shops.jsonl", "--output", "mine")
    assert result.exit_code == 2
    assert "mine is there already and holds no results, so it is left alone. Give another --output." in result.stderr
    assert Path("mine").read_text(encoding="latin-1") == content


def test_a_golden_set_is_not_written_over_with_its_results() -> None:
    before = Path("shops.jsonl").read_bytes()
    Path("link.jsonl").symlink_to("shops.jsonl")
    for output in ("shops.jsonl", "link.jsonl"):
        assert crosscite("shops.jsonl", "--output", output).exit_code == 2
    assert Path("shops.jsonl").read_bytes() == before


def test_an_empty_file_and_earlier_results_are_written_over() -> None:
    Path("results").touch()
    for _ in range(2):
        assert crosscite("shops.jsonl", "--only", "shop-1", "--output", "results", "--quiet").exit_code == 0
    assert [path.name for path in Path().glob("results*")] == ["results"]
    assert crosscite("shops.jsonl", "--only", "shop-1", "--output", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()


def test_check_finds_problems_and_ends_with_1() -> None:
    assert crosscite("check", "shops.jsonl").stdout == "34 questions, 0 problems, 0 doubts\n"
    items = shops.items()
    shops.golden_set(Path("odd.jsonl"), [*items, replace(items[0], id="shop-1", evidence=("no such words",))])
    result = crosscite("check", "odd.jsonl")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "problem  shop-1: the id stands 2 times",
        "problem  shop-1: asks the same as shop-1",
        "problem  shop-1: has evidence that no document contains: 'no such words'",
        "35 questions, 3 problems, 0 doubts",
    ]


def test_a_question_becomes_an_item_by_asking_what_is_not_given() -> None:
    result = crosscite("add", "new.jsonl", "What do apples cost in shop 7?", typed="1\n57 euro | 57 €\n")
    assert result.exit_code == 0, result.output
    assert "In shop 7 apples cost 57 euro a kilo. [1]" in result.stderr
    assert "   1  7.txt: Im Laden 7 kosten Äpfel 57 Euro das Kilo." in result.stderr
    (made,) = golden.load(Path("new.jsonl"))
    assert (made.id, made.language, made.documents) == ("what-apples", "en", ("7.txt",))
    assert made.must == (("57 euro", "57 €"),)
    assert made.evidence == ("Im Laden 7 kosten Äpfel 57 Euro das Kilo.",)
    assert crosscite("new.jsonl").exit_code == 0


def test_an_answer_becomes_an_item_without_asking() -> None:
    given = replace(ANSWER, citations=(replace(ANSWER.citations[0], document="1.txt", quote="Im Laden 1"),))
    Path("answer.json").write_text(json.dumps(answer_to_dict(given)), encoding="utf-8")
    arguments = ("new.jsonl", "--answer", "answer.json", "--cite", "1", "--must", "3 euro", "--id", "price")
    assert crosscite("add", *arguments).stdout == "new.jsonl: added price\n"
    assert golden.load(Path("new.jsonl"))[0].evidence == ("Im Laden 1",)
    again = crosscite("add", *arguments)
    assert (again.exit_code, "the id stands 2 times" in again.stderr) == (2, True)


def test_a_question_that_ought_to_be_refused_becomes_an_item() -> None:
    assert crosscite("add", "new.jsonl", "What do apples cost in shop 99?", "--unanswerable").exit_code == 0
    (made,) = golden.load(Path("new.jsonl"))
    assert (made.kind, made.answerable, made.evidence) == ("unanswerable", False, ())


def test_an_item_that_would_measure_nothing_is_not_added() -> None:
    question = "What do apples cost in shop 7?"
    result = crosscite("add", "new.jsonl", question, "--evidence", "1", "--must", "apples")
    assert result.exit_code == 2
    assert "can be passed by repeating the question, which contains 'apples'" in result.stderr
    assert not Path("new.jsonl").exists()


def test_a_run_can_be_judged_by_a_golden_set_that_was_mended() -> None:
    wrong = [replace(one, must=(("70 euro",),)) for one in shops.items()[:3]]
    shops.golden_set(Path("wrong.jsonl"), wrong)
    assert "correct               0.00" in crosscite("wrong.jsonl").stdout
    assert "correct               1.00" in crosscite("report", "wrong.results.jsonl", "--golden", "shops.jsonl").stdout


def test_what_nobody_foresaw_ends_with_2_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(settings: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(wiring, "load_index", odd)
    result = crosscite("shops.jsonl")
    assert (result.exit_code, "ZeroDivisionError: odd" in result.stderr) == (2, True)


def test_help_names_the_commands() -> None:
    told = crosscite("--help").stdout
    assert "Exit codes: 0 holds, 1 worse, 2 could not run." in told


def test_help_has_a_line_for_each_form_of_the_command() -> None:
    lines = [line.strip() for line in crosscite("--help").stdout.splitlines()]
    assert "crosscite eval check GOLDEN               is the set sound?" in lines
    assert not any("\\b" in line for line in lines)
