"""Port: the layers of a build, spooled in its work directory.

A layer that was written or fetched stays readable until the end of the build,
so that it can be unpacked, read member by member, pushed and exported without
being fetched or made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import BinaryIO, Protocol

from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import LayerPlan, StoredContent
from domain.values import dataclass

OpenContent = Callable[[StoredContent], BinaryIO]
"""Opens the content of a planned file; the caller closes it."""

OpenBlob = Callable[[Descriptor, int], BinaryIO]
"""Opens a blob at a byte offset as the source serves it, unverified; the
caller closes it. Raises a `RegistryError` or `FilesystemError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLayer:
    """A layer that exists as a blob.

    Attributes:
        descriptor: Media type, digest and size of the compressed blob.
        diff_id: Digest of the uncompressed tar.
        index: Its rows, with the content digests taken while writing.
    """

    descriptor: Descriptor
    diff_id: Digest
    index: LayerIndex


class LayerStore(Protocol):
    """Blobs of layers in the work directory of one build."""

    def write(
        self, plan: LayerPlan, open_content: OpenContent, *, is_interim: bool = False
    ) -> WrittenLayer:
        """Make the layer of a plan in one streaming pass and keep its blob.

        Not idempotent in cost, but in result: the same plan over the same
        content gives the same digest, unless a blob of that digest failed to be
        fetched: who keeps a damaged one takes no other for it, so the layer is then
        written as another blob. A file whose content ends early or grows
        while it is read is written with the planned size or fails.

        Args:
            plan: The rows.
            open_content: Opens their contents.
            is_interim: Whether only this build reads the layer, and no image gets
                it: it is not compressed then.

        Raises:
            FilesystemError: No space left, or a content cannot be read.
        """

    def fetch(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:
        """Make the blob present, verified by digest and size. Idempotent.

        Nothing is kept of a blob that fails verification, but that it did.

        Raises:
            DigestMismatch: The bytes are not what the descriptor promises.
            RegistryError: The source failed, after its own retries.
        """

    def index(self, descriptor: Descriptor, diff_id: Digest) -> LayerIndex:
        """Read the rows of a present layer; nothing is unpacked.

        The result of an earlier `index` or `write` is returned as it is.

        Raises:
            DigestMismatch: The uncompressed bytes are not `diff_id`.
            InvalidLayer: It is not a tar, or a name leaves the root.
        """

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """Open the compressed blob of a present layer; the caller closes it."""

    def extract(
        self, descriptor: Descriptor, paths: Iterable[str], origin: str
    ) -> None:
        """Keep the content of some files of a present layer for `open_file`.

        Streams the layer once. Idempotent.

        Args:
            descriptor: The layer.
            paths: Paths of regular files (or names of hard links) in it.
            origin: Name under which `open_file` finds them.
        """

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Open a file kept by `extract`; the caller closes it."""
