"""Levels, steps and raw output."""

import io
import json
import re

import pytest

from adapters.reporting.loguru_reporter import LEVELS, LoguruReporter
from application.ports.reporter import Activity, Step, StepResult, Work

STEP = Step(stage="builder", number=2, count=5, text="COPY {a} /", line=7)


def told(verbosity: str) -> list[str]:
    """Return the levels of the lines that come through."""
    log = io.StringIO()
    reporter = LoguruReporter(
        verbosity=verbosity, log=log, stdout=io.BytesIO(), stderr=io.BytesIO()
    )
    reporter.debug("d")
    reporter.info("i")
    reporter.warning("w")
    reporter.close()
    return [line[:4] for line in log.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("verbosity", "levels"),
    [
        ("trace", ["DEBU", "INFO", "WARN"]),
        ("debug", ["DEBU", "INFO", "WARN"]),
        ("info", ["INFO", "WARN"]),
        ("WARN", ["WARN"]),
        ("Warning", ["WARN"]),
        ("error", []),
        ("fatal", []),
        ("panic", []),
    ],
)
def test_verbosity_says_what_is_told(verbosity: str, levels: list[str]) -> None:
    assert told(verbosity) == levels
    assert verbosity.lower() in LEVELS


def lines_of(log: io.StringIO) -> list[str]:
    return [re.sub(r"\d{4}\]", "]", line) for line in log.getvalue().splitlines()]


def test_a_step_is_told_when_it_is_over() -> None:
    log = io.StringIO()
    reporter = LoguruReporter(log=log, stdout=io.BytesIO(), stderr=io.BytesIO())
    reporter.step_started(STEP)
    assert log.getvalue() == ""
    reporter.step_finished(STEP, StepResult(layer_size=3_400_000, note="cached"))
    reporter.step_finished(STEP, StepResult())
    assert lines_of(log) == [
        "INFO[] [builder 2/5] COPY {a} /  0.0s  3.4 MB  cached",
        "INFO[] [builder 2/5] COPY {a} /  0.0s",
    ]


def test_a_step_that_starts_a_process_is_told_before_it() -> None:
    log = io.StringIO()
    reporter = LoguruReporter(log=log, stdout=io.BytesIO(), stderr=io.BytesIO())
    reporter.step_started(STEP)
    with reporter.activity(Activity(work=Work.PULL, subject="builder")):
        assert log.getvalue() == ""
    with reporter.activity(Activity(work=Work.RUN, subject="builder")):
        assert lines_of(log) == ["INFO[] [builder 2/5] COPY {a} /"]


def test_a_step_in_json_has_its_facts() -> None:
    log = io.StringIO()
    reporter = LoguruReporter(
        log_format="json", log=log, stdout=io.BytesIO(), stderr=io.BytesIO()
    )
    reporter.step_finished(STEP, StepResult(layer_size=10))
    record = json.loads(log.getvalue())
    assert (record["stage"], record["line"], record["layer_size"]) == ("builder", 7, 10)


def test_output_is_passed_on_whatever_the_verbosity() -> None:
    log, out, err = io.StringIO(), io.BytesIO(), io.BytesIO()
    reporter = LoguruReporter(verbosity="panic", log=log, stdout=out, stderr=err)
    reporter.step_started(STEP)
    reporter.output("builder", "stdout", b"\x1b[1mhalf a li")
    reporter.output("builder", "stderr", b"\xff\n")
    place = b"[builder 2/5] "
    assert out.getvalue() == place + b"\x1b[1mhalf a li\n"
    assert err.getvalue() == place + b"\xff\n"
    assert log.getvalue() == ""


def test_beside_json_output_is_as_it_is() -> None:
    out = io.BytesIO()
    reporter = LoguruReporter(
        log_format="json", log=io.StringIO(), stdout=out, stderr=io.BytesIO()
    )
    reporter.output("builder", "stdout", b"half a li")
    reporter.info("in between")
    reporter.output("builder", "stdout", b"ne\nand")
    assert out.getvalue() == b"half a line\nand"


def test_a_message_begins_on_a_line_of_its_own() -> None:
    out = io.BytesIO()
    reporter = LoguruReporter(log=io.StringIO(), stdout=out, stderr=io.BytesIO())
    reporter.output("builder", "stdout", b"half a li")
    reporter.info("in between")
    reporter.output("builder", "stdout", b"ne\n")
    assert out.getvalue() == b"[builder] half a li\n[builder] ne\n"


def test_two_reporters_do_not_hear_each_other() -> None:
    first, second = io.StringIO(), io.StringIO()
    one = LoguruReporter(log=first, stdout=io.BytesIO(), stderr=io.BytesIO())
    two = LoguruReporter(log=second, stdout=io.BytesIO(), stderr=io.BytesIO())
    one.info("one")
    two.info("two")
    assert ("one" in first.getvalue(), "two" in first.getvalue()) == (True, False)


def test_a_closed_reporter_is_silent() -> None:
    log = io.StringIO()
    reporter = LoguruReporter(log=log, stdout=io.BytesIO(), stderr=io.BytesIO())
    reporter.close()
    reporter.close()
    reporter.info("late")
    assert log.getvalue() == ""
