"""Completion scripts; bash's is run in bash."""

import subprocess
from pathlib import Path

import pytest

from entrypoints.flags.completion import EXECUTOR, Subcommands, completion_script
from entrypoints.flags.flag import Flag, FlagTable, Group, Kind
from entrypoints.flags.subcommands import Subcommand
from entrypoints.flags.table import EXECUTOR_FLAGS

_ASK = """\
source "$1"; shift
compopt() { :; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_kanipy
printf '%s\\n' "${COMPREPLY[@]}"
"""


_TO = Flag(name="to", kind=Kind.TEXT, group=Group.OUTPUT, metavar="FILE", help="x")
_QUIET = Flag(name="quiet", kind=Kind.BOOLEAN, group=Group.OUTPUT, help="x")
_SEND = Subcommand(
    name="send", operands="FILE", summary="x", table=FlagTable([_TO, _QUIET])
)


def _completed(folder: Path, *words: str, subcommands: Subcommands = ()) -> list[str]:
    """Return what bash offers for the last word."""
    script = folder / "kanipy.bash"
    script.write_text(completion_script("bash", EXECUTOR_FLAGS, EXECUTOR, subcommands))
    answer = subprocess.run(
        ["/bin/bash", "-c", _ASK, "bash", str(script), "kanipy", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stderr == ""
    return answer.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["--snapsh"], ["--snapshot-mode="]),
        (["--no-push"], ["--no-push", "--no-push-cache"]),
        (["--snapshot-mode", ""], ["full", "redo", "time"]),
        (["--snapshot-mode", "="], ["full", "redo", "time"]),
        (["--snapshot-mode", "=", "re"], ["redo"]),
        (["-v", "tr"], ["trace"]),
        (["--tag", "x", "ver"], ["version"]),
        (["completion", "f"], ["fish"]),
        (["--cache", "tr"], []),
    ],
)
def test_bash_offers_flags_values_and_commands(
    tmp_path: Path, words: list[str], offered: list[str]
) -> None:
    assert _completed(tmp_path, *words) == offered


def test_bash_offers_paths_where_a_path_is_due(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile.release").touch()
    for words in (["-f", "Docker"], ["--file", "=", "Docker"]):
        assert _completed(tmp_path, *words) == ["Dockerfile.release"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shown_flag_is_in_the_script(shell: str) -> None:
    script = completion_script(shell, EXECUTOR_FLAGS)
    dashes = "-l " if shell == "fish" else "--"
    for flag in EXECUTOR_FLAGS:
        for name in (flag.name, *flag.aliases):
            assert (f"{dashes}{name}" in script) or flag.hidden


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_no_hidden_flag_is_in_the_script(shell: str) -> None:
    script = completion_script(shell, EXECUTOR_FLAGS)
    assert "bucket" not in script
    assert "azure-container-registry-config" not in script


def test_zsh_knows_values_and_escapes_texts() -> None:
    script = completion_script("zsh", EXECUTOR_FLAGS)
    assert script.startswith("#compdef kanipy executor\n")
    assert ":(full redo time)'" in script
    assert "host'\\''s]" in script
    assert "build context\\: a directory" in script
    assert "--cache=-[" in script
    assert "'*-h[" in script
    assert "'*-f+[" in script


def test_fish_knows_values_and_paths() -> None:
    script = completion_script("fish", EXECUTOR_FLAGS)
    assert "-l snapshot-mode -x -a 'full redo time'" in script
    assert "-s f -l dockerfile -l file -r -F" in script
    assert "host\\'s" in script


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["se"], ["send"]),
        (["send", "--"], ["--to=", "--quiet"]),
        (["send", "--to", "=", "Docker"], ["Dockerfile"]),
        (["--snapsh"], ["--snapshot-mode="]),
    ],
)
def test_bash_offers_a_subcommand_with_its_own_flags(
    tmp_path: Path, words: list[str], offered: list[str]
) -> None:
    (tmp_path / "Dockerfile").touch()
    assert _completed(tmp_path, *words, subcommands=(_SEND,)) == offered


def test_zsh_and_fish_keep_the_flags_of_a_subcommand_apart() -> None:
    zsh = completion_script("zsh", EXECUTOR_FLAGS, subcommands=(_SEND,))
    own, _, build = zsh.partition("        return\n    fi\n")
    assert "--to=[" in own
    assert "--to=[" not in build
    assert " send)" in build
    fish = completion_script("fish", EXECUTOR_FLAGS, subcommands=(_SEND,))
    assert "-n '__fish_seen_subcommand_from send' -l to -r -F" in fish
    assert "-n 'not __fish_seen_subcommand_from send' -s f -l dockerfile" in fish
