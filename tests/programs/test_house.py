"""`make` lists its targets, and a test that is skipped ends a session of CI."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

PROMISED_TARGETS = frozenset({
    "help", "setup", "format", "lint", "types", "layers", "unit", "slow", "contracts",
    "check", "test", "integration", "demo", "bench", "soak", "image", "clean",
})  # fmt: skip


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    make = shutil.which("make")
    assert make is not None
    # An old-file stamp: a test never rebuilds the environment that it runs in.
    command = [make, "--no-print-directory", "-o", ".venv/.made", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_make_lists_every_target_by_default() -> None:
    listed = set(re.findall(r"^  ([a-z]+) +\S", _make().stdout, flags=re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text()
    defined = set(re.findall(r"^([a-z]+):(?!=)", makefile, flags=re.MULTILINE))
    assert listed >= defined | PROMISED_TARGETS


SKIPPING = '''"""A test that is skipped."""
import pytest


def test_skipped() -> None:
    pytest.skip("no reason")
'''


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_skipped_test_fails_the_session_under_ci(
    tmp_path: Path, ci: str, status: int
) -> None:
    (tmp_path / "conftest.py").write_bytes((ROOT / "conftest.py").read_bytes())
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={"CI": ci, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == status, outcome.stdout
