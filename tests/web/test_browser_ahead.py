"""Typing in a real browser: the server begins before Ask is pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.types import Question, Turn
from tests.web.browsing import Stage, ask, opened, wait_for_answers
from tests.web.conftest import eventually, running
from tests.web.fakes import ANSWER, FakeChatbot, Hold
from web.app import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

ENGLISH = ("en",)
"""What the browser of the tests says that its user reads."""


def field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Question")


def test_typing_prepares_for_the_question_and_asking_stops_that(stage: Stage) -> None:
    bot = FakeChatbot()
    begun = Hold()
    bot.preparing = [begun]
    with stage.page(bot) as page:
        field(page).press_sequentially("Who ")
        assert begun.reached.wait(10)
        assert "Who".startswith(bot.prepared[0].text)
        field(page).press_sequentially("founded DeepSeek?")
        eventually(lambda: bot.prepared[-1] == Question("Who founded DeepSeek?", spoken=ENGLISH))
        assert begun.cancelled.is_set()
        assert bot.questions == []

        bot.preparing = [begun := Hold()]
        field(page).press_sequentially(" And")
        eventually(begun.reached.is_set)
        page.keyboard.press("Enter")
        wait_for_answers(page)
        assert begun.cancelled.is_set()
        assert [question.text for question in bot.questions] == ["Who founded DeepSeek? And"]


def test_a_follow_up_is_prepared_for_with_what_was_said_before(stage: Stage) -> None:
    holding = Hold()
    bot = FakeChatbot([holding, *FakeChatbot().scripts[0]])
    with stage.page(bot) as page:
        ask(page)
        assert holding.reached.wait(10)
        # While the answer comes there is nothing to follow; as soon as it is there, what stands there is sent.
        field(page).press_sequentially("And when?")
        page.wait_for_timeout(500)
        assert [question.text for question in bot.prepared if question.text.startswith("And")] == []
        holding.released.set()
        wait_for_answers(page)
        spoken = " ".join(sentence.text for sentence in ANSWER.sentences)
        history = (Turn("user", "Who founded DeepSeek?"), Turn("assistant", spoken))
        followed = Question("And when?", history, spoken=ENGLISH)
        eventually(lambda: bot.prepared and bot.prepared[-1] == followed)


def test_nothing_is_sent_where_it_is_switched_off(browser: Browser) -> None:
    sent: list[str] = []
    with running(create_app(FakeChatbot, ahead=False)) as server, opened(browser, server) as page:
        page.on("request", lambda request: sent.append(request.url))
        field(page).press_sequentially("Who founded DeepSeek?")
        page.keyboard.press("Enter")
        wait_for_answers(page)
    assert [url for url in sent if url.endswith("/prepare")] == []
