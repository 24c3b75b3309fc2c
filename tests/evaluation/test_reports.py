"""What each report tells, and that what documents and models say cannot become markup in it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from rag.evaluation import comparing, gates
from rag.evaluation.gates import Gates
from rag.evaluation.reports import Report, data, junit, markdown, page, terminal
from rag.evaluation.results import Run
from tests.evaluation.made import ANSWER, answer, item, judged, refused
from tests.web.conftest import BROWSER_ARGUMENTS

EVIL = "<script>alert(1)</script> | **@everyone** ](http://evil.example) \x1b"


def report(*, baseline: bool = True, held: Gates | None = None) -> Report:
    held = held or Gates(at_least={"correct": 0.9}, not_worse={"correct": 0.0})
    unanswerable = item("none", answerable=False, question="Who sells cherries?")
    before = [judged(item("a")), judged(item("b", question="What are apples?")), judged(unanswerable, refused())]
    after = [
        judged(item("a"), refused()),
        judged(item("b", question="What are apples?"), answer(f"{EVIL} 3 euro")),
        judged(unanswerable, ANSWER),
        judged(item("broken"), None, error="ServerError: it is gone", ranking=None),
    ]
    run = Run({"mode": "answers", "llm": "fake-llm"}, tuple(one.row for one in after), "2026-01-02T03:04:05+00:00")
    comparison = comparing.compare(before, after, ({"llm": "old"}, run.conditions)) if baseline else None
    return Report("apples", run, tuple(after), gates.judge(held, run, after, comparison), comparison)


def test_the_terminal_shows_what_is_wrong_what_moved_and_the_gates() -> None:
    told = terminal.text(report())
    assert "a [refused]: What do apples cost?\n    I did not find" in told
    assert "broken [failed to run: ServerError: it is gone]: What do apples cost?" in told
    assert "correct               0.33  (1/3; 95 %: 0.06-0.79)" in told
    assert "correct              1.00 → 0.50  -0.50 (-1.00 to +0.00)  1 worse, 0 better (p = 0.5)" in told
    assert "worse: a: What do apples cost?\n  - Apples cost 3 euro at the market. [1]\n  + I did not find" in told
    assert "Differs: llm: old → fake-llm" in told
    assert "FAILS  correct at least 0.9  0.333, must be at least 0.9" in told
    assert "underpowered: 2 questions cannot show any drop" in told
    assert told.endswith("\n\nWORSE: correct")


def test_without_a_baseline_it_tells_the_measures_only() -> None:
    told = terminal.text(report(baseline=False, held=Gates()))
    assert "baseline" not in told
    assert told.endswith("COULD NOT RUN: 1 questions failed")


def test_junit_fails_where_a_gate_fails_and_nowhere_else() -> None:
    suites = Xml.fromstring(junit.text(report()))
    counts = {suite.get("name"): (suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in suites}
    assert counts == {"gates": ("2", "1", "0"), "questions": ("4", "0", "1")}
    failure = suites.find("./testsuite[@name='gates']/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "0.333, must be at least 0.9"
    said = {
        str(case.get("name")).split(":")[0]: [
            (child.tag, child.get("message")) for child in case if child.tag != "system-out"
        ]
        for case in suites.iter("testcase")
        if case.get("classname") == "crosscite.questions"
    }
    assert said["a"] == [("skipped", "refused")]
    assert said["broken"] == [("error", "ServerError: it is gone")]
    assert said["none"][0][0] == "skipped"


def test_markdown_can_be_found_again_and_holds_no_markup_of_others() -> None:
    told = markdown.text(report())
    assert told.startswith("<!-- crosscite eval -->\n## ❌ crosscite eval: WORSE: correct")
    assert "<script>" not in told
    assert "@everyone" not in told
    assert "](http" not in told.replace("\\]", "")
    assert "| correct | 1.00 | 0.50 | -0.50 (-1.00 to +0.00) | 1 worse, 0 better (p = 0.5) |" in told
    assert "**a**: What do apples cost? (refused)" in told


def test_json_has_every_figure() -> None:
    told = json.loads(json.dumps(data.as_fields(report())))
    assert (told["verdict"], told["exit_code"], told["failed"]) == ("WORSE: correct", 1, ["broken"])
    assert told["measures"]["all"]["false_answer"] == {"value": 1.0, "sum": 1.0, "of": 1.0}
    assert told["measures"]["pair=en-de"]["recall@10"] == {"value": 1.0, "sum": 2.0, "of": 2.0}
    correct = next(change for change in told["changes"] if (change["measure"], change["slice"]) == ("correct", "all"))
    assert (correct["before"], correct["after"], correct["worse"], correct["underpowered"]) == (1.0, 0.5, 1, True)
    assert told["changed_items"][0] == {"id": "a", "verdict": "worse"}


def test_the_page_stands_alone_and_holds_no_markup_of_others() -> None:
    told = page.text(report())
    assert "<script" not in told
    assert "&lt;script&gt;alert(1)" in told
    assert "http://" not in told.replace("http://evil.example", "")
    assert "default-src &#39;none&#39;" in told or "default-src 'none'" in told
    assert "kosten <mark>3 Euro</mark>." in told


@pytest.mark.parametrize("baseline", [True, False])
def test_the_page_can_be_made_of_retrieval_alone(baseline: bool) -> None:
    run = [judged(item("a"), None), judged(item("b", question="What are apples?"), None)]
    made = Run({"mode": "retrieval"}, tuple(one.row for one in run))
    comparison = comparing.compare(run, run) if baseline else None
    told = page.text(Report("apples", made, tuple(run), gates.judge(Gates(), made, run, comparison), comparison))
    assert "retrieval only" in told


def test_words_are_marked_whatever_their_white_space() -> None:
    assert page._marked("Äpfel\nkosten 3 EURO & mehr", ["kosten 3 Euro"]) == (
        "Äpfel\n<mark>kosten 3 EURO</mark> &amp; mehr"
    )


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(page.text(report()), encoding="utf-8")
    return path


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_window_and_asks_nobody(chromium: str, written: Path, width: int, scheme: str) -> None:
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        opened = context.new_page()
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(written.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.get_by_role("heading", name="WORSE: correct").is_visible()
        assert opened.locator("mark", has_text="3 Euro").first.is_visible()
        paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == {"light": "rgb(250, 248, 244)", "dark": "rgb(23, 22, 20)"}[scheme]
        browser.close()
    assert (complaints, asked) == ([], [written.as_uri()])
