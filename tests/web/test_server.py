from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from rag.config import Settings
from rag.errors import SettingsError
from tests.web.conftest import Running, eventually, running
from tests.web.fakes import FakeChatbot, Hold, answered
from web.app import create_app
from web.server import address, is_loopback, listen, serve


@contextmanager
def serving(bot: FakeChatbot, queue_size: int = 8) -> Iterator[Running]:
    app = create_app(lambda: bot, queue_size=queue_size)
    with running(app) as server:
        eventually(lambda: app.state.loader.state == "ready")
        yield server


@contextmanager
def asking(server: Running, *, stream: bool) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    body = json.dumps({"question": "Who founded DeepSeek?", "stream": stream})
    connection.request("POST", "/ask", body, {"Content-Type": "application/json"})
    try:
        yield connection
    finally:
        connection.close()


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_during_prompt_evaluation_stops_its_generation(stream: bool) -> None:
    hold = Hold()
    bot = FakeChatbot([hold], answered())
    with serving(bot) as server:
        with asking(server, stream=stream):
            assert hold.reached.wait(10)
        assert hold.cancelled.wait(10)
        with asking(server, stream=False) as connection:
            assert json.loads(connection.getresponse().read())["answered"] is True


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_while_waiting_leaves_the_queue(stream: bool) -> None:
    hold = Hold()
    bot = FakeChatbot([hold, *answered()], answered())
    with serving(bot) as server:
        worker = server.app.state.worker
        with asking(server, stream=True):
            assert hold.reached.wait(10)
            with asking(server, stream=stream):
                eventually(lambda: worker.waiting == 1)
            eventually(lambda: worker.waiting == 0)
    assert len(bot.questions) == 1


def test_a_full_queue_is_a_429_that_says_when_to_ask_again() -> None:
    hold = Hold()
    with serving(FakeChatbot([hold]), queue_size=1) as server, asking(server, stream=True):
        assert hold.reached.wait(10)
        with asking(server, stream=True):
            eventually(lambda: server.app.state.worker.waiting == 1)
            for stream in (True, False):
                with asking(server, stream=stream) as third:
                    response = third.getresponse()
                    problem = json.loads(response.read())
                    assert (response.status, problem["code"]) == (429, "queue_full")
                    assert response.headers["Retry-After"] == "15"
                    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_waiting_stream_says_how_many_are_before_it() -> None:
    hold = Hold()
    with serving(FakeChatbot([hold])) as server, asking(server, stream=True):
        assert hold.reached.wait(10)
        with asking(server, stream=True) as second:
            assert second.getresponse().readline() == b": ahead=1\n"


def test_documents_can_be_read_while_an_answer_is_made() -> None:
    hold = Hold()
    with serving(FakeChatbot([hold])) as server, asking(server, stream=True):
        assert hold.reached.wait(10)
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        connection.request("GET", "/documents/firmen/deepseek.txt")
        assert connection.getresponse().status == 200
        connection.close()


def test_stopping_the_server_ends_open_answers_at_once_even_while_the_model_is_deep_in_its_work() -> None:
    class Deaf(Hold):
        def run(self, cancelled: Callable[[], bool]) -> None:
            self.reached.set()
            time.sleep(1.0)
            self.released.set()

    hold = Deaf()
    with serving(FakeChatbot([hold])) as server, asking(server, stream=True) as connection:
        assert hold.reached.wait(10)
        threading.Thread(target=server.stop).start()
        assert "The server is stopping." in connection.getresponse().read().decode()
        assert not hold.released.is_set()


def test_stopping_the_server_ends_open_answers_at_once_and_says_so() -> None:
    hold = Hold()
    with serving(FakeChatbot([hold])) as server, asking(server, stream=True) as connection:
        assert hold.reached.wait(10)
        started = time.monotonic()
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        text = connection.getresponse().read().decode()
        stopper.join(10)
        assert time.monotonic() - started < 3
    assert "event: error" in text
    assert '"code": "stopping"' in text
    assert hold.cancelled.is_set()


def test_a_port_that_is_taken_is_said_with_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    with listen("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError) as caught:
            serve(Settings(), "127.0.0.1", port, load=FakeChatbot)
    assert str(caught.value) == (
        f"Port {port} on 127.0.0.1 is taken. Stop the other program or run: make run PORT={port + 1}"
    )
    assert capsys.readouterr().out == ""


def test_a_host_or_port_that_cannot_be_is_said_with_the_way_out() -> None:
    with pytest.raises(SettingsError, match=r"'192\.0\.2\.1' is not an address of this machine"):
        listen("192.0.2.1", 0)
    with pytest.raises(SettingsError, match="99999 is not a port"):
        listen("127.0.0.1", 99999)


def test_the_address_that_is_printed_can_be_opened_on_this_machine() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert address(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert is_loopback(listener)
    with listen("0.0.0.0", 0) as listener:
        assert address(listener).startswith("http://127.0.0.1:")
        assert not is_loopback(listener)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 on this machine")
def test_an_ipv6_address_is_printed_in_brackets() -> None:
    try:
        listener = listen("::1", 0)
    except SettingsError:
        pytest.skip("no IPv6 loopback on this machine")
    with listener:
        assert address(listener) == f"http://[::1]:{listener.getsockname()[1]}"
