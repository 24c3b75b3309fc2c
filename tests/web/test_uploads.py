from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from rag import generations, uploads
from rag.errors import CrossciteError, DocumentError, NameRefused, UnsupportedFormat
from rag.types import Answer, Disagreement, Document, Event
from rag.uploads import checked_name
from tests.web.conftest import client, eventually
from tests.web.fakes import ANSWER, GERMAN, HANGZHOU, JAPANESE, FakeChatbot, FakeIndex, Hold, evidence
from tests.web.stock import APPLES, BANANAS, CHERRIES, Stock, cited

ASYNC = {"Prefer": "respond-async"}
WHO = "How many apples and cherries are there?"


@pytest.fixture
def http(stock: Stock) -> Iterator[TestClient]:
    with stock.served() as http:
        yield http


def upload(http: TestClient, name: str, data: str | bytes, path: str = "/documents", **headers: str):  # type: ignore[no-untyped-def]
    body = data.encode() if isinstance(data, str) else data
    return http.post(path, files={"file": (name, body)}, headers=headers)


def ids(http: TestClient) -> list[str]:
    return [document["id"] for document in http.get("/documents").json()["documents"]]


# A document comes and goes


def test_an_uploaded_document_is_cited_by_the_next_answer(http: TestClient, stock: Stock) -> None:
    assert cited(http, "Where do the cherries come from?") == ["garden.txt"]
    response = upload(http, "Kirschen.txt", CHERRIES)
    assert (response.status_code, response.json()) == (201, {"documents": ["Kirschen.txt"], "refused": []})
    assert cited(http, "Where do the cherries come from?") == ["Kirschen.txt"]
    rows = {
        row["id"]: (row["uploaded"], row["folder"], row["passages"])
        for row in http.get("/documents").json()["documents"]
    }
    assert rows == {"Kirschen.txt": (True, None, 1), "garden.txt": (False, "seeds", 1)}
    assert stock.kept() == ["Kirschen.txt"]


def test_a_deleted_document_is_nowhere_any_more(http: TestClient, stock: Stock) -> None:
    upload(http, "cherries.txt", CHERRIES)
    assert http.delete("/documents/cherries.txt").status_code == 204
    assert ids(http) == ["garden.txt"]
    assert http.get("/documents/cherries.txt").status_code == 404
    found = http.get("/search", params={"q": "cherries from Ferrara"}).json()["evidence"]
    assert {item["document"] for item in found} == {"garden.txt"}
    assert cited(http, "Where do the cherries come from?") == ["garden.txt"]
    for path in stock.folder.rglob("*"):
        assert not path.is_file() or b"Ferrara" not in path.read_bytes(), path
    assert stock.kept() == []
    assert http.delete("/documents/cherries.txt").json()["code"] == "document_not_found"


def test_a_document_of_an_indexed_folder_stays_and_the_way_out_is_named(http: TestClient, stock: Stock) -> None:
    problem = http.delete("/documents/garden.txt").json()
    assert (problem["status"], problem["code"]) == (409, "document_kept")
    assert problem["detail"] == (
        "garden.txt belongs to the indexed folder seeds, where it would come back from. "
        "Remove the file there, then run: crosscite index"
    )
    assert ids(http) == ["garden.txt"]
    assert (stock.home / "seeds/garden.txt").exists()


def test_a_file_that_was_indexed_alone_names_its_folder(stock: Stock) -> None:
    stock.index(stock.home / "seeds/garden.txt", rebuild=True)
    with stock.served() as http:
        assert [row["folder"] for row in http.get("/documents").json()["documents"]] == ["seeds"]
        assert "the indexed folder seeds," in http.delete("/documents/garden.txt").json()["detail"]


def test_uploads_survive_indexing_the_folder_again(http: TestClient, stock: Stock) -> None:
    upload(http, "cherries.txt", CHERRIES)
    stock.write("garden.txt", f"The garden\n\n{BANANAS}\n")
    stock.index()
    assert ids(http) == ["cherries.txt", "garden.txt"]


def test_an_upload_may_have_the_name_of_a_document_of_a_folder(http: TestClient, stock: Stock) -> None:
    assert upload(http, "garden.txt", CHERRIES).json()["documents"] == ["uploads/garden.txt"]
    assert http.delete("/documents/uploads/garden.txt").status_code == 204
    assert ids(http) == ["garden.txt"]


