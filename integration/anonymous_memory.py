"""The anonymous memory of a process and its descendants, watched while they run.

Pages of files do not count: the kernel can drop them. It starts nothing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERVAL = 0.005
KIB = 1024


class Peak:
    """The most that was seen, in bytes.

    Attributes:
        highest: Sum over all processes at one time.
        samples: How often it was looked at.
    """

    def __init__(self) -> None:
        self.highest = 0
        self.samples = 0

    def see(self, size: int) -> None:
        """Take a sample into account."""
        self.highest = max(self.highest, size)
        self.samples += 1


@contextmanager
def watched_memory(pid: int) -> Iterator[Peak]:
    """Sample a process and its descendants every few milliseconds.

    Args:
        pid: The process; samples of it after its end count as nothing.
    """
    peak = Peak()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(INTERVAL):
            peak.see(sum(map(anonymous_memory, descendants(pid))))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def descendants(pid: int) -> list[int]:
    """Return a process and all below it, as far as they still exist."""
    found = [pid]
    for number in found:
        for path in Path("/proc", str(number), "task").glob("*/children"):
            found += map(int, _read(path).split())
    return found


def anonymous_memory(pid: int) -> int:
    """Return a process's resident anonymous bytes, 0 when it is gone."""
    for line in _read(Path("/proc", str(pid), "status")).splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * KIB
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
