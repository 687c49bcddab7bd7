"""What a log line looks like: text, color, JSON.

The forms are those of kaniko, so that whoever reads its logs by machine can go
on doing so. Pure: it renders, and writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, assert_never


class LogFormat(StrEnum):
    """A value of `--log-format`."""

    TEXT = "text"
    COLOR = "color"
    JSON = "json"


class Event(NamedTuple):
    """One thing to be told.

    Attributes:
        level: "debug", "info" or "warning".
        message: What to tell.
        time: When.
        elapsed: How long after the start.
        fields: Further facts; they appear in JSON.
    """

    level: str
    message: str
    time: datetime
    elapsed: timedelta
    fields: Mapping[str, str | float]


_SHORT = {"debug": "DEBU", "info": "INFO", "warning": "WARN"}
_COLORS = {"debug": 37, "info": 36, "warning": 33}

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {
    ord("\n"): "\n",
    ord("\t"): "\t",
}
"""Control characters of a Dockerfile do not get to steer a terminal."""


def render(event: Event, form: LogFormat, *, timestamps: bool) -> str:
    """Return the line of an event, with its line end.

    Args:
        event: What to tell.
        form: How.
        timestamps: Whether text shows the time of day instead of the seconds
            since the start; JSON always has it.
    """
    moment = event.time.isoformat(timespec="seconds")
    if form is LogFormat.JSON:
        record = {"level": event.level, "msg": event.message, "time": moment}
        return json.dumps(record | dict(event.fields)) + "\n"
    level = _SHORT[event.level]
    stamp = moment if timestamps else f"{int(event.elapsed.total_seconds()):04d}"
    message = event.message.encode("utf-8", "backslashreplace").decode()
    message = message.translate(_ESCAPES)
    match form:
        case LogFormat.TEXT:
            return f"{level}[{stamp}] {message}\n"
        case LogFormat.COLOR:
            color = _COLORS[event.level]
            return f"\x1b[{color}m{level}\x1b[0m[{stamp}] {message}\n"
        case _:
            assert_never(form)
