"""The chat in a real browser, against a real server with a chatbot that follows a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from rag.errors import IndexMissing
from rag.types import Answer, AnswerSentence, Event, Timings
from tests.web.conftest import Running, eventually, running
from tests.web.fakes import (
    ANSWER,
    FAMILY,
    FIRST,
    FOUNDED,
    GERMAN,
    HOSTILE,
    JAPANESE,
    REFUSAL,
    SECOND,
    FakeChatbot,
    FakeIndex,
    Hold,
    Step,
    answered,
    citation,
    evidence,
    sentence_event,
)
from web.app import create_app
from web.loading import ChatbotLike

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
TIMEOUT_MS = 10_000


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def chat(
    browser: Browser, load: Any, *, errors: bool = True, renew: Any = None, **context: Any
) -> Iterator[tuple[Page, Running]]:
    """A chat page; fails when the console shows an error (a violated policy is one) or a request leaves."""
    complaints: list[str] = []
    app = create_app(load, renew=renew, retry_seconds=0.05)
    with running(app) as server:
        opened = browser.new_context(**context)
        opened.set_default_timeout(TIMEOUT_MS)
        page = opened.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(server.url) else complaints.append(request.url),
        )
        page.goto(server.url)
        yield page, server
        assert page.title() == "crosscite"
        opened.close()
    # The browser itself logs every response with an error status.
    unexpected = [text for text in complaints if errors or not text.startswith("Failed to load resource")]
    assert unexpected == []


def asked(page: Page, question: str = "Who founded DeepSeek?") -> None:
    page.get_by_role("textbox", name="Question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def test_a_question_is_answered_and_its_citation_opens_the_source_at_the_cited_words(browser: Browser) -> None:
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
    bot = FakeChatbot(script)
    with chat(browser, lambda: bot) as (page, _server):
        asked(page)
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
        assert page.get_by_text("1 sentence left out, because no source supports it").is_visible()
        quotes = sources.locator("blockquote")
        assert [(quote.inner_text(), quote.get_attribute("lang")) for quote in quotes.all()] == [
            (FOUNDED.quote, "de"),
            (FAMILY.quote, "ja"),
        ]

        # What was opened while the answer came stays open, and its new number stands for it.
        mark = page.get_by_role("link", name="Source 1: China feiert DeepSeek")
        assert reader.locator("mark").inner_text() == FOUNDED.quote
        assert "open" in (mark.get_attribute("class") or "").split()
        page.keyboard.press("Escape")
        reader.wait_for(state="hidden")
        assert mark.evaluate("element => document.activeElement === element")
        assert "open" not in (mark.get_attribute("class") or "").split()

        mark.focus()
        assert "active" in (sources.get_by_role("listitem").nth(0).get_attribute("class") or "")
        mark.click()
        assert reader.locator("mark").inner_text() == FOUNDED.quote
        assert reader.locator("mark").evaluate(IS_IN_VIEW)
        page.keyboard.press("Escape")
        reader.wait_for(state="hidden")
        assert mark.evaluate("element => document.activeElement === element")


IS_IN_VIEW = """mark => {
  const box = mark.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
}"""


def test_the_answer_decides_over_sentences_that_came_before_it(browser: Browser) -> None:
    hold = Hold()
    script = [
        Event("evidence", ANSWER.evidence),
        Event("token", f"{FIRST.text} {SECOND.text}"),
        sentence_event(ANSWER, 0),
        sentence_event(ANSWER, 1),
        hold,
        Event("answer", replace(REFUSAL, dropped=(FIRST.text, SECOND.text))),
    ]
    with chat(browser, lambda: FakeChatbot(script)) as (page, _server):
        asked(page)
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


def test_a_source_after_letters_beyond_the_basic_plane_is_highlighted_exactly(browser: Browser) -> None:
    with chat(browser, FakeChatbot) as (page, server):
        asked(page)
        page.get_by_role("link", name="Source 2").click()
        assert page.locator("#reader mark").inner_text() == FAMILY.quote
        href = page.get_by_role("link", name="Source 2").get_attribute("href")
        other = page.context.new_page()
        other.goto(f"{server.url}{href}")
        assert other.locator("mark#cited").inner_text() == FAMILY.quote
        assert other.locator("mark#cited").evaluate(IS_IN_VIEW)


def test_a_document_that_was_indexed_anew_is_read_anew_and_never_highlighted_wrongly(browser: Browser) -> None:
    moved = replace(GERMAN, text=GERMAN.text.replace("ANZEIGE", "WERBUNG UND MEHR"))
    moved_source = citation(1, moved, FOUNDED.quote)
    new = FakeChatbot(answered(replace(ANSWER, citations=(moved_source,), sentences=(FIRST,))), documents=[moved])
    old = FakeChatbot()
    with chat(browser, lambda: old, renew=lambda _: new) as (page, _server):
        asked(page)
        page.get_by_role("link", name="Source 1").click()
        assert page.locator("#reader mark").inner_text() == FOUNDED.quote
        page.keyboard.press("Escape")
        old.index.current = False
        asked(page)
        page.get_by_text("Answered in").nth(1).wait_for()
        page.get_by_role("link", name="Source 1").nth(1).click()
        page.get_by_text("WERBUNG UND MEHR").wait_for()
        assert page.locator("#reader mark").inner_text() == FOUNDED.quote
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Source 1").first.click()
        page.get_by_text("The document has changed since this answer").wait_for()
        page.get_by_text("WERBUNG UND MEHR").wait_for()
        assert page.locator("#reader mark").count() == 0


def test_a_source_deep_in_a_document_is_scrolled_to(browser: Browser) -> None:
    deep = citation(1, GERMAN, "Füllsatz. ")
    deep = type(deep)(**{**deep.__dict__, "start": 4000, "end": 4009, "quote": GERMAN.text[4000:4009]})
    answer = Answer(**{**ANSWER.__dict__, "sentences": (FIRST,), "citations": (deep,)})
    with chat(browser, lambda: FakeChatbot(answered(answer))) as (page, server):
        asked(page)
        page.get_by_role("link", name="Source 1").click()
        page.locator("#reader mark").wait_for()
        assert page.locator("#reader mark").evaluate(IS_IN_VIEW)
        page.goto(f"{server.url}/documents/firmen/deepseek.txt/view?start=4000&end=4009")
        page.wait_for_function("scrollY > 0")
        assert page.locator("mark").evaluate(IS_IN_VIEW)
        page.goto(server.url)


def test_stop_ends_the_generation_and_the_question_can_be_asked_again(browser: Browser) -> None:
    hold = Hold()
    bot = FakeChatbot([Event("evidence", ANSWER.evidence), hold], answered())
    with chat(browser, lambda: bot) as (page, _server):
        asked(page)
        page.get_by_text("Reading the sources").wait_for()
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Stopped.").wait_for()
        assert hold.cancelled.wait(10)
        page.get_by_role("button", name="Ask again").click()
        page.get_by_text("Answered in").wait_for()
        assert page.locator(".turn").count() == 1


def test_escape_stops_and_enter_asks_and_shift_enter_starts_a_new_line(browser: Browser) -> None:
    hold = Hold()
    bot = FakeChatbot([hold], answered())
    with chat(browser, lambda: bot) as (page, _server):
        field = page.get_by_role("textbox", name="Question")
        field.press_sequentially("Who")
        field.press("Shift+Enter")
        field.press_sequentially("founded it?")
        field.press("Enter")
        assert hold.reached.wait(10)
        assert bot.questions[0].text == "Who\nfounded it?"
        page.keyboard.press("Escape")
        page.get_by_text("Stopped.").wait_for()
        assert hold.cancelled.wait(10)


def test_a_follow_up_sends_the_turns_before_it_without_citation_numbers(browser: Browser) -> None:
    bot = FakeChatbot()
    with chat(browser, lambda: bot) as (page, _server):
        asked(page)
        page.get_by_text("Answered in").wait_for()
        asked(page, "And when?")
        page.get_by_text("Answered in").nth(1).wait_for()
        assert [(turn.role, turn.content) for turn in bot.questions[1].history] == [
            ("user", "Who founded DeepSeek?"),
            ("assistant", "Liang Wenfeng founded DeepSeek in 2023. Young engineers can live near their families."),
        ]
        bot.index = FakeIndex([JAPANESE])
        page.get_by_role("button", name="New conversation").click()
        assert page.locator(".turn").count() == 0
        page.get_by_role("heading", name="1 document").wait_for()
        asked(page, "Who else?")
        page.get_by_text("Answered in").wait_for()
        assert bot.questions[2].history == ()


def test_a_refusal_does_not_look_like_an_answer(browser: Browser) -> None:
    with chat(browser, lambda: FakeChatbot(answered(REFUSAL))) as (page, _server):
        asked(page, "What is the capital of Mongolia?")
        page.get_by_text("Not in the documents").wait_for()
        assert page.locator(".refusal .message").inner_text() == "The documents do not say this."
        assert page.locator(".sentence").count() == 0
        assert page.get_by_role("heading", name="Nearest in the documents").is_visible()


def test_an_unsupported_sentence_and_a_quoted_one_are_labelled(browser: Browser) -> None:
    unsupported = AnswerSentence("It has 140 researchers.", (), False)
    quoted = AnswerSentence(FOUNDED.quote, (1,), True, quoted=True)
    answer = Answer(
        "How many?", "en", True, f"{unsupported.text} {quoted.text} [1]", None, (unsupported, quoted),
        (citation(1, GERMAN, FOUNDED.quote),), (FOUNDED,), (), "fake", Timings(),
    )  # fmt: skip
    with chat(browser, lambda: FakeChatbot(answered(answer))) as (page, _server):
        asked(page)
        page.get_by_text("Answered in").wait_for()
        first, second = page.locator(".sentence").all()
        assert "not found in the sources" in first.inner_text()
        assert "source's own words" in second.inner_text()
        assert second.locator("[lang=de]").first.inner_text() in FOUNDED.quote


def test_the_page_opens_while_models_load_and_asks_when_they_are_there(browser: Browser) -> None:
    hold = Hold()

    def load() -> ChatbotLike:
        hold.released.wait(10)
        return FakeChatbot()

    with chat(browser, load, errors=False) as (page, _server):
        page.get_by_text("The models are loading.").wait_for()
        asked(page)
        page.get_by_text("Your question goes out as soon as they are ready.").wait_for()
        hold.released.set()
        page.get_by_text("Answered in").wait_for()
        assert page.locator("#readiness").is_hidden()


def test_a_missing_index_is_said_with_its_command_until_there_is_one(browser: Browser) -> None:
    hold = Hold()

    def load() -> ChatbotLike:
        if not hold.released.is_set():
            raise IndexMissing("No index in index/. Run: crosscite index seeds")
        return FakeChatbot()

    with chat(browser, load, errors=False) as (page, _server):
        page.get_by_text("Run: crosscite index seeds").wait_for()
        hold.released.set()
        page.get_by_role("heading", name="2 documents").wait_for()
        assert page.locator("#documents").get_by_text("China feiert DeepSeek").is_visible()


def test_a_broken_answer_says_so_and_offers_another_try(browser: Browser) -> None:
    bot = FakeChatbot([Event("evidence", ANSWER.evidence), Event("token", "Liang"), RuntimeError("x")], answered())
    with chat(browser, lambda: bot) as (page, _server):
        asked(page)
        page.get_by_text("The server's log has the details.").wait_for()
        assert page.locator(".draft").count() == 0
        page.get_by_role("button", name="Ask again").click()
        page.get_by_text("Answered in").wait_for()


def test_a_stopped_server_is_told_from_a_failed_answer(browser: Browser) -> None:
    hold = Hold()
    with chat(browser, lambda: FakeChatbot([hold]), errors=False) as (page, server):
        asked(page)
        assert hold.reached.wait(10)
        server.stop()
        page.get_by_text("The server is stopping.").wait_for()
        page.get_by_text("The connection to crosscite was lost.").wait_for()


def test_hostile_text_is_shown_and_never_run(browser: Browser) -> None:
    hostile = HOSTILE.text
    source = citation(1, HOSTILE, hostile[:9])
    sentence = AnswerSentence(hostile, (1,), True)
    answer = Answer(
        hostile, "en", True, f"{hostile} [1]", None, (sentence,), (source,), (evidence(1, HOSTILE, hostile[:9]),),
        (hostile,), hostile, Timings(),
    )  # fmt: skip
    bot = FakeChatbot(answered(answer), documents=[HOSTILE])
    with chat(browser, lambda: bot) as (page, server):
        page.locator("#documents").get_by_text("<script>").wait_for()
        asked(page, hostile)
        page.get_by_text("Answered in").wait_for()
        assert page.locator(".question").inner_text() == hostile
        page.locator(".answer-text .cite").click()
        page.locator("#reader mark").wait_for()
        assert page.locator("#reader-text").text_content() == hostile
        assert page.locator("main script, main img, aside script, aside img, a[href^=javascript]").count() == 0
        href = page.locator(".answer-text .cite").get_attribute("href")
        view = page.context.new_page()
        view.goto(f"{server.url}{href}")
        assert view.locator("mark").inner_text() == hostile[:9]
        assert view.title().startswith("<script>")


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_nothing_is_wider_than_the_window(browser: Browser, width: int) -> None:
    long = AnswerSentence("x" * 300 + " " + "見" * 300, (1, 2), True)
    answer = Answer(**{**ANSWER.__dict__, "sentences": (long, FIRST), "dropped": ("y" * 300,)})
    bot = FakeChatbot(answered(answer))
    with chat(browser, lambda: bot, viewport={"width": width, "height": 640}) as (page, _server):
        asked(page, "z" * 300)
        page.get_by_text("Answered in").wait_for()
        page.locator("summary").first.click()
        assert page.evaluate(OVERFLOWS) == []
        page.locator(".answer-text .cite").first.click()
        page.locator("#reader mark").wait_for()
        assert page.evaluate(OVERFLOWS) == []


OVERFLOWS = """() => ["html", "#conversation", "#reader"].map((selector) => document.querySelector(selector))
  .filter((element) => element.scrollWidth > element.clientWidth + 1).map((element) => element.tagName)"""


def test_on_a_phone_the_document_covers_the_chat_which_then_takes_no_focus(browser: Browser) -> None:
    with chat(browser, FakeChatbot, viewport={"width": 375, "height": 700}) as (page, _server):
        asked(page)
        page.get_by_role("link", name="Source 1").click()
        page.locator("#reader mark").wait_for()
        assert page.locator("#conversation").evaluate("element => element.inert")
        page.get_by_role("button", name="Close").click()
        assert not page.locator("#conversation").evaluate("element => element.inert")


def test_everything_can_be_done_with_the_keyboard(browser: Browser) -> None:
    with chat(browser, FakeChatbot) as (page, _server):
        page.get_by_role("textbox", name="Question").wait_for()
        page.keyboard.type("Who founded DeepSeek?")
        page.keyboard.press("Enter")
        page.get_by_text("Answered in").wait_for()
        for _ in range(12):
            page.keyboard.press("Shift+Tab")
            if page.evaluate("document.activeElement.className") == "cite active":
                break
        page.keyboard.press("Enter")
        page.locator("#reader mark").wait_for()
        assert page.evaluate("document.activeElement.id") == "reader"
        page.keyboard.press("Escape")
        assert "cite" in page.evaluate("document.activeElement.className")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_by_at_least_four_and_a_half_to_one(browser: Browser, scheme: Any) -> None:
    with chat(browser, FakeChatbot, color_scheme=scheme) as (page, _server):
        colours = page.evaluate(
            """() => {
              const style = getComputedStyle(document.documentElement);
              const names = ["paper", "surface", "sunken", "ink", "muted", "accent", "accent-ink", "accent-soft",
                "mark", "mark-ink", "warn", "warn-soft"];
              return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
            }"""
        )
    pairs = [
        *((ink, ground) for ink in ("ink", "muted", "accent", "warn") for ground in ("paper", "surface", "sunken")),
        ("accent-ink", "accent"), ("accent", "accent-soft"), ("ink", "accent-soft"), ("mark-ink", "mark"),
        ("warn", "warn-soft"),
    ]  # fmt: skip
    assert [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2 between two colours like #1e1c19."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", colour)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_reload_in_the_middle_of_an_answer_frees_the_model(browser: Browser) -> None:
    hold = Hold()
    bot = FakeChatbot([hold], answered())
    with chat(browser, lambda: bot) as (page, _server):
        asked(page)
        assert hold.reached.wait(10)
        page.reload()
        assert hold.cancelled.wait(10)
        eventually(lambda: bot.running == 0)
