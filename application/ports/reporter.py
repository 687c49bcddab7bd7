"""Port: telling the person what happens.

The application announces; an adapter turns it into log lines.
"""

from __future__ import annotations

from typing import Protocol

from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An instruction on its way.

    Attributes:
        stage: Name of the stage, or its number.
        number: 1-based place in the stage.
        count: Instructions in the stage.
        text: The instruction as written, on one line.
        line: Its line in the Dockerfile.
    """

    stage: str
    number: int
    count: int
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What a finished instruction left behind.

    How long it took is the reporter's to measure: it saw the start.

    Attributes:
        layer_size: Bytes of the compressed layer, None where it made none.
        note: What is worth saying ("no changes"), or "".
    """

    layer_size: int | None = None
    note: str = ""


class Reporter(Protocol):
    """Receives what happens. No method raises, none takes long."""

    def debug(self, message: str) -> None:
        """Tell what helps to understand a build that surprises."""

    def info(self, message: str) -> None:
        """Tell what everybody wants to know."""

    def warning(self, message: str) -> None:
        """Tell what somebody should change."""

    def step_started(self, step: Step) -> None:
        """Tell that an instruction begins."""

    def step_finished(self, step: Step, result: StepResult) -> None:
        """Tell that an instruction has ended well."""

    def output(self, stream: str, data: bytes) -> None:
        """Pass on what a RUN process writes to "stdout" or "stderr"."""
