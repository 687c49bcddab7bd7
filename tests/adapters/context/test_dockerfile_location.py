"""Where a Dockerfile and its ignore file are looked for."""

import io
import os
from pathlib import Path

import pytest

from adapters.context.dockerfile_location import MAXIMUM_SIZE, DockerfileLocation
from adapters.memory.context import MemoryBuildContext
from application.errors import DockerfileUnavailable

NO_CONTEXT = MemoryBuildContext()


def write(directory: Path, **files: bytes) -> DockerfileLocation:
    for name, content in files.items():
        (directory / name.replace("_", ".")).write_bytes(content)
    return DockerfileLocation(str(directory))


def test_the_working_directory_comes_before_the_context(tmp_path: Path) -> None:
    location = write(tmp_path, Dockerfile=b"here")
    found = location.read("Dockerfile", MemoryBuildContext({"Dockerfile": b"there"}))
    assert (found.data, found.ignore) == (b"here", None)
    assert found.path == str(tmp_path / "Dockerfile")


@pytest.mark.parametrize("name", ["docker/Prod", "./docker/Prod", "/docker/Prod"])
def test_the_context_is_second(tmp_path: Path, name: str) -> None:
    context = MemoryBuildContext({"docker/Prod": b"there"})
    found = DockerfileLocation(str(tmp_path)).read(name, context)
    assert (found.path, found.data) == ("docker/Prod", b"there")


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, Dockerfile=b"here")
    found = DockerfileLocation("/").read(str(tmp_path / "Dockerfile"), NO_CONTEXT)
    assert found.data == b"here"


def test_the_ignore_file_beside_it_wins(tmp_path: Path) -> None:
    location = write(tmp_path, Dockerfile=b"", Dockerfile_dockerignore=b"own")
    context = MemoryBuildContext({".dockerignore": b"general"})
    assert location.read("Dockerfile", context).ignore == b"own"


def test_the_ignore_file_of_the_context_applies_to_a_dockerfile_elsewhere(
    tmp_path: Path,
) -> None:
    context = MemoryBuildContext({".dockerignore": b"general"})
    assert (
        write(tmp_path, Dockerfile=b"").read("Dockerfile", context).ignore == b"general"
    )


def test_both_may_lie_in_the_context(tmp_path: Path) -> None:
    files = {
        "Prod": b"FROM x",
        "Prod.dockerignore": b"own",
        ".dockerignore": b"general",
    }
    found = DockerfileLocation(str(tmp_path)).read("Prod", MemoryBuildContext(files))
    assert found.ignore == b"own"


def test_an_empty_ignore_file_is_one(tmp_path: Path) -> None:
    location = write(tmp_path, Dockerfile=b"", Dockerfile_dockerignore=b"")
    context = MemoryBuildContext({".dockerignore": b"general"})
    assert location.read("Dockerfile", context).ignore == b""


def test_a_missing_dockerfile_names_the_flag(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    for name in ("Dockerfile", "directory"):
        with pytest.raises(DockerfileUnavailable) as missing:
            DockerfileLocation(str(tmp_path)).read(name, NO_CONTEXT)
        assert missing.value.place == name
        assert "--dockerfile" in (missing.value.hint or "")


def test_an_address_is_downloaded_and_shown_without_its_secrets() -> None:
    asked: list[str] = []

    def download(url: str) -> bytes:
        asked.append(url)
        return b"there"

    url = "https://u:s3cret@h/Dockerfile?token=s3cret"
    context = MemoryBuildContext({".dockerignore": b"x"})
    found = DockerfileLocation(download=download).read(url, context)
    assert (asked, found.data, found.ignore) == ([url], b"there", b"x")
    assert found.path == "https://h/Dockerfile"


def test_a_dash_is_standard_input() -> None:
    context = MemoryBuildContext({".dockerignore": b"x", "-": b"no"})
    location = DockerfileLocation(standard_input=io.BytesIO(b"in"))
    found = location.read("-", context)
    assert (found.data, found.ignore) == (b"in", b"x")


def test_a_terminal_is_not_read() -> None:
    primary, terminal = os.openpty()
    with os.fdopen(terminal, "rb") as stream:
        with pytest.raises(DockerfileUnavailable, match="from a terminal"):
            DockerfileLocation(standard_input=stream).read("-", NO_CONTEXT)
        os.close(primary)


def test_a_huge_file_is_no_dockerfile(tmp_path: Path) -> None:
    with (tmp_path / "Dockerfile").open("wb") as file:
        file.truncate(MAXIMUM_SIZE + 1)
    with pytest.raises(DockerfileUnavailable, match="larger than 16 MiB"):
        DockerfileLocation(str(tmp_path)).read("Dockerfile", NO_CONTEXT)
