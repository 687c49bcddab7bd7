"""Hosts that are near by their names alone."""

from __future__ import annotations

import pytest

from adapters.http.addresses import is_loopback, is_private


@pytest.mark.parametrize(
    ("host", "loopback", "private"),
    [
        ("localhost", True, False),
        ("a.localhost", True, False),
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("registry.local", False, True),
        ("10.1.2.3", False, True),
        ("172.16.0.1", False, True),
        ("172.32.0.1", False, False),
        ("192.168.1.1", False, True),
        ("192.169.1.1", False, False),
        ("local", False, False),
        ("10.example.com", False, False),
        ("fd00::1", False, False),
    ],
)
def test_near_hosts(host: str, *, loopback: bool, private: bool) -> None:
    assert is_loopback(host) is loopback
    assert is_private(host) is private
