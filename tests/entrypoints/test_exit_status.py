"""Errors become one line, a hint and an exit status."""

from io import StringIO

import pytest

from application.errors import CommandFailed, Interrupted, RegistryError, Unauthorized
from domain.errors import DockerfileError, KanipyError, UsageError
from entrypoints.exit_status import report


def _report(error: BaseException, *, traces: bool = False) -> tuple[int, list[str]]:
    stream = StringIO()
    status = report(error, stream, program="kanipy", traces=traces)
    return status, stream.getvalue().splitlines()


def test_an_error_is_a_line_with_the_place_and_a_hint() -> None:
    error = DockerfileError(
        "unknown instruction FORM", line=3, hint="did you mean FROM?"
    )
    assert _report(error) == (
        1,
        ["Error: Dockerfile:3: unknown instruction FORM", "Hint: did you mean FROM?"],
    )


def test_an_error_without_a_remedy_is_one_line() -> None:
    assert _report(KanipyError("no")) == (1, ["Error: no"])


def test_a_usage_error_points_to_the_help() -> None:
    status, lines = _report(UsageError("unknown flag --x"))
    assert (status, lines[-1]) == (1, "Run 'kanipy --help' for usage.")


def test_an_error_of_a_registry_names_it() -> None:
    error = Unauthorized("401", registry="ghcr.io", repository="a/b", status=401)
    assert isinstance(error, RegistryError)
    assert _report(error) == (1, ["Error: ghcr.io/a/b: 401"])


@pytest.mark.parametrize(
    ("status", "expected"), [(7, 7), (137, 137), (255, 255), (256, 1), (0, 1), (-1, 1)]
)
def test_a_failed_command_gives_its_own_status(status: int, expected: int) -> None:
    error = CommandFailed("RUN failed", exit_status=status, place="Dockerfile:2")
    assert _report(error) == (expected, ["Error: Dockerfile:2: RUN failed"])


def test_signals_give_128_and_their_number() -> None:
    assert _report(Interrupted(15)) == (143, ["Error: stopped by signal 15"])
    assert _report(KeyboardInterrupt()) == (130, ["Error: interrupted"])


def test_an_unexpected_error_is_called_a_bug_without_a_trace() -> None:
    status, lines = _report(ValueError("what"))
    assert status == 1
    assert lines[0] == "Error: unexpected ValueError: what"
    assert "bug in kanipy" in lines[1]
    assert len(lines) == 2


def test_a_trace_is_shown_when_asked_for() -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("what")
    _, lines = _report(caught.value, traces=True)
    assert lines[0].startswith("Traceback")
    assert lines[-2].startswith("Error: unexpected ValueError: invalid literal")


def test_an_expected_error_never_shows_a_trace() -> None:
    assert _report(KanipyError("no"), traces=True) == (1, ["Error: no"])


def test_a_message_stays_on_one_line_and_does_not_steer_the_terminal() -> None:
    _, lines = _report(KanipyError("one\ntwo\t\x1b[31m\udcff"))
    assert lines == ["Error: one two \\x1b[31m\\udcff"]
