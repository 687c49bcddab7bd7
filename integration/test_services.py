"""The servers that other tests rely on work, and leave nothing behind."""

import os
import sys
from pathlib import Path

import pytest

from integration.docker_oracle import build_with_docker
from integration.image_comparison.comparison import compare_images, load_image
from integration.oracle_cases import CASES, OracleCase, all_cases, live_cases
from integration.services.docker import Docker
from integration.services.layouts import TarEntry, layer_tar, write_layout
from integration.services.processes import (
    ServerFailedError,
    accepts_connections,
    free_port,
    running,
)
from integration.services.registry import Registry


def test_a_server_ends_with_its_block(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    with running(
        command, log=tmp_path / "log", ready=lambda: accepts_connections(port)
    ) as process:
        assert process.poll() is None
    assert process.returncode is not None
    assert not accepts_connections(port)


def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no space for me')"]
    with (
        pytest.raises(ServerFailedError, match="no space for me"),
        running(command, log=tmp_path / "log", ready=lambda: False),
    ):
        pass


def test_an_image_survives_the_way_through_a_registry(
    registry: Registry, small_bases: Path, tmp_path: Path
) -> None:
    reference = registry.push_layout(small_bases, "odd", "services/odd")
    assert "services/odd" in registry.repositories()
    assert registry.manifest("services/odd")["schemaVersion"] == 2
    assert registry.manifest("services/odd", "absent") is None
    pulled = load_image(f"docker://{reference}", tmp_path)
    original = load_image(f"oci:{small_bases}:odd", tmp_path)
    assert compare_images(pulled, original, times=True) == []


def test_a_private_registry_wants_its_account(
    private_registry: Registry, small_bases: Path
) -> None:
    private_registry.push_layout(small_bases, "busybox", "services/busybox")
    with pytest.raises(OSError, match="401"):
        private_registry.get("/v2/")


def test_docker_runs_an_image_of_a_layout(docker: Docker, small_bases: Path) -> None:
    docker.load_layout(small_bases, "busybox", "services/busybox:latest")
    outcome = docker.run("run", "--rm", "services/busybox", "echo", "it works")
    assert outcome.stdout == "it works\n"


def test_docker_pulls_from_the_registry_and_saves_what_was_there(
    docker: Docker, registry: Registry, tmp_path: Path
) -> None:
    entry = TarEntry(name="a", content=b"a", uid=3, xattrs={"user.x": b"1"})
    layout = write_layout(tmp_path / "layout", "tiny", [layer_tar([entry])])
    reference = registry.push_layout(layout, "tiny", "services/tiny")
    docker.run("pull", reference)
    saved = load_image(docker.save(reference, tmp_path / "saved.tar"), tmp_path)
    assert compare_images(saved, load_image(f"oci:{layout}:tiny", tmp_path)) == []


def test_the_debian_base_is_a_debian_with_device_nodes(
    debian_base: Path, tmp_path: Path
) -> None:
    flat = load_image(f"oci:{debian_base}:debian", tmp_path)
    assert flat.problems == ()
    assert flat.files["dev/null"].device == "1,3"
    assert flat.files["usr/bin/dpkg"].type == "file"


def test_every_case_can_be_read() -> None:
    folders = [path for path in CASES.iterdir() if (path / "Dockerfile").is_file()]
    assert len(all_cases()) > 100
    assert len(all_cases()) + len(live_cases()) == len(folders)


@pytest.mark.parametrize(
    "name",
    [
        "add-tar-xattr-caps",
        "copy-from-hardlinks",
        "inherit-config-untouched",
        "odd-names-run",
        "onbuild-trigger",
        "whiteout-file-dir",
    ],
)
def test_docker_meets_the_expectation_that_was_measured_elsewhere(
    name: str, docker: Docker, registry: Registry, tmp_path: Path
) -> None:
    """Docker, the comparison and the data agree: none of them is wrong alone."""
    case = OracleCase.load(CASES / name)
    assert case.expectation.document["dockerd_20_10"]["same"]
    image = build_with_docker(case, docker, registry, tmp_path)
    assert image is not None
    assert case.expectation.compare(image, case.base(tmp_path), times=True) == []


def test_docker_refuses_what_must_be_refused(
    docker: Docker, registry: Registry, tmp_path: Path
) -> None:
    case = OracleCase.load(CASES / "copy-missing-source")
    assert case.expectation.refused
    assert build_with_docker(case, docker, registry, tmp_path) is None


def test_tests_of_this_folder_run_as_root() -> None:
    assert os.geteuid() == 0
