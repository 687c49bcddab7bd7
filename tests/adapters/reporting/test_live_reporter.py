"""What a terminal shows while a build goes on, and what stays on it."""

import io
import re
from collections.abc import Callable
from typing import BinaryIO, TextIO

import pytest

from adapters.reporting.live_reporter import LiveReporter
from adapters.reporting.loguru_reporter import LoguruReporter
from application.ports.reporter import Activity, Step, StepResult, Work

STEP = Step(stage="builder", number=2, count=5, text="RUN make [bold]", line=7)
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Terminal(io.StringIO):
    """A terminal that remembers what was drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.reporter = LiveReporter(self._log, terminal=self)

    def _log(self, lines: TextIO, stdout: BinaryIO, stderr: BinaryIO) -> LoguruReporter:
        del stdout  # of the tests, and no terminal
        return LoguruReporter(log=lines, stdout=stderr, stderr=stderr)

    @property
    def drawn(self) -> str:
        return CONTROL.sub("", self.getvalue())

    @property
    def lines(self) -> list[str]:
        """What stays: lines of the log and of RUN."""
        log = [line.rstrip() for line in self.drawn.split("\n")]
        return [re.sub(r"^.*(INFO\[)\d+", r"\1", line) for line in log]


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def test_a_step_moves_while_it_is_under_way(terminal: Terminal) -> None:
    reporter = terminal.reporter
    reporter.step_started(STEP)
    reporter.info("in between")
    assert "[builder 2/5] RUN make [bold]" in terminal.drawn
    reporter.step_finished(STEP, StepResult(layer_size=2_000))
    reporter.close()
    assert "INFO[] in between" in terminal.lines
    assert "INFO[] [builder 2/5] RUN make [bold]  0.0s  2.0 kB" in terminal.lines


def test_work_with_bytes_has_a_bar(terminal: Terminal) -> None:
    push = Activity(work=Work.PUSH, subject="0123456789ab", size=4_000_000)
    with terminal.reporter.activity(push) as progress:
        progress.advance(1_000_000)
        terminal.reporter.info("a refresh")
    terminal.reporter.close()
    assert "push 0123456789ab" in terminal.drawn
    assert "1.0/4.0 MB" in terminal.drawn


def test_output_appears_in_whole_lines(terminal: Terminal) -> None:
    reporter = terminal.reporter
    reporter.step_started(STEP)
    reporter.output("builder", "stdout", b"10%\r20%\r")
    reporter.output("builder", "stdout", b"done\nha")
    assert "ha" not in terminal.lines
    reporter.output("builder", "stdout", b"lf")
    reporter.close()
    shown = [line.rpartition("[builder 2/5] ")[2] for line in terminal.lines]
    assert [line for line in shown if line in {"done", "half"}] == ["done", "half"]
    assert not [line for line in shown if "0%" in line]


@pytest.mark.parametrize("steering", [b"\x1b[2J", b"\x1b]0;title\x07", b"\x1b[5A"])
def test_output_does_not_steer_the_terminal(
    terminal: Terminal, steering: bytes
) -> None:
    terminal.reporter.output("builder", "stderr", b"a" + steering + b"b\n")
    terminal.reporter.close()
    assert steering.decode() not in terminal.getvalue()


def test_colours_stay(terminal: Terminal) -> None:
    terminal.reporter.output("builder", "stderr", b"\x1b[31mred\x1b[0m\n")
    terminal.reporter.close()
    assert "\x1b[31mred\x1b[0m" in terminal.getvalue()


def test_nothing_moves_before_the_first_step(terminal: Terminal) -> None:
    """It takes a thread, and entering namespaces needs a process without."""
    moves = []
    terminal.reporter.info("isolation")
    moves.append(terminal.reporter.moves)
    terminal.reporter.step_started(STEP)
    moves.append(terminal.reporter.moves)
    terminal.reporter.close()
    moves.append(terminal.reporter.moves)
    assert moves == [False, True, False]


@pytest.mark.parametrize(
    "late",
    [
        lambda reporter: reporter.step_started(STEP),
        lambda reporter: reporter.info("late"),
        lambda reporter: reporter.close(),
    ],
)
def test_a_closed_one_draws_nothing(
    terminal: Terminal, late: Callable[[LiveReporter], None]
) -> None:
    terminal.reporter.close()
    before = terminal.getvalue()
    late(terminal.reporter)
    assert terminal.getvalue() == before
