"""What everybody does who knows whom registries let in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries, RetryPolicy
from adapters.memory.credentials import MemoryAccounts
from adapters.registry.accounts import RegistryAccounts
from application.errors import RegistryUnreachable, Unauthorized
from application.ports.credentials import Accounts, Credential
from tests.support.registry_server import FakeRegistry

Make = Callable[[Mapping[str, str]], tuple[Accounts, str]]
ME = Credential(username="me", password="hunter2")


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture(params=["memory", "basic", "bearer"])
def make(request: pytest.FixtureRequest, server: FakeRegistry) -> Make:
    """Make accounts of one registry that has some users, or asks nobody."""

    def memory(users: Mapping[str, str]) -> tuple[Accounts, str]:
        return MemoryAccounts({"host": users}), "host"

    def registry(users: Mapping[str, str]) -> tuple[Accounts, str]:
        server.users = dict(users)
        server.authentication = request.param if users else ""
        http = HttpClient(retries=Retries(RetryPolicy(attempts=1)))
        return RegistryAccounts(http), server.host

    return memory if request.param == "memory" else registry


def test_whom_the_registry_knows_is_let_in(make: Make) -> None:
    accounts, registry = make({"me": "hunter2"})
    assert accounts.check(registry, ME)


@pytest.mark.parametrize("users", [{"me": "other"}, {"you": "hunter2"}])
def test_others_are_not(make: Make, users: dict[str, str]) -> None:
    accounts, registry = make(users)
    with pytest.raises(Unauthorized) as caught:
        accounts.check(registry, ME)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_a_registry_may_ask_nobody(make: Make) -> None:
    accounts, registry = make({})
    assert not accounts.check(registry, ME)


def test_a_registry_may_not_be_there(make: Make) -> None:
    accounts, _ = make({"me": "hunter2"})
    with pytest.raises(RegistryUnreachable):
        accounts.check("localhost:9", ME)
