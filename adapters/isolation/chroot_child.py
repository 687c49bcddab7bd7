"""The launcher's part in a chroot: start the process, leave none behind.

There is no process namespace whose end would kill everything, so the launcher
adopts every orphan (it is a sub-reaper) and kills until it has no child left.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from typing import NoReturn

from adapters.isolation.orders import Answers, Orders
from adapters.isolation.program import become
from adapters.isolation.system_calls import PR_SET_CHILD_SUBREAPER, prctl
from adapters.isolation.waiting import wait_for

SECONDS_TO_DIE = 60
"""How long a killed process may take: the disk may keep it waiting."""

_PAUSE = 0.002


def run(orders: Orders, answers: Answers) -> int:
    """Run the ordered process, in a chroot or in place, and kill all it leaves.

    Raises:
        OSError: The machine refuses.
    """
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    _children()  # without /proc nobody could be found and killed afterwards
    child = os.fork()
    if child == 0:
        _enter(orders, answers)
    try:
        return wait_for(child, lambda: _kill(child))
    finally:
        kill_all_children()


def _enter(orders: Orders, answers: Answers) -> None:
    try:
        if orders.isolation == "chroot":
            os.chroot(orders.root)
        os.chdir("/")
    except OSError as error:
        answers.refused(f"chroot: {error.strerror}")
        os._exit(1)
    become(orders, answers, strict=False)


def kill_all_children(seconds: float = SECONDS_TO_DIE) -> None:
    """Kill and reap until the calling process has no child.

    Only direct children are killed, and they keep their numbers until they are
    reaped here, so that no stranger is hit. Their children become ours.

    Args:
        seconds: How long to wait for one that does not end.

    Raises:
        OSError: One does not end: it could go on writing unseen.
    """
    patience = time.monotonic() + seconds
    while True:
        for child in _children():
            _kill(child)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        if time.monotonic() > patience:
            raise OSError(errno.EBUSY, "does not end", "a process that RUN left")
        time.sleep(_PAUSE)


def _kill(child: int) -> None:
    """Kill a child; without CAP_KILL as the user it belongs to."""
    try:
        os.kill(child, signal.SIGKILL)
    except PermissionError:
        helper = os.fork()
        if helper == 0:
            _kill_as_owner(child)
        os.waitpid(helper, 0)


def _kill_as_owner(child: int) -> NoReturn:
    try:
        owner = _owner_of(child)
        os.setresuid(owner, owner, owner)
        os.kill(child, signal.SIGKILL)
    finally:
        os._exit(0)


def _owner_of(pid: int) -> int:
    """Return the real user of a process; its files in /proc may be root's."""
    with open(f"/proc/{pid}/status", "rb") as status:
        users = next(line for line in status if line.startswith(b"Uid:"))
    return int(users.split()[1])


def _children() -> list[int]:
    """Return the direct children of the calling process."""
    own = os.getpid()
    return [pid for pid in _processes() if _parent_of(pid) == own]


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent_of(pid: int) -> int:
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return 0  # it has just ended
    try:
        text = os.read(descriptor, 4096)
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    # "pid (name) state parent": the name may hold anything, parentheses too.
    return int(text.rpartition(b")")[2].split()[1])
