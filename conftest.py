"""Rules of every test session, whatever part of the tests it runs.

Property tests have no deadline: no test is judged by its speed; `make soak` tries more
examples. Under `CI=true` a skipped test fails the session, because what did not run was
not shown to work. Signals that a test sends reach it even where the session runs in the
background, with SIGINT ignored from the start. Tests run in an empty directory: a build
looks for its Dockerfile in the working directory first, and the source tree has one.
"""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import settings

settings.register_profile("kanipy", deadline=None, max_examples=50)
settings.load_profile("kanipy")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for _number in (signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _empty_working_directory(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Leave the source tree for the session."""
    with contextlib.chdir(tmp_path_factory.mktemp("working-directory")):
        yield


def _skipped(session: pytest.Session) -> int:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not isinstance(reporter, TerminalReporter):
        return 0
    return len(reporter.stats.get("skipped", []))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a session that skipped something into a failed one under CI."""
    if os.environ.get("CI") == "true" and _skipped(session) and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say why the session failed although no test did."""
    skipped = len(terminalreporter.stats.get("skipped", []))
    if os.environ.get("CI") == "true" and skipped:
        terminalreporter.write_line(f"CI: {skipped} skipped, which counts as failed")
