"""docs/compatibility.md tells the truth about every flag and variable."""

import re
from pathlib import Path

import pytest

from entrypoints.flags.compatibility import compatibility_page
from entrypoints.flags.docker_habits import REFUSED
from entrypoints.flags.dockerfile_differences import DIFFERENCES
from entrypoints.flags.environment import VARIABLES
from entrypoints.flags.flag import Flag
from entrypoints.flags.not_yet import NOT_YET
from entrypoints.flags.subcommands import SUBCOMMANDS
from entrypoints.flags.table import EXECUTOR_FLAGS

_PAGE = Path(__file__).parents[3] / "docs" / "compatibility.md"
_TEXT = _PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_tables_make() -> None:
    """`python -m entrypoints.flags.compatibility > docs/compatibility.md` renews it."""
    assert compatibility_page(EXECUTOR_FLAGS) == _TEXT


def _row(flag: Flag) -> str:
    rows = [
        line
        for line in _TEXT.splitlines()
        if line.startswith((f"| `--{flag.name}`", f"| `--{flag.name}="))
    ]
    assert len(rows) == 1, flag.name
    return rows[0]


@pytest.mark.parametrize("flag", list(EXECUTOR_FLAGS), ids=lambda flag: flag.name)
def test_every_flag_has_one_row_with_all_its_spellings(flag: Flag) -> None:
    row = _row(flag)
    assert all(f"`--{name}" in row for name in flag.spellings)
    assert all(f"`-{letter}`" in row for letter in flag.shorts)
    assert flag.origin.value in row


@pytest.mark.parametrize("flag", list(EXECUTOR_FLAGS), ids=lambda flag: flag.name)
def test_a_row_tells_the_flags_standing(flag: Flag) -> None:
    standing = _row(flag).split(" | ")[2]
    missing = [row for row in NOT_YET if row.flag == flag.name]
    if flag.name in REFUSED:
        assert standing == "refused"
    elif missing:
        assert standing == "not yet"
    else:
        assert standing in {"same", "differs", "new"}
        assert (standing in {"same", "new"}) == (not flag.differs)


def test_every_row_has_four_cells() -> None:
    for line in _TEXT.splitlines():
        if line.startswith("| `--"):
            assert line.replace(r"\|", "").count("|") in {4, 5}


@pytest.mark.parametrize(
    "name", [name for variable in VARIABLES for name in variable.names]
)
def test_every_variable_is_listed(name: str) -> None:
    assert f"`{name}`" in _TEXT


@pytest.mark.parametrize(
    "command", [*(each.name for each in SUBCOMMANDS), "version", "help"]
)
def test_every_command_is_listed(command: str) -> None:
    assert re.search(rf"\| `{command}[ `]", _TEXT)


def test_every_difference_from_docker_has_a_reason() -> None:
    assert DIFFERENCES
    for difference in DIFFERENCES:
        assert all(difference)
        assert f"| {difference.what} | {difference.docker} |" in _TEXT
