"""Port: running the process of a RUN in a root file system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from domain.build.process import ProcessSpec

__all__ = ["OnOutput", "ProcessRunner", "ProcessSpec"]

OnOutput = Callable[[str, bytes], None]
"""Receives what a process writes: "stdout" or "stderr", and a piece of bytes as
it comes (not cut at line ends). Called from one thread at a time."""


class ProcessRunner(Protocol):
    """Starts processes in a root and waits for them."""

    @property
    def isolation(self) -> str:
        """Name of the isolation: "namespaces", "chroot", "none", "memory"."""

    def run(self, process: ProcessSpec, root: str, on_output: OnOutput) -> int:
        """Run a process to its end and return its exit status.

        Standard input is empty. When this returns (or raises) no process that
        was started in the root is left: descendants that outlive the first
        process are killed and reaped. The process sees the builder's
        resolv.conf, hosts and host name; nothing of that stays in the root.

        Args:
            process: What to run.
            root: `RootFilesystem.path` of the root.
            on_output: Receives its output while it runs.

        Returns:
            The exit status, 128 + N when signal N ended it, 127 when the
            program was not found, 126 when it could not be executed (a line on
            "stderr" says which).

        Raises:
            IsolationUnavailable: The machine refuses what isolation needs.
        """
