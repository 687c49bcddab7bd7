"""Stands for the isolation of a machine that allows none: a RUN is refused.

Everything that needs no process still builds.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.errors import IsolationUnavailable
from application.ports.process import OnOutput, ProcessSpec, ShownMount


class UnavailableRunner:
    """Refuses every process (implements `ProcessRunner`).

    Args:
        reason: What the machine does not allow.
        remedy: What to do about it.

    Attributes:
        isolation: "none".
        can_bind: False.
    """

    isolation = "none"
    can_bind = False

    def __init__(self, reason: str, remedy: str) -> None:
        self._reason = reason
        self._remedy = remedy

    def expect(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def run(
        self,
        process: ProcessSpec,  # noqa: ARG002 - the port's
        root: str,  # noqa: ARG002
        on_output: OnOutput,  # noqa: ARG002
        mounts: Sequence[ShownMount] = (),  # noqa: ARG002
    ) -> int:
        """Refuse.

        Raises:
            IsolationUnavailable: Always.
        """
        raise IsolationUnavailable(
            f"a RUN cannot be executed here: {self._reason}", hint=self._remedy
        )
