"""The ways in which RUN is executed and its changes are found, to test in each.

They differ in what the executor may do and in the disk its work files lie on. What a
test builds in a mode is its own business.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from integration.container_executor import ContainerExecutor
from integration.executor import Executor, named_base
from integration.services.bases import SMALL_BASES
from integration.services.disks import memory_disk, overlay_disk
from integration.services.executor_image import ExecutorImage


class Disk(Protocol):
    """A file system for work files."""

    def __call__(self, directory: Path, size: str) -> AbstractContextManager[Path]:
        """Mount it for a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A way to execute RUN and to find what it changed.

    Attributes:
        name: Its name in the test's.
        told: Part of the line in which the executor tells how RUN is isolated.
        disk: Where work files lie; decides between overlay and walk.
        isolation: What is asked for.
        without: Capability that the executor does not have.
    """

    name: str
    told: str
    disk: Disk
    isolation: str = "namespaces"
    without: str = ""

    @property
    def has_overlay(self) -> bool:
        """Whether a RUN sees an overlay that the executor mounted."""
        return self.isolation == "namespaces" and self.disk is memory_disk

    @property
    def in_container(self) -> bool:
        """Whether the executor runs in a container of its image."""
        return self.isolation == "in-place"

    def executor(self, work: Path) -> Executor:
        """Return the executor in this mode, on this machine."""
        return Executor(work=work, flags=self._flags, prefix=lacking(self.without))

    def contained(
        self, work: Path, shared: Path, image: ExecutorImage
    ) -> ContainerExecutor:
        """Return the executor in this mode, in a container.

        Args:
            work: Directory for its work files, below `shared`.
            shared: Directory that the container has at the same place.
            image: The product's images.
        """
        powers = (f"--cap-drop={self.without}",) if self.without else ()
        return ContainerExecutor(
            work=work, flags=self._flags, images=image, shared=shared, powers=powers
        )

    @property
    def _flags(self) -> tuple[str, ...]:
        base = named_base("busybox", SMALL_BASES, "busybox")
        return (f"--isolation={self.isolation}", base)


def lacking(capability: str) -> tuple[str, ...]:
    """Return the words that start a program without a capability."""
    if not capability:
        return ()
    drop = f"-{capability}"
    return ("setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}")


OVERLAY = Mode(name="overlay", told="namespaces (CAP_SYS_ADMIN)", disk=memory_disk)
WALK = replace(OVERLAY, name="walk", disk=overlay_disk)
USER_OVERLAY = Mode(
    name="user namespace, overlay",
    told="namespaces (user namespace)",
    disk=memory_disk,
    without="sys_admin",
)
USER_WALK = replace(USER_OVERLAY, name="user namespace, walk", disk=overlay_disk)
CHROOT = Mode(
    name="chroot", told="chroot (no /proc)", disk=memory_disk, isolation="chroot"
)
IN_PLACE = Mode(
    name="in place",
    told="in-place (container: /.dockerenv)",
    disk=memory_disk,
    isolation="in-place",
)
MODES_HERE = (OVERLAY, WALK, USER_OVERLAY, USER_WALK, CHROOT)
EVERY_MODE = (*MODES_HERE, IN_PLACE)