def test_the_first_document_makes_the_index_and_brings_the_chatbot_up(tmp_path: Path) -> None:
    stock = Stock(tmp_path)
    with stock.served() as http:
        assert http.get("/documents").json()["code"] == "index_missing"
        assert upload(http, "cherries.txt", CHERRIES).status_code == 201
        eventually(lambda: http.get("/readyz").status_code == 200)
        assert cited(http, "Where do the cherries come from?") == ["cherries.txt"]
        assert http.delete("/documents/cherries.txt").status_code == 204
        assert ids(http) == []
        assert http.post("/ask", json={"question": WHO}).json()["answered"] is False


def test_who_sees_the_first_upload_done_is_not_told_any_more_that_there_is_no_index(tmp_path: Path) -> None:
    stock = Stock(tmp_path)
    with stock.served(retry_seconds=3600) as http:
        assert http.get("/documents").json()["code"] == "index_missing"
        assert upload(http, "cherries.txt", CHERRIES).status_code == 201
        assert http.get("/documents").json().get("code") in {None, "loading"}
        eventually(lambda: http.get("/documents").status_code == 200)
        assert ids(http) == ["cherries.txt"]


# What is not taken


@pytest.mark.parametrize(
    ("name", "data", "status", "code", "why", "reason"),
    [
        (
            "a.exe",
            b"MZ",
            415,
            "unsupported_format",
            "format",
            "a.exe: there is no reader for .exe files. Readable are: ",
        ),
        ("noname", b"text", 415, "unsupported_format", "format", "noname: there is no reader for no suffix files."),
        ("empty.txt", b" \n", 422, "document_error", "empty", "empty.txt: is empty"),
        ("bad.pdf", b"%PDF-1.7", 422, "document_error", "damaged", "bad.pdf: is damaged: no complete PDF"),
        ("../../evil.txt", b"Text.", 422, "name_refused", "name_path", "the name is a path"),
        ("same.txt", f"The garden\n\n{APPLES}\n".encode(), 409, "document_exists", "same", "there as garden.txt"),
    ],
)
def test_a_refused_file_says_why_and_leaves_nothing_behind(
    http: TestClient, stock: Stock, name: str, data: bytes, status: int, code: str, why: str, reason: str
) -> None:
    before = generations.read_manifest(stock.folder)
    response = upload(http, name, data)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["code"], problem["why"]) == (status, code, why)
    assert problem.get("document") == ("garden.txt" if why == "same" else None)
    assert reason in problem["detail"]
    assert stock.kept() == []
    assert generations.read_manifest(stock.folder) == before


def test_a_file_that_is_too_large_is_refused_with_the_limit(
    http: TestClient, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 2 * 2**20)
    problem = upload(http, "big.txt", b"x" * (2 * 2**20 + 1)).json()
    assert (problem["status"], problem["detail"]) == (
        413,
        "big.txt: is larger than 2 MB, the most that is taken. Split it.",
    )
    monkeypatch.setattr(uploads, "MOST_PASSAGES", 1)
    problem = upload(http, "long.txt", f"{APPLES} {CHERRIES}").json()
    assert (problem["status"], problem["code"]) == (413, "document_too_large")
    assert "has 2 passages; at most 1 are taken here" in problem["detail"]
    assert stock.kept() == []


def test_a_request_beyond_all_limits_is_turned_away_before_it_is_read(http: TestClient, stock: Stock) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(10**12)}
    response = http.post("/documents", content=b"--x", headers=headers)
    assert (response.status_code, response.json()["detail"]) == (413, "The request is longer than 209,715,200 bytes.")


def test_of_several_files_the_good_ones_are_added_and_the_others_named(http: TestClient, stock: Stock) -> None:
    files = [
        ("file", ("cherries.txt", CHERRIES.encode())),
        ("file", ("evil.exe", b"MZ")),
        ("file", ("empty.txt", b"")),
        ("file", ("bananas.txt", BANANAS.encode())),
        ("file", ("BANANAS.txt", b"Another text.")),
        ("file", ("twin.txt", CHERRIES.encode())),
    ]
    response = http.post("/documents", files=files)
    assert response.status_code == 201
    assert response.json()["documents"] == ["cherries.txt", "bananas.txt"]
    refused = {item["name"]: item["problem"]["code"] for item in response.json()["refused"]}
    assert refused == {
        "evil.exe": "unsupported_format",
        "empty.txt": "document_error",
        "BANANAS.txt": "document_exists",
        "twin.txt": "document_exists",
    }
    assert stock.kept() == ["bananas.txt", "cherries.txt"]


