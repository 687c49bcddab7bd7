"""Digests are parsed strictly and rendered as they were written."""

from __future__ import annotations

import hashlib

import pytest

from domain.errors import InvalidDigest
from domain.image.digest import Digest

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("text", [EMPTY, f"sha512:{'0' * 128}"])
def test_a_digest_is_rendered_as_it_was_written(text: str) -> None:
    assert str(Digest.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256:",
        EMPTY.upper(),
        EMPTY[:-1],
        EMPTY + "0",
        EMPTY.replace("e3", "g3"),
        f"md5:{'0' * 32}",
        f"sha512:{'0' * 64}",
        f"sha256:../{'0' * 61}",
        f"sha256:{'٣' * 64}",
    ],
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(InvalidDigest):
        Digest.parse(text)


def test_bytes_are_hashed_with_sha256() -> None:
    assert str(Digest.of(b"")) == EMPTY


def test_a_hash_object_gives_its_digest() -> None:
    assert Digest.of_hash(hashlib.sha512(b"x")) == Digest(
        "sha512", hashlib.sha512(b"x").hexdigest()
    )


def test_bytes_are_compared_by_the_digest_s_own_algorithm() -> None:
    digest = Digest("sha512", hashlib.sha512(b"x").hexdigest())
    assert digest.matches(b"x")
    assert not digest.matches(b"y")
