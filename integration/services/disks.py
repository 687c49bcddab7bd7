"""File systems for work files: one on which overlays work, and one on which not.

Each is mounted for a block and gone after it.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def memory_disk(directory: Path, size: str) -> Iterator[Path]:
    """Mount a disk in memory, on which an overlay can have its upper directory.

    Args:
        directory: Is made, and is the disk.
        size: As mount(8) takes it, such as "8m".
    """
    directory.mkdir(parents=True)
    with _mounted(directory, "tmpfs", f"size={size}"):
        yield directory


@contextmanager
def overlay_disk(directory: Path, size: str) -> Iterator[Path]:
    """Mount an overlay, on which another cannot have its upper directory.

    Args:
        directory: Is made, and holds the disk.
        size: As above.
    """
    with memory_disk(directory, size):
        lower, upper, work, merged = (
            directory / name for name in ("lower", "upper", "work", "merged")
        )
        for path in (lower, upper, work, merged):
            path.mkdir()
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        with _mounted(merged, "overlay", options):
            yield merged


@contextmanager
def _mounted(directory: Path, kind: str, options: str) -> Iterator[None]:
    mount = ["mount", "-t", kind, "-o", options, kind, str(directory)]
    subprocess.run(mount, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(directory)], check=True)
