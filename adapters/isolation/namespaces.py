"""Runs processes in mount, process, IPC and UTS namespaces of their own.

The root becomes theirs by pivot_root; /proc, /sys and /dev are mounted over it
and nothing of them is ever written to it. Needs CAP_SYS_ADMIN, which
`isolation.entering` may have got from a user namespace.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import assert_never

from adapters.isolation import names
from adapters.isolation.agent_relay import AgentRelay
from adapters.isolation.interruption import interruptible
from adapters.isolation.launching import Launchers, orders_for
from adapters.isolation.orders import MountOrder, Orders
from adapters.isolation.placing import Placement
from adapters.isolation.targets import is_below, target_in_the_way
from application.errors import FilesystemError
from application.ports.process import (
    FileMount,
    OnOutput,
    ProcessSpec,
    ShownMount,
    SocketMount,
    TmpfsMount,
    TreeMount,
)


class NamespaceRunner:
    """Starts each process in new namespaces (implements `ProcessRunner`).

    Args:
        work_directory: Where the copies of resolv.conf, hosts and hostname lie
            while a process runs; made where it is missing.

    Attributes:
        isolation: "namespaces".
        can_bind: True.
    """

    isolation = "namespaces"
    can_bind = True

    def __init__(self, work_directory: str) -> None:
        self._work_directory = work_directory
        self._launchers = Launchers()

    def expect(self) -> None:
        """Start a launcher ahead of the process; see the port.

        Raises:
            IsolationUnavailable: None can be started.
        """
        self._launchers.expect()

    def stop(self) -> None:
        """Ask the processes that run to end; see the port."""
        self._launchers.stop()

    def close(self) -> None:
        """End the launchers that wait. Idempotent."""
        self._launchers.close()

    def run(
        self,
        process: ProcessSpec,
        root: str,
        on_output: OnOutput,
        mounts: Sequence[ShownMount] = (),
    ) -> int:
        """Run a process to its end; see the port.

        Raises:
            IsolationUnavailable: The machine refuses what isolation needs.
            FilesystemError: A mount point cannot be made or taken back.
            Interrupted: A signal asked to stop.
        """
        real_root = str(Path(root).resolve())
        with interruptible() as interruption, ExitStack() as stack:
            try:
                orders = self._prepare(process, real_root, mounts, stack)
            except OSError as error:
                raise FilesystemError(
                    f"cannot prepare the root for a RUN: {error.strerror}",
                    place=real_root,
                ) from error
            return self._launchers.launch(orders, on_output, interruption)

    def _prepare(
        self,
        process: ProcessSpec,
        root: str,
        mounts: Sequence[ShownMount],
        stack: ExitStack,
    ) -> Orders:
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
        staging = stack.enter_context(_own_directory(self._work_directory))
        shown = [
            _order(mount, number, f"{staging}/sockets", stack)
            for number, mount in enumerate(mounts)
        ]
        hiding = [f"/{name}" for name in points]
        for order in shown:
            found = placement.mount_point(order.target, directory=order.is_directory)
            if not found and not any(is_below(order.target, path) for path in hiding):
                raise target_in_the_way(order.target)
            hiding.append(order.target)
        return orders_for(process, self.isolation, root)._replace(
            hostname=process.hostname,
            binds=binds,
            mount_points=points,
            mounts=shown,
            staging=f"{staging}/files",
        )


@contextmanager
def _own_directory(parent: str) -> Iterator[str]:
    """Make a directory with a place for sockets and one for a tmpfs, for a while."""
    with tempfile.TemporaryDirectory(prefix="mounts-", dir=parent) as directory:
        real = Path(directory).resolve()
        for name in ("sockets", "files"):
            (real / name).mkdir()
        yield str(real)


def _order(
    mount: ShownMount, number: int, sockets: str, stack: ExitStack
) -> MountOrder:
    match mount:
        case TreeMount():
            if os.path.realpath(mount.source) != mount.source:
                # A mount would follow the symlink, perhaps out of a stage's root.
                raise OSError(errno.ELOOP, f"a symlink leads to {mount.source}")
            return MountOrder(
                kind="bind",
                target=mount.target,
                source=mount.source,
                is_directory=mount.is_directory,
                read_only=mount.read_only,
            )
        case TmpfsMount():
            return MountOrder(
                kind="tmpfs",
                target=mount.target,
                is_directory=True,
                size=mount.size,
                read_only=mount.read_only,
            )
        case FileMount():
            return MountOrder(
                kind="file",
                target=mount.target,
                read_only=True,
                content=mount.content.decode("latin-1"),
                mode=mount.mode,
                uid=mount.uid,
                gid=mount.gid,
            )
        case SocketMount():
            _listen(mount, sockets, str(number), stack)
            source = f"{sockets}/{number}"
            return MountOrder(kind="bind", target=mount.target, source=source)
        case _:
            assert_never(mount)


def _listen(mount: SocketMount, directory: str, name: str, stack: ExitStack) -> None:
    """Listen on a socket of that name, for as long as the stack lives."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        relay = AgentRelay(
            descriptor, name, mount.source, mount.mode, (mount.uid, mount.gid)
        )
    finally:
        os.close(descriptor)
    stack.callback(relay.close)
