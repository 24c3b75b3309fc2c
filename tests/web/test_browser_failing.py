"""Waiting and failing in a real browser: each case says what it is and offers a way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.errors import IndexMissing, QueueFull
from rag.types import Event
from tests.web.browsing import Stage, ask, chat, wait_for_answers
from tests.web.conftest import running
from tests.web.fakes import ANSWER, FOUNDED, FakeChatbot, Hold, answered
from web.app import create_app
from web.loading import ChatbotLike

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_the_page_opens_while_models_load_and_asks_when_they_are_there(browser: Browser) -> None:
    hold = Hold()

    def load() -> ChatbotLike:
        hold.released.wait(10)
        return FakeChatbot()

    with chat(browser, load, errors=False) as (page, _server):
        page.get_by_text("The models are loading.").wait_for()
        assert page.evaluate("performance.getEntriesByName('first-contentful-paint').length") == 1
        ask(page)
        page.get_by_text("Your question goes out as soon as they are ready.").wait_for()
        hold.released.set()
        wait_for_answers(page)
        assert page.locator("#readiness").is_hidden()


def test_a_missing_index_is_said_with_its_command_until_there_is_one(browser: Browser) -> None:
    hold = Hold()

    def load() -> ChatbotLike:
        if not hold.released.is_set():
            raise IndexMissing("No index in index/. Run: crosscite index seeds")
        return FakeChatbot()

    with chat(browser, load, errors=False, locale="de") as (page, _server):
        page.get_by_text("Es gibt noch keinen Index").wait_for()
        assert page.get_by_text("Run: crosscite index seeds").get_attribute("lang") == "en"
        hold.released.set()
        page.get_by_role("heading", name="2 Dokumente").wait_for()
        assert page.locator("#readiness").is_hidden()


def test_the_place_in_the_queue_is_said(stage: Stage) -> None:
    hold = Hold()
    bot = FakeChatbot([hold, *answered()], answered())
    with stage.page(bot) as page:
        ask(page, "First?")
        assert hold.reached.wait(10)
        page.get_by_role("button", name="New conversation").click()
        ask(page, "Second?")
        page.get_by_text("1 question is answered before yours.").wait_for()
        hold.released.set()
        wait_for_answers(page)


def test_a_long_wait_is_counted_and_then_explained(stage: Stage) -> None:
    hold = Hold()
    with stage.page(FakeChatbot([Event("evidence", ANSWER.evidence), hold, *answered()[1:]])) as page:
        page.clock.install()
        ask(page)
        page.get_by_text("Reading the sources").wait_for()
        page.clock.run_for(8_000)
        assert page.locator(".status .seconds").inner_text() == "8 s"
        page.clock.run_for(8_000)
        assert page.get_by_text("This machine is slow or busy").is_visible()
        hold.released.set()
        wait_for_answers(page)
        assert page.get_by_text("This machine is slow or busy").count() == 0


def test_a_broken_answer_says_so_and_offers_another_try(stage: Stage) -> None:
    bot = FakeChatbot([Event("evidence", ANSWER.evidence), Event("token", "Liang"), RuntimeError("x")], answered())
    with stage.page(bot) as page:
        ask(page)
        page.get_by_text("Something went wrong in crosscite. Its log has the details.").wait_for()
        assert page.locator(".draft").count() == 0
        assert page.get_by_text(FOUNDED.quote).is_visible()
        page.get_by_role("button", name="Ask again").click()
        wait_for_answers(page)


def test_a_full_queue_says_when_to_ask_again(stage: Stage) -> None:
    with stage.page(FakeChatbot([QueueFull("full", 7)], answered())) as page:
        ask(page)
        page.get_by_text("Too many questions are waiting.").wait_for()
        page.get_by_role("button", name="Ask again").click()
        wait_for_answers(page)


def test_a_server_that_stops_and_comes_back_is_noticed_and_nothing_is_lost(browser: Browser) -> None:
    hold = Hold()
    with chat(browser, lambda: FakeChatbot([hold]), errors=False) as (page, server):
        ask(page)
        assert hold.reached.wait(10)
        server.stop()
        page.get_by_text("crosscite is stopping.").wait_for()
        page.get_by_text("The connection to crosscite was lost.").wait_for()
        with running(create_app(FakeChatbot), port=int(server.url.rpartition(":")[2])):
            page.locator("#readiness").wait_for(state="hidden")
            page.get_by_role("button", name="Ask again").click()
            wait_for_answers(page)


def test_without_a_server_what_is_on_the_page_stays_and_a_question_is_kept(browser: Browser) -> None:
    with chat(browser, FakeChatbot, errors=False) as (page, server):
        ask(page)
        wait_for_answers(page)
        server.stop()
        ask(page, "And when?")
        page.locator(".failure").get_by_text("The connection to crosscite was lost.").wait_for()
        assert page.get_by_role("heading", name="And when?").is_visible()
        assert page.get_by_text(FOUNDED.quote).is_visible()
        page.get_by_role("link", name="Source 1").first.click()
        page.locator("#reader-status").get_by_text("The connection to crosscite was lost.").wait_for()
        page.keyboard.press("Escape")
