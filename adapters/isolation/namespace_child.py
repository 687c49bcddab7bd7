"""The launcher's part in namespaces, and the first process inside them.

The launcher makes the process namespace and forks its first process. That one
makes the other namespaces, mounts what RUN sees, makes the root its own, starts
the program and reaps; when it ends, the kernel kills whatever is left.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from adapters.isolation import mount_table
from adapters.isolation.capabilities import limit
from adapters.isolation.orders import Answers, Orders
from adapters.isolation.program import become
from adapters.isolation.shown_mounts import mount_shown
from adapters.isolation.system_calls import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUTS,
    MS_MOVE,
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    bring_up_loopback,
    mount,
    pivot_root_here,
    prctl,
    set_hostname,
    unshare,
)
from adapters.isolation.waiting import exit_status, wait_for


def run(orders: Orders, answers: Answers) -> int:
    """Run the ordered process in namespaces; when this returns none is left.

    Raises:
        OSError: The machine refuses.
    """
    unshare(CLONE_NEWPID)
    first = os.fork()
    if first == 0:
        _be_first(orders, answers)
    # The first process can be reaped only after all others of its namespace.
    return wait_for(first, lambda: os.kill(first, signal.SIGKILL))


def _be_first(orders: Orders, answers: Answers) -> None:
    """Be process 1: prepare, start the program, reap, end with its status."""
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)
        if not orders.has_network:
            _leave_network()
        mount_table.mount_all(orders)
        mount_shown(orders)
        set_hostname(orders.hostname)
        _make_root(orders.root)
        # Not to be looked into from RUN: /proc/1/exe is the builder's interpreter.
        prctl(PR_SET_DUMPABLE, 0)
    except OSError as error:
        answers.refused(f"{error.filename or 'namespaces'}: {error.strerror}")
        os._exit(1)
    program = os.fork()
    if program == 0:
        become(orders, answers, strict=True)
    answers.close()
    if not orders.privileged:
        _drop_everything()
    os._exit(_reap_until(program))


def _leave_network() -> None:
    """Have a network of our own, with nothing but a loopback device in it."""
    unshare(CLONE_NEWNET)
    with suppress(PermissionError):  # without CAP_NET_ADMIN it stays down
        bring_up_loopback()


def _make_root(root: str) -> None:
    """Make the prepared root ours, so that nothing else can be reached."""
    os.chdir(root)
    try:
        pivot_root_here()
    except OSError:
        # Refused where / is the kernel's first root file system (an initramfs).
        mount(".", "/", "", MS_MOVE)
        os.chroot(".")
    os.chdir("/")


def _drop_everything() -> None:
    try:
        limit(strict=True)
    except OSError:
        return  # the program has been refused for the same reason


def _reap_until(program: int) -> int:
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == program:
            return exit_status(status)
