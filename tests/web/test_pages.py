from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import web
from web.i18n import languages

HERE = Path(web.__file__).parent
STATIC = sorted(path for path in (HERE / "static").rglob("*") if path.is_file())
SOURCES = [*STATIC, *sorted((HERE / "templates").glob("*.html"))]


def weight(http: TestClient, page: str, language: str) -> int:
    """Bytes of a page with its styles and icon, and its scripts with all that they import."""
    text = http.get(page, headers={"Accept-Language": language}).text
    wanted, found = re.findall(r'(?:href|src)="(/static/[^"]+)"', text), dict[str, str]()
    while wanted:
        path = wanted.pop()
        if path not in found:
            found[path] = http.get(path).text
            wanted += [f"/static/js/{name}" for name in re.findall(r'from "\./([\w.]+)"', found[path])]
    return sum(len(part.encode()) for part in (text, *found.values()))


@pytest.mark.parametrize("language", languages())
def test_every_page_weighs_at_most_150_kilobytes(http: TestClient, language: str) -> None:
    for page in ("/", "/library", "/documents/firmen/deepseek.txt/view", "/docs"):
        assert 20_000 < weight(http, page, language) <= 150_000, page


def test_no_page_names_a_foreign_origin_or_holds_script_and_style_of_its_own() -> None:
    for path in SOURCES:
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), path
        text = text.replace('<script type="application/json"', "")
        assert not re.search(r"<style|\sstyle=|\son\w+=\"|<script(?![^>]*\ssrc=)", text), path


def test_scripts_never_turn_text_into_markup() -> None:
    for path in STATIC:
        if path.suffix == ".js":
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()), (
                path
            )


def test_everything_a_page_refers_to_is_served(http: TestClient) -> None:
    for page in ("/", "/docs", "/library", "/documents/firmen/deepseek.txt/view"):
        for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', http.get(page).text):
            assert http.get(path).status_code == 200


def test_the_documentation_shows_every_route_and_a_call_that_works(http: TestClient) -> None:
    page = http.get("/docs").text
    for path in http.get("/openapi.json").json()["paths"]:
        assert path in page
    assert "curl http://testserver/documents -F file=@report.pdf" in page
    example = re.search(r"-d '(\{.*?\})'", page)
    assert example is not None
    assert http.post("/ask", json=json.loads(example[1].replace("&#34;", '"'))).status_code == 200


def test_openapi_describes_problems_as_they_are_sent(http: TestClient) -> None:
    description = http.get("/openapi.json").json()
    responses = description["paths"]["/ask"]["post"]["responses"]
    assert sorted(responses) == ["200", "409", "413", "415", "422", "429", "503"]
    assert list(responses["429"]["content"]) == ["application/problem+json"]
    assert sorted(responses["200"]["content"]) == ["application/json", "text/event-stream"]
    references = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(description)))
    assert references <= set(description["components"]["schemas"])
    assert "HTTPValidationError" not in description["components"]["schemas"]
