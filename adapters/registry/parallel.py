"""Running a few jobs side by side, giving up together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread

GRACE = 5.0
"""Seconds that unfinished jobs get to end after a failure. Their threads are
daemons: a server that never answers cannot keep the program alive."""

Job = Callable[[], None]


def run_parallel(jobs: Sequence[Job], workers: int, stopped: Event) -> None:
    """Run jobs in threads until all have ended or one has failed.

    Args:
        jobs: What to run, begun in this order.
        workers: Threads at most.
        stopped: Set when the others shall give up: after a failure, or when
            this thread is interrupted; running jobs should look at it.

    Raises:
        BaseException: What the first failing job raised.
    """
    pending: SimpleQueue[Job] = SimpleQueue()
    results: SimpleQueue[BaseException | None] = SimpleQueue()
    for job in jobs:
        pending.put(job)
    threads = [
        Thread(target=_work, args=(pending, results, stopped), daemon=True)
        for _ in range(min(workers, len(jobs)))
    ]
    try:
        for thread in threads:
            thread.start()
        for _ in jobs:
            error = results.get()
            if error is not None:
                raise error
    finally:
        stopped.set()
        _join(threads)


def _work(
    pending: SimpleQueue[Job],
    results: SimpleQueue[BaseException | None],
    stopped: Event,
) -> None:
    while not stopped.is_set():
        try:
            job = pending.get_nowait()
        except Empty:
            return
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - raised again by run_parallel
            results.put(error)
        else:
            results.put(None)


def _join(threads: Sequence[Thread]) -> None:
    deadline = time.monotonic() + GRACE
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline - time.monotonic()))
