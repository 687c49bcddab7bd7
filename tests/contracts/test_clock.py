"""What every clock does, and what the three of them do differently."""

import time

import pytest

from adapters.clock import (
    ReproducibleClock,
    SourceDateEpochClock,
    SystemClock,
)
from adapters.memory.ambient import FixedClock
from application.ports.clock import Clock

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    "clock",
    [SystemClock(), SourceDateEpochClock(5), ReproducibleClock(), FixedClock()],
    ids=lambda clock: type(clock).__name__,
)
def test_a_build_has_one_time(clock: Clock) -> None:
    assert clock.now_ns() == clock.now_ns()
    assert clock.layer_time_ns(7) == clock.layer_time_ns(7)


def test_the_system_clock_tells_the_time_it_was_made() -> None:
    before = time.time_ns()
    clock = SystemClock()
    assert before <= clock.now_ns() <= time.time_ns()


def test_the_system_clock_keeps_the_times_of_files() -> None:
    assert SystemClock().layer_time_ns(2**62) == 2**62


@pytest.mark.parametrize(
    "clock", [SourceDateEpochClock(5), FixedClock(now=5 * SECOND, newest=5 * SECOND)]
)
def test_no_file_is_younger_than_the_source(clock: Clock) -> None:
    assert clock.now_ns() == 5 * SECOND
    assert clock.layer_time_ns(5 * SECOND + 1) == 5 * SECOND
    assert clock.layer_time_ns(4 * SECOND) == 4 * SECOND


@pytest.mark.parametrize(
    ("clock", "epoch"), [(ReproducibleClock(), 0), (ReproducibleClock(9), 9)]
)
def test_reproducible_knows_one_time(clock: Clock, epoch: int) -> None:
    assert clock.now_ns() == epoch * SECOND
    assert clock.layer_time_ns(1) == clock.layer_time_ns(2**62) == epoch * SECOND
