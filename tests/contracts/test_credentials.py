"""What every source of credentials does."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from adapters.credentials.chain import CredentialChain
from adapters.credentials.helper import Provider
from adapters.credentials.late import LateCredentials
from adapters.memory.ambient import RecordingReporter
from adapters.memory.credentials import MemoryCredentials
from application.ports.credentials import Credential, CredentialSource
from tests.support.credential_helpers import KnownHelper, docker_config

Known = Mapping[str, tuple[str, str]]
Make = Callable[[Known], CredentialSource]


@pytest.fixture(params=["memory", "docker_config", "chain", "late"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def memory(known: Known) -> CredentialSource:
        return MemoryCredentials(
            {
                registry: Credential(username=user, password=password, source="memory")
                for registry, (user, password) in known.items()
            }
        )

    def configured(known: Known) -> CredentialSource:
        auths = {
            registry: {"auth": base64.b64encode(":".join(pair).encode()).decode()}
            for registry, pair in known.items()
        }
        (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
        return docker_config({"DOCKER_CONFIG": str(tmp_path)})

    def chain(known: Known) -> CredentialChain:
        configured(known)
        found = docker_config({"DOCKER_CONFIG": str(tmp_path)})
        nothing = Provider("nobody", KnownHelper({}))
        return CredentialChain(found, [nothing], RecordingReporter())

    def late(known: Known) -> CredentialSource:
        return LateCredentials(lambda: chain(known))

    kinds = {
        "memory": memory,
        "docker_config": configured,
        "chain": chain,
        "late": late,
    }
    made: Make = kinds[request.param]
    return made


def test_the_credential_of_the_registry_is_found_with_its_source(make: Make) -> None:
    source = make({"ghcr.io": ("user", "hunter2"), "other:5000": ("o", "p")})
    found = source.find("ghcr.io", "a/b")
    assert found is not None
    assert (found.username, found.password) == ("user", "hunter2")
    assert found.source


def test_a_port_is_part_of_the_registry(make: Make) -> None:
    source = make({"host:5000": ("user", "hunter2")})
    assert source.find("host:5000", "a") is not None
    assert source.find("host", "a") is None
    assert source.find("host:5001", "a") is None


def test_an_unknown_registry_is_anonymous(make: Make) -> None:
    assert make({}).find("ghcr.io", "a/b") is None


def test_a_credential_of_one_repository_is_not_shown_for_another(make: Make) -> None:
    source = make({"host/team": ("user", "hunter2")})
    assert source.find("host", "team") is not None
    assert source.find("host", "team-two") is None
    assert source.find("host", "other") is None


def test_the_repository_beats_the_registry(make: Make) -> None:
    source = make({"host": ("all", "1"), "host/team": ("team", "2")})
    found = source.find("host", "team")
    assert found is not None
    assert found.username == "team"


def test_no_secret_shows_when_a_credential_is_printed(make: Make) -> None:
    found = make({"host": ("user", "hunter2")}).find("host", "a")
    assert "hunter2" not in repr(found)
