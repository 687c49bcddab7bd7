"""Port: a real root file system in which RUN's processes live.

One root per stage that executes something. The port does not know where the
layers come from, nor how processes are started in the root.
"""

from __future__ import annotations

from typing import BinaryIO, Protocol

from application.ports.layers import OpenContent
from domain.image.digest import Digest
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import LayerPlan
from domain.snapshot.tree import FileTree


class RootFilesystem(Protocol):
    """A root file system on disk, and what changed in it.

    Nothing any method does, whatever layer, plan or symlink it is given, reads
    or writes outside the root. What the disk refuses to make (EPERM, ENOTSUP,
    EINVAL of mknod, setxattr, chown; EBUSY, EROFS at mount points) is not an
    error: the row stays in the model, marked by the adapter as not on disk, and
    counts as unchanged until something appears there or its parent goes.
    """

    @property
    def path(self) -> str:
        """Absolute path of the directory in which RUN's processes are rooted."""

    def extract(self, layer: BinaryIO, media_type: str, diff_id: Digest) -> LayerIndex:
        """Unpack one layer over the root, honouring its whiteouts.

        Args:
            layer: The compressed blob; read to its end, closed by the caller.
            media_type: Tells nothing that the blob's first bytes do not;
                compression is recognised by content.
            diff_id: Digest of the uncompressed tar, verified.

        Returns:
            The layer's rows, with the digest of every file's content.

        Raises:
            DigestMismatch: The bytes are not those of `diff_id`.
            InvalidLayer: It is not a tar, or an entry leaves the root.
            FilesystemError: No space left, read-only.
        """

    def apply(self, plan: LayerPlan, open_content: OpenContent) -> None:
        """Carry out a plan; `changes` does not report what it did.

        Modification times of directories are as planned afterwards.

        Raises:
            FilesystemError: No space left, read-only.
        """

    def changes(self, before: FileTree) -> LayerPlan:
        """Return what was changed since the last `extract`, `apply` or `changes`.

        Contents have the origin "root". Content is compared only where the
        stat data cannot tell.

        Args:
            before: The model of the root at that earlier point.
        """

    def open(self, path: str) -> BinaryIO:
        """Open a regular file (no symlink followed); the caller closes it.

        Raises:
            FilesystemError: It does not exist or is no regular file.
        """

    def discard(self) -> None:
        """Give the root up: it is removed from disk, now or later. Idempotent."""


class RootFilesystems(Protocol):
    """Makes the roots of a build."""

    @property
    def exclusive(self) -> bool:
        """Whether a new root takes the place of the one made before.

        The former one is to be discarded first, and made anew when it is needed.
        """

    def create(self, name: str) -> RootFilesystem:
        """Make an empty root.

        Args:
            name: Tells the roots of one build apart ("stage-0"); appears in
                paths, so it is plain letters, digits and dashes.

        Raises:
            FilesystemError: The work directory cannot be written.
        """

    def close(self) -> None:
        """End the build: leave of the roots what was asked for. Idempotent.

        Raises:
            FilesystemError: Something cannot be removed.
        """
