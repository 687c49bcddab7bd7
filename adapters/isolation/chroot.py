"""Runs processes in a chroot, where namespaces are refused.

/dev is made of real nodes, there is no /proc, and the builder's resolv.conf,
hosts and hostname are placed in the root and taken back. A chroot is no wall
against root: it keeps honest RUNs apart from the builder, not hostile ones.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adapters.isolation import names
from adapters.isolation.emulated_mounts import place_mounts
from adapters.isolation.interruption import interruptible
from adapters.isolation.launching import launch, orders_for
from adapters.isolation.placing import Placement
from application.errors import FilesystemError, IsolationUnavailable
from application.ports.process import OnOutput, ProcessSpec, ShownMount

DEVICES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}

DIRECTORIES = {"dev": 0o755, "dev/pts": 0o755, "dev/shm": 0o1777}

LINKS = {
    "dev/fd": "/proc/self/fd",
    "dev/stdin": "/proc/self/fd/0",
    "dev/stdout": "/proc/self/fd/1",
    "dev/stderr": "/proc/self/fd/2",
}


class ChrootRunner:
    """Starts each process in a chroot (implements `ProcessRunner`).

    Args:
        work_directory: Where what mounts stand in for is kept meanwhile; on the
            file system of the roots. Made where it is missing.
        device_nodes: Whether mknod(2) is allowed; otherwise /dev has none.
    """

    def __init__(self, work_directory: str, *, device_nodes: bool) -> None:
        self._work_directory = work_directory
        self._device_nodes = device_nodes

    @property
    def isolation(self) -> str:
        """Return "chroot"."""
        return "chroot"

    @property
    def can_bind(self) -> bool:
        """Return False."""
        return False

    def run(
        self,
        process: ProcessSpec,
        root: str,
        on_output: OnOutput,
        mounts: Sequence[ShownMount] = (),
    ) -> int:
        """Run a process to its end; see the port.

        Raises:
            IsolationUnavailable: The machine refuses what isolation needs, or the
                process wants what no chroot can do.
            FilesystemError: The root cannot be prepared or restored.
            Interrupted: A signal asked to stop.
        """
        refuse_impossible(process, "in a chroot")
        real_root = str(Path(root).resolve())
        with interruptible() as interruption, ExitStack() as stack:
            with placement_in(real_root, self._work_directory, stack) as placement:
                self._furnish(placement, real_root)
                place_mounts(mounts, placement, stack)
            orders = orders_for(process, "chroot", real_root)
            return launch(orders, on_output, interruption)

    def _furnish(self, placement: Placement, root: str) -> None:
        for path, mode in DIRECTORIES.items():
            placement.directory(path, mode)
        # On a file system mounted "nodev" they could be made and not opened, and
        # a /dev/null that cannot be opened is worse than none.
        if self._device_nodes and not os.statvfs(root).f_flag & os.ST_NODEV:
            for name, (major, minor) in DEVICES.items():
                placement.device(f"dev/{name}", 0o666, os.makedev(major, minor))
        for path, target in LINKS.items():
            placement.symlink(path, target)
        for path, content in names.of_builder().items():
            placement.file(path, content)


@contextmanager
def placement_in(
    root: str, work_directory: str, stack: ExitStack
) -> Iterator[Placement]:
    """Offer to place things in a root; the stack takes them back.

    Raises:
        FilesystemError: The disk refused something in the block.
    """
    try:
        Path(work_directory).mkdir(parents=True, exist_ok=True)
        aside = tempfile.TemporaryDirectory(prefix="aside-", dir=work_directory)
        placement = Placement(root, stack.enter_context(aside))
        yield stack.enter_context(placement)
    except OSError as error:
        raise FilesystemError(
            f"cannot prepare the root for a RUN: {error.strerror}",
            place=str(error.filename2 or error.filename or root),
        ) from error


def refuse_impossible(process: ProcessSpec, where: str) -> None:
    """Refuse what needs namespaces.

    Args:
        process: What is to be run.
        where: Completes "cannot be had …".

    Raises:
        IsolationUnavailable: The process wants such a thing.
    """
    wanted = {
        "RUN --network=none": not process.has_network,
        "RUN --security=insecure": process.privileged,
    }
    for flag, is_wanted in wanted.items():
        if is_wanted:
            raise IsolationUnavailable(
                f"{flag} cannot be had {where}",
                hint="use --isolation=namespaces, which needs CAP_SYS_ADMIN or a user "
                "namespace",
            )
