"""A stream whose last bytes are refused where it is not what it should be."""

from __future__ import annotations

import io

import pytest

from application.errors import DigestMismatch
from application.verified import verified
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest

DATA = bytes(range(256)) * 40
IS = Descriptor(media_type="", digest=Digest.of(DATA), size=len(DATA))


@pytest.mark.parametrize("size", [1000, len(DATA), len(DATA) + 1, -1])
def test_what_is_right_is_read_to_its_end(size: int) -> None:
    source = io.BytesIO(DATA)
    with verified(source, IS, "here") as stream:
        read = b"".join(iter(lambda: stream.read(size), b""))
    assert read == DATA
    assert source.closed


def test_a_reader_in_pieces_gets_the_bytes_too() -> None:
    with verified(io.BytesIO(DATA), IS, "here") as stream:
        assert io.BufferedReader(stream, 100).read() == DATA  # type: ignore[type-var]


@pytest.mark.parametrize("wrong", [b"x" + DATA[1:], DATA[:-1] + b"x", DATA + b"x"])
def test_damage_is_told_at_the_last_byte_with_its_place(wrong: bytes) -> None:
    stream = verified(io.BytesIO(wrong), IS, "here")
    assert stream.read(len(DATA) - 1) == wrong[: len(DATA) - 1]
    with pytest.raises(DigestMismatch) as told:
        stream.read(2)
    assert told.value.place == "here"
    assert str(IS.digest) in told.value.message


def test_an_early_end_is_the_reader_s_to_find() -> None:
    assert verified(io.BytesIO(DATA[:5]), IS, "here").read() == DATA[:5]


def test_it_cannot_be_moved_in() -> None:
    """What is skipped would not be hashed."""
    assert not verified(io.BytesIO(DATA), IS, "here").seekable()
