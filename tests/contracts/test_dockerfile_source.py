"""What every source of a Dockerfile does, in memory and on disk."""

from pathlib import Path

import pytest

from adapters.context.dockerfile_location import DockerfileLocation
from adapters.memory.context import MemoryBuildContext, MemoryDockerfileSource
from application.errors import DockerfileUnavailable
from application.ports.context import DockerfileSource

CONTEXT = MemoryBuildContext()


@pytest.fixture(params=["memory", "disk"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> DockerfileSource:
    if request.param == "memory":
        return MemoryDockerfileSource("FROM scratch\n", ignore="*.o\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("*.o\n")
    return DockerfileLocation(str(tmp_path))


@pytest.fixture(params=["memory", "disk"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> DockerfileSource:
    if request.param == "memory":
        return MemoryDockerfileSource(None)
    return DockerfileLocation(str(tmp_path))


def test_a_dockerfile_comes_with_its_ignore_file(source: DockerfileSource) -> None:
    found = source.read("Dockerfile", CONTEXT)
    assert (found.data, found.ignore) == (b"FROM scratch\n", b"*.o\n")
    assert found.path.endswith("Dockerfile")


def test_a_missing_one_is_unavailable(empty: DockerfileSource) -> None:
    with pytest.raises(DockerfileUnavailable):
        empty.read("Dockerfile", CONTEXT)
