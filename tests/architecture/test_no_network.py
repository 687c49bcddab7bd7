"""The guard of `tests/conftest.py` stops what would leave the machine, no more."""

import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_connecting_elsewhere_fails(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(RuntimeError, match="connect"):
        client.connect((host, 80))


def test_looking_up_a_foreign_name_fails() -> None:
    with pytest.raises(RuntimeError, match="registry"):
        socket.getaddrinfo("registry.kanipy.dev", 443)


def test_loopback_stays_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = ("localhost", server.getsockname()[1])
        with socket.create_connection(address) as client:
            assert client.getpeername()[0] == "127.0.0.1"
