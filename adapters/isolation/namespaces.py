"""Runs processes in mount, process, IPC and UTS namespaces of their own.

The root becomes theirs by pivot_root; /proc, /sys and /dev are mounted over it
and nothing of them is ever written to it. Needs CAP_SYS_ADMIN, which
`isolation.entering` may have got from a user namespace.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from adapters.isolation import names
from adapters.isolation.launching import launch, orders_for
from adapters.isolation.orders import Orders
from adapters.isolation.placing import Placement
from application.errors import FilesystemError
from application.ports.process import OnOutput, ProcessSpec


class NamespaceRunner:
    """Starts each process in new namespaces (implements `ProcessRunner`).

    Args:
        work_directory: Where the copies of resolv.conf, hosts and hostname lie
            while a process runs; made where it is missing.
    """

    def __init__(self, work_directory: str) -> None:
        self._work_directory = work_directory

    @property
    def isolation(self) -> str:
        """Return "namespaces"."""
        return "namespaces"

    def run(self, process: ProcessSpec, root: str, on_output: OnOutput) -> int:
        """Run a process to its end; see the port.

        Raises:
            IsolationUnavailable: The machine refuses what isolation needs.
            FilesystemError: A mount point cannot be made or taken back.
            Interrupted: A signal asked to stop.
        """
        real_root = str(Path(root).resolve())
        with ExitStack() as stack:
            try:
                orders = self._prepare(process, real_root, stack)
            except OSError as error:
                raise FilesystemError(
                    f"cannot prepare the root for a RUN: {error.strerror}",
                    place=real_root,
                ) from error
            return launch(orders, on_output)

    def _prepare(self, process: ProcessSpec, root: str, stack: ExitStack) -> Orders:
        """Make mount points and what is bound there; undone with the stack."""
        seen = names.with_hostname(names.of_builder(), process.hostname)
        files = stack.enter_context(names.as_files(seen, self._work_directory))
        placement = stack.enter_context(Placement(root))
        binds = [
            [source, target]
            for name, source in files.items()
            if (target := placement.mount_point(name, directory=False))
        ]
        points = {
            name: target
            for name in ("dev", "sys", "proc")
            if (target := placement.mount_point(name, directory=True))
        }
        return orders_for(process, "namespaces", root)._replace(
            hostname=process.hostname, binds=binds, mount_points=points
        )
