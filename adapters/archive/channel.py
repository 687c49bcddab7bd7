"""Runs one step of a stream in a thread of its own.

`background` is the only place where archives know of threads: steps are plain
generators, and a chain of them becomes a pipeline by wrapping some of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread

DEPTH = 4
"""Chunks a step may be ahead of its reader."""


class _Channel:
    """A bounded queue of chunks with an end, an error and an early close."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._chunks: deque[bytes] = deque()
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None

    def fill(self, chunks: Iterable[bytes]) -> None:
        """Put all chunks (the thread's work); stops when the reader closed."""
        try:
            for chunk in chunks:
                if not self._put(chunk):
                    break
        except BaseException as error:  # noqa: BLE001 - raised again by the reader
            self._end(error)
        else:
            self._end(None)

    def __iter__(self) -> Iterator[bytes]:
        while (chunk := self._get()) is not None:
            yield chunk

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._chunks.clear()
            self._condition.notify_all()

    def _put(self, chunk: bytes) -> bool:
        with self._condition:
            self._condition.wait_for(lambda: self._closed or len(self._chunks) < DEPTH)
            self._chunks.append(chunk)
            self._condition.notify_all()
            return not self._closed

    def _get(self) -> bytes | None:
        with self._condition:
            self._condition.wait_for(lambda: self._chunks or self._ended)
            if self._chunks:
                chunk = self._chunks.popleft()
                self._condition.notify_all()
                return chunk
            if self._error is not None:
                raise self._error
            return None

    def _end(self, error: BaseException | None) -> None:
        with self._condition:
            self._ended = True
            self._error = error
            self._condition.notify_all()


@contextmanager
def background(chunks: Iterable[bytes]) -> Iterator[Iterator[bytes]]:
    """Produce chunks in a daemon thread, a few ahead of whoever reads them.

    An error of the producer is raised to the reader after the chunks before it.
    A reader that leaves early stops the producer, which is waited for: what the
    producer reads from may be closed afterwards.

    Args:
        chunks: Iterated in the thread only.
    """
    channel = _Channel()
    thread = Thread(target=channel.fill, args=(chunks,), daemon=True)
    thread.start()
    try:
        yield iter(channel)
    finally:
        channel.close()
        thread.join()
