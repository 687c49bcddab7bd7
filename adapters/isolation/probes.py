"""Finds out what this machine lets us do, by doing it in a child.

Each probe forks once, so that nothing it does outlives it; the answers are plain
values. It decides nothing: `isolation.choice` does. To be called while the
process has one thread.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from adapters.isolation.capabilities import SYS_ADMIN
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """What this machine allows.

    Attributes:
        namespaces: New mount, process, IPC and UTS namespaces, mounts in them,
            and giving up capabilities: what CAP_SYS_ADMIN brings.
        user_namespace: The same inside a user namespace in which every number
            stands for itself.
        in_place: Unpacking images over /.
        chroot: chroot(2).
        mknod: Making a device node.
    """

    namespaces: Probe
    user_namespace: Probe
    in_place: Probe
    chroot: Probe
    mknod: Probe


def take_probes(*, force: bool) -> Probes:
    """Try everything once; takes a few milliseconds and leaves nothing behind.

    Args:
        force: Take it for granted that this is a container.
    """
    return Probes(
        namespaces=attempt(_use_namespaces),
        user_namespace=attempt(_use_user_namespace),
        in_place=_in_place(force=force),
        chroot=attempt(lambda: os.chroot("/")),
        mknod=attempt(_make_node),
    )


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
        what = f"{error.filename}: " if isinstance(error.filename, str) else ""
        answer = f"{what}{error.strerror}"
    finally:
        os.write(descriptor, answer.encode())
        os._exit(0)


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
    sign = "--force" if force else sign_of_container()
    if not sign:
        reason = "no container was detected; --force says that this is one"
        return Probe(possible=False, reason=reason)
    return Probe(possible=True, reason=sign)


def _make_node() -> None:
    with tempfile.TemporaryDirectory() as directory:
        node = Path(directory) / "null"
        os.mknod(node, 0o600 | 0o020000, os.makedev(*_NULL_DEVICE))
