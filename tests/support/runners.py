"""The runners that start real processes, for the tests of what they do."""

from __future__ import annotations

from pathlib import Path

from adapters.isolation.chroot import chroot_runner
from adapters.isolation.namespaces import NamespaceRunner
from application.ports.process import ProcessRunner

REAL_RUNNERS = ("namespaces", "chroot")


def make_runner(isolation: str, directory: Path) -> ProcessRunner:
    """Return one of `REAL_RUNNERS`, with its work files below a directory."""
    work = str(directory / "work")
    if isolation == "namespaces":
        return NamespaceRunner(work)
    return chroot_runner(work, device_nodes=True)
