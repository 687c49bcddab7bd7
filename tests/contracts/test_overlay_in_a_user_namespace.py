"""The overlay keeps its contract where its attributes are the user's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_contract_of_root_file_systems_holds_in_a_user_namespace() -> None:
    """There trusted.* attributes are refused and `userxattr` takes their place."""
    namespace = str(ROOT / "tests" / "support" / "user_namespace.py")
    suite = str(ROOT / "tests" / "contracts" / "test_root_filesystem.py")
    options = ["-q", "-k", "overlay", "-p", "no:randomly", "-p", "no:cacheprovider"]
    command = [sys.executable, namespace, sys.executable, "-m", "pytest", suite]
    done = subprocess.run(
        command + options, cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
