"""The help reads like a manual page and leaves nothing out."""

import pytest

from entrypoints.flags.environment import VARIABLES, Standing
from entrypoints.flags.flag import Flag, Group
from entrypoints.flags.help_text import help_text
from entrypoints.flags.not_yet import NOT_YET, NotYet
from entrypoints.flags.table import EXECUTOR_FLAGS

_HELP = help_text(EXECUTOR_FLAGS)
_WORDS = {
    word.rstrip(",") for word in _HELP.replace("=", " ").replace("[", " ").split()
}


@pytest.mark.parametrize(
    "heading",
    [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        *(group.value.upper() for group in Group),
        "ENVIRONMENT",
        "EXIT STATUS",
        "EXAMPLES",
    ],
)
def test_the_help_has_the_sections_of_a_manual_page(heading: str) -> None:
    assert heading in _HELP.splitlines()


@pytest.mark.parametrize("flag", list(EXECUTOR_FLAGS), ids=lambda flag: flag.name)
def test_every_flag_is_shown_with_its_names_unless_hidden(flag: Flag) -> None:
    names = {f"--{name}" for name in (flag.name, *flag.aliases)}
    names |= {f"-{letter}" for letter in flag.shorts}
    if flag.hidden:
        assert not names & _WORDS
    else:
        assert names <= _WORDS


def test_no_line_is_wider_than_a_terminal() -> None:
    assert max(len(line) for line in _HELP.splitlines()) <= 80


def test_no_deprecated_spelling_is_shown() -> None:
    old = {f"--{name}" for flag in EXECUTOR_FLAGS for name in flag.deprecated}
    assert not old & _WORDS


def _entry(name: str) -> str:
    """Return a flag's text in the help on one line."""
    options = _HELP[_HELP.index(Group.INPUT.value.upper()) :]
    tail = options[options.index(f"--{name}") :]
    return " ".join(tail.split("\n    -")[0].split())


@pytest.mark.parametrize("row", NOT_YET, ids=lambda row: row.flag)
def test_what_is_not_supported_yet_is_marked(row: NotYet) -> None:
    if not EXECUTOR_FLAGS[row.flag].hidden:
        assert "not supported yet" in _entry(row.flag)


def test_an_entry_tells_values_default_and_repetition() -> None:
    assert "--snapshot-mode=full|redo|time" in _HELP
    assert "default full" in _entry("snapshot-mode=")
    assert "repeatable" in _entry("label=")
    assert "[=true|false]" in _entry("reproducible")


def test_every_honoured_variable_is_shown() -> None:
    for variable in VARIABLES:
        if variable.standing is Standing.HONOURED:
            assert set(variable.names) <= _WORDS
