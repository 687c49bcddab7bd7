"""A registry on loopback, and what is needed to talk to it without waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries, RetryPolicy
from adapters.memory.credentials import MemoryCredentials
from adapters.registry.connection import RegistryConnections
from application.ports.credentials import Credential
from tests.support.registry_server import FakeRegistry

Connect = Callable[..., RegistryConnections]


@pytest.fixture
def waits() -> list[float]:
    """Seconds that were waited, had anybody waited."""
    return []


@pytest.fixture
def retries(waits: list[float]) -> Retries:
    return Retries(RetryPolicy(attempts=3, jitter=0), sleep=waits.append)


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def http(retries: Retries) -> Iterator[HttpClient]:
    with HttpClient(retries=retries) as client:
        yield client


@pytest.fixture
def connect(server: FakeRegistry, http: HttpClient) -> Connect:
    """Return a function that makes connections with a credential for the server."""

    def connections(credential: Credential | None = None) -> RegistryConnections:
        known = {server.host: credential} if credential else {}
        return RegistryConnections(http, MemoryCredentials(known))

    return connections
