"""What the instructions that make no layer do to the config."""

from collections.abc import Mapping

import pytest

from domain.build.state import StageState
from domain.errors import BuildRuleError, DockerfileError
from domain.image.config import ContainerConfig, Healthcheck
from tests.support.planning import after, fresh

SECOND = 10**9


def env(state: StageState) -> dict[str, str]:
    return dict(state.config.env)


# ------------------------------------------------------------------- ENV and ARG


def test_env_replaces_in_place_and_appends() -> None:
    base = fresh(ContainerConfig(env=(("A", "1"), ("PATH", "/bin"))))
    state = after("ENV B=2 A=3", base)
    assert state.config.env == (("A", "3"), ("PATH", "/bin"), ("B", "2"))


def test_one_env_sees_the_variables_before_it() -> None:
    state = after("ENV a=1\nENV a=2 b=$a\nENV c=$a")
    assert (env(state)["b"], env(state)["c"]) == ("1", "2")


def test_names_of_env_are_expanded_too() -> None:
    assert env(after("ENV n=X\nENV $n=1"))["X"] == "1"


def test_an_env_whose_name_expands_to_nothing_is_refused() -> None:
    with pytest.raises(BuildRuleError, match="a variable has no name") as caught:
        after("ENV $none=1")
    assert caught.value.hint == "write ENV name=value"


@pytest.mark.parametrize(
    ("text", "given", "variables"),
    [
        ("ARG A=x", {}, {"A": "x"}),
        ("ARG A=x", {"A": "y"}, {"A": "y"}),
        ("ARG A=x", {"A": ""}, {"A": ""}),
        ("ARG A", {}, {"A": None}),
        ("ARG A=", {}, {"A": ""}),
        ("ARG A=1 B=${A}2", {}, {"A": "1", "B": "12"}),
        ("ARG A=1\nARG A", {}, {"A": "1"}),
        ("ARG A=1\nARG A=2", {}, {"A": "2"}),
        ("ENV A=env\nARG A=arg", {}, {"A": "arg"}),
        ("ENV A=env\nARG A", {}, {"A": "env"}),
        ("ARG A=arg\nENV A=env", {"A": "given"}, {"A": "env"}),
        ("ARG B=arg\nENV B=${B}-env", {"B": "bb"}, {"B": "bb-env"}),
        ("ARG N=V\nARG $N=w", {}, {"V": "w"}),
        ("ARG TARGETARCH", {}, {"TARGETARCH": "arm"}),
        ("ARG TARGETARCH=x", {}, {"TARGETARCH": "x"}),
        ("ARG A=\"a b\" B='$A'", {}, {"A": "a b", "B": "$A"}),
        ("LABEL a=b", {"A": "given"}, {"A": None}),
    ],
)
def test_arg(
    text: str, given: Mapping[str, str], variables: Mapping[str, str | None]
) -> None:
    state = after(text, given=given)
    assert {name: state.variables.get(name) for name in variables} == variables


def test_arguments_never_reach_the_config() -> None:
    assert "A" not in env(after("ARG A=1"))


# ------------------------------------------------------------ CMD and ENTRYPOINT


@pytest.mark.parametrize(
    ("text", "cmd", "entrypoint"),
    [
        ('CMD ["a", "$b"]', ("a", "$b"), None),
        ("CMD a $b", ("/bin/sh", "-c", "a $b"), None),
        ("CMD []", (), None),
        ('ENTRYPOINT ["e"]', None, ("e",)),
        ("ENTRYPOINT e $x", None, ("/bin/sh", "-c", "e $x")),
        ('CMD ["c"]\nENTRYPOINT ["e"]', ("c",), ("e",)),
        ('ENTRYPOINT ["e"]\nCMD ["c"]', ("c",), ("e",)),
        ('SHELL ["/bin/bash", "-ec"]\nCMD x', ("/bin/bash", "-ec", "x"), None),
        ('CMD ["a"]\nCMD ["b"]', ("b",), None),
    ],
)
def test_command(
    text: str, cmd: tuple[str, ...] | None, entrypoint: tuple[str, ...] | None
) -> None:
    config = after(text).config
    assert (config.cmd, config.entrypoint) == (cmd, entrypoint)


BASE = fresh(ContainerConfig(cmd=("base",), entrypoint=("start",)))


def test_entrypoint_clears_the_cmd_of_the_base() -> None:
    assert after('ENTRYPOINT ["e"]', BASE).config.cmd is None


