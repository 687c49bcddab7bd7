"""Chooses how RUN is isolated, from what was asked for and what is possible.

Pure: it probes nothing and starts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from adapters.isolation.probes import Probes
from application.errors import IsolationUnavailable

REMEDY = (
    "give the builder CAP_SYS_ADMIN, or run it as root with CAP_SETUID, CAP_SETGID "
    "and CAP_SYS_CHROOT; COPY, ADD and cached RUNs build without"
)


class Isolation(StrEnum):
    """What may be asked for."""

    AUTO = "auto"
    NAMESPACES = "namespaces"
    CHROOT = "chroot"
    IN_PLACE = "in-place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How RUN is isolated in this build.

    Attributes:
        isolation: "namespaces", "chroot" or "none".
        user_namespace: Whether the namespaces need one of users around them.
        device_nodes: Whether a chroot can have device nodes in /dev.
        reason: Why there is none, or what made this one possible.
    """

    isolation: str
    user_namespace: bool = False
    device_nodes: bool = False
    reason: str = ""

    def __str__(self) -> str:
        """Render the line that is printed at the start of a build."""
        root = "none" if self.isolation == "none" else "private directory"
        return f"isolation: {self.isolation} ({self.reason}), root: {root}"


def choose(requested: str, probes: Probes) -> Choice:
    """Return the best isolation that is possible and was not ruled out.

    Args:
        requested: A value of `Isolation`.
        probes: What the machine allows.

    Raises:
        IsolationUnavailable: What was asked for does not exist yet.
    """
    isolation = Isolation(requested)
    match isolation:
        case Isolation.AUTO:
            return _namespaces(probes) or _chroot(probes) or _none(probes)
        case Isolation.NAMESPACES:
            return _namespaces(probes) or _none(probes)
        case Isolation.CHROOT:
            return _chroot(probes) or _none(probes)
        case Isolation.IN_PLACE:
            raise IsolationUnavailable(
                "--isolation=in-place is not supported yet",
                hint="use --isolation=auto, namespaces or chroot",
            )
        case _:
            assert_never(isolation)


def _namespaces(probes: Probes) -> Choice | None:
    if probes.namespaces.possible:
        return Choice(isolation="namespaces", reason="CAP_SYS_ADMIN")
    if probes.user_namespace.possible:
        return Choice(
            isolation="namespaces", user_namespace=True, reason="user namespace"
        )
    return None


def _chroot(probes: Probes) -> Choice | None:
    if not probes.chroot.possible:
        return None
    nodes = probes.mknod.possible
    lack = "no /proc" if nodes else "no /proc, no device nodes: mknod is refused"
    return Choice(isolation="chroot", device_nodes=nodes, reason=lack)


def _none(probes: Probes) -> Choice:
    reasons = (
        f"namespaces: {probes.namespaces.reason}",
        f"user namespace: {probes.user_namespace.reason}",
        f"chroot: {probes.chroot.reason or 'not asked for'}",
    )
    return Choice(isolation="none", reason="; ".join(reasons))
