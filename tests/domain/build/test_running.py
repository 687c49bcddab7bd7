"""The process of a RUN."""

import pytest

from domain.build.running import HOSTNAME
from domain.errors import BuildRuleError
from domain.image.config import ContainerConfig
from tests.support.planning import after, fresh, planned, process


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("RUN echo $x", ("/bin/sh", "-c", "echo $x")),
        ("RUN a && \\\n  b", ("/bin/sh", "-c", "a &&   b")),
        ('RUN ["sh", "-c", "echo $x"]', ("sh", "-c", "echo $x")),
        ("RUN <<E\na\nb $x\nE", ("/bin/sh", "-c", "a\nb $x\n")),
        ("RUN cat <<A > f\nx\nA", ("/bin/sh", "-c", "cat <<A > f\nx\nA")),
        ("RUN <<A\nx\nA", ("/bin/sh", "-c", "x\n")),
    ],
)
def test_arguments(text: str, argv: tuple[str, ...]) -> None:
    assert process(text).argv == argv


def test_the_shell_of_the_image_runs_the_shell_form_only() -> None:
    state = after('SHELL ["/bin/bash", "-ec"]')
    assert process("RUN x", state).argv == ("/bin/bash", "-ec", "x")
    assert process('RUN ["x"]', state).argv == ("x",)


def test_environment_is_that_of_image_arguments_and_proxies() -> None:
    state = after("ENV A=1\nARG B=2\nARG C")
    given = {"http_proxy": "p", "OTHER": "no"}
    environment = dict(process("RUN x", state, given).environment)
    assert environment == {
        "PATH": "/bin",
        "A": "1",
        "B": "2",
        "http_proxy": "p",
        "HOME": "/root",
        "HOSTNAME": HOSTNAME,
    }


def test_env_beats_a_given_proxy() -> None:
    state = after("ENV http_proxy=mine")
    environment = dict(process("RUN x", state, {"http_proxy": "given"}).environment)
    assert environment["http_proxy"] == "mine"


def test_home_of_the_image_is_kept() -> None:
    environment = dict(process("RUN x", after("ENV HOME=/mine\nUSER app")).environment)
    assert environment["HOME"] == "/mine"


def test_user_gives_identity_groups_and_home() -> None:
    spec = process("RUN id", after("USER app"))
    assert (spec.uid, spec.gid, spec.groups) == (1000, 1001, (50,))
    assert dict(spec.environment)["HOME"] == "/home/app"


def test_an_explicit_group_is_the_only_one() -> None:
    spec = process("RUN id", after("USER app:extra"))
    assert (spec.uid, spec.gid, spec.groups) == (1000, 50, ())


def test_an_unknown_user_is_refused() -> None:
    with pytest.raises(BuildRuleError, match="unable to find user ghost"):
        planned("RUN id", after("USER ghost"))


def test_working_directory_is_that_of_the_image() -> None:
    assert process("RUN x").working_directory == "/"
    state = fresh(ContainerConfig(working_dir="/srv"))
    assert process("RUN x", state).working_directory == "/srv"


def test_values_of_run_are_not_expanded() -> None:
    state = after("ENV A=1")
    assert process('RUN ["touch", "/$A"]', state).argv == ("touch", "/$A")


@pytest.mark.parametrize("flag", ["--network=default", "--security=sandbox"])
def test_flags_that_ask_for_the_usual_are_accepted(flag: str) -> None:
    assert process(f"RUN {flag} x").argv == ("/bin/sh", "-c", "x")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RUN --mount=type=cache,target=/c x", "RUN --mount"),
        ("RUN --network=none x", "RUN --network"),
        ("RUN --security=insecure x", "RUN --security"),
        ("RUN --device=vendor.com/gpu x", "RUN --device"),
        ("RUN <<E\n#!/usr/bin/env python3\nE", "a heredoc that starts with #!"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(text: str, name: str) -> None:
    """Ignoring a flag silently would build something else than was asked for."""
    with pytest.raises(BuildRuleError) as caught:
        planned(text)
    assert caught.value.message == f"{name} is not supported yet"
    assert caught.value.hint == "leave it out for now"
