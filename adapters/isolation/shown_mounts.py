"""Mounts what the flags of a RUN ask for over its root, in namespaces.

Runs in the first process of the new namespaces, when the root, /dev, /proc and /sys
are mounted and the builder's files can still be reached. Targets are found anew
for each mount, for one may lie in what another shows.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack

from adapters.isolation.mount_table import bind, remount
from adapters.isolation.orders import MountOrder, Orders
from adapters.isolation.root_walk import Place, RootWalk, look
from adapters.isolation.system_calls import (
    MS_NODEV,
    MS_NOSUID,
    MS_RDONLY,
    mount,
    unmount,
)

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def mount_shown(orders: Orders) -> None:
    """Mount all of it, in a mount namespace of the caller's own.

    Raises:
        OSError: The machine refuses, or something else is in the way.
    """
    staged = any(order.kind == "file" for order in orders.mounts)
    if staged:
        # Contents are never written to a disk.
        mount("tmpfs", orders.staging, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700")
    with ExitStack() as stack:
        walk = RootWalk(orders.root, stack)
        for number, order in enumerate(orders.mounts):
            target = f"{orders.root}/{_target(order, walk)}"
            _mount(order, f"{orders.staging}/{number}", target, orders)
    if staged:
        unmount(orders.staging)


def _target(order: MountOrder, walk: RootWalk) -> str:
    """Return the target free of symlinks, made where it does not exist."""
    place = walk.find(order.target, _make_directory)
    present = look(place) if place else None
    if place is None or (
        present and stat.S_ISDIR(present.st_mode) is not order.is_directory
    ):
        number = errno.EISDIR if present else errno.ENOTDIR
        raise OSError(number, os.strerror(number), f"mount on {order.target}")
    if present is None and order.is_directory:
        _make_directory(place)
    elif present is None:
        os.close(os.open(place.name, _NEW, 0o644, dir_fd=place.directory))
    return place.path


def _make_directory(place: Place) -> None:
    os.mkdir(place.name, 0o755, dir_fd=place.directory)


def _mount(order: MountOrder, staged: str, target: str, orders: Orders) -> None:
    flags = 0 if orders.privileged else MS_NODEV
    if order.read_only:
        flags |= MS_RDONLY
    if order.kind == "tmpfs":
        size = f",size={order.size}" if order.size else ""
        mount("tmpfs", target, "tmpfs", flags | MS_NOSUID, f"mode=1777{size}")
        return
    source = order.source
    if order.kind == "file":
        source = staged
        _stage(order, staged)
    if not bind(source, target):
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), f"mount {source}")
    remount(target, flags)


def _stage(order: MountOrder, path: str) -> None:
    descriptor = os.open(path, _NEW, 0o600)
    try:
        content = memoryview(order.content.encode("latin-1"))
        while content:
            content = content[os.write(descriptor, content) :]
        os.fchown(descriptor, order.uid, order.gid)
        os.fchmod(descriptor, order.mode)
    finally:
        os.close(descriptor)
