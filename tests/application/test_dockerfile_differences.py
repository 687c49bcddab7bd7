"""Choices of ours that docs/compatibility.md lists, seen in whole builds.

Those that need a real repository, process or mount are tested where these are.
"""

import pytest

from domain.errors import DockerfileError
from tests.support.memory_build import MemoryBuild


def test_blanks_within_quotes_belong_to_a_word() -> None:
    build = MemoryBuild(
        'FROM base\nCOPY "a b" /c\nEXPOSE "80"\nVOLUME "/d e"', context={"a b": b"1"}
    )
    build.run()
    assert build.new_rows() == [["f 0644 0:0 c"]]
    assert build.config.config.volumes == {"/d e"}


def test_a_stage_is_found_whatever_the_case_of_its_name() -> None:
    build = MemoryBuild("FROM base AS one\nENV A=1\nFROM ONE")
    build.run()
    assert ("A", "1") in build.config.config.env


@pytest.mark.parametrize("trigger", ["NOSUCH x", "COPY a", "ENV"])
def test_a_trigger_that_could_never_run_is_refused(trigger: str) -> None:
    with pytest.raises(DockerfileError, match="Dockerfile:2"):
        MemoryBuild(f"FROM base\nONBUILD {trigger}").run()


def test_a_default_says_that_a_variable_may_be_undefined() -> None:
    build = MemoryBuild("FROM base\nENV A=${X:-y} B=$Y")
    build.run()
    (warning,) = build.warnings
    assert "UndefinedVar" in warning
    assert "$Y" in warning


def test_remarks_that_are_errors_end_the_build_before_their_stage() -> None:
    build = MemoryBuild(
        "# check=error=true\nFROM base\nCOPY a /a\nWORKDIR relative",
        context={"a": b"1"},
    )
    with pytest.raises(DockerfileError):
        build.run()
    assert build.performed == []
