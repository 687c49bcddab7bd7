"""Jobs run side by side and give up together."""

from __future__ import annotations

from functools import partial
from threading import Barrier, Event

import pytest

from adapters.registry.parallel import run_parallel


class Trouble(Exception):
    """What a job fails with."""


def test_all_jobs_are_done() -> None:
    done: list[int] = []
    run_parallel([partial(done.append, n) for n in range(20)], 3, Event())
    assert sorted(done) == list(range(20))


def test_jobs_run_at_the_same_time() -> None:
    meeting = Barrier(4)

    def meet() -> None:
        meeting.wait(30)

    run_parallel([meet] * 4, 4, Event())


def test_no_job_is_no_work() -> None:
    run_parallel([], 4, Event())


def test_the_first_failure_stops_the_others() -> None:
    stopped = Event()
    begun: list[int] = []

    def wait_for_the_end() -> None:
        begun.append(1)
        assert stopped.wait(30)

    def fail() -> None:
        raise Trouble

    jobs = [wait_for_the_end, fail, wait_for_the_end, wait_for_the_end]
    with pytest.raises(Trouble):
        run_parallel(jobs, 2, stopped)
    assert len(begun) < 3


def test_an_interruption_of_the_waiting_thread_stops_the_jobs() -> None:
    """A signal handler raises in the thread that waits for the results."""
    stopped = Event()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_parallel([interrupt], 1, stopped)
    assert stopped.is_set()
