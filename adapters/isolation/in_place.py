"""Runs processes in the builder's own root, over which the image was unpacked.

There is nothing to enter and nothing to furnish: /proc, /sys, /dev, resolv.conf and
hosts are those of the container we run in; what is written to the latter is undone.
Mounts are stood in for as in a chroot. What a process could do to the builder it can do
here: it is kept from our memory and variables, not from our files.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from adapters.isolation import names
from adapters.isolation.chroot import placement_in, refuse_impossible
from adapters.isolation.emulated_mounts import place_mounts
from adapters.isolation.interruption import interruptible
from adapters.isolation.launching import launch, orders_for
from application.ports.process import OnOutput, ProcessSpec, ShownMount


class InPlaceRunner:
    """Starts each process where we are (implements `ProcessRunner`).

    Args:
        work_directory: Where what mounts stand in for is kept meanwhile; on the
            file system of /. Made where it is missing.
    """

    def __init__(self, work_directory: str) -> None:
        self._work_directory = work_directory

    @property
    def isolation(self) -> str:
        """Return "in-place"."""
        return "in-place"

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
            IsolationUnavailable: The process wants what needs namespaces.
            FilesystemError: The root cannot be prepared or restored.
            Interrupted: A signal asked to stop.
        """
        refuse_impossible(process, "in place")
        with interruptible() as interruption, ExitStack() as stack:
            stack.enter_context(names.kept(Path(root)))
            with placement_in(root, self._work_directory, stack) as placement:
                place_mounts(mounts, placement, stack)
            orders = orders_for(process, self.isolation, root)
            return launch(orders, on_output, interruption)
