"""One member of a tar archive, as the reader understands it."""

from __future__ import annotations

from typing import NamedTuple

from domain.snapshot.entry import FileEntry, FileType

BLOCK = 512
"""Tar's unit: headers are one block, contents are padded to blocks."""


class TarMember(NamedTuple):
    """A member's header with all extensions applied.

    Attributes:
        name: As it stands in the archive (surrogate escapes where not UTF-8).
        type: Kind; FILE for hard links.
        mode: Permission bits (0 to 0o7777).
        uid: Numeric owner.
        gid: Numeric group.
        size: Bytes of content, holes included; 0 for everything but files.
        mtime_ns: Modification time in nanoseconds.
        link_name: Text of a symlink, or name of a hard link's target.
        is_hard_link: Whether this is another name of `link_name`.
        device: (major, minor) of a device.
        xattrs: (name, value) pairs sorted by name.
        regions: (offset, size) of the stored parts of a sparse file, else None.
    """

    name: str
    type: FileType
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    link_name: str = ""
    is_hard_link: bool = False
    device: tuple[int, int] | None = None
    xattrs: tuple[tuple[str, bytes], ...] = ()
    regions: tuple[tuple[int, int], ...] | None = None

    def entry(self, path: str) -> FileEntry:
        """Return the row of this member at a path (a hard link: as a file)."""
        is_link = self.type is FileType.SYMLINK
        return FileEntry(
            path,
            self.type,
            0o777 if is_link else self.mode,
            self.uid,
            self.gid,
            self.size,
            self.mtime_ns,
            link_target=self.link_name if is_link else "",
            device=self.device,
            xattrs=self.xattrs,
        )
