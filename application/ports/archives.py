"""Port: local archives that ADD unpacks."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from domain.snapshot.layer_plan import PlannedEntry, StoredContent


class Archives(Protocol):
    """Unpacks archives into the work directory, content by content."""

    def unpack(self, archive: BinaryIO, origin: str) -> tuple[PlannedEntry, ...] | None:
        """Unpack a tar archive, plain or compressed, recognised by content.

        Args:
            archive: Its bytes; read as far as needed, closed by the caller.
            origin: Name its contents get in `StoredContent.origin`.

        Returns:
            The members in the order of the archive, their names clamped to its
            root ("../x" is "x", as docker does), hard links as rows of one
            `link_group`. None when it is no archive.

        Raises:
            InvalidLayer: It begins like an archive and is damaged later.
            FilesystemError: No space left.
        """

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Open the content of a member; the caller closes it."""
