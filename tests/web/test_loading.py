from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from rag.errors import IndexDamaged, IndexMissing, ModelMissing
from tests.web.conftest import PATIENCE, eventually
from tests.web.fakes import JAPANESE, FakeChatbot, Hold, answered
from web.app import create_app
from web.loading import ChatbotLike, Loader, NotReady, error_code


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_page_opens_and_everything_else_says_that_models_load() -> None:
    go_on = threading.Event()

    def load() -> ChatbotLike:
        go_on.wait(10)
        return FakeChatbot()

    app = create_app(load)
    with TestClient(app) as http:
        assert http.get("/").status_code == 200
        assert http.get("/healthz").json() == {"status": "ok"}
        for response in (
            http.get("/readyz"),
            http.get("/search?q=a"),
            http.get("/documents"),
            http.get("/documents/a.txt"),
            http.post("/ask", json={"question": "Who?"}),
        ):
            assert (response.status_code, response.json()["code"]) == (503, "loading")
            assert response.headers["retry-after"] == "2"
        go_on.set()
        eventually(lambda: http.get("/readyz").status_code == 200)
        assert http.get("/readyz").json() == {"status": "ready", "documents": 2}
        assert http.post("/ask", json={"question": "Who?"}).status_code == 200


def test_a_missing_index_is_said_with_the_command_and_tried_again_when_somebody_asks() -> None:
    made = threading.Event()

    def load() -> ChatbotLike:
        if not made.is_set():
            raise IndexMissing("No index in index/. Run: crosscite index seeds")
        return FakeChatbot()

    app = create_app(load, retry_seconds=0.02)
    with TestClient(app) as http:
        eventually(lambda: app.state.loader.state == "failed")
        problem = http.get("/readyz").json()
        assert (problem["status"], problem["code"], problem["detail"]) == (
            503,
            "index_missing",
            "No index in index/. Run: crosscite index seeds",
        )
        made.set()
        eventually(lambda: http.get("/readyz").status_code == 200)


def test_a_failed_load_is_not_tried_again_before_some_seconds_have_passed() -> None:
    clock, attempts = Clock(), []

    def load() -> ChatbotLike:
        attempts.append(clock.now)
        raise ModelMissing("No model. Run: crosscite models fetch")

    loader = Loader(load, retry_seconds=5, clock=clock)
    loader.start()
    eventually(lambda: loader.state == "failed")
    for now in (101.0, 104.9, 105.0):
        clock.now = now
        with pytest.raises(NotReady, match="crosscite models fetch"):
            loader.get()
    eventually(lambda: len(attempts) == 2)
    assert attempts == [100.0, 105.0]


def test_a_load_that_is_tried_anew_because_the_index_has_changed_says_nothing_of_the_old_failure() -> None:
    made, go_on = threading.Event(), threading.Event()

    def load() -> ChatbotLike:
        if not made.is_set():
            raise IndexMissing("No index")
        assert go_on.wait(PATIENCE)
        return FakeChatbot()

    loader = Loader(load, retry_seconds=3600)
    loader.start()
    eventually(lambda: loader.state == "failed")
    made.set()
    loader.index_has_changed()
    with pytest.raises(NotReady, match="The models are loading"):
        loader.get()
    go_on.set()
    eventually(lambda: loader.state == "ready")


def test_a_load_that_began_before_the_index_changed_and_failed_by_it_is_done_again_once() -> None:
    begun, go_on = threading.Event(), threading.Event()
    loads: list[int] = []

    def load() -> ChatbotLike:
        loads.append(1)
        begun.set()
        assert go_on.wait(PATIENCE)
        raise IndexMissing("No index")

    loader = Loader(load, retry_seconds=3600)
    loader.start()
    assert begun.wait(PATIENCE)
    for _ in range(3):
        loader.index_has_changed()
    go_on.set()
    eventually(lambda: loader.state == "failed")
    assert len(loads) == 2
    with pytest.raises(NotReady, match="No index"):
        loader.get()


def test_a_load_that_failed_for_another_reason_is_not_tried_at_once_because_the_index_has_changed() -> None:
    loads: list[int] = []

    def load() -> ChatbotLike:
        loads.append(1)
        raise ModelMissing("No model")

    loader = Loader(load, retry_seconds=3600)
    loader.start()
    eventually(lambda: loader.state == "failed")
    loader.index_has_changed()
    assert loader.state == "failed"
    assert loads == [1]


