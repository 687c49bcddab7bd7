"""What a RUN in namespaces sees mounted over its root.

Runs in the first process of the new namespaces, before the root is entered: all
targets are paths that the runner has found to be free of symlinks, and nobody
else touches the root meanwhile. Everything vanishes with the mount namespace.
"""

from __future__ import annotations

import errno
import os

from adapters.isolation.orders import Orders
from adapters.isolation.system_calls import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    mount,
    unmount,
)

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}

READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")
"""Below /proc: what docker lets a container read and not write."""

MASKED = (
    "acpi",
    "asound",
    "interrupts",
    "kcore",
    "keys",
    "latency_stats",
    "sched_debug",
    "scsi",
    "timer_list",
    "timer_stats",
)
"""Below /proc: what docker hides from a container."""

MASKED_SYS = ("firmware", "devices/virtual/powercap")
"""Below /sys: the same."""

_SPECIAL = MS_NOSUID | MS_NODEV | MS_NOEXEC

_GONE = {errno.ENOENT, errno.ENOTDIR}

_FLAGS_OF_STATVFS = {
    os.ST_RDONLY: MS_RDONLY,
    os.ST_NOSUID: MS_NOSUID,
    os.ST_NODEV: MS_NODEV,
    os.ST_NOEXEC: MS_NOEXEC,
    os.ST_NOATIME: 1024,
    os.ST_NODIRATIME: 2048,
    os.ST_RELATIME: 1 << 21,
}


def mount_all(orders: Orders) -> None:
    """Mount everything, in a mount namespace of the caller's own.

    Raises:
        OSError: The machine refuses.
    """
    root = orders.root
    mount("", "/", "", MS_REC | MS_PRIVATE)
    _mount_root(root, orders)
    for source, target in orders.binds:
        bind(source, f"{root}/{target}")
    points = orders.mount_points
    if "dev" in points:
        _mount_devices(f"{root}/{points['dev']}")
    if "sys" in points:
        _mount_sys(f"{root}/{points['sys']}", masked=not orders.privileged)
    if "proc" in points:
        _mount_proc(f"{root}/{points['proc']}", masked=not orders.privileged)


def _mount_root(root: str, orders: Orders) -> None:
    """Make the root a mount of its own, without devices that can be opened.

    Docker's device list keeps RUN from opening what it may make with mknod. We
    have no such list, so a device works only where we mounted it: in /dev. A
    privileged RUN may use devices, as in docker.
    """
    mount(root, root, "", MS_BIND | MS_REC)
    if not orders.privileged:
        remount(root, MS_NODEV)


def remount(target: str, flags: int) -> None:
    """Add flags to a bind mount; those it has may not be taken away."""
    present = os.statvfs(target).f_flag
    kept = sum(flag for bit, flag in _FLAGS_OF_STATVFS.items() if present & bit)
    mount("", target, "", MS_REMOUNT | MS_BIND | kept | flags)


def bind(source: str, target: str) -> bool:
    """Bind a file or directory where there is such a target; say whether."""
    try:
        mount(source, target, "", MS_BIND)
    except OSError as error:
        if error.errno in _GONE:
            return False
        raise
    return True


def _mount_devices(dev: str) -> None:
    """Mount a small /dev: nothing of it can get into a layer."""
    options = "mode=755,size=65536k"
    mount("tmpfs", dev, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for name in DEVICES:
        if os.path.exists(f"/dev/{name}"):
            os.close(os.open(f"{dev}/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
            bind(f"/dev/{name}", f"{dev}/{name}")
    for name, target in LINKS.items():
        os.symlink(target, f"{dev}/{name}")
    os.mkdir(f"{dev}/shm")
    mount("shm", f"{dev}/shm", "tmpfs", _SPECIAL, "mode=1777,size=65536k")
    os.mkdir(f"{dev}/pts")
    _mount_terminals(f"{dev}/pts")


def _mount_terminals(target: str) -> None:
    options = "newinstance,ptmxmode=0666,mode=0620"
    flags = MS_NOSUID | MS_NOEXEC
    for attempt in (f"{options},gid=5", options):
        try:
            mount("devpts", target, "devpts", flags, attempt)
        except OSError:
            continue  # the group "tty" does not exist here, or no terminals at all
        return


def _mount_sys(target: str, *, masked: bool) -> None:
    """Mount /sys, a new one, or where that is refused the builder's.

    Masked, it is read-only and parts of it are hidden.
    """
    try:
        mount("sysfs", target, "sysfs", _SPECIAL | (MS_RDONLY if masked else 0))
    except OSError as error:
        if error.errno in _GONE:
            return
        mount("/sys", target, "", MS_BIND | MS_REC)
        if masked:
            _make_all_read_only(target)
    for name in MASKED_SYS if masked else ():
        _mask(f"{target}/{name}")


def _make_all_read_only(target: str) -> None:
    """Make a tree of mounts read-only; without that it is not shown at all."""
    try:
        for point in _mounts_at(target):
            remount(point, MS_RDONLY)
    except OSError:
        unmount(target)


def _mounts_at(target: str) -> list[str]:
    """Return the mount points at a path and below it."""
    with open("/proc/self/mountinfo", "rb") as table:
        points = [_unescaped(line.split()[4]) for line in table]
    return [p for p in points if p == target or p.startswith(f"{target}/")]


def _unescaped(point: bytes) -> str:
    """Undo the octal escapes of the mount table (no codec is loaded for it)."""
    for escape, character in ((b"040", b" "), (b"011", b"\t"), (b"012", b"\n")):
        point = point.replace(b"\\" + escape, character)
    return os.fsdecode(point.replace(b"\\134", b"\\"))


def _mount_proc(target: str, *, masked: bool) -> None:
    """Mount /proc: a new one with our process numbers, or the builder's.

    The kernel refuses a new one in a user namespace when parts of the builder's
    are hidden, as in an ordinary container.
    """
    try:
        mount("proc", target, "proc", _SPECIAL)
    except OSError as error:
        if error.errno in _GONE:
            return
        mount("/proc", target, "", MS_BIND | MS_REC)
    if not masked:
        return
    for name in READ_ONLY:
        path = f"{target}/{name}"
        if bind(path, path):
            remount(path, MS_RDONLY)
    for name in MASKED:
        _mask(f"{target}/{name}")


def _mask(target: str) -> None:
    """Hide a file behind /dev/null, a directory behind an empty one."""
    if os.path.isdir(target):
        mount("tmpfs", target, "tmpfs", _SPECIAL | MS_RDONLY, "size=0")
    elif os.path.exists(target):
        bind("/dev/null", target)
