"""Digests: the names of content (OCI image specification, "Digests").

A value and its rendering; streams are hashed by whoever reads them, with a hash
object from `Digest.new_hash`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Protocol, Self

from domain.errors import InvalidDigest
from domain.values import dataclass

HEX_LENGTHS = {"sha256": 64, "sha512": 128}
"""Known algorithms with the length of their digests in hexadecimal digits."""

_HEX = re.compile(r"[0-9a-f]+")


class Hash(Protocol):
    """The part of a `hashlib` object that readers of streams need."""

    @property
    def name(self) -> str:
        """Name of the algorithm."""

    def update(self, data: bytes, /) -> None:
        """Take in the next bytes."""

    def hexdigest(self) -> str:
        """Return the digest so far."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of some bytes.

    Attributes:
        algorithm: "sha256" or "sha512".
        hex: Lower-case hexadecimal digits.
    """

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `algorithm:hex`.

        Raises:
            InvalidDigest: The algorithm is unknown, or the digits are not its.
        """
        algorithm, colon, digits = text.partition(":")
        if not colon:
            raise InvalidDigest(
                f"not a digest: {text[:200]!r}", hint="write it as sha256:<64 digits>"
            )
        length = HEX_LENGTHS.get(algorithm)
        if length is None:
            raise InvalidDigest(
                f"unknown digest algorithm {algorithm[:200]!r}",
                hint=f"known are {' and '.join(HEX_LENGTHS)}",
            )
        if len(digits) != length or not _HEX.fullmatch(digits):
            raise InvalidDigest(
                f"{algorithm} digest is not {length} lower-case hexadecimal digits: "
                f"{digits[:200]!r}",
                hint="copy the whole digest, or name a tag instead",
            )
        return cls(algorithm, digits)

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Return the sha256 digest of bytes."""
        return cls("sha256", hashlib.sha256(data).hexdigest())

    @classmethod
    def of_hash(cls, digest: Hash) -> Self:
        """Return what a hash object has come to."""
        return cls(digest.name, digest.hexdigest())

    @property
    def short(self) -> str:
        """The first twelve digits, as docker shows digests to people."""
        return self.hex[:12]

    def new_hash(self) -> Hash:
        """Return a fresh hash object of this digest's algorithm."""
        return hashlib.new(self.algorithm)

    def matches(self, data: bytes) -> bool:
        """Return whether this is the digest of the bytes."""
        digest = self.new_hash()
        digest.update(data)
        return digest.hexdigest() == self.hex

    def __str__(self) -> str:
        """Render `algorithm:hex`."""
        return f"{self.algorithm}:{self.hex}"
