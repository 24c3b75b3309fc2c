"""The guard that all other tests rely on when they show that nothing calls out."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.invalid"])
def test_a_call_to_another_machine_is_refused_and_noted(host: str, calls_to_elsewhere: list[str]) -> None:
    with pytest.raises(ConnectionRefusedError, match="the tests may not call"):
        socket.create_connection((host, 80), timeout=0.1)
    assert calls_to_elsewhere.pop() == host


def test_a_call_to_this_machine_goes_through(calls_to_elsewhere: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()
    assert calls_to_elsewhere == []
