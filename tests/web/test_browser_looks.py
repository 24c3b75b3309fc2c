"""For everyone: widths, themes, languages, scripts, assistive technology and page weight, in a real browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from rag.types import AnswerSentence, Document
from tests.web.browsing import Stage, ask, violations, wait_for_answers
from tests.web.fakes import ANSWER, DISPUTED, FIRST, FOUNDED, REFUSAL, FakeChatbot, answered, citation, evidence

if TYPE_CHECKING:
    from playwright.sync_api import Response

pytestmark = pytest.mark.browser

MAX_PAGE_BYTES = 150_000


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_nothing_is_wider_than_the_window(stage: Stage, width: int) -> None:
    long = AnswerSentence("x" * 300 + " " + "見" * 300, (1, 2), True)
    answer = replace(DISPUTED, sentences=(long, FIRST), dropped=("y" * 300,))
    with stage.page(FakeChatbot(answered(answer)), viewport={"width": width, "height": 640}) as page:
        ask(page, "z" * 300)
        wait_for_answers(page)
        page.locator("summary").first.click()
        page.get_by_role("button", name="Translate into English").first.click()
        page.locator(".translation").wait_for()
        page.get_by_role("button", name="Edit question").click()
        assert page.evaluate(OVERFLOWS) == []
        page.locator(".answer-text .cite").first.click()
        page.locator("#reader mark").wait_for()
        assert page.evaluate(OVERFLOWS) == []
        page.keyboard.press("Escape")
        if page.get_by_role("button", name="Conversations").is_visible():
            page.get_by_role("button", name="Conversations").click()
        assert page.evaluate(OVERFLOWS) == []


OVERFLOWS = """() => ["html", ".top", "#conversation", "#reader", "#conversations"]
  .map((selector) => document.querySelector(selector))
  .filter((element) => element.scrollWidth > element.clientWidth + 1)
  .map((element) => element.id || element.className || element.tagName)"""


def test_on_a_phone_document_and_conversations_cover_the_chat_which_then_takes_no_focus(stage: Stage) -> None:
    with stage.page(viewport={"width": 360, "height": 700}) as page:
        ask(page)
        wait_for_answers(page)
        page.get_by_role("link", name="Source 1").click()
        page.locator("#reader mark").wait_for()
        assert page.locator("#conversation").evaluate("element => element.inert")
        page.get_by_role("button", name="Close").click()
        assert not page.locator("#conversation").evaluate("element => element.inert")

        page.get_by_role("button", name="Conversations", exact=True).click()
        panel = page.get_by_role("complementary", name="Conversations")
        assert panel.get_by_role("link", name="Who founded DeepSeek?").is_visible()
        assert page.locator("#conversation").evaluate("element => element.inert")
        page.keyboard.press("Escape")
        assert panel.is_hidden()
        assert page.evaluate("document.activeElement.id") == "open-conversations"


def test_a_finger_on_a_citation_opens_the_document_at_once(stage: Stage) -> None:
    with stage.page(viewport={"width": 360, "height": 700}, has_touch=True) as page:
        ask(page)
        wait_for_answers(page)
        page.get_by_role("link", name="Source 1").tap()
        page.locator("#reader mark").wait_for()
        assert page.get_by_role("tooltip").count() == 0


def test_the_interface_is_german_for_a_german_browser_and_the_answer_stays_in_its_own_language(stage: Stage) -> None:
    with stage.page(locale="de-AT") as page:
        assert page.locator("html").get_attribute("lang") == "de"
        page.get_by_role("textbox", name="Frage").fill("Who founded DeepSeek?")
        page.get_by_role("button", name="Fragen", exact=True).click()
        page.get_by_text("Beantwortet in 0,1 s").wait_for()
        assert page.get_by_role("list", name="Quellen").get_by_role("listitem").count() == 2
        assert page.locator(".source .meta").all_inner_texts() == ["Deutsch29.01.2025", "Japanisch"]
        assert page.locator(".basis").inner_text() == (
            "Belegt durch 2 Zitate aus 2 Dokumenten auf Deutsch und Japanisch"
        )
        assert page.get_by_role("button", name="Übersetzen: Englisch").first.is_visible()
        assert page.locator(".answer-text").get_attribute("lang") == "en"


def test_text_from_right_to_left_runs_so_within_a_page_that_does_not(stage: Stage) -> None:
    arabic = Document("ar.txt", "بُنيت المنارة عام 1908. وهي عالية.", "المنارة", "ar")
    source = citation(1, arabic, "بُنيت المنارة عام 1908.")
    answer = replace(
        ANSWER, language="ar", sentences=(AnswerSentence("بُنيت المنارة عام 1908.", (1,), True),), citations=(source,),
        evidence=(evidence(1, arabic, source.quote),), dropped=(),
    )  # fmt: skip
    direction = "element => getComputedStyle(element).direction"
    with stage.page(FakeChatbot(answered(answer), documents=[arabic])) as page:
        ask(page, "متى بُنيت المنارة؟")
        wait_for_answers(page)
        for selector in (".question", ".answer-text", ".source blockquote"):
            assert page.locator(selector).evaluate(direction) == "rtl", selector
            assert page.locator(selector).get_attribute("lang") == "ar", selector
        assert page.locator(".answer-meta").evaluate(direction) == "ltr"
        page.locator(".answer-text .cite").click()
        page.locator("#reader mark").wait_for()
        assert page.locator("#reader-text").evaluate(direction) == "rtl"


def test_the_whole_page_weighs_at_most_150_kilobytes(stage: Stage) -> None:
    with stage.page() as page:
        responses: list[Response] = []
        page.on("response", lambda response: responses.append(response))
        page.goto(f"{stage.server.url}/?again")
        page.locator("#documents li").first.wait_for()
        ask(page)
        wait_for_answers(page)
        page.get_by_role("link", name="Source 1").click()
        page.locator("#reader mark").wait_for()
        page.wait_for_load_state("networkidle")
        parts = {each.url for each in responses if "/static/" in each.url or each.url.endswith("/?again")}
        # Asked for anew: a part that the browser had already comes as "not modified", without its body.
        weights = {url: len(page.request.get(url).body()) for url in parts}
        assert any(url.endswith("/js/chat.js") for url in weights)
        assert sum(weights.values()) <= MAX_PAGE_BYTES, weights


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_chat_in_any_state(stage: Stage, scheme: Any) -> None:
    bot = FakeChatbot(answered(DISPUTED), answered(REFUSAL), [RuntimeError("broken")])
    with stage.page(bot, color_scheme=scheme, reduced_motion="reduce") as page:
        page.locator("#documents li").first.wait_for()
        found = {"welcome": violations(page)}
        ask(page)
        wait_for_answers(page)
        page.get_by_role("button", name="Translate into English").first.click()
        page.locator(".translation").wait_for()
        page.get_by_role("link", name="Source 2").hover()
        found["answer"] = violations(page)
        page.get_by_role("link", name="Another document says otherwise").hover()
        found["disagreement"] = violations(page)
        ask(page, "What is the capital of Mongolia?")
        wait_for_answers(page, 2)
        page.locator("summary").first.click()
        ask(page, "What broke?")
        page.get_by_text("Something went wrong in crosscite.").wait_for()
        page.get_by_role("button", name="Edit question").first.click()
        found["refusal, failure, editing"] = violations(page)
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Source 1").click()
        page.locator("#reader mark").wait_for()
        found["document beside"] = violations(page)
        page.keyboard.press("Escape")
        page.locator(".otherwise a").click()
        page.locator("#reader mark").wait_for()
        found["document that disagrees beside"] = violations(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Delete: Who founded DeepSeek?").click()
        found["deleted"] = violations(page)
        assert {state: problems for state, problems in found.items() if problems} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/docs", f"/documents/{FOUNDED.document}/view?start={FOUNDED.start}&end={FOUNDED.end}", "/nowhere"]
)
def test_axe_finds_nothing_on_the_other_pages(stage: Stage, path: str, scheme: Any) -> None:
    with stage.page(path=path, color_scheme=scheme, errors=False) as page:
        assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_phone_with_conversations_or_document_open(stage: Stage, scheme: Any) -> None:
    small = {"viewport": {"width": 320, "height": 640}, "color_scheme": scheme, "reduced_motion": "reduce"}
    with stage.page(FakeChatbot(answered(DISPUTED)), **small) as page:
        ask(page)
        wait_for_answers(page)
        found = violations(page)
        page.locator(".otherwise a").click()
        page.locator("#reader mark").wait_for()
        found += violations(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Conversations", exact=True).click()
        assert [*found, *violations(page)] == []
