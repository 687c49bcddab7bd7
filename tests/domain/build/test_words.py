"""Words are expanded with the variables before their instruction."""

import pytest

from domain.build.words import Words, command_line
from domain.dockerfile.instruction import ExecForm, ShellForm
from domain.errors import DockerfileError
from tests.domain.dockerfile.parsing import instruction
from tests.support.planning import after

STATE = after('ENV a=1 b="x y"')


def words(escape: str = "\\") -> Words:
    return Words.of(instruction("CMD x"), STATE, escape)


def test_a_word_is_expanded() -> None:
    assert words().expand("$a-${b}-$none") == "1-x y-"


def test_the_escape_character_is_the_dockerfiles() -> None:
    assert words("`").expand("`$a\\$a") == "$a\\1"


def test_words_stay_words_or_are_split() -> None:
    assert words().expand_all(["$a", "$b"]) == ("1", "x y")
    assert words().expand_to_words(["$a", "$b", "$none"]) == ("1", "x", "y")


def test_errors_name_the_line_of_the_instruction() -> None:
    for expand in (words().expand, lambda word: words().expand_to_words([word])):
        with pytest.raises(DockerfileError) as caught:
            expand("${a")
        assert caught.value.place == "Dockerfile:2"


def test_the_shell_form_goes_to_the_shell() -> None:
    shell = ("sh", "-c")
    assert command_line(ShellForm(text="a b"), shell) == ("sh", "-c", "a b")
    assert command_line(ExecForm(arguments=("a",)), shell) == ("a",)