def test_another_file_of_the_same_name_replaces_the_first_only_when_asked_to(http: TestClient, stock: Stock) -> None:
    upload(http, "fruit.txt", CHERRIES)
    assert upload(http, "fruit.txt", BANANAS).json()["code"] == "name_taken"
    assert upload(http, "fruit.txt", b"\n", "/documents?replace=true").json()["code"] == "document_error"
    assert cited(http, "Where do the cherries come from?") == ["fruit.txt"]
    assert upload(http, "fruit.txt", BANANAS, "/documents?replace=true").status_code == 201
    assert http.get("/documents/fruit.txt").json()["text"] == BANANAS
    assert stock.kept() == ["fruit.txt"]
    assert (stock.uploads / "fruit.txt").read_text() == BANANAS


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "text/plain"}, b"x", 415),
        ({"Content-Type": "multipart/form-data"}, b"x", 422),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"rubbish", 422),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n", 422),
        (
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf of it',
            422,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nno file\r\n--x--\r\n',
            422,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=x"},
            b"--x\r\nContent-Disposition: " + b"a" * 20_000 + b"\r\n\r\n\r\n--x--\r\n",
            422,
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nText.\r\n' * 21 + b"--x--\r\n",
            413,
        ),
    ],
)
def test_a_request_without_whole_files_is_refused_and_leaves_nothing_behind(
    http: TestClient, stock: Stock, headers: dict[str, str], body: bytes, status: int
) -> None:
    response = http.post("/documents", content=body, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert stock.kept() == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_a_page_of_another_site_neither_adds_nor_removes(http: TestClient, stock: Stock, origin: str) -> None:
    upload(http, "cherries.txt", CHERRIES)
    assert upload(http, "bananas.txt", BANANAS, Origin=origin).json()["code"] == "foreign_origin"
    assert http.delete("/documents/cherries.txt", headers={"Origin": origin}).json()["code"] == "foreign_origin"
    assert ids(http) == ["cherries.txt", "garden.txt"]


def test_a_server_that_is_read_only_takes_and_removes_nothing(stock: Stock) -> None:
    with stock.served(source=None) as http:
        assert upload(http, "cherries.txt", CHERRIES).status_code == 403
        assert http.delete("/documents/garden.txt").status_code == 403
        assert http.get("/uploads").status_code == 403
        assert 'type="file"' not in http.get("/library").text


# Names


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("report.txt", "report.txt"),
        (" Jahresbericht Ü 2024.TXT ", "Jahresbericht Ü 2024.TXT"),
        ("Jahresbericht U\u0308.txt", "Jahresbericht Ü.txt"),
        ("若い技術者.md", "若い技術者.md"),
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
        ("<b>&'\"#?%41.txt", "<b>&'\"#?%41.txt"),
        ("a..b.txt", "a..b.txt"),
        ("x" * 196 + ".txt", "x" * 196 + ".txt"),
    ],
)
def test_an_ordinary_name_is_kept(name: str, kept: str) -> None:
    assert checked_name(name) == kept


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "has no name"),
        ("   ", "has no name"),
        (".", "is a path"),
        ("..", "is a path"),
        ("../a.txt", "is a path"),
        ("/etc/passwd.txt", "is a path"),
        ("..\\a.txt", "is a path"),
        ("C:\\fakepath\\a.txt", "is a path"),
        ("C:a.txt", "is a path"),
        ("a.txt:stream.txt", "is a path"),
        ("a\x00.txt", "U+0000"),
        ("a\n.txt", "U+000A"),
        ("a\x7f.txt", "U+007F"),
        ("a\u202etxt.exe.txt", "U+202E"),
        ("a\u2066.txt", "U+2066"),
        ("a\u200e.txt", "U+200E"),
        ("a\u00ad.txt", "U+00AD"),
        ("a\u2028.txt", "U+2028"),
        ("a\ue000.txt", "U+E000"),
        ("a\udcff.txt", "not valid Unicode"),
        (".hidden.txt", "a dot"),
        (".incoming-1-x.txt", "a dot"),
        ("a.txt.", "a dot"),
        ("CON.txt", "device"),
        ("nul.tar.txt", "device"),
        ("com1 .txt", "device"),
        ("LPT¹.txt", "device"),
        ("x" * 197 + ".txt", "has 201 bytes; at most 200 are taken"),
        ("若" * 70 + ".txt", "has 214 bytes"),
    ],
)
def test_a_name_that_could_mislead_or_leave_the_folder_is_refused(name: str, reason: str) -> None:
    with pytest.raises(NameRefused, match="(?s).*" + reason.replace("+", r"\+")) as refused:
        checked_name(name)
    assert str(refused.value).isprintable()


