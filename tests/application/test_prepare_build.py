"""From options and a Dockerfile to the stages that are to be built."""

from __future__ import annotations

import pytest

from adapters.memory.ambient import FixedClock, RecordingReporter
from adapters.memory.context import (
    MemoryBuildContext,
    MemoryContextSource,
    MemoryDockerfileSource,
)
from adapters.memory.dockerfile_reader import MemoryDockerfileReader
from application.errors import ContextUnavailable
from application.options import InputOptions
from application.prepare_build import PrepareBuild, PreparedBuild
from domain.errors import DockerfileError
from domain.image.platform import Platform
from tests.support.memory_build import AMD64, HERE, NOW_NS, inputs

ARM = Platform(os="linux", architecture="arm", variant="v7")


def prepared(
    text: str, options: InputOptions | None = None, ignore: str | None = None
) -> PreparedBuild:
    return PrepareBuild(
        options=options or inputs(),
        context=MemoryContextSource(MemoryBuildContext()),
        dockerfiles=MemoryDockerfileSource(text, ignore),
        reader=MemoryDockerfileReader(),
        clock=FixedClock(),
        reporter=RecordingReporter(),
        host_platform=AMD64,
    ).prepare()


def bases(text: str, options: InputOptions | None = None) -> list[str]:
    build = prepared(text, options)
    return [build.prepare_stage(stage).base for stage in build.stages]


def platforms(text: str, options: InputOptions | None = None) -> list[str]:
    build = prepared(text, options)
    return [str(build.prepare_stage(stage).platform) for stage in build.stages]


def given(**arguments: str) -> InputOptions:
    return inputs(build_args=tuple(arguments.items()))


@pytest.mark.parametrize(
    ("text", "options", "base"),
    [
        ("ARG V=12\nFROM debian:$V", given(), "debian:12"),
        ("ARG V=12\nFROM debian:$V", given(V="13"), "debian:13"),
        ("ARG V\nFROM debian:${V:-11}", given(), "debian:11"),
        ("ARG A=de\nARG B=${A}bian\nFROM $B", given(), "debian"),
        ("ARG A=de\nARG B=${A}bian\nFROM $B", given(A="ser"), "serbian"),
        ("ARG A=a B=$A\nFROM $B", given(), "a"),
        ("ARG V=\nFROM debian$V", given(), "debian"),
        ("FROM debian$UNDECLARED", given(UNDECLARED="x"), "debian"),
        ("FROM debian-$TARGETARCH", given(), "debian-amd64"),
        ("FROM debian-$TARGETARCH", given(TARGETARCH="mine"), "debian-mine"),
        ("ARG TARGETARCH=x\nFROM debian-$TARGETARCH", given(), "debian-x"),
        ("ARG TARGETARCH=x\nARG B=$TARGETARCH\nFROM $B", given(), "x"),
    ],
)
def test_base_of_a_stage(text: str, options: InputOptions, base: str) -> None:
    assert bases(text, options) == [base]


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("FROM a", "linux/arm/v7"),
        ("FROM --platform=$BUILDPLATFORM a", "linux/amd64"),
        ("FROM --platform=$TARGETPLATFORM a", "linux/arm/v7"),
        ("FROM --platform=linux/s390x a", "linux/s390x"),
        ("ARG P\nFROM --platform=$P a", "linux/arm/v7"),
    ],
)
def test_platform_of_a_stage(text: str, platform: str) -> None:
    options = inputs(platform=ARM)
    assert platforms(text, options) == [platform]
    assert str(prepared(text, options).platform) == "linux/arm/v7"


def test_the_machines_platform_is_taken_where_none_is_given() -> None:
    build = prepared("FROM a")
    assert build.platform == AMD64
    assert platforms("FROM a") == ["linux/amd64"]


def test_a_wrong_platform_names_its_line() -> None:
    build = prepared("ARG P=toaster\n\nFROM --platform=$P a")
    with pytest.raises(DockerfileError, match="toaster") as caught:
        build.prepare_stage(build.stages[0])
    assert caught.value.place == "Dockerfile:3"


def test_an_empty_base_tells_what_to_do() -> None:
    with pytest.raises(
        DockerfileError, match=r"the base image '\$B' is empty"
    ) as caught:
        prepared("ARG B\nFROM $B")
    assert caught.value.place == "Dockerfile:2"
    assert "--build-arg" in (caught.value.hint or "")


def test_only_needed_stages_and_in_the_order_of_the_file() -> None:
    text = "FROM x AS a\nFROM x AS b\nFROM b\nCOPY --from=a /f /f"
    assert [stage.index for stage in prepared(text).stages] == [0, 1, 2]
    build = prepared(text, inputs(target="b"))
    assert [stage.index for stage in build.stages] == [1]
    assert build.target == 1


def test_stages_that_are_not_needed_can_still_be_prepared() -> None:
    build = prepared("ARG V=1\nFROM x:$V AS a\nFROM y")
    assert [stage.index for stage in build.stages] == [1]
    assert build.prepare_stage(build.dockerfile.stages[0]).base == "x:1"


def test_settings_are_those_of_the_build() -> None:
    text = "# escape=`\nARG G=1\nARG H\nFROM a"
    settings = prepared(text, given(B="2")).settings
    assert settings.escape == "`"
    assert settings.now_ns == NOW_NS
    assert settings.arguments.given == {"B": "2"}
    assert settings.arguments.global_values == {"G": "1"}
    assert settings.arguments.predefined["TARGETPLATFORM"] == "linux/amd64"


def test_ignore_rules_are_parsed() -> None:
    rules = prepared("FROM a", ignore="*.log").ignore
    assert rules.verdict("x.log", None).ignored
    assert not prepared("FROM a").ignore.verdict("x.log", None).ignored


def test_arguments_that_nothing_declares_are_unclaimed() -> None:
    text = "ARG G\nFROM a AS unused\nARG U\nFROM a\nARG S=1"
    options = given(G="1", U="1", S="1", HTTP_PROXY="p", no_proxy="*", X="1")
    assert prepared(text, options).unclaimed == ("X",)


def test_a_context_that_does_not_exist() -> None:
    problem = ContextUnavailable("no such directory", place="/context")
    service = PrepareBuild(
        options=InputOptions(context=HERE),
        context=MemoryContextSource(problem),
        dockerfiles=MemoryDockerfileSource("FROM a"),
        reader=MemoryDockerfileReader(),
        clock=FixedClock(),
        reporter=RecordingReporter(),
        host_platform=AMD64,
    )
    with pytest.raises(ContextUnavailable):
        service.prepare()


def test_what_comes_in_of_the_context_is_told() -> None:
    reporter = RecordingReporter()
    PrepareBuild(
        options=inputs(),
        context=MemoryContextSource(MemoryBuildContext(), size=7),
        dockerfiles=MemoryDockerfileSource("FROM scratch", None),
        reader=MemoryDockerfileReader(),
        clock=FixedClock(),
        reporter=reporter,
        host_platform=AMD64,
    ).prepare()
    [recorded] = reporter.activities
    assert recorded.count == 7
