"""A stream over parts of any size reads as much as it is asked for."""

from __future__ import annotations

import random

import pytest

from adapters.http.messages import CHUNK
from adapters.registry.blob_stream import stream_of

DATA = random.Random(1).randbytes(3 * CHUNK + 12_345)


class Parts:
    """Gives a few bytes at a time, or as many as are wanted."""

    def __init__(self, most: int) -> None:
        self._most, self._position = most, 0
        self.closed = 0

    def read(self, size: int) -> bytes:
        data = DATA[self._position :][: min(size, self._most)]
        self._position += len(data)
        return data

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("most", [100_000, 10 * CHUNK])
@pytest.mark.parametrize("size", [1000, 65_536, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_reads_are_as_long_as_they_were_asked_for(most: int, size: int) -> None:
    with stream_of(Parts(most)) as stream:
        read = []
        while data := stream.read(size):
            read.append(data)
    assert b"".join(read) == DATA
    assert {len(data) for data in read[:-1]} <= {size}


@pytest.mark.parametrize("most", [7_001, 10 * CHUNK])
def test_small_and_large_reads_can_be_mixed(most: int) -> None:
    with stream_of(Parts(most)) as stream:
        start, target = stream.read(10), bytearray(2 * CHUNK)
        count = stream.readinto(target)  # type: ignore[attr-defined]
        assert stream.read(0) == b""
        assert start + target[:count] + stream.read() == DATA
        assert (stream.read(), stream.read(5)) == (b"", b"")


def test_parts_are_closed_with_the_stream() -> None:
    parts = Parts(10)
    stream_of(parts).close()
    assert parts.closed >= 1
