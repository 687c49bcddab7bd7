"""A build that is told to stop leaves nothing behind, whatever it was doing."""

import os
import signal
import time
from pathlib import Path

import pytest

from integration.executor import Executor, write_context
from integration.modes import MODES_HERE
from integration.services.registry import Registry
from integration.stopping import SECONDS, begun, stop

SLEEP = 1_000_000 + os.getpid()
"""How long RUN would sleep: a number to find its process by, nobody else's."""


def is_asleep() -> bool:
    """Tell whether a process of ours sleeps, in whatever namespace."""
    commands = Path("/proc").glob("[0-9]*/cmdline")
    return any(str(SLEEP).encode() in read(path).split(b"\0") for path in commands)


def mounts_below(directory: Path) -> list[str]:
    """Return the lines of the mount points below a directory."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in mounts if f" {directory}/" in line]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_a_build_that_was_stopped(
    number: signal.Signals,
    builder: Executor,
    registry: Registry,
    tmp_path: Path,
) -> None:
    """Neither the process, nor its children, nor work files, nor mounts, nor a tag."""
    # The background process has left its parent and its session.
    dockerfile = f"FROM busybox\nRUN setsid sleep {SLEEP} & sleep {SLEEP}\n"
    context = write_context(tmp_path / "context", dockerfile)
    repository = f"stopped/{number}"
    destination = f"--destination={registry.host}/{repository}:latest"
    process = begun(builder.command(context, destination), is_asleep)
    log = stop(process, number)
    assert "Traceback" not in log
    assert not is_asleep()
    assert list(builder.work.iterdir()) == []
    assert mounts_below(builder.work) == []
    assert registry.manifest(repository) is None


@pytest.mark.parametrize("mode", MODES_HERE, ids=lambda mode: mode.name)
def test_a_build_that_is_killed_leaves_no_mount_and_no_process(
    builder: Executor, tmp_path: Path
) -> None:
    dockerfile = f"FROM busybox\nRUN sleep {SLEEP}\n"
    context = write_context(tmp_path / "context", dockerfile)
    process = begun(builder.command(context, "--no-push"), is_asleep)
    process.kill()
    process.communicate(timeout=SECONDS)
    deadline = time.monotonic() + SECONDS
    while is_asleep():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert mounts_below(builder.work) == []
