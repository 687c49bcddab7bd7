"""What took how long in a build: a reporter that keeps what it passes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from application.ports.report_page import TimedActivity, TimedStep, moved, took
from application.ports.reporter import (
    Activity,
    Progress,
    Reporter,
    Step,
    StepResult,
    Work,
)


class Timeline:
    """Passes everything on and keeps when it happened (implements `Reporter`).

    Attributes:
        steps: The instructions, in the order they began.
        activities: The work, in the order it began.
    """

    def __init__(
        self, told: Reporter, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin.

        Args:
            told: Gets everything as well.
            seconds: Reads a clock.
        """
        self._told = told
        self._seconds = seconds
        self._start = seconds()
        self._lock = Lock()
        self._under_way: dict[Step, TimedStep] = {}
        self.steps: list[TimedStep] = []
        self.activities: list[TimedActivity] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the start of the build."""
        return self._seconds() - self._start

    def took(self, work: Work) -> float:
        """Return for how many seconds some kind of work was done; see `took`."""
        return took(self.activities, work)

    def moved(self, work: Work) -> int:
        """Return how many bytes some kind of work has been done on."""
        return moved(self.activities, work)

    def debug(self, message: str) -> None:
        """Pass a message on."""
        self._told.debug(message)

    def info(self, message: str) -> None:
        """Pass a message on."""
        self._told.info(message)

    def warning(self, message: str) -> None:
        """Pass a message on."""
        self._told.warning(message)

    def step_started(self, step: Step) -> None:
        """Keep when an instruction began."""
        timed = TimedStep(step=step, began=self.elapsed)
        with self._lock:
            self.steps.append(timed)
            self._under_way[step] = timed
        self._told.step_started(step)

    def step_finished(self, step: Step, result: StepResult) -> None:
        """Keep when an instruction ended, and what it made."""
        with self._lock:
            timed = self._under_way.pop(step, None)
        if timed is not None:
            timed.ended = self.elapsed
            timed.result = result
        self._told.step_finished(step, result)

    @contextmanager
    def activity(self, activity: Activity) -> Iterator[Progress]:
        """Keep when work began and ended, and how much it was."""
        with self._told.activity(activity) as told:
            timed = TimedActivity(activity=activity, began=self.elapsed, _told=told)
            with self._lock:
                self.activities.append(timed)
            try:
                yield timed
            finally:
                timed.ended = self.elapsed

    def output(self, stage: str, stream: str, data: bytes) -> None:
        """Pass on what a process writes."""
        self._told.output(stage, stream, data)
