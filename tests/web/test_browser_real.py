"""One conversation with the real models in a real browser: what must hold whatever the answers' words are."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from rag import language
from tests.web.browsing import HAS_FOCUS, IS_IN_VIEW, ask, classes, opened
from tests.web.conftest import running
from web.app import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from rag.chatbot import Chatbot

pytestmark = [pytest.mark.browser, pytest.mark.models]

PATIENCE_MS = 240_000
"""For one answer, on two cores that have other work besides."""

WATCH = """() => {
  window.seen = [];
  const shown = { source: ".source blockquote", draft: ".draft:not(:empty)", answer: ".answer-meta" };
  const look = () => {
    for (const [name, selector] of Object.entries(shown)) {
      if (!seen.includes(name) && document.querySelector(`.turn:last-child ${selector}`)) seen.push(name);
    }
  };
  const everything = { childList: true, subtree: true, characterData: true };
  new MutationObserver(look).observe(document.getElementById("turns"), everything);
}"""


def test_a_conversation_with_the_real_models(browser: Browser, real_bot: Chatbot) -> None:
    with running(create_app(lambda: real_bot)) as server, opened(browser, server) as page:
        page.locator("#documents li").nth(4).wait_for()
        page.evaluate(WATCH)
        first = asked(page, "Who founded DeepSeek, and in which year?")
        assert page.evaluate("seen") == ["source", "draft", "answer"]
        assert "Liang" in spoken(first)
        assert "2023" in spoken(first)
        check_answer(page, first, real_bot)

        second = asked(page, "And which university did he attend?")
        assert second.locator(".verdict").count() == 0
        check_answer(page, second, real_bot)

        third = asked(page, "Wie heißt die Hauptstadt der Mongolei?")
        assert third.locator(".verdict").inner_text() == "Not in the documents"
        message = third.locator(".refusal .message")
        assert (message.get_attribute("lang"), language.detect(message.inner_text())) == ("de", "de")
        assert third.locator(".sentence, .answer-text a").count() == 0
        assert third.get_by_role("listitem").count() > 0

        page.reload()
        page.locator(".answer-meta").nth(2).wait_for()
        assert page.locator(".turn").nth(0).locator(".answer-text .cite").count() > 0


def asked(page: Page, question: str) -> Locator:
    """Ask, wait for the whole answer, and return its turn."""
    number = page.locator(".turn").count()
    ask(page, question)
    turn = page.locator(".turn").nth(number)
    turn.locator(".answer-meta").wait_for(timeout=PATIENCE_MS)
    return turn


def spoken(turn: Locator) -> str:
    """The words of an answer without what stands around them."""
    return " ".join(turn.locator(".answer-text").evaluate(WORDS))


WORDS = """text => [...text.querySelectorAll(".sentence")].map((sentence) => {
  const copy = sentence.cloneNode(true);
  for (const mark of copy.querySelectorAll(".cite, .tag")) mark.remove();
  return copy.textContent;
})"""


def check_answer(page: Page, turn: Locator, bot: Chatbot) -> None:
    """An answer is in the language of its question, and each sentence leads to words that stand in a document."""
    assert turn.locator(".answer-text").get_attribute("lang") == "en"
    assert language.detect(spoken(turn), expected="en") == "en"
    for sentence in turn.locator(".sentence").all():
        assert "supported" in classes(sentence)
        assert sentence.locator(".cite").count() > 0
    for mark in turn.locator(".sentence .cite").all():
        check_source(page, turn, mark, bot)


def check_source(page: Page, turn: Locator, mark: Locator, bot: Chatbot) -> None:
    """A citation opens its document at exactly the words that its card quotes."""
    address = urlsplit(mark.get_attribute("href") or "")
    start, end = (int(parse_qs(address.query)[name][0]) for name in ("start", "end"))
    document = bot.index.document(unquote(address.path.removeprefix("/documents/").removesuffix("/view")))
    quote = document.text[start:end]
    assert quote.strip()
    card = turn.locator(f'.source[data-number="{mark.get_attribute("data-number")}"]')
    assert card.locator("blockquote").text_content() == quote
    assert card.locator("blockquote").get_attribute("lang") == document.language

    mark.click()
    page.get_by_role("complementary", name=document.title).wait_for()
    highlighted = page.locator("#reader mark")
    assert highlighted.text_content() == quote
    assert highlighted.evaluate(IS_IN_VIEW)
    assert page.locator("#reader-text").text_content() == document.text
    page.keyboard.press("Escape")
    assert mark.evaluate(HAS_FOCUS)
