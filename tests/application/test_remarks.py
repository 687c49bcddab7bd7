"""Remarks of a whole build: told once, left out, or made an error."""

import pytest

from application.options import InputOptions
from domain.errors import DockerfileError
from domain.image.config import ContainerConfig
from tests.support.memory_build import BASE_LAYERS, MemoryBuild, inputs


def warnings(
    text: str, options: InputOptions | None = None, *, onbuild: tuple[str, ...] = ()
) -> list[str]:
    build = MemoryBuild(text, options=options)
    build.add_base("trigger", BASE_LAYERS, ContainerConfig(on_build=onbuild))
    build.run()
    return build.warnings


def named(text: str, **arguments: str) -> list[tuple[str, str]]:
    options = inputs(build_args=tuple(arguments.items()))
    cut = [warning.split(": ", 2) for warning in warnings(text, options)]
    return [(place.removeprefix("Dockerfile:"), rule) for place, rule, _ in cut]


def test_remarks_of_all_kinds_come_in_the_order_of_lines() -> None:
    text = "FROM base AS a\nMAINTAINER b\nWORKDIR c\nCMD d\nFROM a\nCOPY <<E /$F\nE"
    assert named(text) == [
        ("2", "MaintainerDeprecated"),
        ("3", "WorkdirRelativePath"),
        ("4", "JSONArgsRecommended"),
        ("6", "UndefinedVar"),
    ]


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("FROM base$X", {}, [("1", "UndefinedArgInFrom")]),
        ("FROM --platform=$X base", {}, [("1", "UndefinedArgInFrom")]),
        ("ARG X\nFROM base$X", {}, []),
        ("FROM ${X:-base}", {}, []),
        ("ARG X\nFROM $X", {"X": "base"}, [("2", "InvalidDefaultArgInFrom")]),
        ("ARG X=:\nFROM $X", {"X": "base"}, [("2", "InvalidDefaultArgInFrom")]),
        ("ARG X=base\nFROM $X", {"X": "base"}, []),
        ("FROM base AS one\nFROM ONE", {}, []),
        ("ARG X=${Y:?}\nFROM base", {"X": "1", "Y": "1"}, None),
        ("FROM --platform=linux/amd64 base", {}, [("1", "FromPlatformFlag…")]),
        ("FROM --platform=linux/amd64 base AS b-amd64", {}, []),
        ("FROM --platform=$BUILDPLATFORM base", {}, []),
        ("FROM --platform=$TARGETPLATFORM base", {}, [("1", "RedundantTarget…")]),
        ("FROM --platform=${TARGETPLATFORM} base", {}, [("1", "RedundantTarget…")]),
        ("FROM --platform=linux/$TARGETARCH base", {}, []),
    ],
)
def test_remarks_on_from(
    text: str, arguments: dict[str, str], expected: list[tuple[str, str]] | None
) -> None:
    if expected is None:
        with pytest.raises(DockerfileError):
            named(text, **arguments)
        return
    found = named(text, **arguments)
    assert len(found) == len(expected)
    for (line, rule), (wanted, start) in zip(found, expected, strict=True):
        assert line == wanted
        assert rule.startswith(start.removesuffix("…"))


def test_a_remark_is_told_once() -> None:
    assert len(warnings("FROM base\nCOPY --chown=$A$A <<E <<F /$A/\nE\nF\n")) == 1


def test_triggers_of_the_base_are_not_remarked_on_but_seen() -> None:
    onbuild = ("ENV A=1", "WORKDIR b", "CMD c")
    assert warnings("FROM trigger\nWORKDIR /$A", onbuild=onbuild) == []


def test_stages_that_are_not_built_are_not_looked_at_closely() -> None:
    assert warnings("FROM base AS a\nCMD b\nFROM base") == []


def test_rules_are_left_out_by_the_directive() -> None:
    text = "# check=skip=MaintainerDeprecated,JSONArgsRecommended\nFROM base\n"
    assert warnings(text + "MAINTAINER a\nCMD b") == []
    assert len(warnings(text + "MAINTAINER a\nWORKDIR b")) == 1


def test_a_build_argument_beats_the_directive() -> None:
    options = inputs(build_args=(("BUILDKIT_DOCKERFILE_CHECK", "skip=all"),))
    text = "# check=error=true\nFROM base\nMAINTAINER a"
    assert warnings(text, options) == []


@pytest.mark.parametrize("text", ["MAINTAINER a", "WORKDIR a", "RUN never\nCMD a"])
def test_a_remark_can_end_the_build(text: str) -> None:
    """Before anything of the stage was done; the remark itself is still told."""
    build = MemoryBuild(f"# check=error=true\nFROM base\n{text}")
    with pytest.raises(DockerfileError) as caught:
        build.run()
    assert len(build.warnings) == 1
    rule = build.warnings[0].split(": ")[1]
    assert rule in caught.value.message
    assert caught.value.line == 2 + len(text.splitlines())
    assert caught.value.hint
    assert build.performed == []
    assert build.destination.published == []


def test_without_a_remark_nothing_ends_the_build() -> None:
    assert warnings("# check=error=true\nFROM base\nUSER a") == []


def test_options_of_the_directive_are_checked() -> None:
    with pytest.raises(DockerfileError, match="check"):
        warnings("# check=skip\nFROM base")