def test_a_name_without_a_known_suffix_is_of_no_known_format() -> None:
    for name in ("a", "a.exe", "a.txt.zip2"):
        with pytest.raises(UnsupportedFormat):
            checked_name(name)


# Progress, and questions meanwhile


def one(http: TestClient) -> dict[str, object]:
    (status,) = http.get("/uploads").json()["uploads"]
    return {key: status[key] for key in ("name", "state", "passages", "embedded", "paused", "document")}


def test_an_upload_tells_how_far_it_is_and_questions_are_answered_meanwhile(http: TestClient, stock: Stock) -> None:
    stock.embedder.gate.clear()
    stock.embedder.reached.clear()
    response = upload(http, "cherries.txt", " ".join([CHERRIES] * 30), **ASYNC)
    assert response.status_code == 202
    started = response.json()["uploads"][0]
    assert (started["name"], started["document"], started["problem"]) == ("cherries.txt", None, None)
    assert stock.embedder.reached.wait(10)
    assert one(http) == {
        "name": "cherries.txt",
        "state": "embedding",
        "passages": 30,
        "embedded": 0,
        "paused": False,
        "document": None,
    }
    assert ids(http) == ["garden.txt"]
    stock.embedder.gate.set()
    eventually(lambda: one(http)["state"] == "done")
    assert one(http)["document"] == "cherries.txt"
    assert http.get(f"/uploads/{started['id']}").json()["embedded"] == 30
    assert ids(http) == ["cherries.txt", "garden.txt"]
    assert http.delete(f"/uploads/{started['id']}").status_code == 204
    assert http.get("/uploads").json()["uploads"] == []
    assert http.get(f"/uploads/{started['id']}").status_code == 404


def test_nothing_is_embedded_while_a_question_is_answered(http: TestClient, stock: Stock) -> None:
    stock.llm.gate.clear()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(cited, http, "How many apples are there?")
        assert stock.llm.reached.wait(10)
        before = list(stock.embedder.embedded)
        upload(http, "cherries.txt", CHERRIES, **ASYNC)
        eventually(lambda: one(http)["paused"])
        assert stock.embedder.embedded == before
        stock.llm.gate.set()
        # It began with the index without cherries, and ends with it.
        assert answer.result(10) == ["garden.txt"]
    eventually(lambda: one(http)["state"] == "done")


def test_a_cancelled_upload_leaves_nothing_behind(http: TestClient, stock: Stock) -> None:
    stock.embedder.gate.clear()
    stock.embedder.reached.clear()
    text = " ".join(f"{CHERRIES} {number}." for number in range(40))
    first = upload(http, "cherries.txt", text, **ASYNC).json()["uploads"][0]
    assert stock.embedder.reached.wait(10)
    second = upload(http, "bananas.txt", BANANAS, **ASYNC).json()["uploads"][0]
    assert [item["state"] for item in http.get("/uploads").json()["uploads"]] == ["embedding", "waiting"]
    for item in (first, second):
        assert http.delete(f"/uploads/{item['id']}").status_code == 204
    stock.embedder.gate.set()
    eventually(lambda: stock.kept() == [])
    assert ids(http) == ["garden.txt"]
    assert upload(http, "bananas.txt", BANANAS).status_code == 201


