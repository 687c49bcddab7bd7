"""Probes answer truthfully and leave the process as it was."""

import errno
import os
from pathlib import Path

from adapters.isolation.identity_map import identity
from adapters.isolation.probes import MachineProbes, attempt


def _refused() -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), "mount /")


def test_what_works_is_possible() -> None:
    probe = attempt(lambda: None)
    assert probe.possible
    assert probe.reason == ""


def test_what_is_refused_is_impossible_with_the_kernels_reason() -> None:
    probe = attempt(_refused)
    assert not probe.possible
    assert probe.reason == "mount /: Operation not permitted"


def test_a_probe_that_is_killed_is_impossible() -> None:
    probe = attempt(lambda: os.kill(os.getpid(), 9))
    assert not probe.possible
    assert probe.reason == "the probe was killed"


def test_probing_changes_nothing_here() -> None:
    names = [f"/proc/self/ns/{kind}" for kind in ("mnt", "user", "pid", "uts")]
    before = [Path(name).readlink() for name in names]
    probes = MachineProbes(force=True)
    assert all((probes.namespaces, probes.user_namespace, probes.mknod))
    assert [Path(name).readlink() for name in names] == before
    assert probes.chroot.possible  # the tests run as root


def test_whoever_does_not_live_in_the_runtime_never_builds_in_place() -> None:
    """Else the tests would remove the machine they run on."""
    probe = MachineProbes(force=True).in_place
    assert not probe.possible
    assert probe.reason == "the builder does not live in /kaniko"


def test_every_number_stands_for_itself() -> None:
    """Also inside a user namespace, where only some numbers exist."""
    assert identity("         0          0 4294967295\n") == "0 0 4294967295\n"
    assert identity("0 100000 65536\n70000 200000 10\n") == (
        "0 0 65536\n70000 70000 10\n"
    )
