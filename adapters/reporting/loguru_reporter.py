"""Log lines on standard error, and the output of RUN.

loguru is known here alone. What is told is chosen by the application, which
tells no secret; this adapter adds nothing but time and level.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, BinaryIO, TextIO

from loguru import logger

from adapters.reporting import wording
from adapters.reporting.log_format import Event, LogFormat, render
from adapters.reporting.output_lines import OutputLines
from application.ports.reporter import Activity, Progress, Step, StepResult, Work

if TYPE_CHECKING:
    from loguru import Message, Record

LEVELS = {
    "trace": "TRACE",
    "debug": "DEBUG",
    "info": "INFO",
    "warn": "WARNING",
    "warning": "WARNING",
    "error": "ERROR",
    "fatal": "CRITICAL",
    "panic": "CRITICAL",
}
"""Values of `--verbosity` and the level below which loguru is silent."""


class _Untold:
    """Progress that nobody is told."""

    def advance(self, count: int) -> None:
        """Do nothing."""


UNTOLD: Progress = _Untold()


class LoguruReporter:
    """Tells everything by loguru (implements `Log`).

    A step has one line, when it is over; one that starts a process has a line before
    the process writes its first, too. RUN's output is passed on whatever the verbosity,
    as kaniko does: in text each line under the place of its step, beside JSON as it is.

    Args:
        verbosity: A key of `LEVELS`, in any case.
        log_format: "text", "color" or "json".
        timestamps: Whether text shows times of day.
        log: Where log lines go, standard error when None.
        stdout: Where the standard output of RUN goes.
        stderr: Where the standard error of RUN goes.
    """

    def __init__(
        self,
        *,
        verbosity: str = "info",
        log_format: str = "text",
        timestamps: bool = False,
        log: TextIO | None = None,
        stdout: BinaryIO | None = None,
        stderr: BinaryIO | None = None,
    ) -> None:
        self._form = LogFormat(log_format)
        self._timestamps = timestamps
        self._log = log or sys.stderr
        self._output = OutputLines(
            {
                "stdout": stdout or sys.stdout.buffer,
                "stderr": stderr or sys.stderr.buffer,
            }
        )
        self._lock = RLock()
        self._steps: dict[str, Step] = {}
        self._starts: dict[Step, float] = {}
        self._logger = logger.bind(reporter=id(self))
        with suppress(ValueError):
            logger.remove(0)  # loguru's own handler, removed once
        self._handler = logger.add(
            self._write,
            level=LEVELS[verbosity.lower()],
            format="{message}",
            filter=self._is_ours,
            catch=True,
        )

    def close(self) -> None:
        """Stop telling. Idempotent."""
        with suppress(ValueError):
            logger.remove(self._handler)

    def debug(self, message: str) -> None:
        """Tell what helps to understand a build that surprises."""
        self._tell("DEBUG", message)

    def info(self, message: str) -> None:
        """Tell what everybody wants to know."""
        self._tell("INFO", message)

    def warning(self, message: str) -> None:
        """Tell what somebody should change."""
        self._tell("WARNING", message)

    def step_started(self, step: Step) -> None:
        """Tell that an instruction begins; told once it starts a process, or ends."""
        self._steps[step.stage] = step
        self._starts[step] = time.monotonic()

    def step_finished(self, step: Step, result: StepResult) -> None:
        """Tell that an instruction has ended well, and what it made."""
        now = time.monotonic()
        seconds = now - self._starts.pop(step, now)
        facts: dict[str, str | float] = {
            "stage": step.stage,
            "line": step.line,
            "seconds": round(seconds, 3),
        }
        if result.layer_size is not None:
            facts["layer_size"] = result.layer_size
        self._tell("INFO", wording.finished(step, result, seconds), **facts)

    @contextmanager
    def activity(self, activity: Activity) -> Iterator[Progress]:
        """Tell that a process begins; of other work this reporter tells no line."""
        if activity.work is Work.RUN and activity.subject in self._steps:
            step = self._steps[activity.subject]
            self._tell("INFO", wording.started(step), stage=step.stage, line=step.line)
        yield UNTOLD

    def output(self, stage: str, stream: str, data: bytes) -> None:
        """Pass on what a RUN process writes, at once."""
        label = ""
        if self._form is not LogFormat.JSON:
            step = self._steps.get(stage)
            label = f"{step.place} " if step else f"[{stage}] "
        with self._lock:
            self._output.write(label, stream, data)

    def _tell(self, level: str, message: str, **fields: str | float) -> None:
        # Without further arguments the message is no format string.
        self._logger.bind(fields=fields).log(level, message)

    def _is_ours(self, record: Record) -> bool:
        return record["extra"].get("reporter") == id(self)

    def _write(self, message: Message) -> None:
        record = message.record
        event = Event(
            level=record["level"].name.lower(),
            message=record["message"],
            time=record["time"],
            elapsed=record["elapsed"],
            fields=record["extra"]["fields"],
        )
        with self._lock, suppress(OSError, ValueError):
            self._output.end_line()
            self._log.write(render(event, self._form, timestamps=self._timestamps))
            self._log.flush()
