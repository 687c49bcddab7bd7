"""Progress on a terminal: what is under way moves below the log.

rich is known here alone. The log itself is another reporter's: it is given streams
whose lines appear above.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import BinaryIO, TextIO, cast

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Column
from rich.text import Text

from application.ports import reporter as port
from application.ports.reporter import Activity, Log, Step, StepResult, Work

REFRESHES = 8
"""How often a second what moves is drawn anew."""


class LiveReporter:
    """Shows what is under way, with bytes and times (implements `Log`).

    Args:
        make_log: Makes the log, of the streams it writes to. RUN's output goes above
            what moves where it would go to the terminal, and where it always goes
            elsewhere.
        terminal: What is drawn on, standard error when None.
    """

    def __init__(
        self,
        make_log: Callable[[TextIO, BinaryIO, BinaryIO], Log],
        terminal: TextIO | None = None,
    ) -> None:
        # forced: whoever asks for it has found a terminal, or wants it without one
        console = Console(file=terminal or sys.stderr, force_terminal=True)
        self._above = [_LinesAbove(console) for _ in range(3)]
        log, stdout, stderr = self._above
        self._log = make_log(
            io.TextIOWrapper(cast("BinaryIO", log), "utf-8", write_through=True),
            cast("BinaryIO", stdout) if sys.stdout.isatty() else sys.stdout.buffer,
            cast("BinaryIO", stderr),
        )
        self._steps = Progress(
            SpinnerColumn(),
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            TimeElapsedColumn(),
            console=console,
            expand=True,
        )
        self._work = Progress(
            TextColumn("   {task.description}", markup=False),
            BarColumn(bar_width=24),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
        )
        self._live = Live(
            Group(self._steps, self._work),
            console=console,
            refresh_per_second=REFRESHES,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._lock = RLock()
        self._tasks: dict[Step, TaskID] = {}
        self._is_closed = False

    @property
    def moves(self) -> bool:
        """Whether something is drawn, by a thread of its own."""
        return self._live.is_started

    def close(self) -> None:
        """Clear what moves, and stop telling. Idempotent."""
        with self._lock:
            self._is_closed = True
            for lines in self._above:
                lines.end_line()
            self._live.stop()
            self._log.close()

    def debug(self, message: str) -> None:
        """Tell it in the log."""
        self._log.debug(message)

    def info(self, message: str) -> None:
        """Tell it in the log."""
        self._log.info(message)

    def warning(self, message: str) -> None:
        """Tell it in the log."""
        self._log.warning(message)

    def step_started(self, step: Step) -> None:
        """Show a step with the time it takes."""
        self._start()
        text = f"{step.place} {step.text}"
        with self._lock:
            self._tasks[step] = self._steps.add_task(text, total=None)
        self._log.step_started(step)

    def step_finished(self, step: Step, result: StepResult) -> None:
        """Move a step into the log."""
        with self._lock:
            task = self._tasks.pop(step, None)
        if task is not None:
            self._steps.remove_task(task)
        self._log.step_finished(step, result)

    @contextmanager
    def activity(self, activity: Activity) -> Iterator[port.Progress]:
        """Show work with its bytes; work without bytes is its step's."""
        with self._log.activity(activity) as told:
            if activity.size is None or activity.work is Work.RUN:
                yield told
                return
            self._start()
            text = f"{activity.work} {activity.subject}"
            task = self._work.add_task(text, total=activity.size)
            try:
                yield _Bar(self._work, task)
            finally:
                self._work.remove_task(task)

    def output(self, stage: str, stream: str, data: bytes) -> None:
        """Pass it to the log."""
        self._log.output(stage, stream, data)

    def _start(self) -> None:
        """Begin to draw; late, because it takes a thread."""
        with self._lock:
            if not self._live.is_started and not self._is_closed:
                self._live.start()


class _Bar:
    """Progress of a transfer (implements the port's `Progress`)."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def advance(self, count: int) -> None:
        self._progress.advance(self._task, count)


class _LinesAbove(io.RawIOBase):
    """A stream whose complete lines appear above what moves.

    Colours stay; whatever else would steer the terminal is left out. Of a line that
    was written over, the last version is shown.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = RLock()
        self._unfinished = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        written = bytes(cast("bytes", data))
        with self._lock:
            *lines, self._unfinished = (self._unfinished + written).split(b"\n")
            for line in lines:
                self._show(line)
        return len(written)

    def end_line(self) -> None:
        """Show a line that nobody has ended."""
        with self._lock:
            line, self._unfinished = self._unfinished, b""
            if line:
                self._show(line)

    def _show(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
        self._console.print(Text.from_ansi(text), soft_wrap=True)
