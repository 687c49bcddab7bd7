"""Finds out what this machine lets us do, by doing it in a child.

Each probe forks once, so that nothing it does outlives it, and only when its answer
is wanted and no system call that changes nothing gives it. Answers are plain values. It
decides nothing: `isolation.choice` does. To be used while the process has one thread.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Protocol

from adapters.isolation.capabilities import SYS_ADMIN, holds
from adapters.isolation.container import sign_of_container
from adapters.isolation.identity_map import unshare_mapped
from adapters.isolation.system_calls import (
    CLONE_NEWIPC,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    MS_PRIVATE,
    MS_REC,
    PR_CAPBSET_DROP,
    mount,
    prctl,
    unshare,
)
from domain.values import dataclass

_NULL_DEVICE = (1, 3)

RUNTIME = "/kaniko"
"""What survives when an image is unpacked over /: we must live there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """An answer.

    Attributes:
        possible: Whether it works.
        reason: What the kernel said where it does not; what made sure, or "", where
            it does.
    """

    possible: bool
    reason: str = ""


class Probes(Protocol):
    """What this machine allows. Asking may take a few milliseconds the first time."""

    @property
    def namespaces(self) -> Probe:
        """Tell whether CAP_SYS_ADMIN is there with what it brings.

        That is new mount, process, IPC and UTS namespaces, mounts in them, and giving
        up capabilities.
        """

    @property
    def user_namespace(self) -> Probe:
        """Tell the same of a user namespace in which every number is itself."""

    @property
    def in_place(self) -> Probe:
        """Tell whether images may be unpacked over /."""

    @property
    def chroot(self) -> Probe:
        """Tell whether a process may change its root."""

    @property
    def mknod(self) -> Probe:
        """Tell whether device nodes can be made."""


class MachineProbes:
    """Tries each thing once, when it is asked for, and leaves nothing behind.

    Args:
        force: Take it for granted that this is a container.
    """

    def __init__(self, *, force: bool) -> None:
        self._force = force

    @cached_property
    def namespaces(self) -> Probe:
        """Look for CAP_SYS_ADMIN, and try namespaces where it is held."""
        if not holds(SYS_ADMIN):
            return Probe(possible=False, reason="no CAP_SYS_ADMIN")
        return attempt(_use_namespaces)

    @cached_property
    def user_namespace(self) -> Probe:
        """Try namespaces inside a user namespace."""
        try:
            unshare(0)  # changes nothing, and is refused by docker's seccomp profile
        except OSError as error:
            return Probe(possible=False, reason=_reason(error))
        return attempt(_use_user_namespace)

    @cached_property
    def in_place(self) -> Probe:
        """Look for a container around us."""
        return _in_place(force=self._force)

    @cached_property
    def chroot(self) -> Probe:
        """Try to change the root."""
        return attempt(lambda: os.chroot("/"))

    @cached_property
    def mknod(self) -> Probe:
        """Try to make a device node."""
        return attempt(_make_node)


def attempt(action: Callable[[], object]) -> Probe:
    """Carry out an action in a child and return how it went."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        _report(action, theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    os.waitpid(child, 0)
    if said == "ok":
        return Probe(possible=True)
    return Probe(possible=False, reason=said or "the probe was killed")


def _report(action: Callable[[], object], descriptor: int) -> None:
    try:
        action()
        answer = "ok"
    except OSError as error:
        answer = _reason(error)
    finally:
        os.write(descriptor, answer.encode())
        os._exit(0)


def _reason(error: OSError) -> str:
    what = f"{error.filename}: " if isinstance(error.filename, str) else ""
    return f"{what}{error.strerror}"


def _use_namespaces() -> None:
    unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)
    mount("", "/", "", MS_REC | MS_PRIVATE)
    prctl(PR_CAPBSET_DROP, SYS_ADMIN)


def _use_user_namespace() -> None:
    unshare_mapped(CLONE_NEWUSER | CLONE_NEWNS)
    _use_namespaces()


def _in_place(*, force: bool) -> Probe:
    """Find out whether / may be replaced, which cannot be tried."""
    if os.geteuid() != 0:
        return Probe(possible=False, reason="not root")
    if not Path(sys.executable).is_relative_to(RUNTIME):
        return Probe(possible=False, reason=f"the builder does not live in {RUNTIME}")
    if os.statvfs("/").f_flag & os.ST_RDONLY:
        return Probe(possible=False, reason="/ cannot be written")
    sign = "--force" if force else sign_of_container()
    if not sign:
        reason = "no container was detected; --force says that this is one"
        return Probe(possible=False, reason=reason)
    return Probe(possible=True, reason=sign)


def _make_node() -> None:
    with tempfile.TemporaryDirectory() as directory:
        node = Path(directory) / "null"
        os.mknod(node, 0o600 | 0o020000, os.makedev(*_NULL_DEVICE))
