"""Runs a command as root of a user namespace with a full identity map.

What an unprivileged container with CAP_SETUID can do for itself. Run as a
program: `python user_namespace.py COMMAND ARGUMENT…`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNS = 0x00020000


def run(command: list[str]) -> int:
    """Run the command and return its exit status."""
    entered, mapped = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
            os._exit(125)
        os.write(entered[1], b"x")
        os.read(mapped[0], 1)
        os.execv(command[0], command)  # noqa: S606 - the caller's own command
    os.close(entered[1])
    if os.read(entered[0], 1):
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{name}").write_text("0 0 4294967295")
    os.write(mapped[1], b"x")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
