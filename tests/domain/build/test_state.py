"""The state of a stage between two instructions."""

from dataclasses import replace

from domain.build.state import DEFAULT_PATH, StageState
from domain.image.config import ContainerConfig, ImageConfig
from domain.image.platform import Platform

PLATFORM = Platform(os="linux", architecture="amd64")


def state(config: ContainerConfig | None = None) -> StageState:
    image = ImageConfig(platform=PLATFORM, config=config or ContainerConfig())
    return StageState.start(image)


def test_an_image_without_path_gets_dockers() -> None:
    assert state().config.env == (("PATH", DEFAULT_PATH),)
    assert state().variables == {"PATH": DEFAULT_PATH}


def test_a_path_of_the_base_is_kept() -> None:
    base = state(ContainerConfig(env=(("A", "1"), ("PATH", "/x"))))
    assert base.config.env == (("A", "1"), ("PATH", "/x"))
    assert base.variables == {"A": "1", "PATH": "/x"}


def test_facts_of_the_container_that_made_the_base_are_dropped() -> None:
    assert state(ContainerConfig(extra={"Hostname": "h"})).config.extra == {}


def test_defaults() -> None:
    assert state().working_directory == "/"
    assert state().shell == ("/bin/sh", "-c")
    base = state(ContainerConfig(working_dir="/w"))
    assert base.working_directory == "/w"
    other = base.with_config(replace(base.config, shell=("bash",)))  # noqa: S604
    assert other.shell == ("bash",)


def test_env_is_replaced_in_its_place_and_seen_as_a_variable() -> None:
    after = state(ContainerConfig(env=(("PATH", "/x"), ("B", "2")))).with_env("B", "3")
    after = after.with_env("C", "4").with_env("PATH", "/y")
    assert after.config.env == (("PATH", "/y"), ("B", "3"), ("C", "4"))
    assert dict(after.variables) == {"PATH": "/y", "B": "3", "C": "4"}


def test_an_argument_is_a_variable_but_not_in_the_config() -> None:
    after = state().with_argument("A", "1")
    assert after.variables["A"] == "1"
    assert after.arguments == {"A": "1"}
    assert "A" not in dict(after.config.env)


def test_an_argument_declared_after_env_of_its_name_wins() -> None:
    after = state().with_env("A", "env").with_argument("A", "arg")
    assert after.variables["A"] == "arg"
    assert dict(after.config.env)["A"] == "env"


def test_an_argument_without_value_is_unset() -> None:
    declared = state().with_argument("A", None)
    assert dict(declared.variables) == dict(state().variables)
    assert declared.arguments == {"A": None}


def test_an_argument_keeps_its_value_when_it_is_declared_without_one() -> None:
    declared = state().with_argument("A", "1").with_argument("A", None)
    assert declared.variables["A"] == "1"


def test_a_child_inherits_arguments_but_not_that_cmd_was_its_own() -> None:
    parent = replace(state().with_argument("A", "1"), has_own_cmd=True)
    assert parent.child().variables["A"] == "1"
    assert not parent.child().has_own_cmd


def test_triggers_are_taken_off() -> None:
    base = state(ContainerConfig(on_build=("RUN x",)))
    assert base.without_triggers().config.on_build == ()


def test_values_are_kept_out_of_repr_where_the_config_does_not_hold_them() -> None:
    assert "s3cret" not in repr(state().with_argument("TOKEN", "s3cret"))
