"""Large contexts need little memory, little disk, and no more bytes than they have."""

import io
import random
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.anonymous_memory import watched_memory
from integration.executor import ENVIRONMENT, Executor
from integration.services.disks import memory_disk
from integration.services.git_servers import GitServer, running_git_server
from integration.services.object_stores import (
    ObjectStore,
    running_azure,
    running_gcs,
    running_s3,
)
from tests.support.git_repository import GitRepository
from tests.support.loopback_server import TLS

MIB = 1 << 20
TRUST = {"SSL_CERT_FILE": str(TLS / "ca.pem")}
LIMIT = 150 * MIB
DOCKERFILE = "FROM scratch\nCOPY small /\n"


def noise(size: int, seed: int) -> bytes:
    """Return bytes that nothing makes smaller."""
    return random.Random(seed).randbytes(size)


def write_archive(path: Path, size: int) -> None:
    """Write an archive with a Dockerfile and a file of a size."""
    block = noise(MIB, 1)
    with tarfile.open(path, "w") as archive:
        for name, data in (("Dockerfile", DOCKERFILE.encode()), ("small", b"s")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        member = tarfile.TarInfo("large")
        member.size = size
        archive.addfile(member, _Repeated(block, size))


class _Repeated(io.RawIOBase):
    """A block over and over, to a size."""

    def __init__(self, block: bytes, size: int) -> None:
        super().__init__()
        self._block = block
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        piece = self._block[: min(size, self._left, len(self._block))]
        self._left -= len(piece)
        return piece


@pytest.fixture(params=["s3", "gcs", "azure"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    """Run each of the stores."""
    run = {"s3": running_s3, "gcs": running_gcs, "azure": running_azure}[request.param]
    with run(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """Run a git server."""
    with running_git_server(tmp_path_factory.mktemp("git")) as server:
        yield server


def peak_memory(place: Path, context: str, environment: dict[str, str]) -> int:
    """Build a context and return the most memory that the build needed."""
    place.mkdir()
    command = Executor(work=place / "work").command(
        context, "--no-push", f"--oci-layout-path={place / 'image'}"
    )
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**ENVIRONMENT, **environment},
        )
        with watched_memory(process.pid) as peak:
            process.wait()
    assert process.returncode == 0, (place / "log").read_text()
    assert peak.samples > 20
    return peak.highest


def test_a_large_archive_needs_little_memory(git: GitServer, tmp_path: Path) -> None:
    path = git.directory / "files" / "large.tar"
    write_archive(path, 1 << 30)
    address = f"https://{git.tls_host}/files/large.tar"
    peak = peak_memory(tmp_path / "build", address, TRUST)
    path.unlink()
    assert 10 * MIB < peak < LIMIT, f"{peak // MIB} MiB"


@pytest.mark.parametrize(("size", "is_enough"), [("40m", True), ("20m", False)])
def test_an_archive_needs_no_disk_but_for_its_contents(
    git: GitServer, tmp_path: Path, size: str, *, is_enough: bool
) -> None:
    path = git.directory / "files" / "medium.tar"
    write_archive(path, 30 * MIB)
    with memory_disk(tmp_path / "disk", size) as disk:
        outcome = Executor(work=disk / "work").run(
            f"https://{git.tls_host}/files/medium.tar",
            *("--no-push", f"--tar-path={tmp_path / 'image.tar'}"),
            environment=TRUST,
        )
    assert outcome.status == (0 if is_enough else 1), outcome.log
    if not is_enough:
        assert "cannot be unpacked: No space left on device" in outcome.error
        assert "--kaniko-dir" in outcome.hint
    assert (tmp_path / "image.tar").exists() == is_enough


def test_a_large_object_needs_little_memory(store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "large.tar"
    write_archive(path, 256 * MIB)
    address = store.put("large.tar", path.read_bytes())
    peak = peak_memory(tmp_path / "build", address, dict(store.environment))
    assert 10 * MIB < peak < LIMIT, f"{peak // MIB} MiB"


def test_of_a_large_history_one_commit_is_fetched(
    git: GitServer, tmp_path: Path
) -> None:
    repository = GitRepository(git.repositories / "long.git")
    for number in range(20):
        repository.commit({f"old/{number % 4}": noise(MIB, number)})
    repository.git("rm", "-r", "--quiet", "old")
    repository.commit({"Dockerfile": DOCKERFILE, "small": noise(MIB, 99)})
    repository.git("gc", "--quiet")
    packed = sum(p.stat().st_size for p in repository.path.rglob("*.pack"))
    assert packed > 10 * MIB
    before = git.bytes_sent("/long.git")
    peak = peak_memory(
        tmp_path / "build",
        f"git://{git.host}/open/long.git",
        {"GIT_PULL_METHOD": "http"},
    )
    sent = git.bytes_sent("/long.git") - before
    assert MIB < sent < 2 * MIB, f"{sent} bytes of {packed}"
    assert peak < LIMIT, f"{peak // MIB} MiB"


@pytest.mark.parametrize(
    ("hands_out", "least", "most"),
    [(True, MIB, 2 * MIB), (False, 9 * MIB, 11 * MIB)],
)
def test_of_a_large_tree_the_files_of_the_context_are_fetched(
    git: GitServer, tmp_path: Path, *, hands_out: bool, least: int, most: int
) -> None:
    repository = GitRepository(git.repositories / f"wide{hands_out}.git")
    repository.git("config", "uploadpack.allowFilter", str(hands_out).lower())
    repository.commit({f"other/{number}": noise(MIB, number) for number in range(8)})
    repository.commit({"app/Dockerfile": DOCKERFILE, "app/small": noise(MIB, 99)})
    before = git.bytes_sent(f"/{repository.path.name}")
    peak_memory(
        tmp_path / "build",
        f"git://{git.host}/open/{repository.path.name}#main:app",
        {"GIT_PULL_METHOD": "http"},
    )
    sent = git.bytes_sent(f"/{repository.path.name}") - before
    assert least < sent < most, f"{sent} bytes"


def test_a_large_file_of_a_repository_needs_little_memory(
    git: GitServer, tmp_path: Path
) -> None:
    repository = GitRepository(git.repositories / "large.git")
    data = b"".join(noise(MIB, number) for number in range(200))
    repository.commit({"Dockerfile": DOCKERFILE, "small": "s", "large": data})
    peak = peak_memory(
        tmp_path / "build",
        f"git://{git.host}/open/large.git",
        {"GIT_PULL_METHOD": "http"},
    )
    assert peak < LIMIT, f"{peak // MIB} MiB"
