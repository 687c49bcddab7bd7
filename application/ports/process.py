"""Port: running the process of a RUN in a root file system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

OnOutput = Callable[[str, bytes], None]
"""Receives what a process writes: "stdout" or "stderr", and a piece of bytes as
it comes (not cut at line ends). Called from one thread at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """A process as it is to be started; everything is resolved already.

    Attributes:
        argv: Program and arguments. A program without a slash is searched in
            the PATH of `environment`, inside the root.
        environment: The whole environment, nothing is added from ours.
        working_directory: Absolute path inside the root; made (0755, root)
            where it does not exist.
        uid: User to run as.
        gid: Group to run as.
        groups: Supplementary groups.
        hostname: Host name the process sees, where isolation gives it its own.
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    working_directory: str = "/"
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    hostname: str = "buildkitsandbox"


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
