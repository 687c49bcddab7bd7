"""What every place that keeps credentials does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.credentials.config_store import DockerConfigStore
from adapters.memory.credentials import MemoryCredentials
from application.ports.credentials import (
    Credential,
    CredentialSource,
    CredentialStore,
)
from domain.image.reference import DOCKER_HUB
from tests.support.credential_helpers import docker_config

Make = Callable[[], tuple[CredentialStore, Callable[[], CredentialSource]]]
ME = Credential(username="me", password="hunter2")


@pytest.fixture(params=["memory", "docker_config"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Make a store, and what finds in a later build what it keeps."""

    def memory() -> tuple[CredentialStore, Callable[[], CredentialSource]]:
        both = MemoryCredentials()
        return both, lambda: both

    def docker() -> tuple[CredentialStore, Callable[[], CredentialSource]]:
        environment = {"DOCKER_CONFIG": str(tmp_path / "docker")}
        return DockerConfigStore(environment), lambda: docker_config(environment)

    return memory if request.param == "memory" else docker


@pytest.mark.parametrize("registry", ["ghcr.io", "host:5000", DOCKER_HUB])
def test_what_is_kept_is_found(make: Make, registry: str) -> None:
    store, source = make()
    assert store.keep(registry, ME)
    found = source().find(registry, "a/b")
    assert found is not None
    assert (found.username, found.password) == ("me", "hunter2")
    assert source().find("other", "a/b") is None


def test_the_last_credential_counts_and_others_stay(make: Make) -> None:
    store, source = make()
    store.keep("one", ME)
    store.keep("two", ME)
    store.keep("one", Credential(username="you", password="pw:"))
    first, second = source().find("one", "a"), source().find("two", "a")
    assert first is not None
    assert second is not None
    assert (first.username, first.password) == ("you", "pw:")
    assert second.username == "me"
