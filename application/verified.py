"""A stream that finds out whether it is what its digest promises.

For blobs that are passed on as they are read: whoever receives them finds damage too,
but cannot tell where it comes from.
"""

from __future__ import annotations

from typing import BinaryIO, cast

from application.errors import DigestMismatch
from application.passed_on import PassedOnStream
from domain.image.descriptor import Descriptor


def verified(stream: BinaryIO, descriptor: Descriptor, place: str) -> BinaryIO:
    """Return a stream that reads another from its start, and refuses its last bytes.

    Reading the last of them raises `DigestMismatch` where all together are not the
    descriptor's; so does reading more. What ends early is the reader's to find out.

    Args:
        stream: The other; owned by the result, and closed with it.
        descriptor: What it should be.
        place: Where it comes from, for the message.
    """
    return cast("BinaryIO", _VerifiedStream(stream, descriptor, place))


class _VerifiedStream(PassedOnStream):
    def __init__(self, stream: BinaryIO, descriptor: Descriptor, place: str) -> None:
        super().__init__(stream)
        self._descriptor = descriptor
        self._place = place
        self._hash = descriptor.digest.new_hash()
        self._count = 0

    def seen(self, data: bytes) -> None:
        self._hash.update(data)
        self._count += len(data)
        if self._count >= self._descriptor.size:
            self._verify()

    def _verify(self) -> None:
        if self._hash.hexdigest() != self._descriptor.digest.hex:
            raise DigestMismatch(
                f"the bytes of {self._descriptor.digest} are not what this digest "
                "promises",
                place=self._place,
                hint="it is damaged there: write or push it again",
            )
