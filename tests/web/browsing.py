"""Pages in a real browser on a server of this machine, watched for everything that must not happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.web.conftest import Running, running
from tests.web.fakes import FakeChatbot
from web.app import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

TIMEOUT_MS = 60_000


@dataclass
class Understudy:
    """A chatbot that is another one in each test, so that one server does for all of them."""

    bot: FakeChatbot = field(default_factory=FakeChatbot)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bot, name)


@dataclass(frozen=True)
class Stage:
    """A server whose chatbot is changed from test to test, and the browser that looks at it."""

    browser: Browser
    server: Running
    understudy: Understudy

    @contextmanager
    def page(self, bot: FakeChatbot | None = None, **options: Any) -> Iterator[Page]:
        self.understudy.bot = bot or FakeChatbot()
        with opened(self.browser, self.server, **options) as page:
            yield page


@contextmanager
def opened(
    browser: Browser, server: Running, *, path: str = "/", errors: bool = True, **context: Any
) -> Iterator[Page]:
    """A page in a profile of its own.

    It fails when the console shows an error (a violated policy is one), a request leaves, a dialog opens or something
    changes the title. ``errors`` False lets pass what the browser logs of responses with an error status.
    """
    complaints: list[str] = []
    profile = browser.new_context(**context)
    profile.set_default_timeout(TIMEOUT_MS)
    page = profile.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: None if _is_own(request.url, server.url) else complaints.append(request.url))
    page.goto(server.url + path)
    yield page
    assert page.title().endswith("crosscite")
    profile.close()
    assert [text for text in complaints if errors or not text.startswith("Failed to load resource")] == []


@contextmanager
def chat(browser: Browser, load: Callable[[], Any], *, renew: Any = None, **options: Any) -> Iterator[tuple[Page, Any]]:
    """A chat page on a server of its own, for what a server does only once."""
    with (
        running(create_app(load, renew=renew, retry_seconds=0.05)) as server,
        opened(browser, server, **options) as page,
    ):
        yield page, server


def ask(page: Page, question: str = "Who founded DeepSeek?") -> None:
    page.get_by_role("textbox", name="Question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def wait_for_answers(page: Page, number: int = 1) -> None:
    page.locator(".answer-meta").nth(number - 1).wait_for()


def classes(locator: Locator) -> list[str]:
    return (locator.get_attribute("class") or "").split()


def violations(page: Page) -> list[str]:
    """What axe-core holds against the page as it is now: rule and element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


def _is_own(url: str, server: str) -> bool:
    return url.startswith((f"{server}/", f"blob:{server}/", "data:image/svg+xml,"))


IS_IN_VIEW = """element => {
  const box = element.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
}"""
HAS_FOCUS = "element => document.activeElement === element"
