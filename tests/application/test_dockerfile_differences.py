"""Choices of ours that docs/compatibility.md lists, seen in whole builds.

Those that need a real repository, process or mount are tested where these are.
"""

import pytest

from adapters.memory.context import MemoryBuildContext
from application.options import DirectoryContext, NamedContext
from domain.errors import DockerfileError
from domain.snapshot.entry import FileEntry, FileType
from tests.support.memory_build import MemoryBuild, inputs


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


def test_an_exclusion_from_the_top_is_one() -> None:
    build = MemoryBuild(
        "FROM scratch\nCOPY --exclude=/a d /", context={"d/a": b"", "d/b": b""}
    )
    build.run()
    assert build.new_rows() == [["f 0644 0:0 b"]]


def test_devices_and_attributes_are_copied_as_they_are() -> None:
    device = FileEntry("n/loop", FileType.BLOCK_DEVICE, mode=0o660, device=(7, 0))
    noted = FileEntry("n/noted", FileType.FILE, xattrs=(("user.note", b"n"),))
    build = MemoryBuild(
        "FROM scratch\nCOPY n /",
        context=MemoryBuildContext(entries=[device, noted]),
    )
    build.run()
    made = build.index(0).entries
    assert made["loop"].type is FileType.BLOCK_DEVICE
    assert made["loop"].device == (7, 0)
    assert made["noted"].xattrs == (("user.note", b"n"),)


def test_the_history_has_checks_and_triggers_as_they_are_written() -> None:
    checks = ["HEALTHCHECK --interval=5s CMD true", "ONBUILD RUN true"]
    build = MemoryBuild("\n".join(["FROM base", *checks]))
    build.run()
    assert build.history == checks


def test_a_stage_is_the_target_by_its_number() -> None:
    text = "FROM base AS one\nENV A=1\nFROM base\nENV A=2"
    build = MemoryBuild(text, options=inputs(target="0"))
    build.run()
    assert ("A", "1") in build.config.config.env


def test_the_number_of_a_stage_does_not_mean_a_context() -> None:
    here = DirectoryContext(path="/extra")
    build = MemoryBuild(
        "FROM scratch AS one\nCOPY f /\nFROM scratch\nCOPY --from=0 f /g",
        context={"f": b"stage"},
        options=inputs(named_contexts=(NamedContext(name="one", source=here),)),
    )
    build.run()
    assert build.new_rows() == [["f 0644 0:0 g"]]


def test_remarks_that_are_errors_end_the_build_before_their_stage() -> None:
    build = MemoryBuild(
        "# check=error=true\nFROM base\nCOPY a /a\nWORKDIR relative",
        context={"a": b"1"},
    )
    with pytest.raises(DockerfileError):
        build.run()
    assert build.performed == []
