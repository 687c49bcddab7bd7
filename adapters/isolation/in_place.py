"""Runs processes in the builder's own root, over which the image was unpacked.

There is nothing to enter and nothing to furnish: /proc, /sys, /dev, resolv.conf and
hosts are those of the container we run in; what is written to the latter is undone.
Mounts are stood in for as in a chroot. What a process could do to the builder it can do
here: it is kept from our memory and variables, not from our files.
"""

from __future__ import annotations

from adapters.isolation import names
from adapters.isolation.shared_namespaces import SharedNamespacesRunner


def in_place_runner(work_directory: str) -> SharedNamespacesRunner:
    """Make the runner that starts each process where we are.

    Args:
        work_directory: Where what mounts stand in for is kept meanwhile; on the
            file system of /. Made where it is missing.
    """
    return SharedNamespacesRunner(
        work_directory,
        isolation="in-place",
        where="in place",
        kept=names.kept,
        furnish=lambda _placement, _root: None,
    )
