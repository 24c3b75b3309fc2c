from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from fastapi.testclient import TestClient
from markupsafe import Markup

import rag.readers
import web
from web.i18n import DEFAULT, FOLDER, chosen, interface, languages
from web.problems import TITLES

HERE = Path(web.__file__).parent
READERS = Path(rag.readers.__file__).parent
KEY = r"[\"']([a-z]+(?:_[a-z]+)*\.[a-z_]+)[\"']"


def texts(catalogue: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in catalogue.items():
        if isinstance(value, dict) and "other" not in value:
            yield from texts(value, f"{before}{key}.")
        else:
            yield before + key, value


def catalogue(language: str) -> dict[str, Any]:
    return dict(texts(json.loads((FOLDER / f"{language}.json").read_text("utf-8"))))


def placeholders(text: Any) -> set[str]:
    parts = text.values() if isinstance(text, dict) else [text]
    return {name for part in parts for name in re.findall(r"\{(\w+)\}", part)}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-CH, fr;q=0.9, de;q=0.8, en;q=0.7", "de"),
        ("en;q=0.3, DE ; q=0.9", "de"),
        ("de;q=0, en", "en"),
        ("ja", "en"),
        ("*", "en"),
        (";;,=;q=x,de;q=abc", "en"),
    ],
)
def test_the_interface_is_in_the_first_language_of_the_browser_that_there_is(header: str, language: str) -> None:
    assert chosen(header) == language


@pytest.mark.parametrize("language", languages())
def test_every_language_says_the_same_things_with_the_same_values(language: str) -> None:
    english, other = catalogue(DEFAULT), catalogue(language)
    assert list(other) == list(english)
    for key, text in other.items():
        assert placeholders(text) == placeholders(english[key]), key
        if isinstance(text, dict):
            assert set(text) == {*Locale.parse(language).plural_form.tags, "other"}, key


def test_every_text_that_a_page_or_script_names_is_there_and_no_other() -> None:
    sources = [*(HERE / "templates").glob("*.html"), *(HERE / "static/js").glob("*.js"), *HERE.glob("*.py")]
    named = {key for path in sources for key in re.findall(KEY, path.read_text("utf-8"))}
    unused = set(catalogue(DEFAULT)) - named
    said_by_reason = {f"documents.why_{word}" for word in words_for_refusals()}
    assert unused - SAID_BY_CODE - SAID_BY_STATE - said_by_reason == set()
    for path in sources:
        for key in re.findall(r"\bt\(" + KEY, path.read_text("utf-8")):
            assert key in catalogue(DEFAULT), f"{path.name} says {key}"


REFUSALS = ("Unreadable", "DocumentError", "DocumentTooLarge", "DocumentExists", "NameTaken", "NameRefused", "_refusal")


def words_for_refusals() -> set[str]:
    """The words that readers and uploads give for why a file is refused: the last argument, where it is one word."""
    words = {"damaged", "same", "format"}  # the first two where none is given; the last is a class of its own
    for path in [*(READERS.glob("*.py")), READERS.parent / "uploads.py", READERS.parent / "indexing.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", None) not in REFUSALS or len(node.args) < 2:
                continue
            last = node.args[-1]
            if isinstance(last, ast.Constant) and re.fullmatch("[a-z_]+", str(last.value)):
                words.add(str(last.value))
    return words


def test_every_reason_for_refusing_a_file_is_said_in_every_language() -> None:
    words = words_for_refusals()
    assert {"empty", "encrypted", "scan", "name_path", "alike"} <= words
    assert {key for key in catalogue(DEFAULT) if key.startswith("documents.why_")} == {
        f"documents.why_{word}" for word in words
    }


SAID_BY_STATE = {
    f"documents.{text}"
    for text in (
        *("again", "again_name", "cancel", "cancel_name", "dismiss", "dismiss_name", "replace", "replace_name"),
        *("state_queued", "state_sending", "state_waiting", "state_reading"),
        *("state_embedding", "state_paused", "state_indexing"),
    )
}
"""Texts whose key is put together from a state or an action."""

OWN = {"lost", "broken_off", "stopped", "left"}
"""Problems that the page itself notices."""

NEVER_SEEN = {"foreign_origin", "unknown_host"}
"""Problems that only the page of another site has."""

OF_FILES = {
    *("document_exists", "document_too_large", "document_error", "document_kept"),
    *("name_taken", "name_refused", "unsupported_format"),
}
"""Problems of an upload, which the page of the documents says in its own words."""

SAID_BY_CODE = {f"problems.{code}" for code in (OWN | set(TITLES)) - NEVER_SEEN - OF_FILES}


def test_every_problem_that_the_chat_can_meet_is_said_in_the_language_of_the_page() -> None:
    assert set(catalogue(DEFAULT)) >= SAID_BY_CODE


def test_counts_choose_their_plural_and_numbers_are_written_as_usual() -> None:
    english, german = interface("en"), interface("de")
    assert [str(english("documents.count", count=count)) for count in (0, 1, 1234)] == [
        "0 documents", "1 document", "1,234 documents",
    ]  # fmt: skip
    assert str(german("documents.count", count=1234)) == "1.234 Dokumente"


def test_a_value_is_never_markup_unless_it_says_so() -> None:
    said = interface("en")("turn.source", number=1, title="<b>&")
    assert said == "Source 1: &lt;b&gt;&amp;"
    assert interface("en")("turn.source", number=1, title=Markup("<b>")) == "Source 1: <b>"


def test_names_of_languages_and_dates_are_in_the_language_of_the_interface() -> None:
    assert (interface("de").language_name("ja"), interface("en").language_name("ja")) == ("Japanisch", "Japanese")
    assert interface("de").language_name("no-such-language!") == "no-such-language!"
    assert (interface("de").date("2025-01-29"), interface("en").date("2025-01-29")) == ("29.01.2025", "Jan 29, 2025")
    assert interface("de").date("Winter 1921") == "Winter 1921"


def test_a_page_says_its_language_and_brings_its_texts_for_the_scripts(http: TestClient) -> None:
    page = http.get("/", headers={"Accept-Language": "de"})
    assert '<html lang="de" dir="ltr">' in page.text
    assert page.headers["Vary"] == "Accept-Language"
    embedded = re.search(r'<script type="application/json" id="strings">(.*?)</script>', page.text)
    assert embedded is not None
    assert json.loads(embedded[1])["chat"]["ask"] == "Fragen"
