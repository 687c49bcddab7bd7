"""What is started in the tests of this folder, and where."""

from pathlib import Path

import pytest

from application.ports.process import ProcessRunner
from tests.support.busybox_root import make_root
from tests.support.runners import REAL_RUNNERS, make_runner


@pytest.fixture(params=REAL_RUNNERS)
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> ProcessRunner:
    """Offer each kind of runner that starts real processes."""
    return make_runner(request.param, tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with busybox."""
    return make_root(tmp_path / "root")
