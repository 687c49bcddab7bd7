"""What log lines look like."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from adapters.reporting.log_format import Event, LogFormat, render

EVENT = Event(
    level="info",
    message="hello",
    time=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    elapsed=timedelta(seconds=12.9),
    fields={"line": 3},
)


@pytest.mark.parametrize(
    ("form", "timestamps", "line"),
    [
        (LogFormat.TEXT, False, "INFO[0012] hello\n"),
        (LogFormat.TEXT, True, "INFO[2024-05-06T07:08:09+00:00] hello\n"),
        (LogFormat.COLOR, False, "\x1b[36mINFO\x1b[0m[0012] hello\n"),
    ],
)
def test_text_is_level_time_message(
    form: LogFormat, line: str, *, timestamps: bool
) -> None:
    assert render(EVENT, form, timestamps=timestamps) == line


def test_json_is_one_object_a_line() -> None:
    event = EVENT._replace(message="two\nlines \x1b", level="warning")
    line = render(event, LogFormat.JSON, timestamps=False)
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "level": "warning",
        "msg": "two\nlines \x1b",
        "time": "2024-05-06T07:08:09+00:00",
        "line": 3,
    }


@pytest.mark.parametrize(
    ("message", "shown"),
    [("\x1b[2J", "\\x1b[2J"), ("a\tb\nc", "a\tb\nc"), ("\x9b", "\\x9b"), ("é", "é")],
)
def test_a_message_does_not_steer_the_terminal(message: str, shown: str) -> None:
    line = render(EVENT._replace(message=message), LogFormat.TEXT, timestamps=False)
    assert line == f"INFO[0012] {shown}\n"
