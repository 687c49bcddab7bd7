"""Reading a layer: verification, damage, early ends."""

from __future__ import annotations

import threading

import pytest

from adapters.archive.layer_reader import LayerReader, read_index, verified_tar
from application.errors import DigestMismatch
from domain.errors import InvalidLayer
from domain.image.digest import Digest
from tests.support.archives import file, layer, layer_of_tar, tar


def test_a_wrong_diff_id_is_an_error() -> None:
    made = layer(file("a"))
    with pytest.raises(DigestMismatch, match="diff ID"):
        read_index(made.open(), Digest.of(b"other"))


def test_trailing_bytes_count_for_the_diff_id() -> None:
    made = layer_of_tar(tar(file("a")) + bytes(3000) + b"rest")
    assert list(read_index(made.open(), made.diff_id).entries) == ["a"]


def test_a_truncated_blob_is_an_invalid_layer() -> None:
    made = layer(file("a", b"x" * 9000))
    broken = made._replace(blob=made.blob[:-20])
    with pytest.raises(InvalidLayer):
        read_index(broken.open(), made.diff_id)


def test_what_is_no_archive_is_an_invalid_layer() -> None:
    made = layer_of_tar(b"no archive " * 100)
    with pytest.raises(InvalidLayer):
        read_index(made.open(), made.diff_id)


def test_threads_end_when_the_parser_fails() -> None:
    made = layer_of_tar(tar(file("../x")) + bytes(30 << 20))
    before = set(threading.enumerate())
    with pytest.raises(InvalidLayer):
        read_index(made.open(), made.diff_id)
    assert set(threading.enumerate()) <= before


def test_content_is_given_once_and_digested_even_when_left() -> None:
    made = layer(file("a", b"one"), file("b", b"two"))
    with verified_tar(made.open(), made.diff_id) as chunks:
        reader = LayerReader(chunks)
        read = [b"".join(reader.content()) for _ in zip(reader, "ab", strict=False)]
        assert b"".join(reader.content()) == b""
        list(reader)
    assert read == [b"one", b"two"]
    assert reader.rows.index().entries["b"].sha256 == Digest.of(b"two").hex
