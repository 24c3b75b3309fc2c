"""Typing as the chat page sends it, and what is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.bench import typed
from rag.bench.typed import Waited
from rag.evaluation.golden import load
from tests.web.conftest import eventually, running
from tests.web.fakes import ANSWER, REFUSAL, FakeChatbot, answered
from web.app import create_app

QUESTIONS = """\
{"id": "who", "kind": "fact", "lang": "en", "question": "Who founded it?", "answerable": true}
{"id": "when", "kind": "follow-up", "lang": "en", "question": "And when?", "answerable": false,
 "history": [{"role": "user", "content": "Who founded it?"}, {"role": "assistant", "content": "Liang Wenfeng."}]}
"""


@pytest.mark.parametrize(
    ("text", "seconds", "sent"),
    [
        (
            "Who is it?",
            0.25,
            [(0.6, "Wh"), (1.0, "Who"), (1.6, "Who is"), (2.35, "Who is it"), (2.5, "Who is it?")],
        ),
        ("Who is", 0.25, [(0.6, "Wh"), (1.0, "Who"), (1.6, "Who is")]),
        ("Who is", 0.1, [(0.4, "Who")]),  # Enter comes before the last word has waited long enough
        ("Wo?", 0.5, [(0.85, "W"), (1.35, "Wo"), (1.5, "Wo?")]),
        ("彼は東京で何？", 0.25, [(0.5, "彼は"), (1.25, "彼は東京で"), (1.75, "彼は東京で何？")]),
    ],
)
def test_what_is_typed_is_sent_after_every_word_and_some_times_within_one(
    text: str, seconds: float, sent: list[tuple[float, str]]
) -> None:
    assert [(pytest.approx(at), words) for at, words in typed.schedule(text, seconds)] == sent


def test_the_pause_is_that_of_the_page() -> None:
    script = Path(typed.__file__).parents[2] / "web" / "static" / "js" / "ahead.js"
    assert f"const PAUSE_MS = {typed.PAUSE_SECONDS * 1000:.0f};" in script.read_text(encoding="utf-8")


def test_questions_are_typed_and_asked_at_a_server(tmp_path: Path) -> None:
    golden = tmp_path / "golden.jsonl"
    golden.write_text(QUESTIONS.replace(",\n ", ", "), encoding="utf-8")
    bot = FakeChatbot(answered(ANSWER), answered(REFUSAL))
    with running(create_app(lambda: bot)) as server:
        eventually(lambda: server.app.state.loader.state == "ready")
        who, when = typed.measure(server.url, load(golden), words_a_minute=2000)
    assert [question.text for question in bot.questions] == ["Who founded it?", "And when?"]
    assert all(any(asked.text.startswith(p.text) for asked in bot.questions) for p in bot.prepared)
    assert {len(question.history) for question in bot.prepared if question.text.startswith("And")} == {2}
    assert who.first is not None
    assert who.evidence <= who.first <= who.whole
    assert (who.answered, who.something) == (True, who.first)
    assert (when.answered, when.something) == (False, when.whole)


def test_nothing_is_sent_before_enter_where_that_is_wanted(tmp_path: Path) -> None:
    golden = tmp_path / "golden.jsonl"
    golden.write_text(QUESTIONS.partition("\n")[0], encoding="utf-8")
    bot = FakeChatbot()
    with running(create_app(lambda: bot)) as server:
        eventually(lambda: server.app.state.loader.state == "ready")
        typed.measure(server.url, load(golden), words_a_minute=2000, ahead=False)
    assert (len(bot.questions), bot.prepared) == (1, [])


def test_the_table_has_medians_percentiles_and_how_many_were_quick() -> None:
    waited = [Waited(str(number), 0.1, number / 10, 2.0, True) for number in range(1, 20)]
    waited.append(Waited("refused", 0.1, None, 3.0, False))
    assert typed.table(waited).splitlines() == [
        "seconds from Enter     median     95th   <= 1.0 s",
        "evidence                 0.10     0.10      20/20",
        "first word               1.00     1.90      10/19",
        "something to read        1.05     1.90      10/20",
        "whole answer             2.00     2.00       0/20",
    ]
