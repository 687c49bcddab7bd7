"""Runs processes in the builder's own namespaces: in a chroot, or in place.

What differs between those is passed in. Mounts are stood in for:
what they show is put into the root, and taken back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from adapters.isolation.emulated_mounts import place_mounts
from adapters.isolation.interruption import interruptible
from adapters.isolation.launching import Launchers, orders_for
from adapters.isolation.placing import Placement
from application.errors import FilesystemError, IsolationUnavailable
from application.ports.process import OnOutput, ProcessSpec, ShownMount


class SharedNamespacesRunner:
    """Starts each process in the namespaces we are in (implements `ProcessRunner`).

    Args:
        work_directory: Where what mounts stand in for is kept meanwhile; on the
            file system of the roots. Made where it is missing.
        isolation: Name of the isolation.
        where: Completes "cannot be had …".
        kept: Gives back to a root, by its path, what a process may change in it
            and the image does not get.
        furnish: Puts into a root, by its path, what a process finds there besides
            the mounts.

    Attributes:
        isolation: As it was made.
        can_bind: False.
    """

    can_bind = False

    def __init__(
        self,
        work_directory: str,
        *,
        isolation: str,
        where: str,
        kept: Callable[[Path], AbstractContextManager[None]],
        furnish: Callable[[Placement, str], None],
    ) -> None:
        self.isolation = isolation
        self._work_directory = work_directory
        self._launchers = Launchers()
        self._where = where
        self._kept = kept
        self._furnish = furnish

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
            IsolationUnavailable: The machine refuses what isolation needs, or the
                process wants what needs namespaces.
            FilesystemError: The root cannot be prepared or restored.
            Interrupted: A signal asked to stop.
        """
        _refuse_impossible(process, self._where)
        real_root = str(Path(root).resolve())
        with interruptible() as interruption, ExitStack() as stack:
            stack.enter_context(self._kept(Path(real_root)))
            with _placement_in(real_root, self._work_directory, stack) as placement:
                self._furnish(placement, real_root)
                place_mounts(mounts, placement, stack)
            orders = orders_for(process, self.isolation, real_root)
            return self._launchers.launch(orders, on_output, interruption)


@contextmanager
def _placement_in(
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


def _refuse_impossible(process: ProcessSpec, where: str) -> None:
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
