"""Runs processes in a chroot, where namespaces are refused.

/dev is made of real nodes, there is no /proc, and the builder's resolv.conf,
hosts and hostname are placed in the root and taken back. A chroot is no wall
against root: it keeps honest RUNs apart from the builder, not hostile ones.
"""

from __future__ import annotations

import os
from contextlib import nullcontext

from adapters.isolation import names
from adapters.isolation.placing import Placement
from adapters.isolation.shared_namespaces import SharedNamespacesRunner

DEVICES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}

DIRECTORIES = {"dev": 0o755, "dev/pts": 0o755, "dev/shm": 0o1777}

LINKS = {
    "dev/fd": "/proc/self/fd",
    "dev/stdin": "/proc/self/fd/0",
    "dev/stdout": "/proc/self/fd/1",
    "dev/stderr": "/proc/self/fd/2",
}


def chroot_runner(work_directory: str, *, device_nodes: bool) -> SharedNamespacesRunner:
    """Make the runner that starts each process in a chroot.

    Args:
        work_directory: Where what mounts stand in for is kept meanwhile; on the
            file system of the roots. Made where it is missing.
        device_nodes: Whether mknod(2) is allowed; otherwise /dev has none.
    """
    return SharedNamespacesRunner(
        work_directory,
        isolation="chroot",
        where="in a chroot",
        kept=lambda _root: nullcontext(),
        furnish=lambda placement, root: _furnish(
            placement, root, device_nodes=device_nodes
        ),
    )


def _furnish(placement: Placement, root: str, *, device_nodes: bool) -> None:
    for path, mode in DIRECTORIES.items():
        placement.directory(path, mode)
    # On a file system mounted "nodev" they could be made and not opened, and
    # a /dev/null that cannot be opened is worse than none.
    if device_nodes and not os.statvfs(root).f_flag & os.ST_NODEV:
        for name, (major, minor) in DEVICES.items():
            placement.device(f"dev/{name}", 0o666, os.makedev(major, minor))
    for path, target in LINKS.items():
        placement.symlink(path, target)
    for path, content in names.of_builder().items():
        placement.file(path, content)
