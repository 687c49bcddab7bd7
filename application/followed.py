"""Streams whose reading is told to the reporter."""

from __future__ import annotations

import io
from contextlib import ExitStack, closing
from typing import BinaryIO, cast

from application.ports.reporter import Activity, Reporter


def followed(stream: BinaryIO, activity: Activity, reporter: Reporter) -> BinaryIO:
    """Return a stream that tells what is read of another, until it is closed.

    Args:
        stream: The other; owned by the result, and closed with it.
        activity: What reading it is good for.
        reporter: Is told.
    """
    return cast("BinaryIO", _FollowedStream(stream, activity, reporter))


class _FollowedStream(io.RawIOBase):
    def __init__(
        self, stream: BinaryIO, activity: Activity, reporter: Reporter
    ) -> None:
        self._stream = stream
        with ExitStack() as opened:
            opened.enter_context(closing(stream))
            self._progress = opened.enter_context(reporter.activity(activity))
            self._opened = opened.pop_all()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._stream.read(-1 if size is None else size)
        self._progress.advance(len(data))
        return data

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: object) -> int:
        with memoryview(cast("bytearray", buffer)) as view:
            data = self.read(len(view))
            view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._opened.close()
