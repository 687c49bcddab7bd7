"""Port: running the process of a RUN in a root file system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from domain.build.process import (
    FileMount,
    ProcessSpec,
    ShownMount,
    SocketMount,
    TmpfsMount,
    TreeMount,
)

__all__ = [
    "FileMount",
    "OnOutput",
    "ProcessRunner",
    "ProcessSpec",
    "ShownMount",
    "SocketMount",
    "TmpfsMount",
    "TreeMount",
]

OnOutput = Callable[[str, bytes], None]
"""Receives what a process writes: "stdout" or "stderr", and a piece of bytes as
it comes (not cut at line ends). Called from one thread at a time."""


class ProcessRunner(Protocol):
    """Starts processes in a root and waits for them.

    Several threads may run processes in different roots at once.
    """

    @property
    def isolation(self) -> str:
        """Name of the isolation: "namespaces", "chroot", "none", "memory"."""

    @property
    def can_bind(self) -> bool:
        """Whether a `TreeMount` is bound, so that its source is only looked at.

        Otherwise the source is moved into the root meanwhile, read-only or not:
        what the process writes to it is in it afterwards.
        """

    def expect(self) -> None:
        """Get ready for a process that will be run soon, so that it starts sooner.

        Returns at once. Idempotent; `run` does without it.

        Raises:
            IsolationUnavailable: The machine refuses to start any process.
        """

    def stop(self) -> None:
        """Ask the processes that run to end; their `run` raises `Interrupted`.

        Returns at once, callable from any thread.
        """

    def close(self) -> None:
        """Give up what `expect` made ready and `run` did not use. Idempotent."""

    def run(
        self,
        process: ProcessSpec,
        root: str,
        on_output: OnOutput,
        mounts: Sequence[ShownMount] = (),
    ) -> int:
        """Run a process to its end and return its exit status.

        Standard input is empty. When this returns (or raises) no process that
        was started in the root is left: descendants that outlive the first
        process are killed and reaped. The process sees the builder's
        resolv.conf, hosts and host name; nothing of that stays in the root, nor of
        the mounts: what their targets held is there again, and directories that
        were made for them are gone.

        Args:
            process: What to run.
            root: `RootFilesystem.path` of the root.
            on_output: Receives its output while it runs.
            mounts: What it is shown besides, outer targets first.

        Returns:
            The exit status, 128 + N when signal N ended it, 127 when the
            program was not found, 126 when it could not be executed (a line on
            "stderr" says which).

        Raises:
            IsolationUnavailable: The machine refuses what isolation needs, or the
                isolation cannot do what the process wants.
            FilesystemError: The root cannot be prepared: a target of a mount has
                something else in the way.
            Interrupted: A signal, or `stop`, asked to end.
        """
