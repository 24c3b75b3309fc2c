"""Conversations that stay in the browser: reload, rename, delete, copy, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rag.types import Event
from tests.web.browsing import HAS_FOCUS, Stage, ask, violations, wait_for_answers
from tests.web.conftest import eventually
from tests.web.fakes import ANSWER, FOUNDED, REFUSAL, FakeChatbot, Hold, answered

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

COPIED = """Liang Wenfeng founded DeepSeek in 2023. [1] Young engineers can live near their families. [2]

[1] “Liang Wenfeng gründete DeepSeek im Jahr 2023.” (China feiert DeepSeek, German, Jan 29, 2025; \
firmen/deepseek.txt, 9-54)

[2] “若い技術者は故郷で家族の近くに住める。” (中国の若手技術者, Japanese; 人材.txt, 8-27)"""


def listed(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Conversations").get_by_role("link")


def test_a_conversation_survives_a_reload_and_goes_on_where_it_was(stage: Stage) -> None:
    bot = FakeChatbot(answered(), answered(REFUSAL))
    with stage.page(bot) as page:
        ask(page)
        wait_for_answers(page)
        ask(page, "What is the capital of Mongolia?")
        wait_for_answers(page, 2)
        before = page.locator("#turns").inner_text()
        page.reload()
        wait_for_answers(page, 2)
        assert page.locator("#turns").inner_text() == before
        page.get_by_role("link", name="Source 1").click()
        assert page.locator("#reader mark").inner_text() == FOUNDED.quote
        page.keyboard.press("Escape")
        ask(page, "And when?")
        wait_for_answers(page, 3)
        assert [turn.content for turn in bot.questions[2].history if turn.role == "user"] == [
            "Who founded DeepSeek?",
            "What is the capital of Mongolia?",
        ]


def test_a_reload_in_the_middle_of_an_answer_frees_the_model_and_keeps_question_and_evidence(stage: Stage) -> None:
    hold = Hold()
    bot = FakeChatbot([Event("evidence", ANSWER.evidence), hold], answered())
    with stage.page(bot) as page:
        ask(page)
        assert hold.reached.wait(10)
        page.get_by_text(FOUNDED.quote).wait_for()
        page.reload()
        assert hold.cancelled.wait(10)
        eventually(lambda: bot.running == 0)
        page.get_by_text("The page was left before this answer was complete.").wait_for()
        assert page.get_by_role("heading", name="Who founded DeepSeek?").is_visible()
        assert page.get_by_role("list", name="Sources").get_by_text(FOUNDED.quote).is_visible()
        page.get_by_role("button", name="Ask again").click()
        wait_for_answers(page)
        assert page.locator(".turn").count() == 1


def test_a_question_that_was_not_asked_yet_survives_a_reload(stage: Stage) -> None:
    with stage.page() as page:
        page.get_by_role("textbox", name="Question").fill("Who fou")
        page.reload()
        assert page.get_by_role("textbox", name="Question").input_value() == "Who fou"


def test_conversations_are_listed_opened_and_left_with_the_back_button(stage: Stage) -> None:
    bot = FakeChatbot()
    with stage.page(bot) as page:
        assert page.get_by_role("complementary", name="Conversations").is_hidden()
        ask(page, "First?")
        wait_for_answers(page)
        page.get_by_role("button", name="New conversation").click()
        assert page.locator(".turn").count() == 0
        assert page.get_by_role("heading", name="What would you like to know?").is_visible()
        ask(page, "Second?")
        wait_for_answers(page)
        assert bot.questions[1].history == ()
        assert listed(page).all_inner_texts() == ["Second?", "First?"]
        listed(page).nth(1).click()
        page.get_by_role("heading", name="First?").wait_for()
        assert listed(page).nth(1).get_attribute("aria-current") == "page"
        page.go_back()
        page.get_by_role("heading", name="Second?").wait_for()


def test_many_conversations_are_found_by_what_was_asked_and_answered(stage: Stage) -> None:
    with stage.page(FakeChatbot(answered(REFUSAL), answered())) as page:
        ask(page, "What is the capital of Mongolia?")
        wait_for_answers(page)
        field = page.get_by_role("searchbox", name="Find a conversation")
        assert field.is_hidden()
        page.evaluate(
            """() => { for (let number = 1; number <= 7; number++) {
              const answer = { answer: `Answer ${number}.` };
              const conversation = { id: `old-${number}`, title: "", changed: number,
                turns: [{ question: `Question ${number}?`, answer }] };
              localStorage.setItem(`crosscite.conversation.old-${number}`, JSON.stringify(conversation));
            } }"""
        )
        page.reload()
        wait_for_answers(page)
        assert listed(page).count() == 8
        field.fill("MONGOLIA")
        assert listed(page).all_inner_texts() == ["What is the capital of Mongolia?"]
        field.fill("answer 3")
        assert listed(page).all_inner_texts() == ["Question 3?"]
        assert violations(page) == []
        field.fill("nowhere")
        assert listed(page).count() == 0
        assert page.get_by_text("No conversation has these words.").is_visible()


def test_an_answer_goes_on_while_another_conversation_is_looked_at(stage: Stage) -> None:
    hold = Hold()
    bot = FakeChatbot([Event("evidence", ANSWER.evidence), hold, *answered()[1:]], answered(REFUSAL))
    with stage.page(bot) as page:
        ask(page, "First?")
        assert hold.reached.wait(10)
        page.get_by_role("button", name="New conversation").click()
        assert page.get_by_role("button", name="Stop").is_hidden()
        hold.released.set()
        eventually(lambda: bot.running == 0)
        listed(page).first.click()
        wait_for_answers(page)
        page.reload()
        wait_for_answers(page)


def test_a_conversation_can_be_renamed(stage: Stage) -> None:
    with stage.page() as page:
        ask(page)
        wait_for_answers(page)
        page.get_by_role("button", name="Rename: Who founded DeepSeek?").click()
        title = page.get_by_role("textbox", name="Title of the conversation")
        assert (title.input_value(), title.evaluate(HAS_FOCUS)) == ("Who founded DeepSeek?", True)
        title.fill("Founders")
        title.press("Enter")
        assert listed(page).all_inner_texts() == ["Founders"]
        page.get_by_role("button", name="Rename: Founders").click()
        title.fill("Something else")
        title.press("Escape")
        page.reload()
        wait_for_answers(page)
        assert listed(page).all_inner_texts() == ["Founders"]


def test_a_deleted_conversation_is_gone_and_can_be_had_back_at_once(stage: Stage) -> None:
    with stage.page() as page:
        ask(page)
        wait_for_answers(page)
        page.get_by_role("button", name="Delete: Who founded DeepSeek?").click()
        assert listed(page).count() == 0
        assert page.locator(".turn").count() == 0
        assert page.evaluate("Object.keys(localStorage).length") == 0
        page.get_by_role("button", name="Undo").click()
        listed(page).click()
        wait_for_answers(page)
        page.get_by_role("button", name="Delete: Who founded DeepSeek?").click()
        page.reload()
        page.get_by_role("heading", name="What would you like to know?").wait_for()
        assert listed(page).count() == 0


def test_what_another_tab_does_shows_here(stage: Stage) -> None:
    with stage.page() as page:
        other = page.context.new_page()
        other.goto(stage.server.url)
        ask(other, "From the other tab?")
        wait_for_answers(other)
        page.bring_to_front()
        listed(page).get_by_text("From the other tab?").click()
        wait_for_answers(page)
        other.bring_to_front()
        ask(other, "And then?")
        wait_for_answers(other, 2)
        page.bring_to_front()
        page.get_by_role("heading", name="And then?").wait_for()


def asked_and_opened_twice(page: Page) -> Page:
    """Begin a conversation and open it in another tab too, which is returned."""
    ask(page)
    wait_for_answers(page)
    other = page.context.new_page()
    other.goto(page.url)
    wait_for_answers(other)
    return other


def test_a_conversation_deleted_in_another_tab_is_left_here_too_and_the_next_question_is_kept(stage: Stage) -> None:
    bot = FakeChatbot(answered(), answered(REFUSAL))
    with stage.page(bot) as page:
        other = asked_and_opened_twice(page)
        other.get_by_role("button", name="Delete: Who founded DeepSeek?").click()
        page.get_by_role("heading", name="What would you like to know?").wait_for()
        assert page.locator(".turn").count() == 0
        ask(page, "And then?")
        wait_for_answers(page)
        assert bot.questions[1].history == ()
        other.get_by_role("button", name="Undo").click()
        listed(page).nth(1).wait_for()
        assert listed(page).all_inner_texts() == ["And then?", "Who founded DeepSeek?"]
        page.reload()
        page.get_by_role("heading", name="And then?").wait_for()
        wait_for_answers(page)


def test_undo_does_not_take_away_what_was_answered_in_another_tab_meanwhile(stage: Stage) -> None:
    hold = Hold()
    bot = FakeChatbot(answered(), [Event("evidence", REFUSAL.evidence), hold, *answered(REFUSAL)[1:]])
    with stage.page(bot) as page:
        other = asked_and_opened_twice(page)
        ask(page, "And then?")
        assert hold.reached.wait(10)
        other.get_by_role("button", name="Delete: Who founded DeepSeek?").click()
        hold.released.set()
        wait_for_answers(page, 2)
        listed(other).first.wait_for()
        other.get_by_role("button", name="Undo").click()
        listed(other).click()
        other.get_by_role("heading", name="And then?").wait_for()
        page.reload()
        wait_for_answers(page, 2)


def test_what_is_stored_and_is_no_conversation_does_no_harm(stage: Stage) -> None:
    with stage.page() as page:
        page.evaluate(
            """() => { for (const [id, text] of [["a", "{"], ["b", "null"], ["c", '{"id": "c"}'], ["d", '[]']])
            localStorage.setItem(`crosscite.conversation.${id}`, text); }"""
        )
        page.goto(f"{stage.server.url}/#b")
        page.reload()
        ask(page)
        wait_for_answers(page)
        assert listed(page).count() == 1


def test_a_browser_without_room_says_so_and_goes_on(stage: Stage) -> None:
    with stage.page() as page:
        page.evaluate("localStorage.setItem('other', 'x'.repeat(5 * 1024 * 1024 - 100))")
        ask(page)
        wait_for_answers(page)
        assert page.get_by_text("This browser has no room for more conversations.").is_visible()


def test_an_answer_is_copied_with_its_citations(stage: Stage) -> None:
    with stage.page(permissions=["clipboard-read", "clipboard-write"]) as page:
        ask(page)
        wait_for_answers(page)
        page.get_by_role("button", name="Copy answer").click()
        page.get_by_text("Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == COPIED


def test_a_conversation_is_exported_as_markdown(stage: Stage, tmp_path: Path) -> None:
    with stage.page(FakeChatbot(answered(), answered(REFUSAL))) as page:
        ask(page)
        wait_for_answers(page)
        ask(page, "What is *the* [capital](x) of <b>Mongolia</b>?")
        wait_for_answers(page, 2)
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        assert download.value.suggested_filename == "crosscite-Who-founded-DeepSeek.md"
        download.value.save_as(tmp_path / "export.md")
    text = (tmp_path / "export.md").read_text("utf-8")
    assert text.startswith(
        "# Who founded DeepSeek?\n\n## Who founded DeepSeek?\n\nLiang Wenfeng founded DeepSeek in 2023. [1]"
    )
    assert "\n\n[1] “Liang Wenfeng gründete DeepSeek im Jahr 2023.” (China feiert DeepSeek, German," in text
    assert text.endswith(
        "## What is \\*the\\* \\[capital\\](x) of \\<b\\>Mongolia\\</b\\>?\n\nThe documents do not say this.\n"
    )
