"""Carries out a choice: enters namespaces of our own, hands out the runner.

What the executor mounts afterwards is seen by nobody else and goes with it.
"""

from __future__ import annotations

from adapters.isolation.choice import REMEDY, Choice
from adapters.isolation.chroot import chroot_runner
from adapters.isolation.identity_map import unshare_mapped
from adapters.isolation.in_place import in_place_runner
from adapters.isolation.namespaces import NamespaceRunner
from adapters.isolation.system_calls import (
    CLONE_NEWNS,
    CLONE_NEWUSER,
    MS_PRIVATE,
    MS_REC,
    PR_SET_DUMPABLE,
    mount,
    prctl,
    unshare,
)
from adapters.isolation.unavailable import UnavailableRunner
from application.errors import IsolationUnavailable
from application.ports.process import ProcessRunner


def enter(choice: Choice) -> None:
    """Make our own mount namespace where the choice needs one.

    To be called once, at the start, while the process has one thread. In a user
    namespace we keep our numbers and have every capability there.

    Raises:
        IsolationUnavailable: The machine refuses what it allowed when probed.
    """
    try:
        if choice.isolation in {"chroot", "in-place"}:
            # RUN's root has our capabilities: keep it from attaching to us.
            prctl(PR_SET_DUMPABLE, 0)
        if choice.isolation != "namespaces":
            return
        if choice.user_namespace:
            unshare_mapped(CLONE_NEWUSER | CLONE_NEWNS)
        else:
            unshare(CLONE_NEWNS)
        mount("", "/", "", MS_REC | MS_PRIVATE)
    except OSError as error:
        raise IsolationUnavailable(
            f"cannot enter namespaces: {error.strerror}",
            hint="use --isolation=chroot",
        ) from error


def runner_for(choice: Choice, work_directory: str) -> ProcessRunner:
    """Return the runner of a choice.

    Args:
        choice: How RUN is isolated.
        work_directory: For small files of a running process.
    """
    if choice.isolation == "namespaces":
        return NamespaceRunner(work_directory)
    if choice.isolation == "chroot":
        return chroot_runner(work_directory, device_nodes=choice.device_nodes)
    if choice.isolation == "in-place":
        return in_place_runner(work_directory)
    return UnavailableRunner(choice.reason, REMEDY)
