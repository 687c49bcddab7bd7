"""mount(2) and umount2(2), and overlay mounts.

Whoever mounts is in a mount namespace of their own; that is arranged elsewhere.
"""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from adapters.filesystem.handles import Handles, remove_tree

MNT_DETACH = 2
_MAXIMUM_OPTIONS = 4095


def mount(source: str, target: str, kind: str, options: str) -> None:
    """Mount a file system.

    Raises:
        OSError: It is refused.
    """
    data = os.fsencode(options)
    if len(data) > _MAXIMUM_OPTIONS:
        raise OSError(errno.E2BIG, "mount options are too long", target)
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = (os.fsencode(source), os.fsencode(target), os.fsencode(kind))
    if libc.mount(*arguments, ctypes.c_ulong(0), data) != 0:
        _fail(target)


def unmount(target: str) -> None:
    """Unmount; what is still in use is detached.

    Raises:
        OSError: It is refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    name = os.fsencode(target)
    if libc.umount2(name, 0) == 0:
        return
    if ctypes.get_errno() != errno.EBUSY or libc.umount2(name, MNT_DETACH) != 0:
        _fail(target)


def _fail(target: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), target)


def mount_overlay(lower: str, upper: str, work: str, merged: str) -> None:
    """Mount an overlay of two directories, without the features that hide data.

    Directories are never redirected, metadata never copied alone: what is in
    the upper directory is all there is to a change. Where the kernel can
    (since 5.10) nothing is synced to the disk, neither for a process that asks
    nor on unmounting: nobody reads a root after a crash. The directories cannot
    be mounted again then; new ones can.

    Raises:
        OSError: It is refused.
    """
    options = [
        f"lowerdir={_escaped(lower)}",
        f"upperdir={_escaped(upper)}",
        f"workdir={_escaped(work)}",
        "redirect_dir=nofollow",
        "metacopy=off",
        "index=off",
    ]
    if not _may_use_trusted(upper):
        options.append("userxattr")
    try:
        mount("overlay", merged, "overlay", ",".join([*options, "volatile"]))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        mount("overlay", merged, "overlay", ",".join(options))


def _escaped(path: str) -> str:
    for special in "\\:,":
        path = path.replace(special, "\\" + special)
    return path


def _may_use_trusted(directory: str) -> bool:
    """Return whether trusted.* attributes can be set: not in a user namespace."""
    with tempfile.TemporaryFile(dir=Path(directory).parent) as stream:
        try:
            os.setxattr(stream.fileno(), "trusted.kanipy", b"")
        except OSError:
            return False
        return True


def overlay_works(directory: str) -> bool:
    """Return whether overlays can be used in a directory.

    A mount that succeeds is not enough: without its attributes a directory of
    the lower layer cannot be removed and made again. Leaves nothing behind.
    """
    try:
        path = tempfile.mkdtemp(prefix="overlay-probe-", dir=directory)
    except OSError:
        return False
    try:
        return _probe(Path(path))
    except OSError:
        return False
    finally:
        with suppress(OSError), Handles(directory) as handles:
            parent = handles.find("")
            if parent is not None:
                remove_tree(Path(path).name, parent)


def _probe(directory: Path) -> bool:
    lower, upper, work, merged = (
        directory / name for name in ("lower", "upper", "work", "merged")
    )
    for path in (lower, upper, work, merged, lower / "d"):
        path.mkdir()
    (lower / "d" / "f").write_bytes(b"")
    mount_overlay(str(lower), str(upper), str(work), str(merged))
    try:
        (merged / "d" / "f").unlink()
        (merged / "d").rmdir()
        (merged / "d").mkdir()
        return not list((merged / "d").iterdir())
    finally:
        unmount(str(merged))
