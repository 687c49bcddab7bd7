"""In-memory clock, reporter, result files and results of a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from application.errors import OutputError
from application.ports.reporter import Activity, Progress, Step, StepResult
from domain.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedClock:
    """A clock that stands still (implements `Clock`).

    Attributes:
        now: Nanoseconds since the epoch.
        newest: Later times of files are clamped to this; None clamps nothing.
    """

    now: int = 1_700_000_000_000_000_000
    newest: int | None = None

    def now_ns(self) -> int:
        """Return the time it stands at."""
        return self.now

    def layer_time_ns(self, mtime_ns: int) -> int:
        """Return the file's time, clamped where that was asked for."""
        return mtime_ns if self.newest is None else min(mtime_ns, self.newest)


@dataclass(slots=True)
class RecordedActivity:
    """Work that a `RecordingReporter` was told of (implements `Progress`).

    Attributes:
        activity: The work.
        count: Bytes that are done.
        is_over: Whether it has ended.
    """

    activity: Activity
    count: int = 0
    is_over: bool = False

    def advance(self, count: int) -> None:
        """Remember that so many more bytes are done."""
        self.count += count


@dataclass(slots=True)
class RecordingReporter:
    """Remembers what it is told (implements `Reporter`).

    Attributes:
        messages: (level, text) in the order they came.
        started: Steps that began.
        finished: Steps that ended, with what they made.
        stdout: What RUNs wrote to their standard output.
        stderr: What they wrote to their standard error.
        activities: Work that began, with the bytes that were told of it.
    """

    messages: list[tuple[str, str]] = field(default_factory=list)
    started: list[Step] = field(default_factory=list)
    finished: list[tuple[Step, StepResult]] = field(default_factory=list)
    stdout: bytes = b""
    stderr: bytes = b""
    activities: list[RecordedActivity] = field(default_factory=list)

    def debug(self, message: str) -> None:
        """Remember a message of level "debug"."""
        self.messages.append(("debug", message))

    def info(self, message: str) -> None:
        """Remember a message of level "info"."""
        self.messages.append(("info", message))

    def warning(self, message: str) -> None:
        """Remember a message of level "warning"."""
        self.messages.append(("warning", message))

    def step_started(self, step: Step) -> None:
        """Remember a step that begins."""
        self.started.append(step)

    def step_finished(self, step: Step, result: StepResult) -> None:
        """Remember a step that has ended."""
        self.finished.append((step, result))

    @contextmanager
    def activity(self, activity: Activity) -> Iterator[Progress]:
        """Remember work that begins, and that it ended."""
        recorded = RecordedActivity(activity)
        self.activities.append(recorded)
        try:
            yield recorded
        finally:
            recorded.is_over = True

    def output(self, stage: str, stream: str, data: bytes) -> None:
        """Remember output."""
        if stream == "stdout":
            self.stdout += data
        else:
            self.stderr += data


@dataclass(slots=True)
class MemoryResultFiles:
    """Result files in a dictionary (implements `ResultFiles`).

    Attributes:
        files: Text by path.
        unwritable: Paths that cannot be written.
    """

    files: dict[str, str] = field(default_factory=dict)
    unwritable: frozenset[str] = frozenset()

    def check(self, path: str) -> None:
        """Find out whether the path can be written; see the port."""
        if path in self.unwritable:
            raise OutputError("cannot be written", place=path)

    def write(self, path: str, text: str) -> None:
        """Keep the text.

        Raises:
            OutputError: The path is one of `unwritable`.
        """
        if path in self.unwritable:
            raise OutputError("cannot be written", place=path)
        self.files[path] = text


@dataclass(slots=True)
class MemoryStepResults:
    """Results of a step in a dictionary (implements `StepResults`).

    Attributes:
        files: Text by path.
        unwritable: Paths that cannot be written; a directory, or a result in it.
    """

    files: dict[str, str] = field(default_factory=dict)
    unwritable: frozenset[str] = frozenset()

    def check(self, directory: str) -> None:
        """Refuse a directory that is one of `unwritable`.

        Raises:
            OutputError: It is.
        """
        if directory in self.unwritable:
            raise OutputError("results cannot be written", place=directory)

    def write(self, directory: str, texts: Mapping[str, str]) -> None:
        """Keep all texts or none.

        Raises:
            OutputError: One of the paths is one of `unwritable`.
        """
        self.check(directory)
        paths = {f"{directory}/{name}": text for name, text in texts.items()}
        if self.unwritable & paths.keys():
            for path in paths:
                self.files.pop(path, None)
            raise OutputError("results cannot be written", place=directory)
        self.files.update(paths)
