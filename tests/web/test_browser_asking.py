"""Asking in a real browser: what shows when, what the keys do, and how to ask again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.types import Answer, AnswerSentence, Event, Timings
from tests.web.browsing import HAS_FOCUS, IS_IN_VIEW, Stage, ask, wait_for_answers
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
    Step,
    answered,
    citation,
    sentence_event,
)

pytestmark = pytest.mark.browser


def test_evidence_shows_before_the_first_word_and_each_sentence_turns_from_draft_to_verified(stage: Stage) -> None:
    before_first, before_second, before_answer = Hold(), Hold(), Hold()
    script: list[Step] = [
        Event("evidence", ANSWER.evidence),
        before_first,
        Event("token", FIRST.text + " Young eng"),
        before_second,
        Event("token", SECOND.text.removeprefix("Young eng")),
        sentence_event(ANSWER, 0),
        before_answer,
        sentence_event(ANSWER, 1),
        Event("answer", ANSWER),
    ]
    with stage.page(FakeChatbot(script)) as page:
        ask(page)
        sources = page.get_by_role("list", name="Sources")
        sources.get_by_text(FOUNDED.quote).wait_for()
        assert sources.get_by_role("listitem").count() == 2
        assert page.locator(".answer-text").inner_text() == ""

        before_first.released.set()
        page.get_by_text("Young eng").wait_for()
        assert page.locator(".draft").inner_text() == "Liang Wenfeng founded DeepSeek in 2023. Young eng"
        assert page.locator(".supported").count() == 0

        before_second.released.set()
        page.locator(".supported").wait_for()
        assert page.locator(".draft").inner_text().strip() == SECOND.text
        # The number leads to its source while the rest is still being written.
        live = page.get_by_role("link", name="Source 1: China feiert DeepSeek")
        assert page.locator(".supported .cite").inner_text() == "1"
        assert [card.inner_text() for card in sources.locator("blockquote").all()] == [FOUNDED.quote, FAMILY.quote]
        assert sources.locator(".candidate").count() == 1
        live.click()
        reader = page.get_by_role("complementary", name="China feiert DeepSeek")
        assert reader.locator("mark").inner_text() == FOUNDED.quote

        before_answer.released.set()
        page.get_by_text("Answered in 0.1 s").wait_for()
        assert page.locator(".draft").count() == 0
        assert page.locator(".answer-text").inner_text() == (
            "Liang Wenfeng founded DeepSeek in 2023.1 Young engineers can live near their families.2"
        )
        assert page.locator(".basis").inner_text() == "Backed by 2 quotes from 2 documents in German and Japanese"
        assert page.get_by_text("1 sentence left out, because no source supports it").is_visible()
        # What was opened while the answer came stays open.
        assert reader.locator("mark").inner_text() == FOUNDED.quote


def test_the_answer_decides_over_sentences_that_came_before_it(stage: Stage) -> None:
    hold = Hold()
    script: list[Step] = [
        Event("evidence", ANSWER.evidence),
        Event("token", f"{FIRST.text} {SECOND.text}"),
        sentence_event(ANSWER, 0),
        sentence_event(ANSWER, 1),
        hold,
        Event("answer", replace(REFUSAL, dropped=(FIRST.text, SECOND.text))),
    ]
    with stage.page(FakeChatbot(script)) as page:
        ask(page)
        page.get_by_role("link", name="Source 2").click()
        page.locator("#reader mark").wait_for()
        hold.released.set()
        page.get_by_text("Not in the documents").wait_for()
        assert page.locator(".sentence, .answer-text a, .source[data-number]").count() == 0
        assert page.get_by_text("2 sentences left out, because no source supports it").is_visible()
        # The document stays open, now as one of those that came nearest.
        assert page.locator("#reader mark").inner_text() == FAMILY.quote
        assert page.locator(".source.candidate.open").count() == 1
        page.keyboard.press("Escape")
        assert page.locator("#reader").is_hidden()


def test_a_refusal_does_not_look_like_an_answer(stage: Stage) -> None:
    with stage.page(FakeChatbot(answered(REFUSAL))) as page:
        ask(page, "What is the capital of Mongolia?")
        page.get_by_text("Not in the documents").wait_for()
        assert page.locator(".refusal .message").inner_text() == "The documents do not say this."
        assert page.locator(".sentence, .basis").count() == 0
        assert page.get_by_role("heading", name="Nearest in the documents").is_visible()


def test_an_unsupported_sentence_and_a_quoted_one_are_labelled(stage: Stage) -> None:
    unsupported = AnswerSentence("It has 140 researchers.", (), False)
    quoted = AnswerSentence(FOUNDED.quote, (1,), True, quoted=True)
    answer = Answer(
        "How many?", "en", True, f"{unsupported.text} {quoted.text} [1]", None, (unsupported, quoted),
        (citation(1, GERMAN, FOUNDED.quote),), (FOUNDED,), (), "fake", Timings(),
    )  # fmt: skip
    with stage.page(FakeChatbot(answered(answer))) as page:
        ask(page)
        wait_for_answers(page)
        first, second = page.locator(".sentence").all()
        assert "not found in the sources" in first.inner_text()
        assert "source's own words" in second.inner_text()
        assert second.locator("[lang=de]").first.inner_text() in FOUNDED.quote
        assert page.locator(".basis").inner_text() == "What is marked as not found rests on no source."


def test_stop_ends_the_generation_and_the_question_can_be_asked_again_in_its_place(stage: Stage) -> None:
    hold = Hold()
    bot = FakeChatbot([Event("evidence", ANSWER.evidence), Event("token", "Liang"), hold], answered())
    with stage.page(bot) as page:
        ask(page)
        page.get_by_text("Liang").first.wait_for()
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Stopped.").wait_for()
        assert page.locator(".draft").count() == 0
        assert hold.cancelled.wait(10)
        page.get_by_role("button", name="Ask again").click()
        wait_for_answers(page)
        assert page.locator(".turn").count() == 1
        assert page.get_by_text("Stopped.").count() == 0


def test_enter_asks_shift_enter_starts_a_line_escape_stops_and_the_field_keeps_the_focus(stage: Stage) -> None:
    hold = Hold()
    bot = FakeChatbot([hold], answered())
    with stage.page(bot) as page:
        field = page.get_by_role("textbox", name="Question")
        assert field.evaluate(HAS_FOCUS)
        field.press("Enter")
        field.press_sequentially("Who")
        field.press("Shift+Enter")
        field.press_sequentially("founded it?")
        field.press("Enter")
        assert hold.reached.wait(10)
        assert [question.text for question in bot.questions] == ["Who\nfounded it?"]
        assert (field.input_value(), field.evaluate(HAS_FOCUS)) == ("", True)
        page.keyboard.type("And next?")
        page.keyboard.press("Enter")
        assert field.input_value() == "And next?"
        page.keyboard.press("Escape")
        page.get_by_text("Stopped.").wait_for()
        assert hold.cancelled.wait(10)
        assert (field.input_value(), field.evaluate(HAS_FOCUS)) == ("And next?", True)


def test_enter_that_ends_a_word_of_an_input_method_does_not_ask(stage: Stage) -> None:
    with stage.page() as page:
        field = page.get_by_role("textbox", name="Question")
        field.fill("だれが")
        field.evaluate("""field => field.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }))""")
        assert (field.input_value(), page.locator(".turn").count()) == ("だれが", 0)


def test_a_follow_up_sends_the_turns_before_it_without_citation_numbers(stage: Stage) -> None:
    bot = FakeChatbot()
    with stage.page(bot) as page:
        ask(page)
        wait_for_answers(page)
        ask(page, "And when?")
        wait_for_answers(page, 2)
        assert page.get_by_role("heading", name="And when?").evaluate(IS_IN_VIEW)
        assert [(turn.role, turn.content) for turn in bot.questions[1].history] == [
            ("user", "Who founded DeepSeek?"),
            ("assistant", "Liang Wenfeng founded DeepSeek in 2023. Young engineers can live near their families."),
        ]


def test_asking_again_replaces_the_answer_and_sends_only_what_came_before_it(stage: Stage) -> None:
    bot = FakeChatbot(answered(), answered(), answered(REFUSAL))
    with stage.page(bot) as page:
        ask(page)
        wait_for_answers(page)
        ask(page, "And when?")
        wait_for_answers(page, 2)
        page.get_by_role("button", name="Ask again").first.click()
        page.locator(".turn").first.get_by_text("Not in the documents").wait_for()
        assert [question.text for question in bot.questions][2] == "Who founded DeepSeek?"
        assert bot.questions[2].history == ()
        assert page.locator(".question").all_inner_texts() == ["Who founded DeepSeek?", "And when?"]


def test_an_answer_from_memory_says_so_and_asking_again_brings_a_new_one(stage: Stage) -> None:
    bot = FakeChatbot(answered(replace(ANSWER, cached=True)), answered())
    with stage.page(bot) as page:
        ask(page)
        wait_for_answers(page)
        assert page.locator(".answer-meta span").all_inner_texts() == [
            "Answered before; ask again for a new answer",
            "fake-1b",
        ]
        page.get_by_role("button", name="Ask again").click()
        page.get_by_text("Answered before").wait_for(state="detached")
        wait_for_answers(page)
        assert [question.fresh for question in bot.questions] == [False, True]


def test_an_edited_question_takes_the_place_of_the_old_one_and_of_what_followed(stage: Stage) -> None:
    bot = FakeChatbot()
    with stage.page(bot) as page:
        field = page.get_by_role("textbox", name="Question")
        for number, question in enumerate(("Who founded it?", "When?", "Where?"), 1):
            ask(page, question)
            wait_for_answers(page, number)
        page.get_by_role("button", name="Edit question").nth(1).click()
        assert (field.input_value(), field.evaluate(HAS_FOCUS)) == ("When?", True)
        assert page.get_by_text("the 1 after it is removed").is_visible()
        page.keyboard.press("Escape")
        assert (field.input_value(), page.locator("#editing").is_hidden()) == ("", True)
        assert page.locator(".turn").count() == 3

        page.get_by_role("button", name="Edit question").nth(1).click()
        field.fill("In which year?")
        field.press("Enter")
        page.get_by_role("heading", name="In which year?").wait_for()
        wait_for_answers(page, 2)
        assert page.locator(".question").all_inner_texts() == ["Who founded it?", "In which year?"]
        assert [turn.content for turn in bot.questions[3].history if turn.role == "user"] == ["Who founded it?"]


def test_everything_can_be_done_with_the_keyboard(stage: Stage) -> None:
    with stage.page() as page:
        page.keyboard.type("Who founded DeepSeek?")
        page.keyboard.press("Enter")
        wait_for_answers(page)
        _tab_to(page, "a.cite")
        assert page.get_by_role("tooltip").get_by_text(FAMILY.quote).is_visible()
        page.keyboard.press("Enter")
        page.locator("#reader mark").wait_for()
        assert page.evaluate("document.activeElement.id") == "reader"
        page.keyboard.press("Escape")
        assert "cite" in page.evaluate("document.activeElement.className")
        for selector in (".icon-edit", ".icon-copy", ".icon-rename", "#export", "#new", ".source button", "#question"):
            page.locator("#question").focus()
            _tab_to(page, selector)


def test_the_keyboard_reaches_what_another_document_says(stage: Stage) -> None:
    with stage.page(FakeChatbot(answered(DISPUTED))) as page:
        ask(page)
        wait_for_answers(page)
        _tab_to(page, ".otherwise a")
        _tab_to(page, "a.cite.differs")
        assert page.get_by_role("tooltip").get_by_text(HANGZHOU).is_visible()
        page.keyboard.press("Enter")
        page.locator("#reader mark", has_text=HANGZHOU).wait_for()
        page.keyboard.press("Escape")
        assert page.locator("a.cite.differs").evaluate(HAS_FOCUS)


def _tab_to(page: object, selector: str) -> None:
    """Go back with Shift+Tab until an element has the focus and shows it."""
    for _ in range(40):
        page.keyboard.press("Shift+Tab")  # type: ignore[attr-defined]
        found = page.evaluate(  # type: ignore[attr-defined]
            "selector => document.activeElement.matches(selector) && document.activeElement.matches(':focus-visible')",
            selector,
        )
        if found:
            return
    pytest.fail(f"the keyboard does not reach {selector}")
