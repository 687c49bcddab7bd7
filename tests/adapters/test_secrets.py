"""Secrets are read, and judged, before anything is built."""

from pathlib import Path

import pytest

from adapters.secrets import LocalSecrets
from application.options import AgentOption, SecretOption
from application.ports.secrets import MAXIMUM_SECRET
from domain.errors import UsageError


def test_a_file_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    secrets = LocalSecrets([SecretOption(id="a", path=str(path))])
    path.unlink()
    assert secrets.secret("a") == b"before"


def test_a_missing_file_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file") as caught:
        LocalSecrets([SecretOption(id="a", path=str(tmp_path / "no"))])
    assert str(tmp_path / "no") in caught.value.message


def test_a_directory_is_no_secret(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"):
        LocalSecrets([SecretOption(id="a", path=str(tmp_path))])


@pytest.mark.parametrize("kind", ["file", "value"])
def test_a_secret_may_be_only_so_large(tmp_path: Path, kind: str) -> None:
    def option(size: int) -> SecretOption:
        if kind == "value":
            return SecretOption(id="a", value=b"x" * size)
        (tmp_path / "file").write_bytes(b"x" * size)
        return SecretOption(id="a", path=str(tmp_path / "file"))

    LocalSecrets([option(MAXIMUM_SECRET)])
    with pytest.raises(UsageError, match="larger than 512000 bytes"):
        LocalSecrets([option(MAXIMUM_SECRET + 1)])


def test_a_key_is_no_agent(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    with pytest.raises(UsageError, match="keys are not read") as caught:
        LocalSecrets(agents=[AgentOption(id="a", path=str(tmp_path / "key"))])
    assert "ssh-add" in (caught.value.hint or "")


def test_an_agent_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be used: No such file"):
        LocalSecrets(agents=[AgentOption(id="a", path=str(tmp_path / "no"))])
