"""Chooses how RUN is isolated, from what was asked for and what is possible.

Pure: it probes nothing and starts nothing.
"""

from __future__ import annotations

from typing import assert_never

from adapters.isolation.probes import Probes
from application.options import Isolation
from domain.values import dataclass

REMEDY = (
    "run the executor's image as root (securityContext: runAsUser: 0, "
    "readOnlyRootFilesystem: false), or give the builder CAP_SYS_ADMIN or user "
    "namespaces; COPY, ADD and cached RUNs build without"
)


_ROOTS = {"none": "none", "in-place": "/"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How RUN is isolated in this build.

    Attributes:
        isolation: "namespaces", "in-place", "chroot" or "none".
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
        root = _ROOTS.get(self.isolation, "private directory")
        return f"isolation: {self.isolation} ({self.reason}), root: {root}"


def choose(requested: Isolation, probes: Probes) -> Choice:
    """Return the best isolation that is possible and was not ruled out.

    Args:
        requested: What was asked for.
        probes: What the machine allows.
    """
    match requested:
        case Isolation.AUTO:
            found = _namespaces(probes) or _in_place(probes) or _chroot(probes)
        case Isolation.NAMESPACES:
            found = _namespaces(probes)
        case Isolation.CHROOT:
            found = _chroot(probes)
        case Isolation.IN_PLACE:
            found = _in_place(probes)
        case _:
            assert_never(requested)
    return found or _none(probes)


def _namespaces(probes: Probes) -> Choice | None:
    if probes.namespaces.possible:
        return Choice(isolation="namespaces", reason="CAP_SYS_ADMIN")
    if probes.user_namespace.possible:
        return Choice(
            isolation="namespaces", user_namespace=True, reason="user namespace"
        )
    return None


def _in_place(probes: Probes) -> Choice | None:
    if not probes.in_place.possible:
        return None
    return Choice(isolation="in-place", reason=probes.in_place.reason)


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
        f"in-place: {probes.in_place.reason}",
        f"chroot: {probes.chroot.reason or 'not asked for'}",
    )
    return Choice(isolation="none", reason="; ".join(reasons))
