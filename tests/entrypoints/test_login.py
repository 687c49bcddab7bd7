"""`kanipy login` from its words to its exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from application.options import LoginOptions
from domain.errors import UsageError
from entrypoints.executor import run
from entrypoints.flags.login_table import LOGIN_FLAGS
from entrypoints.login import run as run_words
from entrypoints.login_flags import Login, parse_login_line
from tests.support.registry_server import FakeRegistry


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        registry.authentication, registry.users = "bearer", {"me": "hunter2"}
        yield registry


def _login(*words: str, typed: str = "hunter2\n") -> Login:
    request = parse_login_line(words, {}, lambda: typed)
    assert isinstance(request, Login)
    return request


def _failure(*words: str, typed: str = "hunter2\n") -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse_login_line(words, {}, lambda: typed)
    return caught.value


def test_an_accepted_password_is_kept(
    server: FakeRegistry, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = [server.host, "-u=me", "--password-stdin", "-v=trace", "--log-format=text"]
    environment = {"DOCKER_CONFIG": str(tmp_path)}
    assert run_words(words, environment, read=lambda: "hunter2\n") == 0
    document = json.loads((tmp_path / "config.json").read_text())
    assert document == {"auths": {server.host: {"auth": "bWU6aHVudGVyMg=="}}}
    told = capfd.readouterr()
    assert f"Logged in to {server.host}" in told.err
    assert "hunter2" not in told.out + told.err


def test_a_refused_password_is_not(
    server: FakeRegistry, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["login", server.host, "-u", "me", "-p", "hunter3"]
    assert run(words, {"DOCKER_CONFIG": str(tmp_path)}) == 1
    assert list(tmp_path.iterdir()) == []
    told = capfd.readouterr()
    assert "cannot" in told.err
    assert "user 'me'" in told.err
    assert "hunter3" not in told.out + told.err


def test_a_registry_that_asks_nobody_is_told(
    server: FakeRegistry, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.authentication = ""
    words = [server.host, "-u=me", "-p=hunter2"]
    assert run_words(words, {"DOCKER_CONFIG": str(tmp_path)}) == 0
    assert "it was not checked" in capfd.readouterr().err
    assert (tmp_path / "config.json").exists()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("pw", "pw"), ("pw\n", "pw"), ("pw\r\n", "pw"), ("p\nw\n\n", "p\nw\n")],
)
def test_one_line_break_is_none_of_the_password_s(typed: str, expected: str) -> None:
    options = _login("host:5000", "-u=me", "--password-stdin", typed=typed).options
    assert options.password == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ghcr.io", "ghcr.io"),
        ("Host:5000", "host:5000"),
        ("https://ghcr.io/", "ghcr.io"),
        ("docker.io", "index.docker.io"),
        ("https://index.docker.io/v1/", "index.docker.io"),
        ("localhost", "localhost"),
    ],
)
def test_registries_are_spelled_in_many_ways(text: str, expected: str) -> None:
    assert _login(text, "-u=me", "-p=x").options.host == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-u=me", "-p=x"), "no registry is named"),
        (("host:1", "-p=x"), "the name of the user is missing"),
        (("host:1", "-u=a:b", "-p=x"), "the name of the user has a colon"),
        (("host:1", "-u=me"), "no password is given"),
        (("host:1", "-u=me", "-p=x", "--password-stdin"), "two passwords are given"),
        (("host:1", "-u=me", "-p="), "the password is empty"),
        (("quay.io/team", "-u=me", "-p=x"), '"quay.io/team" has a path'),
        (("team", "-u=me", "-p=x"), '"team" is no registry'),
        (("a b.c", "-u=me", "-p=x"), '"a b.c" is no registry'),
        (("host:1", "more", "-u=me", "-p=x"), 'unexpected argument "more"'),
    ],
)
def test_words_that_make_no_sense(words: tuple[str, ...], message: str) -> None:
    assert _failure(*words).message == message


def test_an_empty_standard_input_is_no_password() -> None:
    error = _failure("host:1", "-u=me", "--password-stdin", typed="\n")
    assert error.message == "the password is empty"


def test_a_password_in_the_command_line_is_warned_of() -> None:
    request = _login("host:1", "-u=me", "-p=hunter2")
    (warning,) = request.warnings
    assert "--password-stdin" in warning
    assert "hunter2" not in repr(request)
    assert _login("host:1", "-u=me", "--password-stdin").warnings == ()


def test_flags_of_registries_are_heeded() -> None:
    registry = _login(
        *("host:1", "-u=me", "-p=x", "--insecure", "--insecure-registry=host:1"),
        *("--skip-tls-verify", "--registry-certificate=host:1=/ca.pem"),
    ).options.registry
    assert registry.insecure_push
    assert registry.insecure_registries == ("host:1",)
    assert registry.skip_tls_verify_push
    assert registry.certificates == (("host:1", "/ca.pem"),)


def test_the_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    def login(options: LoginOptions, warnings: Sequence[str]) -> int:
        raise AssertionError(options, warnings)

    assert run_words(["--help"], {}, login) == 0
    text = capsys.readouterr().out
    assert "kanipy login" in text
    for flag in LOGIN_FLAGS:
        assert f"--{flag.name}" in text
