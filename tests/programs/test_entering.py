"""Entering namespaces, tried in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.busybox_root import SLEEP, alive, gone, make_root, paths_in

REPOSITORY = str(Path(__file__).parents[2])

PRELUDE = """
import os, sys
from pathlib import Path
from adapters.isolation.choice import Choice
from adapters.isolation.entering import enter, runner_for
from adapters.isolation.probes import MachineProbes
from adapters.isolation.system_calls import PR_CAPBSET_DROP, mount, prctl
from adapters.isolation.system_calls import set_capabilities
from application.errors import IsolationUnavailable
from application.ports.process import ProcessSpec
work, root = sys.argv[1:]
def write(stream, data):
    os.write(1 if stream == "stdout" else 2, data)
def run(choice, script, uid=5, gid=6):
    process = ProcessSpec(
        argv=("sh", "-c", script), environment=(("PATH", "/bin"),), uid=uid, gid=gid
    )
    return runner_for(choice, work).run(process, root, write)
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    return [str(tmp_path / "work"), str(make_root(tmp_path / "root"))]


def python(script: str, arguments: list[str]) -> str:
    """Run a script on our code and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + script, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


@pytest.mark.parametrize("users", [False, True])
def test_mounts_made_afterwards_are_seen_by_nobody_else(
    arguments: list[str], tmp_path: Path, *, users: bool
) -> None:
    script = f"""
enter(Choice(isolation="namespaces", user_namespace={users}))
mount("tmpfs", root + "/tmp", "tmpfs")
Path(root, "tmp/inside").touch()
status = run(Choice(isolation="namespaces"), "ls /tmp; id -u; id -g")
uids = Path("/proc/self/uid_map").read_text().split()
print(status, uids == "0 0 4294967295".split())
"""
    assert python(script, arguments).splitlines() == ["inside", "5", "6", "0 True"]
    assert list((tmp_path / "root/tmp").iterdir()) == []


def test_in_an_ordinary_container_proc_and_sys_are_the_builders_and_read_only(
    arguments: list[str],
) -> None:
    """There the kernel refuses new ones, because parts of /proc are hidden."""
    script = """
from adapters.isolation.system_calls import MS_BIND
enter(Choice(isolation="namespaces"))
mount("/dev/null", "/proc/keys", "", MS_BIND)
enter(Choice(isolation="namespaces", user_namespace=True))
pid = os.getpid()
status = run(
    Choice(isolation="namespaces"),
    f"grep -c . /proc/self/status >/dev/null && echo own; ls -d /proc/{pid};"
    f"cat /proc/{pid}/environ /proc/{pid}/root/etc/passwd 2>/dev/null || echo closed;"
    "(echo 1 >/proc/sys/kernel/panic) 2>/dev/null || echo locked;"
    "mkdir /sys/fs/cgroup/x 2>/dev/null || echo locked",
    uid=0, gid=0
)
print(status, pid)
"""
    *lines, last = python(script, arguments).splitlines()
    status, pid = last.split()
    assert lines == ["own", f"/proc/{pid}", "closed", "locked", "locked"]
    assert status == "0"


def test_without_capabilities_a_run_is_refused_with_the_reason(
    arguments: list[str],
) -> None:
    """And so is entering; nothing is left in the root."""
    script = """
for number in range(41):
    prctl(PR_CAPBSET_DROP, number)
set_capabilities(0)
for name in ("namespaces", "chroot"):
    choice = Choice(isolation=name)
    try:
        run(choice, "true")
    except IsolationUnavailable as error:
        print(error)
try:
    enter(Choice(isolation="namespaces"))
except IsolationUnavailable as error:
    print(error)
print(MachineProbes(force=False).namespaces.reason)
"""
    lines = python(script, arguments).splitlines()
    assert lines[0].startswith("isolation namespaces: the machine refuses")
    assert "unshare: Operation not permitted" in lines[0]
    assert lines[1].startswith("isolation chroot: the machine refuses")
    assert "chroot: Operation not permitted" in lines[1]
    assert lines[2] == "cannot enter namespaces: Operation not permitted"
    assert lines[3] == "no CAP_SYS_ADMIN"
    assert paths_in(Path(arguments[1])) == set()


@pytest.mark.parametrize("isolation", ["namespaces", "chroot"])
def test_a_builder_that_is_killed_takes_its_processes_with_it(
    arguments: list[str], isolation: str
) -> None:
    script = f"""
run(Choice(isolation={isolation!r}), "(setsid sleep {SLEEP} &); echo up; sleep {SLEEP}")
"""
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
    ) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"up\n"
        os.kill(builder.pid, signal.SIGKILL)
    assert gone(SLEEP)


def test_a_launcher_that_waits_ends_with_the_builder(
    arguments: list[str],
) -> None:
    """Its parent's number, which it is given, is in its command line."""
    script = """
runner_for(Choice(isolation="chroot"), work).expect()
os.write(1, b"up\\n")
os.read(0, 1)
"""
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"up\n"
        assert _heeds_no_sigterm(str(builder.pid))
        os.kill(builder.pid, signal.SIGKILL)
    assert gone(str(builder.pid))


def _heeds_no_sigterm(marker: str) -> bool:
    """Wait for a process to block SIGTERM, as one that waits for its orders does."""
    for _ in range(1000):
        for number in alive(marker):
            status = Path(f"/proc/{number}/status").read_text()
            blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
            if blocked >> (signal.SIGTERM - 1) & 1:
                return True
        time.sleep(0.01)
    return False
