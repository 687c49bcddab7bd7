"""The executor and the warmer need the same little memory whatever the size of a layer.

What it makes and pushes in one test, it pulls and extracts in the other.
"""

import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration import warmer
from integration.anonymous_memory import Peak, watched_memory
from integration.executor import ENVIRONMENT, Executor, named_base, write_context
from integration.image_comparison.stored_image import read_layout
from integration.services.registry import Registry, running_registry

MIB = 1 << 20
LARGE = 1 << 30
LIMIT = 150 * MIB
REPOSITORY = "memory/large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """An image with a layer of 1 GiB, and what it took to make and push it."""

    reference: str
    peak: Peak


@pytest.fixture(scope="module")
def pushed(
    small_bases: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pushed]:
    """Build and push an image by a COPY of a large file; nothing large is kept."""
    directory = tmp_path_factory.mktemp("large")
    storage = tmp_path_factory.mktemp("registry")
    with running_registry(storage) as registry:
        yield push_large(registry, small_bases, directory)
    shutil.rmtree(storage)
    shutil.rmtree(directory)


def push_large(registry: Registry, small_bases: Path, directory: Path) -> Pushed:
    """Build and push an image with a layer of 1 GiB."""
    context = write_context(directory / "context", "FROM busybox\nCOPY large /large\n")
    write_large_file(context / "large")
    reference = f"{registry.host}/{REPOSITORY}:latest"
    command = Executor(work=directory / "work").command(
        context,
        f"--destination={reference}",
        named_base("busybox", small_bases, "busybox"),
    )
    peak = peak_of(command, directory / "log")
    layers = registry.manifest(REPOSITORY)["layers"]
    assert layers[-1]["size"] > LARGE
    return Pushed(reference=reference, peak=peak)


def write_large_file(path: Path) -> None:
    """Write 1 GiB that no compression makes smaller."""
    # Compressors look back 32 KiB at most: a block that comes again is new to them.
    block = random.Random(1).randbytes(16 * MIB)
    with path.open("wb") as stream:
        for _ in range(LARGE // len(block)):
            stream.write(block)


def peak_of(command: list[str], log: Path) -> Peak:
    """Run the executor to its end and return the memory it needed."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=ENVIRONMENT,
        )
        with watched_memory(process.pid) as peak:
            process.wait()
    assert process.returncode == 0, log.read_text()
    return peak


def check(peak: Peak) -> None:
    """Require few bytes, and that the right processes were looked at."""
    assert peak.samples > 100
    assert 10 * MIB < peak.highest < LIMIT, f"{peak.highest / MIB:.0f} MiB"


def test_making_and_pushing_a_large_layer_needs_little_memory(pushed: Pushed) -> None:
    check(pushed.peak)


def test_pulling_extracting_and_changing_a_large_file_needs_little_memory(
    pushed: Pushed, tmp_path: Path
) -> None:
    run = "RUN chmod 600 /large\n"
    context = write_context(tmp_path / "context", f"FROM {pushed.reference}\n{run}")
    layout = tmp_path / "image"
    command = Executor(work=tmp_path / "work").command(
        context, "--no-push", f"--oci-layout-path={layout}"
    )
    check(peak_of(command, tmp_path / "log"))
    sizes = [layer.size or 0 for layer in read_layout(layout).layers]
    assert min(sizes[-2:]) > LARGE
    shutil.rmtree(layout)


def test_warming_a_large_image_needs_little_memory(
    pushed: Pushed, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    words = (f"--cache-dir={cache}", f"--image={pushed.reference}")
    check(peak_of([*warmer.COMMAND, *words], tmp_path / "log"))
    blobs = cache.glob("sha256:*/blobs/sha256/*")
    assert max(path.stat().st_size for path in blobs) > LARGE
    shutil.rmtree(cache)


def test_the_watch_sees_what_a_process_needs(tmp_path: Path) -> None:
    program = f"import time; held = bytearray({64 * MIB}); time.sleep(0.3)"
    process = subprocess.Popen(["python3", "-c", program])
    with watched_memory(process.pid) as peak:
        process.wait()
    assert 64 * MIB < peak.highest < 96 * MIB
