"""Port: telling the person what happens.

The application announces; an adapter turns it into log lines.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from enum import StrEnum
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

    @property
    def place(self) -> str:
        """Where the build is: "[builder 2/5]"."""
        return f"[{self.stage} {self.number}/{self.count}]"


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


class Work(StrEnum):
    """What takes time in a build, by the word that says so."""

    CONTEXT = "context"
    PULL = "pull"
    UNPACK = "unpack"
    RUN = "run"
    SNAPSHOT = "snapshot"
    WRITE = "write"
    PUSH = "push"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Some work on its way; several may be at once, of one step or of many.

    Attributes:
        work: What is done.
        subject: What it is done to: a stage, or the short digest of a layer.
        size: Bytes there are to do, None where nobody knows or bytes say nothing.
    """

    work: Work
    subject: str
    size: int | None = None


class Progress(Protocol):
    """Follows an activity."""

    def advance(self, count: int) -> None:
        """Tell that so many more bytes are done. Callable from any thread."""


class Reporter(Protocol):
    """Receives what happens, from any thread. No method raises, none takes long."""

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

    def activity(self, activity: Activity) -> AbstractContextManager[Progress]:
        """Tell that work begins on entering, and that it is over on leaving."""

    def output(self, stage: str, stream: str, data: bytes) -> None:
        """Pass on what a RUN process of a stage writes to "stdout" or "stderr"."""


class Log(Reporter, Protocol):
    """A reporter that writes somewhere, and can be made to stop."""

    def close(self) -> None:
        """Stop telling. Idempotent."""
