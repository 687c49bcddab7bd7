"""What every reporter does: it takes everything and never fails."""

import io

import pytest

from adapters.memory.ambient import RecordingReporter
from adapters.reporting.live_reporter import LiveReporter
from adapters.reporting.loguru_reporter import LoguruReporter
from application.ports.reporter import Activity, Reporter, Step, StepResult, Work
from application.timeline import Timeline

STEP = Step(stage="builder", number=2, count=5, text="RUN make {all} <b>", line=7)


class Broken(io.RawIOBase):
    """A stream whose reader has gone."""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raise BrokenPipeError


def _recording() -> Reporter:
    return RecordingReporter()


def _working() -> Reporter:
    return LoguruReporter(log=io.StringIO(), stdout=io.BytesIO(), stderr=io.BytesIO())


def _timeline() -> Reporter:
    return Timeline(_working())


def _live() -> Reporter:
    return LiveReporter(lambda *_: LoguruReporter(log=io.StringIO()), io.StringIO())


def _broken() -> Reporter:
    log = io.TextIOWrapper(io.BufferedWriter(Broken()), write_through=True)
    return LoguruReporter(log=log, stdout=Broken(), stderr=Broken())  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [_recording, _working, _timeline, _live, _broken])
@pytest.mark.parametrize(
    "text", ["plain", "{braces} {0} {", "<red>", "%s", "\udcff", ""]
)
def test_nothing_that_is_told_raises(make: object, text: str) -> None:
    assert callable(make)
    reporter: Reporter = make()
    reporter.debug(text)
    reporter.info(text)
    reporter.warning(text)
    reporter.step_started(STEP)
    for work in Work:
        with reporter.activity(Activity(work=work, subject=text)) as progress:
            progress.advance(1)
    reporter.step_finished(STEP, StepResult(layer_size=3, note=text))
    reporter.step_finished(STEP, StepResult())
    reporter.output("builder", "stdout", b"\xff\x00partial")
    reporter.output("builder", "stderr", b"")


def test_the_recording_remembers() -> None:
    reporter = RecordingReporter()
    reporter.info("i")
    reporter.warning("w")
    reporter.output("builder", "stdout", b"a")
    reporter.output("builder", "stderr", b"b")
    reporter.output("builder", "stdout", b"c")
    assert reporter.messages == [("info", "i"), ("warning", "w")]
    assert (reporter.stdout, reporter.stderr) == (b"ac", b"b")


def test_the_recording_follows_work() -> None:
    reporter = RecordingReporter()
    pull = Activity(work=Work.PULL, subject="0123", size=9)
    with reporter.activity(pull) as progress:
        progress.advance(2)
        progress.advance(3)
        (recorded,) = reporter.activities
        assert not recorded.is_over
    assert (recorded.activity, recorded.count, recorded.is_over) == (pull, 5, True)
