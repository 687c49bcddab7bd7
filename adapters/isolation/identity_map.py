"""Enters a user namespace in which every user and group number is itself.

The map is written by a child that stayed outside, as the kernel wants it. Needs
root with CAP_SETUID and CAP_SETGID. To be called while the process has one
thread.
"""

from __future__ import annotations

import os
from pathlib import Path

from adapters.isolation.system_calls import unshare


def identity(table: str) -> str:
    """Return the map of a namespace in which all that `table` maps is itself.

    Args:
        table: Content of /proc/self/uid_map or gid_map: lines of three numbers,
            first number inside, first number outside, count.
    """
    lines = [line.split() for line in table.splitlines()]
    return "".join(f"{inside} {inside} {count}\n" for inside, _, count in lines)


def unshare_mapped(flags: int) -> None:
    """Leave namespaces, the user namespace among them, and map all numbers.

    Raises:
        OSError: The machine refuses.
    """
    own = os.getpid()
    starts, start = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.close(start)
        os.read(starts, 1)  # until the namespace exists
        os._exit(_write_maps(own))
    os.close(starts)
    try:
        unshare(flags)
    finally:
        os.close(start)
        _, status = os.waitpid(writer, 0)
    failure = os.waitstatus_to_exitcode(status)
    if failure:
        raise OSError(failure, os.strerror(abs(failure)), "user namespace map")


def _write_maps(process: int) -> int:
    """Write both maps; return 0, or the number of the error as exit status."""
    try:
        for name in ("uid_map", "gid_map"):
            table = Path(f"/proc/self/{name}").read_text(encoding="ascii")
            descriptor = os.open(f"/proc/{process}/{name}", os.O_WRONLY)
            os.write(descriptor, identity(table).encode())
            os.close(descriptor)
    except OSError as error:
        return error.errno or 1
    return 0
