"""A build that is told to stop leaves nothing behind, whatever it was doing."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from integration.executor import ENVIRONMENT, Executor, write_context
from integration.modes import MODES_HERE
from integration.services.registry import Registry

SECONDS = 30.0
SLEEP = 1_000_000 + os.getpid()
"""How long RUN would sleep: a number to find its process by, nobody else's."""

HEEDING_SIGNALS = ("env", "--default-signal=INT,TERM")
"""Words that start a program so: tests in the background may have them ignored."""


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


def wait_until_asleep(process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_asleep():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_nothing_is_left_of_a_build_that_was_stopped(
    number: signal.Signals,
    status: int,
    builder: Executor,
    registry: Registry,
    tmp_path: Path,
) -> None:
    """Neither the process, nor its children, nor work files, nor mounts, nor a tag."""
    # The background process has left its parent and its session.
    dockerfile = f"FROM busybox\nRUN setsid sleep {SLEEP} & sleep {SLEEP}\n"
    context = write_context(tmp_path / "context", dockerfile)
    repository = f"stopped/{status}"
    destination = f"--destination={registry.host}/{repository}:latest"
    process = subprocess.Popen(
        [*HEEDING_SIGNALS, *builder.command(context, destination)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    wait_until_asleep(process)
    process.send_signal(number)
    _, log = process.communicate(timeout=SECONDS)
    assert process.returncode == status, log
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
    process = subprocess.Popen(
        builder.command(context, "--no-push"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    wait_until_asleep(process)
    process.kill()
    process.communicate(timeout=SECONDS)
    deadline = time.monotonic() + SECONDS
    while is_asleep():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert mounts_below(builder.work) == []
