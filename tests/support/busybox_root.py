"""A root file system of one static busybox, for tests that run processes.

Needs Debian's busybox-static. It is a root as an image might have it, and no more.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

APPLETS = [
    "cat",
    "chmod",
    "echo",
    "env",
    "grep",
    "head",
    "hostname",
    "id",
    "kill",
    "ln",
    "ls",
    "mkdir",
    "mknod",
    "mount",
    "mv",
    "nohup",
    "ps",
    "rm",
    "rmdir",
    "setsid",
    "sh",
    "sleep",
    "stat",
    "touch",
    "true",
    "umount",
    "wc",
    "yes",
]


SLEEP = str(1_000_000 + os.getpid())
"""How long a program sleeps that is to be ended: no other test session's number."""


@contextmanager
def heeded(number: signal.Signals) -> Iterator[None]:
    """Heed a signal: whoever starts tests in the background may have it ignored."""
    before = signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)


def make_root(directory: Path) -> Path:
    """Make the root in a new directory and return it."""
    program = shutil.which("busybox")
    assert program is not None, "install busybox-static"
    (directory / "bin").mkdir(parents=True)
    directory.chmod(0o755)
    shutil.copy(program, directory / "bin/busybox")
    for applet in APPLETS:
        (directory / "bin" / applet).symlink_to("busybox")
    (directory / "tmp").mkdir()
    (directory / "tmp").chmod(0o1777)
    return directory


def paths_in(directory: Path) -> set[str]:
    """Return all paths of a root but those of busybox itself."""
    found = {str(path.relative_to(directory)) for path in directory.rglob("*")}
    return {path for path in found if not path.startswith("bin")} - {"tmp"}


def alive(marker: str) -> list[str]:
    """Return the processes that have a word in their command line."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue  # it has just ended
            if marker.encode() in words:
                found.append(process.name)
    return found


def gone(marker: str) -> bool:
    """Wait for processes that the kernel is about to kill; say whether it did."""
    for _ in range(1000):
        if not alive(marker):
            return True
        time.sleep(0.01)
    return False
