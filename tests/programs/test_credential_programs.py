"""Programs that keep credentials are run as docker runs them, and not steered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.credentials.helper import HelperFailure
from adapters.credentials.helper_program import HelperPrograms
from application.ports.credentials import Credential

PATH = os.environ["PATH"]


def _write(directory: Path, script: str, name: str = "test") -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def _programs(*directories: Path | str, **more: str) -> HelperPrograms:
    search = ":".join(map(str, directories))
    return HelperPrograms({"PATH": f"{search}:{PATH}", **more}, seconds=10)


def test_a_program_is_asked_with_the_registry_on_its_standard_input(
    tmp_path: Path,
) -> None:
    path = _write(
        tmp_path,
        'read server; test "$1" = get || exit 1\n'
        'printf \'{"ServerURL":"%s","Username":"%s","Secret":"pw"}\' '
        '"$server" "$server"',
    )
    programs = _programs(tmp_path)
    assert programs.get("test", "host:5000") == Credential(
        username="host:5000", password="pw", source=str(path)
    )
    hub = programs.get("test", "index.docker.io")
    assert hub is not None
    assert hub.username == "https://index.docker.io/v1/"


def test_the_user_token_stands_for_an_identity_token(tmp_path: Path) -> None:
    _write(tmp_path, 'echo \'{"Username":"<token>","Secret":"refresh"}\'')
    found = _programs(tmp_path).get("test", "host")
    assert found is not None
    assert (found.identity_token, found.password) == ("refresh", "")


def test_a_program_has_the_variables_of_the_build(tmp_path: Path) -> None:
    _write(tmp_path, 'echo "{\\"Username\\":\\"$WHO\\",\\"Secret\\":\\"pw\\"}"')
    found = _programs(tmp_path, WHO="me").get("test", "host")
    assert found is not None
    assert found.username == "me"


@pytest.mark.parametrize(
    "script",
    [
        "echo credentials not found in native keychain; exit 1",
        'echo \'{"Username":"","Secret":""}\'',
    ],
)
def test_a_program_may_know_nothing(tmp_path: Path, script: str) -> None:
    _write(tmp_path, script)
    assert _programs(tmp_path).get("test", "host") is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo the vault is locked; exit 1", "the vault is locked"),
        ("exit 3", "status 3"),
        ('echo \'{"Username":"u","Secret":"hunter2"}\'; exit 1', "status 1"),
        ("echo https://me:hunter2@host; exit 1", "https://host"),
        ("echo hunter2", "no JSON"),
        ('echo \'{"Secret":"hunter2"}\'', "no JSON"),
        ("echo '[\"hunter2\"]'", "no JSON"),
    ],
)
def test_a_failure_is_told_without_what_may_be_a_secret(
    tmp_path: Path, script: str, said: str
) -> None:
    _write(tmp_path, script)
    with pytest.raises(HelperFailure, match=said) as caught:
        _programs(tmp_path).get("test", "host")
    assert "hunter2" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_program_that_does_not_answer_is_killed_with_its_children(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "mark"
    _write(tmp_path, f"(sleep 2; touch {mark}) & sleep 60")
    programs = HelperPrograms({"PATH": f"{tmp_path}:{PATH}"}, seconds=0.2)
    with pytest.raises(HelperFailure, match=r"within 0\.2 seconds"):
        programs.get("test", "host")
    assert not mark.exists()


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(HelperFailure, match="no docker-credential-gone in PATH"):
        _programs(tmp_path).get("gone", "host")


@pytest.mark.parametrize("name", ["../test", "a/b", "", ".", "-x", "a b"])
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    _write(tmp_path, "echo {}")
    with pytest.raises(HelperFailure, match="no name of a helper"):
        _programs(tmp_path / "x").get(name, "host")


@pytest.mark.parametrize("entry", ["", ".", "bin"])
def test_no_program_is_looked_for_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    _write(tmp_path, "echo {}")
    _write(tmp_path / "bin", "echo {}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HelperFailure, match="there is no docker-credential-test"):
        _programs(entry).get("test", "host")


def test_only_our_own_programs_run_once_an_image_is_in_place(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "kaniko", tmp_path / "bin"
    answer = 'echo \'{"Username":"u","Secret":"s"}\''
    _write(ours, answer, "ours")
    _write(theirs, answer, "theirs")
    link = ours / "docker-credential-link"
    link.symlink_to(theirs / "docker-credential-theirs")
    programs = HelperPrograms({"PATH": f"{theirs}:{ours}:{PATH}"}, runtime=str(ours))
    assert programs.get("theirs", "host")
    programs.run_only_ours()
    _write(theirs, "echo trapped", "ours")
    assert programs.get("ours", "host")
    for name in ("theirs", "link"):
        with pytest.raises(HelperFailure, match="no other is run once an image"):
            programs.get(name, "host")
