"""Git is looked for when a Dockerfile names a repository, and not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DOWNLOADS = "FROM scratch\nADD http://127.0.0.1:1/x /x\n"
REPOSITORY = "FROM scratch\nADD http://127.0.0.1:1/r.git /x\n"
PROGRAM = """
import sys
from entrypoints.executor import main
try:
    main(sys.argv[1:])
finally:
    print("git" in sys.modules, file=sys.stderr)
"""


def error_of(directory: Path, dockerfile: str, path: str) -> list[str]:
    """Build without a git but where `path` has one; return what is said last."""
    (directory / "Dockerfile").write_text(dockerfile)
    done = subprocess.run(
        [
            *(sys.executable, "-c", PROGRAM, f"--context={directory}", "--no-push"),
            *(f"--kaniko-dir={directory / 'work'}", "--log-format=text"),
            f"--oci-layout-path={directory / 'image'}",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": path},
    )
    return done.stderr.splitlines()[-3:]


def test_an_address_of_a_file_needs_no_git(tmp_path: Path) -> None:
    error, _, imported = error_of(tmp_path, DOWNLOADS, path="/nonexistent")
    assert "cannot be downloaded" in error
    assert imported == "False"


@pytest.mark.parametrize(
    ("path", "message", "remedy"),
    [
        ("/nonexistent", "the program git cannot be found", "install git"),
        ("/usr/bin:/bin", "the host cannot be reached", "check the host"),
    ],
)
def test_a_repository_needs_git(
    tmp_path: Path, path: str, message: str, remedy: str
) -> None:
    error, hint, _ = error_of(tmp_path, REPOSITORY, path)
    assert error.startswith("Error: Dockerfile:2: ")
    assert message in error
    assert remedy in hint
