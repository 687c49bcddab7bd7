"""Base images that the tests make themselves: no registry is asked for them.

The small ones are data (`integration/cases/bases`). Debian is made once with
mmdebstrap from Debian's own packages and kept in a cache outside the work tree.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integration.services.layouts import TarEntry, layer_tar, write_layout

CACHE_VARIABLE = "KANIPY_TEST_CACHE"
DEFAULT_CACHE = "/var/cache/kanipy-tests"
MIRROR_VARIABLE = "KANIPY_DEBIAN_MIRROR"
DEFAULT_MIRROR = "http://deb.debian.org/debian"
SUITE = "bookworm"
NEWER_SUITE = "trixie"
"""With another C library than the machine, and our image, has."""

SMALL_BASES = Path(__file__).parents[1] / "cases" / "bases"
DEBIAN = "debian"
VERSION = "1"
"""Part of the cache's names: raise it when what is made changes."""

CONFIG = {
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    "Cmd": ["bash"],
}


def debian_layout(suite: str = SUITE) -> Path:
    """Return an OCI layout with the image `debian`, made when it is not there yet.

    One layer, an `apt` variant of Debian with device nodes in `/dev`.
    """
    target = cache_directory() / f"debian-{suite}-{VERSION}"
    with _locked(target):
        if not target.is_dir():
            _make_debian(target, suite)
    return target


def wide_layout(directory: Path, files: int) -> Path:
    """Make a layout with the image `wide`: one layer of many small files."""
    layer = layer_tar(
        TarEntry(name=f"wide/{number // 500}/{number}", content=b"%d" % number)
        for number in range(files)
    )
    return write_layout(directory, "wide", [layer], CONFIG)


def cache_directory() -> Path:
    """Return the directory in which expensive bases are kept, made when absent."""
    directory = Path(os.environ.get(CACHE_VARIABLE) or DEFAULT_CACHE)
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _make_debian(target: Path, suite: str) -> None:
    making = target.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    archive = making / "rootfs.tar"
    mirror = os.environ.get(MIRROR_VARIABLE) or DEFAULT_MIRROR
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=apt", suite, archive, mirror], check=True
    )
    layout = write_layout(making / "layout", DEBIAN, [archive], CONFIG)
    layout.rename(target)
    shutil.rmtree(making)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
