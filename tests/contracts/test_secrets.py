"""What every source of secrets does, in memory and for real."""

import socket
from pathlib import Path

import pytest

from adapters.memory.secrets import MemorySecrets
from adapters.secrets import LocalSecrets
from application.options import AgentOption, SecretOption
from application.ports.secrets import Secrets

CONTENT = b"\0\xffcontent\n"


@pytest.fixture(params=["memory", "local"])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> Secrets:
    path = tmp_path / "agent"
    if request.param == "memory":
        return MemorySecrets({"file": CONTENT, "value": b"v"}, {"git": str(path)})
    (tmp_path / "file").write_bytes(CONTENT)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    return LocalSecrets(
        [
            SecretOption(id="file", path=str(tmp_path / "file")),
            SecretOption(id="value", value=b"v"),
        ],
        [AgentOption(id="git", path=str(path))],
    )


def test_secrets_are_found_by_id(secrets: Secrets) -> None:
    assert secrets.secret("file") == CONTENT
    assert secrets.secret("value") == b"v"


def test_what_was_not_given_is_none(secrets: Secrets) -> None:
    assert secrets.secret("git") is None
    assert secrets.agent("file") is None


def test_agents_are_found_by_id(secrets: Secrets, tmp_path: Path) -> None:
    assert secrets.agent("git") == str(tmp_path / "agent")
