"""Nothing from a document, its name, a question or a model is ever markup, in a real browser."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from rag.types import Answer, AnswerSentence, Disagreement, Document, Timings
from tests.web.browsing import Stage, ask, wait_for_answers
from tests.web.fakes import FakeChatbot, Step, answered, citation, evidence
from tests.web.hostile import HOSTILE_STRINGS

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ELEMENTS = "script, img, svg, iframe, object, video, math, style, link, base, meta, form:not(#ask)"
FOREIGN = f"""() => document.querySelectorAll(
  "main input:not(#scope *, #passages), main :is({ELEMENTS}), aside :is({ELEMENTS})," +
  "[onload], [onerror], [onclick], [onmouseover], [onfocus], [ontoggle], a[href^=javascript], a[href^=data]," +
  "a[href*='evil.example']:not([href^='/documents/'], [href^='/?document='])").length"""


def document(number: int, text: str) -> Document:
    """A document whose name, title, text and date are hostile."""
    # A path below a folder has no "..", and one with a line break cannot be asked for.
    name = text.replace("../", ".../").replace("\n", " ")
    return Document(f"{number:02}/{name}.txt", f"{text} and more", text, "en", date=text)


def script(document: Document) -> list[Step]:
    text = document.title
    sentence, unsupported = AnswerSentence(text, (1,), True), AnswerSentence(text, (), False)
    answer = Answer(
        text, "en", True, f"{text} [1] {text}", None, (sentence, unsupported), (citation(1, document, text),),
        (evidence(1, document, text), evidence(2, document, f"{text} and")), (text,), text, Timings(),
        disagreements=(Disagreement(1, evidence(3, document, f"{text} and more")),),
    )  # fmt: skip
    return answered(answer)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_at_least_forty_hostile_strings_are_tried() -> None:
    assert len(set(HOSTILE_STRINGS)) >= 40


def test_hostile_text_is_shown_everywhere_as_it_is_and_never_run(stage: Stage) -> None:
    documents = [document(number, unicodedata.normalize("NFC", text)) for number, text in enumerate(HOSTILE_STRINGS)]
    bot = FakeChatbot(*(script(each) for each in documents), documents=documents)
    with stage.page(bot, viewport={"width": 1400, "height": 900}) as page:
        page.locator("#documents li").nth(len(documents) - 1).wait_for(state="attached")
        for number, each in enumerate(documents, 1):
            ask(page, each.title)
            wait_for_answers(page, number)
            turn = page.locator(".turn").last
            assert squeezed(turn.locator(".question").inner_text()) == squeezed(each.title)
            assert squeezed(turn.locator(".dropped li").text_content() or "") == squeezed(each.title)
            assert squeezed(turn.locator(".otherwise blockquote").text_content() or "") == squeezed(each.text)
            turn.locator(".answer-text .cite").first.click()
            page.locator("#reader mark").wait_for()
            assert squeezed(page.locator("#reader-text").text_content() or "") == squeezed(each.text)
            page.keyboard.press("Escape")
            assert page.evaluate(FOREIGN) == 0
        for mark in page.locator(".answer-text .cite").all()[:8]:
            mark.hover()
            assert page.evaluate(FOREIGN) == 0
        page.reload()
        wait_for_answers(page, len(documents))
        assert page.evaluate(FOREIGN) == 0
        rename_to_each(page)


def rename_to_each(page: Page) -> None:
    for text in (HOSTILE_STRINGS[0], HOSTILE_STRINGS[12], HOSTILE_STRINGS[31], HOSTILE_STRINGS[-1]):
        page.locator(".icon-rename").click()
        page.get_by_role("textbox", name="Title of the conversation").fill(text)
        page.keyboard.press("Enter")
        assert page.locator("#conversation-list a").inner_text() == text
        assert page.evaluate(FOREIGN) == 0


def test_a_document_page_of_hostile_text_is_nothing_but_text(stage: Stage) -> None:
    documents = [document(number, text) for number, text in enumerate(HOSTILE_STRINGS)]
    with stage.page(FakeChatbot(documents=documents)) as page:
        page.locator("#documents li").nth(len(documents) - 1).wait_for(state="attached")
        paths = page.locator("#documents a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
        other = page.context.new_page()
        for each, path in zip(documents, paths, strict=True):
            other.goto(f"{stage.server.url}{path}")
            assert squeezed(other.title()) == squeezed(f"{each.title} · crosscite")
            assert squeezed(each.text) in squeezed(other.locator("main").text_content() or "")
            assert other.evaluate(FOREIGN) == 0
