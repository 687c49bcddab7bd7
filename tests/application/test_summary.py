"""The table at the end of a build."""

from adapters.memory.ambient import RecordingReporter
from application.ports.reporter import Activity, Step, StepResult, Work
from application.summary import summary
from application.timeline import Timeline


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def step(number: int, text: str) -> Step:
    return Step(stage="builder", number=number, count=3, text=text, line=number)


def test_each_step_has_a_row_and_the_time_is_explained() -> None:
    clock = Clock()
    timeline = Timeline(RecordingReporter(), seconds=clock)
    clock.now = 1
    timeline.step_started(step(1, "RUN make"))
    with timeline.activity(Activity(work=Work.RUN, subject="builder")):
        clock.now = 13.34
    timeline.step_finished(step(1, "RUN make"), StepResult(layer_size=3_400_000))
    timeline.step_started(step(2, "COPY " + 70 * "x"))
    timeline.step_finished(step(2, "COPY " + 70 * "x"), StepResult(note="cached"))
    timeline.step_started(step(3, "RUN fails"))
    with timeline.activity(Activity(work=Work.PUSH, subject="0123")) as push:
        clock.now = 14.34
        push.advance(2_000_000)
    assert summary(timeline) == [
        "step" + 72 * " " + "cache    time   layer",
        "[builder 1/3] RUN make" + 62 * " " + "12.3s  3.4 MB",
        f"[builder 2/3] COPY {54 * 'x'}…  cached   0.0s",
        "total 14.3s: run 12.3s, push 1.0s (2.0 MB)",
    ]


def test_nothing_that_took_long_is_said_so() -> None:
    lines = summary(Timeline(RecordingReporter(), seconds=Clock()))
    assert lines == ["step  cache  time  layer", "total 0.0s: nothing took long"]