def test_a_newer_index_is_taken_up_by_the_next_request_and_the_models_stay_loaded() -> None:
    old, new = FakeChatbot(), FakeChatbot(documents=[JAPANESE])
    renewed: list[ChatbotLike] = []

    def renew(chatbot: ChatbotLike) -> ChatbotLike:
        renewed.append(chatbot)
        return new

    app = create_app(lambda: old, renew=renew)
    with TestClient(app) as http:
        eventually(lambda: http.get("/readyz").status_code == 200)
        assert len(http.get("/documents").json()["documents"]) == 2
        old.index.current = False
        assert [item["id"] for item in http.get("/documents").json()["documents"]] == [JAPANESE.id]
        assert http.post("/ask", json={"question": "Who?"}).status_code == 200
    assert (renewed, old.questions, len(new.questions)) == ([old], [], 1)


def test_an_answer_in_the_making_goes_on_with_the_index_it_began_with() -> None:
    hold = Hold()
    old, new = FakeChatbot([hold, *answered()]), FakeChatbot()
    app = create_app(lambda: old, renew=lambda _: new)
    with TestClient(app) as http, ThreadPoolExecutor() as pool:
        eventually(lambda: http.get("/readyz").status_code == 200)
        first = pool.submit(http.post, "/ask", json={"question": "First?"})
        assert hold.reached.wait(10)
        old.index.current = False
        second = pool.submit(http.post, "/ask", json={"question": "Second?"})
        eventually(lambda: http.get("/documents").status_code == 200)
        hold.released.set()
        assert (first.result(10).status_code, second.result(10).status_code) == (200, 200)
    assert [[question.text for question in bot.questions] for bot in (old, new)] == [["First?"], ["Second?"]]


def test_an_index_that_cannot_be_used_leaves_the_old_one_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, attempts = Clock(), []
    old, new = FakeChatbot(), FakeChatbot()
    problems = [IndexDamaged("cut off"), IndexDamaged("cut off"), IndexMissing("gone"), PermissionError("no")]

    def renew(chatbot: ChatbotLike) -> ChatbotLike:
        attempts.append(clock.now)
        if problems:
            raise problems.pop(0)
        return new

    loader = Loader(lambda: old, renew=renew, retry_seconds=5, clock=clock)
    loader.start()
    eventually(lambda: loader.state == "ready")
    assert loader.get() is old
    old.index.current = False
    for now in (101.0, 102.0, 105.9, 106.0, 111.0, 116.0):
        clock.now = now
        assert loader.get() is old
    clock.now = 121.0
    assert loader.get() is new
    assert attempts == [101.0, 106.0, 111.0, 116.0, 121.0]
    said = "Answers still come from the old index; the present one cannot be used"
    assert [record.getMessage() for record in caplog.records] == [f"{said}: {why}" for why in ("cut off", "gone", "no")]


def test_requests_that_come_while_a_new_index_is_opened_do_not_wait_for_it() -> None:
    hold, old, new = Hold(), FakeChatbot(), FakeChatbot()

    def renew(chatbot: ChatbotLike) -> ChatbotLike:
        hold.run(lambda: False)
        return new

    loader = Loader(lambda: old, renew=renew)
    loader.start()
    eventually(lambda: loader.state == "ready")
    old.index.current = False
    with ThreadPoolExecutor() as pool:
        first = pool.submit(loader.get)
        assert hold.reached.wait(10)
        assert loader.get() is old
        hold.released.set()
        assert first.result(10) is new
    assert loader.get() is new


def test_an_unexpected_error_while_loading_shows_nothing_of_the_inside(caplog: pytest.LogCaptureFixture) -> None:
    def load() -> ChatbotLike:
        raise RuntimeError("secret")

    loader = Loader(load)
    loader.start()
    eventually(lambda: loader.state == "failed")
    with pytest.raises(NotReady, match="the server's log has it") as caught:
        loader.get()
    assert (caught.value.code, "secret" in str(caught.value)) == ("internal", False)
    assert "RuntimeError: secret" in caplog.text


def test_a_loader_loads_once() -> None:
    loads: list[int] = []

    def load() -> ChatbotLike:
        loads.append(1)
        return FakeChatbot()

    loader = Loader(load)
    for _ in range(3):
        loader.start()
    eventually(lambda: loader.state == "ready")
    loader.start()
    assert loader.get() is loader.get()
    assert loads == [1]


def test_error_codes_are_the_names_of_the_errors() -> None:
    assert error_code(IndexMissing("")) == "index_missing"
    assert error_code(ValueError("")) == "internal"
