"""`kanipy index create`, and builds on what it made: several platforms, one name."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.executor import COMMAND, ENVIRONMENT, Executor, write_context
from integration.services.docker import Docker
from integration.services.registry import Registry, running_registry

DOCKERFILE = """
FROM scratch
ARG TARGETPLATFORM
COPY file /is-for
LABEL for=$TARGETPLATFORM
"""
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6")


@pytest.fixture(scope="module")
def far_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Run another registry, to copy from."""
    with running_registry(tmp_path_factory.mktemp("far")) as server:
        yield server


def tag(platform: str) -> str:
    return platform.replace("/", "-")


@pytest.fixture
def built(registry: Registry, executor: Executor, tmp_path: Path) -> list[str]:
    """Build an image for each platform, and return the flags that name them."""
    return build(registry, executor, tmp_path)


def build(registry: Registry, executor: Executor, tmp_path: Path) -> list[str]:
    flags = []
    for platform in PLATFORMS:
        context = write_context(
            tmp_path / tag(platform),
            DOCKERFILE,
            {"file": platform},
        )
        reference = f"{registry.host}/parts/{tag(platform)}:1"
        executor.run(
            context, f"--custom-platform={platform}", f"-d={reference}"
        ).check()
        flags.append(f"--from={reference}")
    return flags


