"""From an answer to the words it rests on, in a real browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.web.browsing import HAS_FOCUS, IS_IN_VIEW, Stage, ask, chat, classes, violations, wait_for_answers
from tests.web.fakes import (
    ANSWER,
    DISPUTED,
    FAMILY,
    FIRST,
    FOUNDED,
    GERMAN,
    HANGZHOU,
    REFUSAL,
    SECOND,
    FakeChatbot,
    Hold,
    answered,
    citation,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_pointing_at_a_citation_marks_its_sentence_and_shows_the_quote_with_document_date_and_language(
    stage: Stage,
) -> None:
    with stage.page() as page:
        ask(page)
        wait_for_answers(page)
        mark = page.get_by_role("link", name="Source 1: China feiert DeepSeek")
        mark.hover()
        peek = page.get_by_role("tooltip")
        assert peek.inner_text().split("\n\n") == [FOUNDED.quote, "China feiert DeepSeek", "GermanJan 29, 2025"]
        assert peek.locator("blockquote").get_attribute("lang") == "de"
        assert mark.get_attribute("aria-describedby") == "peek"
        first, second = page.locator(".sentence").all()
        assert ("active" in classes(first), "active" in classes(second)) == (True, False)
        assert "active" in classes(page.locator(".source").first)

        # The pointer may move onto the quote, to read on; Escape puts it away where it stands.
        peek.hover()
        page.wait_for_timeout(400)
        assert peek.is_visible()
        page.keyboard.press("Escape")
        assert peek.is_hidden()
        page.get_by_role("link", name="Source 2").focus()
        assert "active" in classes(second)
        page.locator(".source").first.hover()
        assert ("active" in classes(first), "active" in classes(second)) == (True, False)


def test_a_citation_opens_its_document_beside_the_chat_at_the_highlighted_words(stage: Stage) -> None:
    with stage.page() as page:
        ask(page)
        wait_for_answers(page)
        quotes = page.get_by_role("list", name="Sources").locator("blockquote")
        assert [(quote.inner_text(), quote.get_attribute("lang")) for quote in quotes.all()] == [
            (FOUNDED.quote, "de"),
            (FAMILY.quote, "ja"),
        ]
        mark = page.get_by_role("link", name="Source 1: China feiert DeepSeek")
        mark.click()
        reader = page.get_by_role("complementary", name="China feiert DeepSeek")
        assert reader.locator("mark").inner_text() == FOUNDED.quote
        assert reader.locator("mark").evaluate(IS_IN_VIEW)
        assert "open" in classes(mark)
        page.keyboard.press("Escape")
        reader.wait_for(state="hidden")
        assert mark.evaluate(HAS_FOCUS)
        assert page.get_by_role("tooltip").count() == 0
        assert "open" not in classes(mark)


def test_an_open_document_shows_lightly_what_else_of_it_the_answer_rests_on(stage: Stage) -> None:
    both = (citation(1, GERMAN, FOUNDED.quote), citation(2, GERMAN, HANGZHOU))
    with stage.page(FakeChatbot(answered(replace(ANSWER, citations=both)))) as page:
        ask(page)
        wait_for_answers(page)
        for number, shown, beside in ((1, FOUNDED.quote, HANGZHOU), (2, HANGZHOU, FOUNDED.quote)):
            page.get_by_role("link", name=f"Source {number}").click()
            page.locator("#reader mark", has_text=shown).wait_for()
            assert page.locator("#reader .beside").all_inner_texts() == [beside]
            assert page.locator("#reader-text").text_content() == GERMAN.text
        assert violations(page) == []


def test_a_source_after_letters_beyond_the_basic_plane_is_highlighted_exactly(stage: Stage) -> None:
    with stage.page() as page:
        ask(page)
        page.get_by_role("link", name="Source 2").click()
        assert page.locator("#reader mark").inner_text() == FAMILY.quote
        href = page.get_by_role("link", name="Source 2").get_attribute("href")
        other = page.context.new_page()
        other.goto(f"{stage.server.url}{href}")
        assert other.locator("mark#cited").inner_text() == FAMILY.quote
        assert other.locator("mark#cited").evaluate(IS_IN_VIEW)


def test_a_source_deep_in_a_document_is_scrolled_to(stage: Stage) -> None:
    deep = replace(citation(1, GERMAN, "Füllsatz. "), start=4000, end=4009, quote=GERMAN.text[4000:4009])
    answer = replace(ANSWER, sentences=(FIRST,), citations=(deep,))
    with stage.page(FakeChatbot(answered(answer))) as page:
        ask(page)
        page.get_by_role("link", name="Source 1").click()
        page.locator("#reader mark").wait_for()
        assert page.locator("#reader mark").evaluate(IS_IN_VIEW)


def test_a_document_that_was_indexed_anew_is_read_anew_and_never_highlighted_wrongly(browser: Browser) -> None:
    moved = replace(GERMAN, text=GERMAN.text.replace("ANZEIGE", "WERBUNG UND MEHR"))
    moved_source = citation(1, moved, FOUNDED.quote)
    new = FakeChatbot(answered(replace(ANSWER, citations=(moved_source,), sentences=(FIRST,))), documents=[moved])
    old = FakeChatbot()
    with chat(browser, lambda: old, renew=lambda _: new) as (page, _server):
        ask(page)
        page.get_by_role("link", name="Source 1").click()
        assert page.locator("#reader mark").inner_text() == FOUNDED.quote
        page.keyboard.press("Escape")
        old.index.current = False
        ask(page)
        wait_for_answers(page, 2)
        page.get_by_role("link", name="Source 1").nth(1).click()
        page.get_by_text("WERBUNG UND MEHR").wait_for()
        assert page.locator("#reader mark").inner_text() == FOUNDED.quote
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Source 1").first.click()
        page.get_by_text("The document has changed since this answer").wait_for()
        page.get_by_text("WERBUNG UND MEHR").wait_for()
        assert page.locator("#reader mark").count() == 0


def test_a_document_that_says_otherwise_is_shown_right_below_the_answer_and_opens_at_its_words(stage: Stage) -> None:
    with stage.page(FakeChatbot(answered(DISPUTED))) as page:
        ask(page)
        wait_for_answers(page)
        others = page.get_by_role("list", name="Another document says otherwise")
        card = [line for line in others.get_by_role("listitem").inner_text().split("\n") if line]
        assert card == [
            f"Instead of {SECOND.text}", "≠", "China feiert DeepSeek", HANGZHOU, "GermanJan 29, 2025",
            "Translate into English",
        ]  # fmt: skip
        assert others.evaluate(IS_IN_VIEW)
        first, second = page.locator(".sentence").all()
        mark = second.get_by_role("link", name="Another document says otherwise: China feiert DeepSeek")
        assert first.get_by_role("link").count() == 1
        # It is no source of the answer, and neither counted nor listed as one.
        assert page.get_by_role("list", name="Sources").get_by_role("listitem").count() == 2
        assert "Backed by 2 quotes" in page.locator(".basis").inner_text()

        mark.hover()
        assert page.get_by_role("tooltip").inner_text().startswith(f"Another document says otherwise\n\n{HANGZHOU}")
        assert ("active" in classes(first), "active" in classes(second)) == (False, True)
        mark.click()
        assert page.locator("#reader mark").inner_text() == HANGZHOU
        assert "open" in classes(others.get_by_role("listitem"))
        page.keyboard.press("Escape")
        assert mark.evaluate(HAS_FOCUS)

        others.get_by_role("button", name="Translate into English").click()
        others.get_by_text(f"<en> {HANGZHOU}").wait_for()
        assert others.get_by_text("Machine translation, not checked").is_visible()
        page.reload()
        others.wait_for()


def test_what_other_documents_say_is_copied_too(stage: Stage) -> None:
    bot = FakeChatbot(answered(DISPUTED))
    with stage.page(bot, permissions=["clipboard-read", "clipboard-write"], locale="de") as page:
        page.get_by_role("textbox", name="Frage").fill("Wer?")
        page.keyboard.press("Enter")
        wait_for_answers(page)
        page.get_by_role("button", name="Antwort kopieren").click()
        page.get_by_text("Kopiert").wait_for()
        assert page.evaluate("navigator.clipboard.readText()").split("\n\n")[-1] == (
            f"≠ Ein anderes Dokument sagt es anders. Statt “{SECOND.text}”: “{HANGZHOU}” "
            "(China feiert DeepSeek, Deutsch, 29.01.2025; firmen/deepseek.txt, 55-83)"
        )


def test_a_foreign_quote_is_translated_on_demand_labelled_and_below_the_original(stage: Stage) -> None:
    bot = FakeChatbot()
    bot.translating = Hold()
    with stage.page(bot) as page:
        ask(page)
        wait_for_answers(page)
        card = page.locator(".source").first
        card.get_by_role("button", name="Translate into English").click()
        assert card.get_by_role("button", name="Translating").is_disabled()
        bot.translating.released.set()
        translation = card.get_by_role("status")
        translation.wait_for()
        assert translation.inner_text().split("\n\n") == [
            "Machine translation, not checked",
            "<en> Liang Wenfeng gründete DeepSeek im Jahr 2024.",
            "Not in the original: 2024",
        ]
        assert card.locator("blockquote").inner_text() == FOUNDED.quote
        assert translation.locator("p").nth(1).get_attribute("lang") == "en"
        assert page.locator("#reader").is_hidden()


def test_a_translation_that_cannot_be_had_says_why_and_can_be_asked_for_again(stage: Stage) -> None:
    bot = FakeChatbot()
    with stage.page(bot, errors=False) as page:
        ask(page)
        wait_for_answers(page)
        bot.index._documents.clear()
        card = page.locator(".source").first
        card.get_by_role("button", name="Translate into English").click()
        card.get_by_text("This document is no longer in the index.").wait_for()
        assert card.get_by_role("button", name="Translate into English").is_enabled()


def test_a_quote_in_the_language_of_the_question_needs_no_translation(stage: Stage) -> None:
    german = replace(ANSWER, language="de")
    with stage.page(FakeChatbot(answered(german))) as page:
        ask(page)
        wait_for_answers(page)
        assert [card.get_by_role("button").count() for card in page.locator(".source").all()] == [0, 1]
        assert page.get_by_role("button", name="Translate into German").is_visible()


def test_the_nearest_words_of_a_refusal_can_be_translated_and_opened_too(stage: Stage) -> None:
    with stage.page(FakeChatbot(answered(REFUSAL))) as page:
        ask(page)
        page.get_by_text("Not in the documents").wait_for()
        page.get_by_role("button", name="Translate into English").click()
        page.get_by_text(f"<en> {FAMILY.quote}").wait_for()
        page.locator(".source a").click()
        assert page.locator("#reader mark").inner_text() == FAMILY.quote
