"""Docker's configuration gets an entry, in one step and for its owner alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.credentials.config_store import DockerConfigStore
from application.errors import OutputError
from application.ports.credentials import Credential
from domain.errors import UsageError
from domain.image.reference import DOCKER_HUB

ME = Credential(username="me", password="hunter2")
ENTRY = {"auth": "bWU6aHVudGVyMg=="}


def _keep(directory: Path, registry: str, **environment: str) -> list[str]:
    warnings: list[str] = []
    variables = {"DOCKER_CONFIG": str(directory), **environment}
    DockerConfigStore(variables, warnings.append).keep(registry, ME)
    return warnings


def _read(directory: Path) -> object:
    return json.loads((directory / "config.json").read_text())


def test_the_file_and_its_directory_are_private(tmp_path: Path) -> None:
    directory = tmp_path / "home" / "docker"
    assert _keep(directory, "host:5000") == []
    assert _read(directory) == {"auths": {"host:5000": ENTRY}}
    assert (directory / "config.json").stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in directory.iterdir()] == ["config.json"]


def test_docker_hub_has_its_old_name(tmp_path: Path) -> None:
    """It is the one that every client knows."""
    _keep(tmp_path, DOCKER_HUB)
    assert _read(tmp_path) == {"auths": {"https://index.docker.io/v1/": ENTRY}}


def test_other_spellings_of_the_registry_go_all_else_stays(tmp_path: Path) -> None:
    before = {
        "HttpHeaders": {"X": "y"},
        "auths": {
            "docker.io": {"auth": "old"},
            "https://index.docker.io/v2/": {"auth": "old"},
            "docker.io/team": {"auth": "dGVhbQ=="},
            "ghcr.io": {"auth": "Z2g="},
        },
        "proxies": {},
    }
    (tmp_path / "config.json").write_text(json.dumps(before))
    (tmp_path / "config.json").chmod(0o644)
    _keep(tmp_path, DOCKER_HUB)
    assert _read(tmp_path) == {
        "HttpHeaders": {"X": "y"},
        "auths": {
            "docker.io/team": {"auth": "dGVhbQ=="},
            "ghcr.io": {"auth": "Z2g="},
            "https://index.docker.io/v1/": ENTRY,
        },
        "proxies": {},
    }
    assert (tmp_path / "config.json").stat().st_mode & 0o777 == 0o600


def test_what_a_link_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").write_text("{}")
    (tmp_path / "config.json").symlink_to("there/file")
    _keep(tmp_path, "host")
    assert (tmp_path / "config.json").is_symlink()
    assert _read(tmp_path) == {"auths": {"host": ENTRY}}


@pytest.mark.parametrize("text", ["", "[]", '{"auths": {"host": "secret'])
def test_a_file_that_makes_no_sense_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        _keep(tmp_path, "host")
    assert caught.value.place == str(path)
    assert path.read_text() == text


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        _keep(tmp_path / "file" / "docker", "host")


def test_without_a_home_there_is_no_place() -> None:
    with pytest.raises(UsageError, match="no place for credentials"):
        DockerConfigStore({}).keep("host", ME)


def test_what_comes_before_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"credHelpers": {"host": "vault"}}')
    assert "credential helper for host" in _keep(tmp_path, "host")[0]
    assert _keep(tmp_path, "other") == []
    told = _keep(tmp_path, "other", DOCKER_AUTH_CONFIG="{}")
    assert "DOCKER_AUTH_CONFIG is set" in told[0]
