"""Rules of every test session, whatever part of the tests it runs.

Property tests have no deadline: no test is judged by its speed. Under `CI=true` a
skipped test fails the session, because what did not run was not shown to work.
It offers no fixtures.
"""

import os

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import settings

settings.register_profile("kanipy", deadline=None)
settings.load_profile("kanipy")


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
