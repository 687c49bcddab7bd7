"""The last steps of the launched process: become the user, become the program.

Runs in the forked child, when the root has been entered already: from here on
there are system calls and an exec, and no import, for the files under / are now
those of an image nobody vouches for.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
from typing import NoReturn

from adapters.isolation.capabilities import limit
from adapters.isolation.orders import Answers, Orders
from adapters.isolation.system_calls import PR_SET_PDEATHSIG, prctl

NOT_FOUND = 127
NOT_EXECUTABLE = 126

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are searched for an image that sets no PATH, as docker does."""

_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}


def become(orders: Orders, answers: Answers, *, strict: bool) -> NoReturn:
    """Turn the calling process into the ordered program. Never returns.

    Args:
        orders: What to run.
        answers: Told when the machine refuses a step.
        strict: Whether capabilities that cannot be given up are a refusal.
    """
    try:
        os.setsid()
        os.umask(0o022)
        if not _enter_directory(orders.working_directory):
            os._exit(NOT_EXECUTABLE)
        _become_user(orders, strict=strict)
        _reset_signals()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except OSError as error:
        answers.refused(f"{error.filename or 'starting the process'}: {error.strerror}")
        os._exit(NOT_EXECUTABLE)
    os._exit(_execute(orders.argv, {pair[0]: pair[1] for pair in orders.environment}))


def _enter_directory(path: str) -> bool:
    try:
        os.makedirs(path, mode=0o755, exist_ok=True)
        os.chdir(path)
    except OSError as error:
        _complain(f"working directory {path}: {error.strerror}")
        return False
    return True


def _become_user(orders: Orders, *, strict: bool) -> None:
    _give_pipes_to(orders.uid)
    if not orders.privileged:
        limit(strict=strict)
    os.setgroups(orders.groups)
    os.setresgid(orders.gid, orders.gid, orders.gid)
    os.setresuid(orders.uid, orders.uid, orders.uid)


def _give_pipes_to(uid: int) -> None:
    """Let the user open /dev/stdout and /dev/stderr, which are our pipes."""
    for descriptor in (1, 2):
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.fchown(descriptor, uid, -1)


def _reset_signals() -> None:
    """Undo what Python ignores (SIGPIPE) and what we block: exec keeps both."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _execute(argv: list[str], environment: dict[str, str]) -> int:
    """Try every candidate of the program; return a status if none will run."""
    failure = errno.ENOENT
    for candidate in _candidates(argv[0], environment.get("PATH", DEFAULT_PATH)):
        try:
            os.execve(candidate, argv, environment)  # noqa: S606 - that is the task
        except OSError as error:
            number = error.errno or errno.EIO
            if number not in _MISSING:
                failure = number
            elif os.path.lexists(candidate):
                _complain(f"{candidate}: its interpreter or loader is missing")
                return NOT_FOUND
            if number not in _MISSING and number != errno.EACCES:
                break
    if failure == errno.ENOENT:
        where = "" if "/" in argv[0] else " in the PATH of the image"
        _complain(f"{argv[0]}: not found{where}")
        return NOT_FOUND
    _complain(f"{argv[0]}: cannot be executed: {os.strerror(failure)}")
    return NOT_EXECUTABLE


def _candidates(program: str, path: str) -> list[str]:
    if "/" in program or not program:
        return [program]
    return [f"{directory or '.'}/{program}" for directory in path.split(":")]


def _complain(message: str) -> None:
    os.write(2, f"kanipy: {message}\n".encode("utf-8", "surrogateescape"))
