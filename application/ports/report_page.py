"""Port: the page that tells of a build, and what it tells."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from application.ports.reporter import Activity, Progress, Step, StepResult, Work
from domain.image.digest import Digest
from domain.values import dataclass, field


@dataclass(slots=True, kw_only=True)
class TimedStep:
    """An instruction that has begun.

    Attributes:
        step: The instruction.
        began: Seconds since the start of the build.
        ended: The same of its end; None where it did not end well.
        result: What it left behind.
    """

    step: Step
    began: float
    ended: float | None = None
    result: StepResult = StepResult()

    @property
    def seconds(self) -> float:
        """How long it took; 0 where it did not end."""
        return 0.0 if self.ended is None else self.ended - self.began


@dataclass(slots=True, kw_only=True)
class TimedActivity:
    """Some work (implements `Progress`).

    Attributes:
        activity: The work.
        began: Seconds since the start of the build.
        ended: The same of its end; None while it goes on.
        count: Bytes that are done.
    """

    activity: Activity
    began: float
    ended: float | None = None
    count: int = 0
    _told: Progress | None = field(default=None, repr=False)

    def advance(self, count: int) -> None:
        """Count bytes, and pass them on."""
        self.count += count
        if self._told is not None:
            self._told.advance(count)


def took(activities: Iterable[TimedActivity], work: Work) -> float:
    """Return for how many seconds some kind of work was done.

    What was done side by side counts once.
    """
    spans = sorted(
        (each.began, each.ended)
        for each in activities
        if each.activity.work is work and each.ended is not None
    )
    total, until = 0.0, 0.0
    for began, ended in spans:
        total += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return total


def moved(activities: Iterable[TimedActivity], work: Work) -> int:
    """Return how many bytes some kind of work has been done on."""
    return sum(each.count for each in activities if each.activity.work is work)


class LayerOrigin(StrEnum):
    """Where a layer comes from, by the word that says so."""

    BASE = "base"
    CACHE = "cache"
    BUILT = "built"


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedFile:
    """A regular file of a layer; size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerReport:
    """A layer of the image.

    Attributes:
        digest: Of its blob, as the manifest has it.
        size: Bytes of its blob.
        origin: Where it comes from.
        created_by: What made it, as the config's history has it; "" without one.
        files: How many paths it holds; None where nobody had to read it.
        biggest: Its biggest files, the biggest first; () likewise.
    """

    digest: Digest
    size: int
    origin: LayerOrigin
    created_by: str
    files: int | None
    biggest: tuple[SizedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """A build.

    Attributes:
        names: References and paths the image was written to.
        digest: Of the manifest.
        config_digest: Of the config, the image ID.
        platform: Of the image.
        config: The config, JSON as it was published.
        layers: The layers, lowest first.
        steps: The instructions, in the order they began.
        activities: The work, in the order it began.
        seconds: How long the build took.
        explanation: What the layer cache tells, line by line; () without a cache.
    """

    names: tuple[str, ...]
    digest: Digest
    config_digest: Digest
    platform: str
    config: bytes
    layers: tuple[LayerReport, ...]
    steps: tuple[TimedStep, ...]
    activities: tuple[TimedActivity, ...]
    seconds: float
    explanation: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all layers."""
        return sum(layer.size for layer in self.layers)


class ReportPage(Protocol):
    """Renders reports. Pure."""

    def render(self, report: BuildReport) -> str:
        """Return one page that needs nothing beside itself."""
