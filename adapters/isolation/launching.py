"""Starts launchers, passes their output on, and sees them to their end.

Knows processes and pipes, not isolation. Used by all runners.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, get_ident
from typing import NamedTuple

from adapters.isolation.interruption import Interruption
from adapters.isolation.orders import Orders, Outcome
from application.errors import IsolationUnavailable
from application.ports.process import OnOutput, ProcessSpec

CHUNK = 1 << 16
SECONDS_TO_STOP = 10

_CODE_DIRECTORY = str(Path(__file__).resolve().parents[2])

_START = (
    "import sys;sys.path.append(sys.argv[1]);"
    "from adapters.isolation.launcher import main;main(sys.argv[2:])"
)

_REMEDY = "try --isolation=chroot, or give the builder what the message names"


class _Launcher(NamedTuple):
    """A launcher that was started.

    Attributes:
        process: Itself.
        orders: Descriptor that it reads its orders from, to be closed after them.
        answers: Descriptor of its answers.
    """

    process: subprocess.Popen[bytes]
    orders: int
    answers: int


class Launchers:
    """Starts a launcher for each process, ahead of time where one is expected.

    A launcher ends with the thread that started it (PR_SET_PDEATHSIG), so that each
    thread has its own.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[int, _Launcher] = {}
        self._active: set[Interruption] = set()

    def expect(self) -> None:
        """Start a launcher that will wait for its orders, unless one waits already.

        Raises:
            IsolationUnavailable: None can be started.
        """
        if get_ident() not in self._waiting:
            self._waiting[get_ident()] = _start()

    def stop(self) -> None:
        """Stop the processes that run, as a signal would."""
        with self._lock:
            for interruption in self._active:
                interruption.note(signal.SIGTERM, None)

    def close(self) -> None:
        """End the launchers that wait. Idempotent."""
        while self._waiting:
            _, launcher = self._waiting.popitem()
            os.close(launcher.orders)
            os.close(launcher.answers)
            _kill(launcher.process)

    def launch(
        self, orders: Orders, on_output: OnOutput, interruption: Interruption
    ) -> int:
        """Run the ordered process; when this returns or raises none of it is left.

        Args:
            orders: What to run.
            on_output: Receives its output.
            interruption: Stops it.

        Raises:
            IsolationUnavailable: The machine refuses what the isolation needs.
            Interrupted: A signal asked to stop, or `stop` did.
        """
        launcher = self._waiting.pop(get_ident(), None) or _start()
        try:
            with self._stoppable(interruption):
                _order(launcher, orders)
                outcome = _Pump(launcher, on_output).run(interruption)
        finally:
            _end(launcher.process)
            os.close(launcher.answers)
        return _status(outcome, orders, launcher.process.returncode)

    @contextmanager
    def _stoppable(self, interruption: Interruption) -> Iterator[None]:
        with self._lock:
            self._active.add(interruption)
        try:
            yield
        finally:
            with self._lock:
                self._active.remove(interruption)


def orders_for(process: ProcessSpec, isolation: str, root: str) -> Orders:
    """Return the orders for a process in a root, without any mounts."""
    return Orders(
        isolation=isolation,
        root=root,
        argv=list(process.argv),
        environment=[list(pair) for pair in process.environment],
        working_directory=process.working_directory,
        uid=process.uid,
        gid=process.gid,
        groups=list(process.groups),
        has_network=process.has_network,
        privileged=process.privileged,
    )


def _status(outcome: Outcome, orders: Orders, returncode: int) -> int:
    """Return the exit status of the process, if there was one."""
    if outcome.refusal:
        raise IsolationUnavailable(
            f"the machine refuses to run a process: {outcome.refusal}",
            place=f"isolation {orders.isolation}",
            hint=_REMEDY,
        )
    if outcome.status is None:
        raise IsolationUnavailable(
            f"the launcher ended early (status {returncode})",
            place=f"isolation {orders.isolation}",
            hint="see its message above, if there is one; was memory short?",
        )
    return outcome.status


def _start() -> _Launcher:
    orders_end, orders = os.pipe()
    answers, answers_end = os.pipe()
    arguments = [_CODE_DIRECTORY, str(orders_end), str(answers_end), str(os.getpid())]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", _START, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env=_environment(),
            pass_fds=(orders_end, answers_end),
            start_new_session=True,
        )
    except OSError as error:
        os.close(orders)
        os.close(answers)
        raise IsolationUnavailable(
            f"the launcher cannot be started: {error.strerror}"
        ) from error
    finally:
        os.close(orders_end)
        os.close(answers_end)
    return _Launcher(process, orders, answers)


def _order(launcher: _Launcher, orders: Orders) -> None:
    try:
        with os.fdopen(launcher.orders, "wb") as pipe:
            pipe.write(orders.to_json())
    except BrokenPipeError:
        pass  # it has ended already, and says why


def _environment() -> dict[str, str]:
    """Return what our interpreter may need to load; nothing of it reaches RUN."""
    wanted = "LD_LIBRARY_PATH"
    return {wanted: os.environ[wanted]} if wanted in os.environ else {}


def _end(launcher: subprocess.Popen[bytes]) -> None:
    """See the launcher to its end; told to stop, it kills what it started."""
    try:
        if launcher.poll() is None:
            launcher.terminate()
            launcher.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _kill(launcher)


def _kill(launcher: subprocess.Popen[bytes]) -> None:
    launcher.kill()
    launcher.wait()
    for pipe in (launcher.stdout, launcher.stderr):
        if pipe is not None:
            pipe.close()


class _Pump:
    """Passes output on until the launcher has answered for the last time."""

    def __init__(self, launcher: _Launcher, on_output: OnOutput) -> None:
        process = launcher.process
        self._answers = launcher.answers
        self._said = bytearray()
        self._on_output = on_output
        self._streams = {
            pipe.fileno(): name
            for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr))
            if pipe is not None
        }

    def run(self, interruption: Interruption) -> Outcome:
        """Read all pipes until the launcher closes the one of its answers.

        The output pipes are not waited for: somebody may have passed them on to
        a process that is none of ours.

        Raises:
            Interrupted: A signal asked to stop.
        """
        with selectors.DefaultSelector() as selector:
            for descriptor in (*self._streams, self._answers):
                os.set_blocking(descriptor, False)
                selector.register(descriptor, selectors.EVENT_READ)
            selector.register(interruption.descriptor, selectors.EVENT_READ)
            while self._answers in selector.get_map():
                for key, _ in selector.select():
                    if key.fd == interruption.descriptor:
                        interruption.happened()
                    elif not self._read(key.fd):
                        selector.unregister(key.fd)
        for descriptor in self._streams:
            while self._read(descriptor):
                pass
        return Outcome.parse(bytes(self._said))

    def _read(self, descriptor: int) -> bool:
        """Pass one piece on; return whether there may be more."""
        try:
            piece = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return False
        if descriptor == self._answers:
            self._said += piece
        elif piece:
            self._on_output(self._streams[descriptor], piece)
        return bool(piece)
