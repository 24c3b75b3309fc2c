from __future__ import annotations

import threading

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import client, eventually
from tests.web.fakes import FakeChatbot
from web.app import create_app

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "status", "title", "detail"),
    [
        ("GET", "/nowhere", 404, "Not Found", "There is nothing at /nowhere."),
        ("GET", "/ask", 405, "Method Not Allowed", "/ask does not take GET."),
        ("PUT", "/documents/x", 405, "Method Not Allowed", "/documents/x does not take PUT."),
        ("GET", "/documents/x.txt", 404, "No such document", "There is no document 'x.txt' in the index."),
        ("GET", "/documents/x.txt/view", 404, "No such document", "There is no document 'x.txt' in the index."),
        ("GET", "/documents/../../etc/passwd", 404, "Not Found", "There is nothing at /etc/passwd."),
        (
            "GET",
            "/documents/..%2f..%2fetc%2fpasswd",
            404,
            "No such document",
            "There is no document '../../etc/passwd' in the index.",
        ),
        ("GET", "/static/../app.py", 404, "Not Found", "There is nothing at /app.py."),
        ("GET", "/static/%2e%2e/app.py", 404, "Not Found", "There is nothing at /static/../app.py."),
    ],
)
def test_errors_are_problem_details(
    http: TestClient, method: str, path: str, status: int, title: str, detail: str
) -> None:
    response = http.request(method, path)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["status"]) == (status, status)
    assert (problem["title"], problem["detail"]) == (title, detail)


def test_a_body_that_is_not_json_is_refused_by_its_type(http: TestClient) -> None:
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {}):
        response = http.post("/ask", content=b'{"question": "Who?"}', headers=headers)
        assert (response.status_code, response.json()["title"]) == (415, "Unsupported Media Type")


def test_broken_json_is_a_422(http: TestClient) -> None:
    response = http.post("/ask", content=b'{"question": ', headers=JSON)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "body"
    assert "not valid JSON" in response.json()["detail"]


def test_json_that_is_not_utf8_is_a_client_error(http: TestClient) -> None:
    response = http.post("/ask", content=b'{"question": "\xff"}', headers=JSON)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not(http: TestClient) -> None:
    body = b'{"question": "' + b"x" * 1_000_000 + b'"}'
    assert http.post("/ask", content=body, headers=JSON).status_code == 413
    response = http.post("/ask", content=iter([body]), headers=JSON)
    assert (response.status_code, response.json()["detail"]) == (413, "The request is longer than 1,000,000 bytes.")


def test_an_unexpected_error_is_a_500_that_tells_nothing_of_the_inside() -> None:
    with client(FakeChatbot([RuntimeError("secret path /srv/x")])) as http:
        response = http.post("/ask", json={"question": "Who?"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "secret" not in response.text
    assert response.json()["title"] == "Something went wrong in the server"


def test_every_problem_type_is_explained_in_the_documentation(http: TestClient) -> None:
    kind = http.get("/documents/none").json()["type"]
    assert kind == "/docs#document_not_found"
    assert f'id="{kind.partition("#")[2]}"' in http.get("/docs").text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example", "http://x"])
def test_a_question_from_a_page_of_another_site_is_refused(http: TestClient, origin: str) -> None:
    response = http.post("/ask", json={"question": "Who?"}, headers={"Origin": origin})
    assert (response.status_code, response.json()["code"]) == (403, "foreign_origin")


def test_a_question_from_its_own_page_is_answered(http: TestClient) -> None:
    assert http.post("/ask", json={"question": "Who?"}, headers={"Origin": "http://testserver"}).status_code == 200


def test_a_server_on_loopback_answers_to_its_own_names_only() -> None:
    app = create_app(FakeChatbot, allowed_hosts=["localhost", "127.0.0.1", "::1"])
    with TestClient(app) as http:
        hosts = [
            "localhost:8000",
            "127.0.0.1:8000",
            "[::1]:8000",
            "LOCALHOST",
            "evil.example",
            "127.0.0.1.evil.example",
        ]
        found = [http.get("/healthz", headers={"Host": host}).status_code for host in hosts]
        problem = http.get("/healthz", headers={"Host": "evil.example:80"}).json()
    assert found == [200, 200, 200, 200, 421, 421]
    assert (problem["code"], problem["detail"]) == ("unknown_host", "This server is not called 'evil.example'.")


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/static/base.css", "/nowhere", "/documents/人材.txt/view"])
def test_every_response_keeps_scripts_and_frames_of_others_out(http: TestClient, path: str) -> None:
    headers = http.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


# Who follows a link is no program


def test_whoever_follows_a_link_to_what_is_not_there_gets_a_page_in_their_language(http: TestClient) -> None:
    wants = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "de"}
    gone = http.get("/documents/<b>no.txt/view?start=1&end=2", headers=wants)
    assert (gone.status_code, gone.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Dieses Dokument ist nicht mehr im Index.</h1>" in gone.text
    assert "&lt;b&gt;no.txt" in gone.text
    assert "<b>no" not in gone.text
    assert "script-src 'self'" in gone.headers["content-security-policy"]
    nowhere = http.get("/nowhere", headers=wants)
    assert (nowhere.status_code, "<h1>Unter dieser Adresse gibt es nichts.</h1>" in nowhere.text) == (404, True)
    assert http.get("/nowhere").json()["status"] == 404


def test_a_link_followed_while_models_load_says_so_and_can_be_tried_again() -> None:
    hold = threading.Event()

    def load() -> FakeChatbot:
        hold.wait(10)
        return FakeChatbot()

    with TestClient(create_app(load)) as http:
        path = "/documents/firmen/deepseek.txt/view?start=9&end=54"
        page = http.get(path, headers={"Accept": "text/html"})
        assert (page.status_code, "Retry-After" in page.headers) == (503, True)
        assert "The models are loading." in page.text
        assert '<a href="">Try again</a>' in page.text
        hold.set()
        eventually(lambda: http.get(path, headers={"Accept": "text/html"}).status_code == 200)