def test_an_upload_waits_for_another_writer_and_a_removal_says_that_one_is_there(
    http: TestClient, stock: Stock
) -> None:
    upload(http, "bananas.txt", BANANAS)
    with generations.writing(stock.folder):
        upload(http, "cherries.txt", CHERRIES, **ASYNC)
        eventually(lambda: http.get("/uploads").json()["uploads"][-1]["state"] == "indexing")
        response = http.delete("/documents/bananas.txt")
        assert (response.status_code, response.json()["code"]) == (503, "index_locked")
        assert "bananas.txt" in stock.kept()
    eventually(lambda: http.get("/uploads").json()["uploads"][-1]["state"] == "done")
    assert ids(http) == ["bananas.txt", "cherries.txt", "garden.txt"]


def test_a_full_disk_refuses_the_upload_and_keeps_the_index(
    http: TestClient, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("rag.generations.publish", full)
    response = upload(http, "cherries.txt", CHERRIES)
    assert (response.status_code, response.json()["code"]) == (503, "index_error")
    assert "The disk is full" in response.json()["detail"]
    assert stock.kept() == []
    monkeypatch.undo()
    assert ids(http) == ["garden.txt"]
    assert upload(http, "cherries.txt", CHERRIES).status_code == 201


# Words that leave while an answer is made of them


def asked_while_documents_change(answer: Answer, before: Sequence[Document], now: Sequence[Document]) -> Any:
    """What comes of a question whose answer is being written while the index gets other documents."""
    hold = Hold()
    old = FakeChatbot([Event("evidence", answer.evidence), hold, Event("answer", answer)], documents=before)
    with client(old, renew=lambda _: FakeChatbot(documents=now)) as http, ThreadPoolExecutor() as pool:
        asked = pool.submit(http.post, "/ask", json={"question": "Who?"})
        assert hold.reached.wait(10)
        old.index.current = False
        hold.released.set()
        return asked.result(10)


def test_an_answer_made_of_words_that_have_gone_meanwhile_is_not_shown() -> None:
    problem = asked_while_documents_change(ANSWER, [GERMAN, JAPANESE], [JAPANESE]).json()
    assert (problem["status"], problem["code"]) == (409, "documents_changed")
    assert problem["detail"].startswith(f"{GERMAN.title} was removed or replaced while this answer")


def test_an_answer_that_other_words_contradict_is_not_shown_once_these_have_gone() -> None:
    other = replace(GERMAN, id="other.txt", title="Another report")
    disputed = replace(ANSWER, disagreements=(Disagreement(1, evidence(1, other, HANGZHOU)),))
    problem = asked_while_documents_change(disputed, [GERMAN, JAPANESE, other], [GERMAN, JAPANESE]).json()
    assert (problem["status"], problem["code"]) == (409, "documents_changed")
    assert problem["detail"].startswith("Another report was removed or replaced while this answer")


def test_an_answer_whose_words_are_still_there_is_shown_though_the_index_is_new() -> None:
    more = replace(JAPANESE, id="more.txt")
    assert asked_while_documents_change(ANSWER, [GERMAN, JAPANESE], [GERMAN, JAPANESE, more]).status_code == 200


def test_a_question_that_waited_is_answered_from_the_index_as_it_is_then() -> None:
    hold = Hold()
    old, new = FakeChatbot([hold, Event("answer", ANSWER)]), FakeChatbot()
    with client(old, renew=lambda _: new) as http, ThreadPoolExecutor() as pool:
        first = pool.submit(http.post, "/ask", json={"question": "First?"})
        assert hold.reached.wait(10)
        second = pool.submit(http.post, "/ask", json={"question": "Second?"})
        eventually(lambda: http.app.state.worker.waiting == 1)  # type: ignore[attr-defined]
        assert isinstance(old.index, FakeIndex)
        old.index.current = False
        hold.released.set()
        assert {first.result(10).status_code, second.result(10).status_code} == {200}
    assert [question.text for question in new.questions] == ["Second?"]


# Killed in between


def dead_process() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_a_server_finishes_what_a_killed_one_had_begun(stock: Stock) -> None:
    with stock.served() as http:
        upload(http, "cherries.txt", CHERRIES)
    stock.uploads.joinpath("bananas.txt").write_text(BANANAS)
    stock.uploads.joinpath("cherries.txt").unlink()
    stock.uploads.joinpath(f".incoming-{dead_process()}-0.txt").write_text("half")
    stock.uploads.joinpath(f".incoming-{os.getppid()}-0.txt").write_text("of another server")
    with stock.served() as http:
        eventually(lambda: ids(http) == ["bananas.txt", "garden.txt"])
    assert stock.kept() == [f".incoming-{os.getppid()}-0.txt", "bananas.txt"]


def test_uploads_are_taken_again_when_a_damaged_index_is_mended(stock: Stock) -> None:
    (database,) = stock.folder.glob("*.sqlite")
    with database.open("r+b") as file:
        file.write(b"x" * 100)
    with stock.served() as http:
        early = followed(http, upload(http, "early.txt", CHERRIES, **ASYNC))
        assert (early["state"], early["problem"]["code"]) == ("refused", "index_damaged")
        stock.index(rebuild=True)
        assert followed(http, upload(http, "cherries.txt", CHERRIES, **ASYNC))["state"] == "done"
        assert stock.kept() == ["cherries.txt"]


def test_whatever_goes_wrong_uploads_are_still_taken(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    def kept_open(*_: object) -> None:
        raise PermissionError

    for step in ("sweep", "settle"):
        with monkeypatch.context() as patch:
            patch.setattr(uploads, step, broken)
            with stock.served() as http:
                with patch.context() as inner:
                    inner.setattr(uploads, "check", broken)
                    inner.setattr(uploads.Received, "discard", kept_open)
                    first = followed(http, upload(http, "cherries.txt", CHERRIES, **ASYNC))
                assert (first["state"], first["problem"]["code"]) == ("refused", "internal")
                assert followed(http, upload(http, f"{step}.txt", f"{step} {BANANAS}", **ASYNC))["state"] == "done"


def followed(http: TestClient, response: Any) -> Any:
    """What becomes of the one upload of a response that did not wait for it."""
    (item,) = response.json()["uploads"]

    def state() -> Any:
        return http.get(f"/uploads/{item['id']}").json()

    eventually(lambda: state()["state"] in {"done", "refused"})
    return state()


def test_an_upload_to_a_server_that_is_stopping_is_refused_at_once(stock: Stock) -> None:
    app = stock.app()
    with TestClient(app):
        library = app.state.library
    path = stock.home / "late.txt"
    path.write_text(CHERRIES)
    late = library.add(uploads.receive_file(stock.folder, path))
    assert (late.over.is_set(), str(late.error)) == (
        True,
        "The server was stopped before the document was in the index.",
    )
    assert stock.kept() == []


def test_an_upload_that_a_stopped_server_had_not_finished_leaves_nothing_behind(stock: Stock) -> None:
    stock.embedder.gate.clear()
    with stock.served() as http:
        stock.embedder.reached.clear()
        upload(http, "cherries.txt", " ".join(f"{CHERRIES} {number}." for number in range(40)), **ASYNC)
        assert stock.embedder.reached.wait(10)
        upload(http, "bananas.txt", BANANAS, **ASYNC)
        threading.Timer(0.2, stock.embedder.gate.set).start()
    assert stock.kept() == []


def test_when_the_index_cannot_be_written_files_and_index_are_as_before(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def store(name: str, text: str) -> None:
        path = stock.home / name
        path.write_text(text)
        received = uploads.receive_file(stock.folder, path)
        try:
            checked = uploads.check(received, stock.folder, stock.embedder.count_tokens, replace=True)
            uploads.store([checked], stock.folder, stock.embedder, "fake", "fake")
        finally:
            received.discard()

    def broken(*_: object, **__: object) -> None:
        raise CrossciteError("no")

    store("fruit.txt", CHERRIES)
    monkeypatch.setattr("rag.indexing.build", broken)
    monkeypatch.setattr("rag.indexing.remove", broken)
    with pytest.raises(CrossciteError, match="no"):
        store("fruit.txt", BANANAS)
    with pytest.raises(CrossciteError, match="no"):
        uploads.remove("fruit.txt", stock.folder)
    assert stock.kept() == ["fruit.txt"]
    assert (stock.uploads / "fruit.txt").read_text() == CHERRIES
    monkeypatch.undo()
    assert uploads.settle(stock.folder, lambda: stock.embedder, "fake", "fake").unchanged == 1


def test_a_file_of_this_machine_that_cannot_be_opened_is_an_error(stock: Stock) -> None:
    with pytest.raises(DocumentError, match="none.txt: no such file"):
        uploads.receive_file(stock.folder, stock.home / "none.txt")
    assert stock.kept() == []
