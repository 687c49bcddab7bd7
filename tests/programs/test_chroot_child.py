"""Nothing that a RUN started is left, or it is said that something is."""

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.isolation.capabilities import DEFAULT

REPOSITORY = str(Path(__file__).parents[2])
ANOTHER_USER = "65000"
HANGS = 60
"""Seconds after which a program that should have ended does not end."""

PROGRAM = """
import os, signal, sys
from adapters.isolation.chroot_child import kill_all_children
from adapters.isolation.system_calls import PR_SET_PDEATHSIG, prctl, set_capabilities
user, *given_up = (int(word) for word in sys.argv[1:])
ready, say_ready = os.pipe()
child = os.fork()
if child == 0:
    os.setresuid(user, user, user)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.alarm(5)  # for where the parent's death may not kill it either
    os.closerange(0, 3)
    os.write(say_ready, b"!")
    signal.pause()
os.read(ready, 1)
set_capabilities(~sum(1 << number for number in given_up))
try:
    kill_all_children(seconds=0.1)
except OSError as error:
    print(f"{error.filename}: {error.strerror};", end="")
print("left" if os.path.exists(f"/proc/{child}") else "ended")
"""


def what_becomes_of_a_child(user: str, *given_up: str) -> str:
    """Kill a child of a user without some capabilities; return what is said."""
    words = [user, *(str(DEFAULT[name]) for name in given_up)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=HANGS,
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("user", "given_up"), [("0", ("KILL", "SETUID")), (ANOTHER_USER, ("KILL",))]
)
def test_a_process_is_killed_as_whoever_may(
    user: str, given_up: tuple[str, ...]
) -> None:
    assert what_becomes_of_a_child(user, *given_up) == "ended"


def test_a_process_that_nobody_may_kill_is_not_waited_for_without_end() -> None:
    said = what_becomes_of_a_child(ANOTHER_USER, "KILL", "SETUID")
    assert said == "a process that RUN left: does not end;left"
