"""What a whole command line asks for."""

import pytest

from entrypoints.executor_flags import Build, parse_command_line
from entrypoints.flags.commands import SHELLS, ShowCompletion, ShowHelp, ShowVersion
from tests.entrypoints.command_line import build, failure


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["-h"],
        ["help"],
        ["help", "version"],
        ["version", "--help"],
        ["completion", "-h"],
        ["--cache", "--help"],
        ["--help", "version"],
    ],
)
def test_help_is_shown_wherever_it_is_asked_for(words: list[str]) -> None:
    assert parse_command_line(words, {}) == ShowHelp()


@pytest.mark.parametrize("words", [["--version"], ["version"], ["--force", "version"]])
def test_the_version_is_shown(words: list[str]) -> None:
    assert parse_command_line(words, {}) == ShowVersion()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_script_is_shown(shell: str) -> None:
    assert parse_command_line(["completion", shell], {}) == ShowCompletion(shell)


@pytest.mark.parametrize(
    "words", [["completion"], ["completion", "tcsh"], ["completion", "bash", "zsh"]]
)
def test_completion_needs_a_shell_it_knows(words: list[str]) -> None:
    error = failure(*words)
    assert error.message == "completion needs the name of a shell"
    assert "bash or zsh or fish" in (error.hint or "")


def test_a_command_takes_nothing_it_does_not_know() -> None:
    assert failure("version", "now").message == 'unexpected argument "now" of version'
    assert failure("version", "--short").message == "unknown flag --short"


def test_help_that_is_turned_off_is_not_shown() -> None:
    request = parse_command_line(["--help=false", "--no-push"], {})
    assert isinstance(request, Build)


def test_a_mistake_comes_before_help() -> None:
    assert failure("--nonsense", "--help").message == "unknown flag --nonsense"


def test_a_build_brings_its_warnings_once_each() -> None:
    request = build(
        "--snapshotMode=redo",
        "--snapshotMode=full",
        "--force-build-metadata",
        "--skip-unused-stages=false",
        environment={"GODEBUG": "x"},
    )
    assert [line.split()[0] for line in request.warnings] == [
        "--snapshotMode",
        "--force-build-metadata",
        "--skip-unused-stages=false",
        "GODEBUG",
    ]


def test_a_plain_build_warns_of_nothing() -> None:
    assert build("--cleanup", "--force", "--skip-unused-stages").warnings == ()
