"""The process of a RUN."""

from dataclasses import replace

import pytest

from domain.build.effect import RunProcess
from domain.build.plan import Facts, plan_instruction
from domain.build.running import HOSTNAME
from domain.errors import BuildRuleError
from domain.image.config import ContainerConfig
from tests.domain.dockerfile.parsing import instruction
from tests.support.planning import (
    ACCOUNTS,
    after,
    fresh,
    planned,
    process,
    settings,
)


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
    assert (spec.uid, spec.gid, spec.groups) == (1000, 1001, (1001, 50))
    assert dict(spec.environment)["HOME"] == "/home/app"


def test_an_explicit_group_is_the_only_one() -> None:
    spec = process("RUN id", after("USER app:extra"))
    assert (spec.uid, spec.gid, spec.groups) == (1000, 50, (50,))


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


def test_the_builders_network_and_no_power_are_the_default() -> None:
    spec = process("RUN x")
    assert spec.has_network
    assert not spec.privileged


def test_network_and_security_are_what_the_flags_say() -> None:
    assert not process("RUN --network=none x").has_network
    assert process("RUN --network=host x").has_network
    assert process("RUN --security=insecure x").privileged


def test_a_device_is_refused() -> None:
    """Ignoring a flag silently would build something else than was asked for."""
    with pytest.raises(BuildRuleError, match="RUN --device is not supported") as caught:
        planned("RUN --device=vendor.com/gpu x")
    assert caught.value.hint


def test_a_heredoc_with_an_interpreter_is_a_program_for_the_shell() -> None:
    assert process("RUN <<E\n#!/bin/py\nx\nE").argv == (
        "/bin/sh",
        "-c",
        "/dev/pipes/E",
    )


def test_only_a_heredoc_that_is_the_whole_command_is_a_program() -> None:
    spec = process("RUN cat <<E\n#!/bin/py\nE")
    assert spec.argv == ("/bin/sh", "-c", "cat <<E\n#!/bin/py\nE")


def test_the_first_agent_is_the_one_ssh_finds() -> None:
    state = after("ENV A=1")
    text = "RUN --mount=type=ssh,target=/a --mount=type=ssh,id=b x"
    assert dict(process(text, state).environment)["SSH_AUTH_SOCK"] == "/a"
    own = after("ENV SSH_AUTH_SOCK=/own")
    assert dict(process(text, own).environment)["SSH_AUTH_SOCK"] == "/own"


def test_without_an_agent_ssh_finds_none() -> None:
    assert "SSH_AUTH_SOCK" not in dict(process("RUN x").environment)


def test_a_build_without_network_is_for_runs_that_name_none() -> None:
    without = replace(settings(), has_network=False)

    def has_network(text: str) -> bool:
        facts = Facts(accounts=ACCOUNTS)
        plan = plan_instruction(instruction(text), fresh(), facts, without)
        (effect,) = plan.effects
        assert isinstance(effect, RunProcess)
        return effect.process.has_network

    assert not has_network("RUN x")
    assert has_network("RUN --network=host x")
    assert has_network("RUN --network=default x")