def create(*words: str, status: int = 0) -> str:
    """Run the command; return what it said."""
    done = subprocess.run(
        [*COMMAND, "index", "create", *words, "--log-format=text"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=ENVIRONMENT,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def skopeo(*words: str | Path) -> Any:  # noqa: ANN401 - JSON
    command = ["skopeo", *words]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def config(reference: str, platform: str) -> Any:  # noqa: ANN401 - JSON
    """Return the config that others find for a platform."""
    system, architecture, *variant = platform.split("/")
    return skopeo(
        f"--override-os={system}",
        f"--override-arch={architecture}",
        *(f"--override-variant={one}" for one in variant),
        "inspect",
        "--config",
        "--tls-verify=false",
        f"docker://{reference}",
    )


def requests(registry: Registry, repository: str) -> list[str]:
    """Return method, path and status of the requests for a repository."""
    pattern = rf'"([A-Z]+) (/v2/{repository}/\S*) HTTP/1\.[01]" (\d+)'
    return [" ".join(found) for found in re.findall(pattern, registry.log.read_text())]


def test_each_platform_finds_its_image_under_one_name(
    registry: Registry, built: list[str], docker: Docker, tmp_path: Path
) -> None:
    reference = f"{registry.host}/index/all:1"
    digest = tmp_path / "digest"
    said = create(reference, *built, f"--digest-file={digest}")
    assert f"Created index {digest.read_text()} of {', '.join(PLATFORMS)}" in said
    for platform in PLATFORMS:
        found = config(reference, platform)
        assert found["config"]["Labels"] == {"for": platform}
        assert found["architecture"] == platform.split("/")[1]
    index = registry.manifest("index/all", "1")
    assert "list" in index["mediaType"]  # all of docker's types, from scratch
    docker.run("pull", reference)
    labels = docker.run("inspect", "--format={{json .Config.Labels}}", reference).stdout
    assert json.loads(labels) == {"for": "linux/amd64"}


def test_blobs_of_the_registry_are_mounted_not_sent(
    registry: Registry, built: list[str]
) -> None:
    create(f"{registry.host}/index/mounted:1", *built)
    made = requests(registry, "index/mounted")
    assert not [line for line in made if line.startswith("PATCH")]
    mounts = [line for line in made if "mount=" in line]
    assert len(mounts) == 2 * len(PLATFORMS)
    assert all(line.endswith(" 201") for line in mounts)


def test_images_of_another_registry_are_copied_and_all_is_there(
    registry: Registry, far_registry: Registry, executor: Executor, tmp_path: Path
) -> None:
    """Skopeo copies the whole index, so no blob is missing or damaged."""
    flags = build(far_registry, executor, tmp_path)
    names = [f"{registry.host}/index/copied:{tag}" for tag in ("1", "2")]
    create(*names, *flags, "--annotation=org.example.a=b")
    for name in names:
        raw = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{name}")
        assert raw["annotations"] == {"org.example.a": "b"}
        assert raw["mediaType"] == "application/vnd.oci.image.index.v1+json"
    copy = ["skopeo", "copy", "--quiet", "--all", "--src-tls-verify=false"]
    target = f"oci:{tmp_path / 'all'}"
    subprocess.run([*copy, f"docker://{names[0]}", target], check=True)


def test_an_index_of_an_index_is_flat(registry: Registry, built: list[str]) -> None:
    create(f"{registry.host}/index/arm:1", *built[1:])
    whole = f"{registry.host}/index/whole:1"
    create(whole, built[0], f"--from={registry.host}/index/arm:1")
    entries = registry.manifest("index/whole", "1")["manifests"]
    assert len(entries) == len(PLATFORMS)
    assert {entry["platform"].get("variant", "") for entry in entries} == {
        "",
        "v6",
        "v7",
    }


def test_nothing_is_named_where_an_image_is_missing(
    registry: Registry, built: list[str]
) -> None:
    said = create(
        f"{registry.host}/index/half:1",
        *built,
        f"--from={registry.host}/parts/none:1",
        status=1,
    )
    assert "parts/none" in said
    assert registry.manifest("index/half", "1") is None


def test_two_images_for_one_platform_are_refused(
    registry: Registry, executor: Executor, built: list[str], tmp_path: Path
) -> None:
    context = write_context(tmp_path / "other", "FROM scratch\nCOPY x /\n", {"x": ""})
    other = f"{registry.host}/parts/other:1"
    executor.run(context, "--custom-platform=linux/arm64", f"-d={other}").check()
    said = create(f"{registry.host}/index/two:1", *built, f"--from={other}", status=1)
    assert "is for linux/arm64, and so is" in said
    assert registry.manifest("index/two", "1") is None


# --------------------------------------------------------------- --custom-platform


@pytest.fixture
def indexed(registry: Registry, built: list[str]) -> str:
    """Return the name of an index."""
    reference = f"{registry.host}/index/base:1"
    create(reference, *built)
    return reference


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/arm64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/arm/v8", "linux/arm/v7"),
        ("linux/amd64/v3", "linux/amd64"),
    ],
)
def test_a_build_is_on_the_image_of_its_platform(
    executor: Executor, indexed: str, tmp_path: Path, wanted: str, found: str
) -> None:
    text = f"FROM {indexed}\nCOPY --from={indexed} /is-for /copied\n"
    context = write_context(tmp_path / "context", text)
    layout = tmp_path / "layout"
    executor.layout(context, layout, f"--custom-platform={wanted}")
    bundle = tmp_path / "bundle"
    subprocess.run(
        ["umoci", "unpack", "--image", f"{layout}:latest", bundle],
        check=True,
        capture_output=True,
    )
    for name in ("is-for", "copied"):
        assert (bundle / "rootfs" / name).read_text() == found
    made = skopeo("inspect", "--config", f"oci:{layout}")
    _, architecture, *variant = found.split("/")
    assert made["architecture"] == architecture
    assert made.get("variant", "") == "".join(variant)


def test_a_platform_that_is_not_there_is_told_with_those_that_are(
    executor: Executor, indexed: str, tmp_path: Path
) -> None:
    context = write_context(tmp_path / "context", f"FROM {indexed}\n")
    failed = executor.run(context, "--no-push", "--custom-platform=linux/s390x")
    assert failed.status == 1
    assert "no image for linux/s390x" in failed.error
    assert f"there are: {', '.join(PLATFORMS)}" in failed.error
    assert "Dockerfile:1" in failed.error
    assert failed.hint == "choose a platform with --custom-platform"


def test_an_image_for_elsewhere_alone_is_built_on_with_a_warning(
    registry: Registry, executor: Executor, built: list[str], tmp_path: Path
) -> None:
    base = built[1].removeprefix("--from=")
    context = write_context(tmp_path / "context", f"FROM {base}\nLABEL a=b\n")
    done = executor.layout(
        context, tmp_path / "layout", "--custom-platform=linux/amd64"
    )
    assert f"{base} is for linux/arm64, not for linux/amd64" in done.log
    assert registry.host in base
