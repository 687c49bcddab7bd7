"""Streams whose reading is told to the reporter."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import BinaryIO, cast

from application.passed_on import PassedOnStream
from application.ports.reporter import Activity, Reporter


def followed(stream: BinaryIO, activity: Activity, reporter: Reporter) -> BinaryIO:
    """Return a stream that tells what is read of another, until it is closed.

    Args:
        stream: The other; owned by the result, and closed with it.
        activity: What reading it is good for.
        reporter: Is told.
    """
    return cast("BinaryIO", _FollowedStream(stream, activity, reporter))


class _FollowedStream(PassedOnStream):
    def __init__(
        self, stream: BinaryIO, activity: Activity, reporter: Reporter
    ) -> None:
        super().__init__(stream)
        with ExitStack() as opened:
            opened.callback(stream.close)
            self._progress = opened.enter_context(reporter.activity(activity))
            self._opened = opened.pop_all()

    def seen(self, data: bytes) -> None:
        self._progress.advance(len(data))

    def seekable(self) -> bool:
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def close(self) -> None:
        super().close()
        self._opened.close()
