"""What took how long, measured by a clock that is set by hand."""

import pytest

from adapters.memory.ambient import RecordingReporter
from application.ports.reporter import Activity, Step, StepResult, Work
from application.timeline import Timeline

STEP = Step(stage="builder", number=2, count=5, text="RUN make", line=7)


class Clock:
    """Seconds that pass when they are told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> RecordingReporter:
    return RecordingReporter()


@pytest.fixture
def timeline(told: RecordingReporter, clock: Clock) -> Timeline:
    return Timeline(told, seconds=clock)


def test_steps_have_both_ends(timeline: Timeline, clock: Clock) -> None:
    clock.now += 1
    timeline.step_started(STEP)
    clock.now += 2
    timeline.step_finished(STEP, StepResult(layer_size=9))
    (step,) = timeline.steps
    assert (step.began, step.ended, step.result.layer_size) == (1, 3, 9)


def test_a_step_that_failed_has_no_end(timeline: Timeline) -> None:
    timeline.step_started(STEP)
    assert [each.ended for each in timeline.steps] == [None]


def test_work_side_by_side_takes_its_time_once(
    timeline: Timeline, clock: Clock
) -> None:
    with timeline.activity(Activity(work=Work.PULL, subject="a")) as first:
        clock.now += 2
        with timeline.activity(Activity(work=Work.PULL, subject="b")) as second:
            clock.now += 3
            second.advance(10)
        first.advance(5)
        first.advance(5)
    clock.now += 7
    with timeline.activity(Activity(work=Work.PULL, subject="c")):
        clock.now += 1
    with timeline.activity(Activity(work=Work.PUSH, subject="c")):
        clock.now += 1
    assert timeline.took(Work.PULL) == 6
    assert timeline.moved(Work.PULL) == 20
    assert timeline.took(Work.PUSH) == 1
    assert timeline.elapsed == 14


def test_work_that_fails_ends(timeline: Timeline) -> None:
    with (
        pytest.raises(ValueError, match="x"),
        timeline.activity(Activity(work=Work.RUN, subject="a")),
    ):
        raise ValueError("x")
    (activity,) = timeline.activities
    assert activity.ended is not None


def test_everything_is_passed_on(timeline: Timeline, told: RecordingReporter) -> None:
    timeline.debug("d")
    timeline.info("i")
    timeline.warning("w")
    timeline.step_started(STEP)
    with timeline.activity(Activity(work=Work.PULL, subject="a")) as progress:
        progress.advance(4)
    timeline.output("builder", "stdout", b"o")
    timeline.step_finished(STEP, StepResult())
    assert told.messages == [("debug", "d"), ("info", "i"), ("warning", "w")]
    assert (told.started, told.finished) == ([STEP], [(STEP, StepResult())])
    assert [each.count for each in told.activities] == [4]
    assert told.stdout == b"o"
