"""Stages side by side: whose turn it is, and which may begin.

What the builder itself does is done by one stage at a time, so that nothing else
needs to know of the others. A stage gives its turn up while a process of its runs,
or while it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Lock, get_ident

SECONDS_BETWEEN_STOPS = 0.2


class Turns:
    """The turn, which one thread has at a time."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._owner = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the turn, waiting for it; not to be taken twice."""
        with self._turn:
            self._owner = get_ident()
            try:
                yield
            finally:
                self._owner = 0

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Let others have the turn meanwhile; without the turn, do nothing."""
        if self._owner != get_ident():
            yield
            return
        self._owner = 0
        self._turn.release()
        try:
            yield
        finally:
            self._turn.acquire()
            self._owner = get_ident()


class SideBySide:
    """Does pieces of work, each after those that it needs.

    Args:
        turns: Each piece has the turn.
        jobs: How many are begun at once.
        stop: Asks pieces that are under way to end; called until they have.
    """

    def __init__(self, turns: Turns, jobs: int, stop: Callable[[], None]) -> None:
        self._turns = turns
        self._jobs = jobs
        self._stop = stop

    def run(
        self, needs: Mapping[int, frozenset[int]], work: Callable[[int], object]
    ) -> None:
        """Do all work; what can be begun is begun in the order of its numbers.

        Where nothing else could be done meanwhile, a piece is done in the thread that
        asks, which is the one that signals reach.

        Args:
            needs: The pieces, each with those it comes after.
            work: Does one.

        Raises:
            Exception: What the first piece that failed raised; the others have ended.
        """
        left = dict(sorted(needs.items()))
        under_way: dict[Future[None], int] = {}

        def ready() -> list[int]:
            begun = under_way.values()
            return [
                number
                for number, needed in left.items()
                if number not in begun and not needed & left.keys()
            ]

        with ThreadPoolExecutor(self._jobs, thread_name_prefix="stage") as pool:
            try:
                while left:
                    numbers = ready()
                    if len(numbers) == 1 and not under_way:
                        self._do(numbers[0], work)
                        del left[numbers[0]]
                        continue
                    for number in numbers[: self._jobs - len(under_way)]:
                        under_way[pool.submit(self._do, number, work)] = number
                    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                        del left[under_way.pop(future)]
                        future.result()
            except BaseException:
                self._end(under_way)
                raise

    def _do(self, number: int, work: Callable[[int], object]) -> None:
        with self._turns.taken():
            work(number)

    def _end(self, under_way: Mapping[Future[None], int]) -> None:
        """See what is under way to its end; how it ends is of no interest any more."""
        for future in under_way:
            future.cancel()
        while wait(under_way, timeout=SECONDS_BETWEEN_STOPS).not_done:
            self._stop()
