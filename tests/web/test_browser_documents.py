"""The documents page in a real browser, over a real index with a model that repeats its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browsing import HAS_FOCUS, opened, violations, wait_for_answers
from tests.web.browsing import ask as ask_on
from tests.web.conftest import running
from tests.web.stock import APPLES, BANANAS, CHERRIES, Stock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

HEAR = """window.heard = [];
const announcement = document.getElementById("announcement");
new MutationObserver((changes) => changes.forEach((change) => heard.push(change.addedNodes[0]?.textContent)))
  .observe(announcement, { childList: true });"""
HOSTILE_NAME = "<img src=x onerror=alert(1)>'\"&{{7*7}}.txt"


@dataclass(frozen=True)
class File:
    name: str
    text: str

    def payload(self) -> Any:
        return {"name": self.name, "mimeType": "application/octet-stream", "buffer": self.text.encode()}


CHERRY_FILE = File("cherries.txt", f"From Italy\n\n{CHERRIES}\n")
LONG_FILE = File("long.txt", "\n\n".join(f"{CHERRIES} Crate {number}." for number in range(40)))


@contextmanager
def library(browser: Browser, stock: Stock, **options: Any) -> Iterator[Page]:
    with running(stock.app()) as server, opened(browser, server, path="/library", **options) as page:
        yield page


def choose(page: Page, *files: File) -> None:
    page.locator("#files").set_input_files([file.payload() for file in files])


def titles(page: Page) -> list[str]:
    return page.get_by_role("list", name="Documents").get_by_role("link").all_inner_texts()


def ask(page: Page, question: str) -> Locator:
    page.goto(page.evaluate("location.origin"))
    ask_on(page, question)
    wait_for_answers(page)
    return page.get_by_role("list", name="Sources").locator(".source-title")


def test_an_uploaded_document_is_listed_read_and_cited_and_a_removed_one_is_not(browser: Browser, stock: Stock) -> None:
    with library(browser, stock) as page:
        page.get_by_role("link", name="The garden").wait_for()
        assert page.get_by_role("button", name="Remove").count() == 0
        choose(page, CHERRY_FILE)
        page.locator(".upload.done").wait_for()
        page.get_by_role("list", name="Documents").get_by_role("link", name="From Italy").wait_for()
        assert titles(page) == ["From Italy", "The garden"]
        row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="From Italy")).inner_text()
        assert "English" in row
        assert "1 passage" in row
        assert f"{len(CHERRY_FILE.text)}\u00a0B" in row
        assert page.get_by_role("status").first.inner_text() == "cherries.txt is added."

        page.locator(".upload.done").get_by_role("link", name="Read it").click()
        page.get_by_role("heading", name="From Italy").wait_for()
        assert page.locator(".passage.begins").count() == 1
        assert ask(page, "Where do the cherries come from?").first.inner_text() == "From Italy"

        page.goto(page.evaluate("location.origin") + "/library")
        page.get_by_role("button", name="Remove From Italy").click()
        dialog = page.get_by_role("dialog", name="Remove “From Italy”?")
        assert "Its 2 sentences will not be found or cited any more" in dialog.inner_text()
        dialog.get_by_role("button", name="Remove").click()
        dialog.wait_for(state="hidden")
        assert titles(page) == ["The garden"]
        assert stock.kept() == []
        assert "From Italy" not in ask(page, "Where do the cherries come from?").all_inner_texts()


def test_progress_is_shown_and_survives_a_reload(browser: Browser, stock: Stock) -> None:
    stock.embedder.gate.clear()
    with library(browser, stock) as page:
        choose(page, LONG_FILE)
        status = page.locator(".upload-status")
        page.get_by_text("Embedding, 0 of 80 passages").or_(page.get_by_text("Embedding, 0 of 40 passages")).wait_for()
        bar = page.get_by_role("progressbar", name="Progress of long.txt")
        assert bar.evaluate("bar => bar.value") == 0
        page.reload()
        page.get_by_text("Embedding, 0 of").wait_for()
        stock.embedder.gate.set()
        page.locator(".upload.done").wait_for()
        assert status.inner_text() == "Added. Questions find it from now on. Read it"
        page.get_by_role("button", name="Dismiss long.txt").click()
        assert page.get_by_role("list", name="Files on their way").count() == 0


def test_a_file_that_is_sent_while_the_server_is_asked_is_followed(browser: Browser, stock: Stock) -> None:
    held: list[Any] = []

    def hold_the_first(route: Any) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    with running(stock.app()) as server, opened(browser, server) as page:
        page.route("**/uploads", hold_the_first)
        page.goto(f"{server.url}/library")
        page.get_by_role("link", name="The garden").wait_for()
        with page.expect_response("**/documents"):
            choose(page, CHERRY_FILE)
        route, response = held[0]
        route.fulfill(response=response)
        page.locator(".upload.done").wait_for()
        assert page.locator(".upload").count() == 1


def test_an_upload_can_be_cancelled(browser: Browser, stock: Stock) -> None:
    stock.embedder.gate.clear()
    with library(browser, stock) as page:
        choose(page, LONG_FILE)
        page.get_by_text("Embedding, 0 of").wait_for()
        # The row goes at once; what is embedded when the server hears of it would be a document.
        with page.expect_response(lambda response: response.request.method == "DELETE"):
            page.get_by_role("button", name="Cancel long.txt").click()
        assert page.locator(".upload").count() == 0
        stock.embedder.gate.set()
        choose(page, CHERRY_FILE)
        page.locator(".upload.done").wait_for()
        assert stock.kept() == ["cherries.txt"]


def test_refused_files_say_why_and_one_of_the_same_name_can_replace_the_first(browser: Browser, stock: Stock) -> None:
    with library(browser, stock, errors=False) as page:
        choose(page, CHERRY_FILE)
        page.locator(".upload.done").wait_for()
        choose(page, File("tool.exe", "MZ"), File("empty.txt", " "), File(f"con.{'txt'}", "Text."))
        page.locator(".upload.refused").nth(2).wait_for()
        said = dict(zip(page.locator(".refused .upload-name").all_inner_texts(),
                        page.locator(".refused .upload-status").all_inner_texts(), strict=True))  # fmt: skip
        assert said == {
            "tool.exe": "Files of this kind cannot be read.",
            "empty.txt": "It is empty.",
            "con.txt": "Its name means a device on some systems. Rename the file.",
        }
        choose(page, File("cherries.txt", f"From Spain\n\n{CHERRIES}\n"))
        replacing = page.get_by_role("button", name="Replace the earlier cherries.txt")
        replacing.wait_for()
        page.evaluate(HEAR)
        replacing.click()
        page.get_by_role("link", name="From Spain").wait_for()
        assert titles(page) == ["From Spain", "The garden"]
        assert page.evaluate("heard") == ["cherries.txt is added."]


def test_why_a_file_is_refused_is_said_in_the_language_of_the_page(browser: Browser, stock: Stock) -> None:
    from playwright.sync_api import expect

    same = File("same.txt", f"The garden\n\n{APPLES}\n")
    with library(browser, stock, errors=False, locale="de") as page:
        choose(page, File("tool.exe", "MZ"), File("empty.txt", " "), File("cut.pdf", "%PDF-1.7"), same)
        reasons = [
            "Dateien dieser Art können nicht gelesen werden.",
            "Die Datei ist leer.",
            "Die Datei ist beschädigt oder nicht das, was ihr Name sagt. "
            "Genauer, auf Englisch: „is damaged: no complete PDF“",
            "Diese Datei ist schon da: garden.txt",
        ]
        # The page draws its list again as states change: to read it once, even when it is there, can be too early.
        expect(page.locator(".refused .upload-status")).to_have_text(reasons, use_inner_text=True)


def test_an_upload_that_a_restart_ended_says_so_and_can_be_sent_again(browser: Browser, stock: Stock) -> None:
    stock.embedder.gate.clear()
    with library(browser, stock) as page:
        choose(page, LONG_FILE)
        page.get_by_text("Embedding, 0 of").wait_for()
        page.route("**/uploads", lambda route: route.fulfill(json={"uploads": []}))
        page.get_by_text("crosscite was started anew before it was done.", exact=True).wait_for()
        assert page.get_by_role("button", name="Try long.txt again").is_visible()
        stock.embedder.gate.set()


def test_names_and_titles_are_never_markup(browser: Browser, stock: Stock) -> None:
    with library(browser, stock) as page:
        choose(page, File(HOSTILE_NAME, f"<script>alert(1)</script> <b>bold</b>\n\n{CHERRIES}\n"))
        page.locator(".upload.done").wait_for()
        assert page.locator(".upload-name").inner_text() == HOSTILE_NAME
        page.get_by_role("button", name="Remove <script>").click()
        assert page.locator("dialog script, dialog b, .documents script, .documents b, .upload img").count() == 0
        page.keyboard.press("Escape")
        page.locator(".upload.done a").click()
        page.get_by_role("heading", name="<script>alert(1)</script>").wait_for()


def test_the_keyboard_alone_adds_reads_and_removes(browser: Browser, stock: Stock) -> None:
    with library(browser, stock) as page:
        # A browser is told with the first listener, without waiting for it, to hand choosers over: that takes a moment.
        page.on("filechooser", lambda _: None)
        page.get_by_role("link", name="The garden").wait_for()
        picker = page.locator("#files")
        for _ in range(6):
            page.keyboard.press("Tab")
            if picker.evaluate(HAS_FOCUS):
                break
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Space")
        chooser.value.set_files([CHERRY_FILE.payload(), File("bananas.txt", BANANAS).payload()])  # type: ignore[list-item]
        page.locator(".upload.done").nth(1).wait_for()
        page.get_by_role("button", name="Remove From Italy").focus()
        page.keyboard.press("Enter")
        assert page.get_by_role("button", name="Keep it").evaluate(HAS_FOCUS)
        page.keyboard.press("Escape")
        assert page.get_by_role("button", name="Remove From Italy").evaluate(HAS_FOCUS)
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("dialog").wait_for(state="hidden")
        assert len(titles(page)) == 2
        # The focus is where the next one can be removed.
        assert page.get_by_role("button", name="Remove Seven").evaluate(HAS_FOCUS)


def test_files_are_added_by_dropping_them_anywhere(browser: Browser, stock: Stock) -> None:
    with library(browser, stock) as page:
        page.get_by_role("link", name="The garden").wait_for()
        transfer = page.evaluate_handle(
            """text => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([text], "dropped.txt"));
              return transfer;
            }""",
            CHERRY_FILE.text,
        )
        page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
        assert "over" in (page.locator("#drop").get_attribute("class") or "").split()
        page.dispatch_event("body", "drop", {"dataTransfer": transfer})
        page.locator(".upload.done").wait_for()
        assert stock.kept() == ["dropped.txt"]


def test_many_documents_are_found_and_sorted(browser: Browser, stock: Stock) -> None:
    for number in range(120):
        stock.write(f"{number}.txt", f"Letter {number}\n\n{APPLES} {'More. ' * number}\n")
    stock.index()
    with library(browser, stock) as page:
        page.get_by_text("121 documents").wait_for()
        assert page.locator("#documents li").count() == 100
        page.get_by_role("button", name="Show 21 more").click()
        assert page.locator("#documents li").count() == 121
        page.get_by_label("Find by title, name or language").fill("letter 11")
        assert page.get_by_text("11 of 121 documents").is_visible()
        page.get_by_label("Sort by").select_option("Size")
        assert titles(page)[0] == "Letter 119"


def test_without_documents_the_page_says_so_and_the_first_one_makes_the_index(browser: Browser, tmp_path: Path) -> None:
    stock = Stock(tmp_path)
    app = stock.app(retry_seconds=3600)  # As slow to try again as a server is to a browser.
    with running(app) as server, opened(browser, server, path="/library", errors=False) as page:
        page.get_by_text("There are no documents yet.").wait_for()
        stock.may_load.clear()
        choose(page, CHERRY_FILE)
        page.get_by_text("The models are loading.").wait_for()
        assert not page.get_by_text("There are no documents yet.").is_visible()
        stock.may_load.set()
        page.get_by_role("link", name="From Italy").wait_for()
        assert not page.get_by_text("There are no documents yet.").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_small_screen_in_german_nothing_is_cut_off(browser: Browser, stock: Stock, scheme: str) -> None:
    stock.write("lang.txt", f"{'Donaudampfschifffahrtsgesellschaftskapitän' * 3}\n\n{APPLES}\n")
    stock.index()
    small = {"viewport": {"width": 320, "height": 640}, "color_scheme": scheme, "locale": "de-DE"}
    with library(browser, stock, **small) as page:
        choose(page, File("x" * 150 + ".txt", CHERRIES))
        page.get_by_text("Hinzugefügt. Fragen finden es ab jetzt.").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_role("button", name="entfernen").click()
        box = page.get_by_role("dialog").bounding_box()
        assert box is not None
        assert (box["x"] >= 0, box["x"] + box["width"] <= 320) == (True, True)
        assert violations(page) == []
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)"
        assert dark == (scheme == "dark")


def test_the_passages_of_a_document_can_be_shown_and_hidden(browser: Browser, stock: Stock) -> None:
    with running(stock.app()) as server, opened(browser, server, path="/library") as page:
        page.get_by_role("link", name="The garden").click()
        page.wait_for_load_state()  # What is looked at comes from the style sheet, which may come after the text.
        number = "getComputedStyle(document.querySelector('.passage.begins'), '::before').content"
        assert page.evaluate(number) == '"1"'
        page.get_by_label("passage").uncheck()
        assert page.evaluate(number) == "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_documents_pages_in_any_state(browser: Browser, stock: Stock, scheme: Any) -> None:
    with library(browser, stock, color_scheme=scheme, errors=False) as page:
        page.get_by_role("link", name="The garden").wait_for()
        assert violations(page) == []
        choose(page, CHERRY_FILE, File("tool.exe", "MZ"))
        page.locator(".upload.done").wait_for()
        stock.embedder.gate.clear()
        choose(page, LONG_FILE)
        page.get_by_text("Embedding, 0 of").wait_for()
        page.get_by_role("button", name="Remove From Italy").wait_for()
        assert violations(page) == []
        page.get_by_role("button", name="Remove From Italy").click()
        assert violations(page) == []
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Cancel long.txt").click()
        stock.embedder.gate.set()
        page.get_by_role("link", name="The garden").click()
        page.get_by_role("heading", name="The garden").wait_for()
        page.wait_for_load_state()
        assert violations(page) == []


def test_a_question_can_be_limited_to_chosen_documents(browser: Browser, stock: Stock) -> None:
    stock.write("cherries.txt", f"From Italy\n\n{CHERRIES}\n")
    stock.index()
    with running(stock.app()) as server, opened(browser, server) as page:
        choice = page.locator("#scope summary")
        choice.wait_for()
        assert choice.inner_text().split("\n")[-1].strip() == "All documents"
        choice.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.get_by_role("checkbox", name="From Italy").evaluate(HAS_FOCUS)
        page.get_by_role("checkbox", name="The garden").check()
        page.keyboard.press("Escape")
        assert choice.evaluate(HAS_FOCUS)
        assert "The garden" in choice.inner_text()
        ask_on(page, "Where do the cherries come from?")
        wait_for_answers(page)
        assert page.locator(".source-title").all_inner_texts() == ["The garden"]
        assert violations(page) == []


def test_a_documents_own_page_leads_to_questions_about_it(browser: Browser, stock: Stock) -> None:
    stock.write("fruit/<b>&.txt", f"From Italy\n\n{CHERRIES}\n")
    stock.index()
    with running(stock.app()) as server, opened(browser, server, path="/library") as page:
        page.get_by_role("link", name="From Italy").click()
        page.get_by_role("link", name="Ask about this document").click()
        page.locator("#scope.limited").wait_for()
        assert "From Italy" in page.locator("#scope summary").inner_text()
