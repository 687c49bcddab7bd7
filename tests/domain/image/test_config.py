"""Image configs: fields typed, order kept, what is not known preserved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.errors import InvalidImage
from domain.image.config import (
    ContainerConfig,
    Healthcheck,
    History,
    ImageConfig,
    rfc3339,
)
from domain.image.digest import Digest
from domain.image.manifest import MAXIMUM_MANIFEST_SIZE
from domain.image.platform import Platform

DIFF_ID = Digest.of(b"layer")
DOCUMENT = {
    "architecture": "arm",
    "author": "me",
    "config": {
        "User": "app:app",
        "ExposedPorts": {"443/tcp": {}, "80/tcp": {}},
        "Env": ["PATH=/bin", "EMPTY=", "EQUALS=a=b"],
        "Entrypoint": ["/run"],
        "Cmd": ["a", "b"],
        "Volumes": {"/data": {}},
        "WorkingDir": "/app",
        "Labels": {"a": "1", "b": "<&>"},
        "StopSignal": "SIGINT",
        "ArgsEscaped": True,
        "Healthcheck": {
            "Test": ["CMD-SHELL", "true"],
            "Interval": 1,
            "Timeout": 2,
            "StartPeriod": 3,
            "StartInterval": 4,
            "Retries": 5,
        },
        "OnBuild": ["RUN true"],
        "Shell": ["/bin/bash", "-c"],
        "StopTimeout": 7,
    },
    "created": "2024-01-01T00:00:00.123456789Z",
    "history": [
        {
            "created": "2024-01-01T00:00:00Z",
            "created_by": "RUN x && y",
            "author": "a",
            "comment": "c",
        },
        {"created_by": "ENV a=b", "empty_layer": True},
    ],
    "moby.something": {"kept": [1, None]},
    "os": "linux",
    "os.features": ["f"],
    "os.version": "1",
    "rootfs": {"type": "layers", "diff_ids": [str(DIFF_ID)]},
    "variant": "v7",
}


def _raw(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def test_a_config_of_docker_comes_back_byte_for_byte() -> None:
    raw = _raw(DOCUMENT)
    assert ImageConfig.parse(raw).to_json() == raw


def test_every_field_is_typed() -> None:
    config = ImageConfig.parse(_raw(DOCUMENT))
    assert config.platform == Platform(
        os="linux",
        architecture="arm",
        variant="v7",
        os_version="1",
        os_features=("f",),
    )
    assert config.diff_ids == (DIFF_ID,)
    assert config.history[1] == History(created_by="ENV a=b", empty_layer=True)
    assert config.config == ContainerConfig(  # noqa: S604 - the image's shell
        env=(("PATH", "/bin"), ("EMPTY", ""), ("EQUALS", "a=b")),
        cmd=("a", "b"),
        entrypoint=("/run",),
        user="app:app",
        working_dir="/app",
        labels={"a": "1", "b": "<&>"},
        exposed_ports=frozenset({"80/tcp", "443/tcp"}),
        volumes=frozenset({"/data"}),
        stop_signal="SIGINT",
        shell=("/bin/bash", "-c"),
        healthcheck=Healthcheck(
            test=("CMD-SHELL", "true"),
            interval_ns=1,
            timeout_ns=2,
            start_period_ns=3,
            start_interval_ns=4,
            retries=5,
        ),
        on_build=("RUN true",),
        args_escaped=True,
        extra={"StopTimeout": 7},
    )


def test_null_counts_as_absent() -> None:
    config = ImageConfig.parse(
        _raw({"os": "linux", "config": {"Env": None, "Cmd": None}, "history": None})
    )
    assert config.config == ContainerConfig()
    assert config.history == ()
    assert ImageConfig.parse(_raw({"config": None})).config == ContainerConfig()


def test_building_on_an_image_drops_the_facts_of_its_making() -> None:
    document = {
        **DOCUMENT,
        "container": "abc",
        "container_config": {"Hostname": "x"},
        "docker_version": "1",
        "id": "x",
        "parent": "y",
        "moby.buildkit.cache.v0": "x",
        "moby.buildkit.buildinfo.v1": "x",
    }
    container = {
        "Hostname": "h",
        "Image": "sha256:x",
        "AttachStdin": False,
        "Tty": True,
    }
    document["config"] = {**DOCUMENT["config"], **container}  # type: ignore[dict-item]
    base = ImageConfig.parse(_raw(document)).as_base()
    assert base == ImageConfig.parse(_raw(DOCUMENT))


def test_a_variable_keeps_its_place_when_it_changes() -> None:
    config = ContainerConfig(env=(("a", "1"), ("b", "2")))
    assert config.with_env("a", "3").env == (("a", "3"), ("b", "2"))
    assert config.with_env("c", "3").env == (("a", "1"), ("b", "2"), ("c", "3"))


def test_of_equal_variables_the_last_value_counts() -> None:
    config = ImageConfig.parse(_raw({"config": {"Env": ["a=1", "b=2", "a=3"]}}))
    assert config.config.env == (("a", "3"), ("b", "2"))


def test_layers_and_history_grow_together() -> None:
    config = ImageConfig(platform=Platform(os="linux", architecture="amd64"))
    config = config.with_empty_history(History(created_by="ENV a=b"))
    config = config.with_layer(DIFF_ID, History(created_by="COPY . ."))
    assert config.diff_ids == (DIFF_ID,)
    assert [entry.empty_layer for entry in config.history] == [True, False]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "not a JSON object"),
        ({"config": {"Env": "a=b"}}, "'Env'"),
        ({"config": {"Cmd": [1]}}, "'Cmd'"),
        ({"config": {"Labels": {"a": None}}}, "'Labels'"),
        ({"config": {"User": 0}}, "'User'"),
        ({"config": {"Healthcheck": {"Interval": "1s"}}}, "'Interval'"),
        ({"rootfs": {"diff_ids": ["x"]}}, "'diff_ids'"),
        ({"history": ["x"]}, "'history'"),
        ({"created": 5}, "'created'"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(document: Any, message: str) -> None:  # noqa: ANN401 - JSON
    with pytest.raises(InvalidImage, match=message):
        ImageConfig.parse(_raw(document))


def test_a_huge_config_is_refused() -> None:
    with pytest.raises(InvalidImage, match="larger than"):
        ImageConfig.parse(b" " * (MAXIMUM_MANIFEST_SIZE + 1))


def test_bytes_that_are_no_utf_8_do_not_break_the_document() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    config = ImageConfig(
        platform=Platform(os="linux", architecture="amd64"),
        config=ContainerConfig(working_dir=f"/{name}"),
    )
    assert json.loads(config.to_json())["config"]["WorkingDir"] == "/caf\ufffd"


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_700_000_000_000_000_000, "2023-11-14T22:13:20Z"),
        (1_700_000_000_120_000_000, "2023-11-14T22:13:20.12Z"),
        (1_700_000_000_000_000_001, "2023-11-14T22:13:20.000000001Z"),
    ],
)
def test_times_are_rendered_as_go_renders_them(time_ns: int, text: str) -> None:
    assert rfc3339(time_ns) == text


def with_steps(base: ImageConfig, steps: str) -> ImageConfig:
    """Add steps: "L" made a layer, "-" made none."""
    config = base
    for step in steps:
        entry = History(created_by=step)
        if step == "L":
            config = config.with_layer(DIFF_ID, entry)
        else:
            config = config.with_empty_history(entry)
    return config


BASE = with_steps(ImageConfig(platform=Platform(os="linux", architecture="x")), "L-")


@pytest.mark.parametrize(
    ("steps", "maker", "made"),
    [("L-L-", 2, "--L-"), ("L-L-", 0, "L---"), ("--", 1, "-L")],
)
def test_layers_become_one_of_the_step_that_is_named(
    steps: str, maker: int, made: str
) -> None:
    one = with_steps(BASE, steps).in_one_layer(BASE, Digest.of(b"one"), maker)
    assert one.diff_ids == (DIFF_ID, Digest.of(b"one"))
    assert one.history[:2] == BASE.history
    drawn = ["-" if entry.empty_layer else "L" for entry in one.history[2:]]
    assert "".join(drawn) == made


def test_layers_that_undo_each_other_become_none() -> None:
    one = with_steps(BASE, "LL").in_one_layer(BASE, None, 1)
    assert one.diff_ids == BASE.diff_ids
    assert [entry.empty_layer for entry in one.history] == [False, True, True, True]
