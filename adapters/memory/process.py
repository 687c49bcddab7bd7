"""In-memory process runner: programs are functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Event

from application.errors import IsolationUnavailable
from application.ports.process import OnOutput, ProcessSpec, ShownMount

Program = Callable[[ProcessSpec, str, OnOutput], int]
"""What a command does: gets the process, the path of its root and the receiver
of its output, returns the exit status."""


class MemoryProcessRunner:
    """Runs functions instead of processes (implements `ProcessRunner`).

    Args:
        programs: Function by the last argument of the command line: the script
            of a shell form, the only word of `["true"]`.
        can_bind: Whether it claims to bind trees rather than to move them.
        refusal: Makes every `run` raise `IsolationUnavailable` with this reason.

    Attributes:
        started: (process, root) of every `run`, in their order.
        shown: The mounts of every `run`, in their order.
        expected: How often `expect` was called.
        stopped: Set once `stop` was called.
        can_bind: As it was made.
    """

    def __init__(
        self,
        programs: Mapping[str, Program] | None = None,
        *,
        can_bind: bool = True,
        refusal: str = "",
    ) -> None:
        self._programs = dict(programs or {})
        self._refusal = refusal
        self.can_bind = can_bind
        self.started: list[tuple[ProcessSpec, str]] = []
        self.shown: list[tuple[ShownMount, ...]] = []
        self.expected = 0
        self.stopped = Event()

    @property
    def isolation(self) -> str:
        """Return "memory", or "none" where everything is refused."""
        return "none" if self._refusal else "memory"

    def expect(self) -> None:
        """Count."""
        self.expected += 1

    def stop(self) -> None:
        """Set `stopped`, which functions may look at."""
        self.stopped.set()

    def close(self) -> None:
        """Do nothing."""

    def run(
        self,
        process: ProcessSpec,
        root: str,
        on_output: OnOutput,
        mounts: Sequence[ShownMount] = (),
    ) -> int:
        """Call the function of a command.

        Raises:
            IsolationUnavailable: A refusal was asked for.
        """
        if self._refusal:
            raise IsolationUnavailable(self._refusal)
        self.started.append((process, root))
        self.shown.append(tuple(mounts))
        program = self._programs.get(process.argv[-1])
        if program is None:
            on_output("stderr", f"{process.argv[0]}: not found\n".encode())
            return 127
        return program(process, root, on_output)
