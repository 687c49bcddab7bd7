"""Log lines on standard error, and the output of RUN as it is.

loguru is known here alone. What is told is chosen by the application, which
tells no secret; this adapter adds nothing but time and level.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, TextIO

from loguru import logger

from adapters.reporting import wording
from adapters.reporting.log_format import Event, LogFormat, render
from application.ports.reporter import Step, StepResult

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


class LoguruReporter:
    """Tells everything by loguru (implements `Reporter`).

    RUN's output is passed on whatever the verbosity, as kaniko does.

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
        self._streams = {
            "stdout": stdout or sys.stdout.buffer,
            "stderr": stderr or sys.stderr.buffer,
        }
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
        """Tell that an instruction begins."""
        self._starts[step] = time.monotonic()
        self._tell("INFO", wording.started(step), stage=step.stage, line=step.line)

    def step_finished(self, step: Step, result: StepResult) -> None:
        """Tell that an instruction has ended well, and what it made."""
        now = time.monotonic()
        seconds = now - self._starts.pop(step, now)
        facts: dict[str, str | int] = {"stage": step.stage, "line": step.line}
        if result.layer_size is not None:
            facts["layer_size"] = result.layer_size
        self._tell("INFO", wording.finished(step, result, seconds), **facts)

    def output(self, stream: str, data: bytes) -> None:
        """Pass on what a RUN process writes, at once and unchanged."""
        target = self._streams[stream]
        with suppress(OSError, ValueError):  # nobody listens any more
            target.write(data)
            target.flush()

    def _tell(self, level: str, message: str, **fields: str | int) -> None:
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
        with suppress(OSError, ValueError):
            self._log.write(render(event, self._form, timestamps=self._timestamps))
            self._log.flush()