def test_entrypoint_keeps_the_cmd_of_its_own_stage() -> None:
    assert after('CMD ["own"]\nENTRYPOINT ["e"]', BASE).config.cmd == ("own",)


def test_entrypoint_clears_the_cmd_of_the_stage_below() -> None:
    child = after('CMD ["parent"]', BASE).child()
    assert after('ENTRYPOINT ["e"]', child).config.cmd is None


def test_an_empty_entrypoint_resets_it() -> None:
    assert after("ENTRYPOINT []", BASE).config.entrypoint is None


def test_cmd_keeps_the_entrypoint_of_the_base() -> None:
    assert after('CMD ["c"]', BASE).config.entrypoint == ("start",)


def test_every_cmd_is_marked_as_escaped() -> None:
    assert after("CMD x").config.args_escaped
    assert not after("ENTRYPOINT x").config.args_escaped


# ---------------------------------------------------------------------- settings


def test_shell_replaces_the_shell() -> None:
    assert after('SHELL ["/bin/bash", "-c"]').config.shell == ("/bin/bash", "-c")


@pytest.mark.parametrize(
    ("text", "check"),
    [
        (
            "--start-interval=3s CMD x",
            Healthcheck(test=("CMD-SHELL", "x"), start_interval_ns=3 * SECOND),
        ),
        ("NONE", Healthcheck(test=("NONE",))),
        ('CMD ["a", "b"]', Healthcheck(test=("CMD", "a", "b"))),
        ("CMD a $b", Healthcheck(test=("CMD-SHELL", "a $b"))),
        (
            "--interval=5s --timeout=2s --start-period=1m --retries=4 CMD x",
            Healthcheck(
                test=("CMD-SHELL", "x"),
                interval_ns=5 * SECOND,
                timeout_ns=2 * SECOND,
                start_period_ns=60 * SECOND,
                retries=4,
            ),
        ),
    ],
)
def test_healthcheck(text: str, check: Healthcheck) -> None:
    assert after(f"HEALTHCHECK {text}").config.healthcheck == check


def test_ports_are_added_to_those_of_the_base() -> None:
    base = fresh(ContainerConfig(exposed_ports=frozenset({"1/tcp"})))
    state = after("ARG p='8080/udp 9'\nEXPOSE 80 $p 80", base)
    assert state.config.exposed_ports == {"1/tcp", "80/tcp", "8080/udp", "9/tcp"}


def test_labels_are_merged_and_expanded() -> None:
    base = fresh(ContainerConfig(labels={"a": "old", "b": "kept"}))
    state = after("ENV v=x\nLABEL a=$v k-$v=\"v w\" raw='$v'", base)
    expected = {"a": "x", "b": "kept", "k-x": "v w", "raw": "$v"}
    assert state.config.labels == expected


def test_triggers_are_recorded_as_they_stand() -> None:
    base = fresh(ContainerConfig(on_build=("RUN a",)))
    state = after("ENV v=x\nONBUILD RUN echo $v", base)
    assert state.config.on_build == ("RUN a", "RUN echo $v")


def test_stop_signal_is_expanded_and_stored_as_written() -> None:
    assert after("ARG s=sigusr1\nSTOPSIGNAL $s").config.stop_signal == "sigusr1"


def test_a_wrong_stop_signal_is_refused() -> None:
    with pytest.raises(BuildRuleError, match="invalid signal 'SIGNOPE'"):
        after("STOPSIGNAL SIGNOPE")


def test_user_is_stored_after_expansion_and_not_resolved() -> None:
    assert after("ARG u=nobody\nUSER ${u}:grp").config.user == "nobody:grp"


def test_volumes_are_kept_as_text() -> None:
    state = after('VOLUME /a relative/ /b/../c\nVOLUME ["/with blank"]')
    assert state.config.volumes == {"/a", "relative/", "/b/../c", "/with blank"}


@pytest.mark.parametrize("text", ["VOLUME $none", 'VOLUME ["/a", "$none"]'])
def test_a_volume_without_a_path_is_refused(text: str) -> None:
    with pytest.raises(BuildRuleError, match="a volume has an empty path") as caught:
        after(text)
    assert caught.value.hint == "write VOLUME /path"


def test_maintainer_is_the_author() -> None:
    state = after("MAINTAINER Some One <some@one>")
    assert state.image.author == "Some One <some@one>"


def test_a_variable_that_must_be_set_names_its_line() -> None:
    with pytest.raises(DockerfileError, match="must be set") as caught:
        after('ENV A=1\nENV B="${UNSET:?must be set}"')
    assert caught.value.place == "Dockerfile:3"
