"""A build loads the packages it uses; each of the others costs it start-up time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from entrypoints.executor import main
status = main(sys.argv[1:])
print("modules", *sys.modules, file=sys.stderr)
sys.exit(status)
"""
SDKS = {"azure", "boto3", "botocore", "git", "google.cloud"}
HTTP = {"requests", "urllib3"}


def modules_of_a_build(directory: Path, *flags: str) -> set[str]:
    """Build a Dockerfile that needs no server; return what was imported."""
    (directory / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    work = (f"--context={directory}", f"--kaniko-dir={directory / 'work'}")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *work, "--no-push", *flags],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_a_build_without_servers_loads_nothing_that_speaks_to_them(
    tmp_path: Path,
) -> None:
    loaded = modules_of_a_build(tmp_path, f"--oci-layout-path={tmp_path / 'image'}")
    assert loaded > {"adapters.storage.oci_layout", "isal"}
    assert not loaded & (SDKS | HTTP)
    assert "adapters.credentials.chain" not in loaded
