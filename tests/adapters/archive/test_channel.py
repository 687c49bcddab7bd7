"""A step of a stream in a thread: order, errors, early ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from adapters.archive.channel import background


def numbers(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield b"%d" % number


def test_chunks_arrive_in_order() -> None:
    with background(numbers(100)) as chunks:
        assert list(chunks) == list(numbers(100))


def test_an_error_of_the_producer_is_raised_after_the_chunks_before_it() -> None:
    def failing() -> Iterator[bytes]:
        yield b"1"
        raise LookupError("no more")

    with background(failing()) as chunks:
        assert next(chunks) == b"1"
        with pytest.raises(LookupError, match="no more"):
            next(chunks)


def test_a_reader_that_leaves_early_stops_the_producer() -> None:
    produced = []

    def endless() -> Iterator[bytes]:
        while True:
            produced.append(1)
            yield b"x"

    before = set(threading.enumerate())
    with background(endless()) as chunks:
        next(chunks)
    assert set(threading.enumerate()) <= before
    assert len(produced) < 20


def test_a_reader_that_fails_stops_a_chain_of_producers() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x"

    def passed_on(chunks: Iterator[bytes]) -> Iterator[bytes]:
        yield from chunks

    before = set(threading.enumerate())

    def fail() -> None:
        with background(endless()) as first, background(passed_on(first)) as second:
            next(second)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert set(threading.enumerate()) <= before
