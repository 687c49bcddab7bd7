"""Archives of ADD in memory; the standard library reads them."""

from __future__ import annotations

import io
import posixpath
import tarfile
from typing import BinaryIO

from domain.errors import InvalidLayer
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import PlannedEntry, StoredContent

_TYPES = {
    tarfile.REGTYPE: FileType.FILE,
    tarfile.AREGTYPE: FileType.FILE,
    tarfile.DIRTYPE: FileType.DIRECTORY,
    tarfile.SYMTYPE: FileType.SYMLINK,
}


class MemoryArchives:
    """`Archives` without a disk, for files, directories, links of both kinds.

    Attributes:
        contents: What was unpacked.
        read: Origins of what was looked at, archives or not.
    """

    def __init__(self) -> None:
        self.contents: dict[StoredContent, bytes] = {}
        self.read: list[str] = []

    def unpack(self, archive: BinaryIO, origin: str) -> tuple[PlannedEntry, ...] | None:
        """Unpack an archive; see the port."""
        self.read.append(origin)
        data = archive.read()
        try:
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                rows: dict[str, PlannedEntry] = {}
                for number, member in enumerate(tar):
                    self._add(tar, member, StoredContent(origin, str(number)), rows)
                return tuple(rows.values())
        except tarfile.ReadError:
            return None

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Open the content of a member; see the port."""
        return io.BytesIO(self.contents[content])

    def _add(
        self,
        tar: tarfile.TarFile,
        member: tarfile.TarInfo,
        content: StoredContent,
        rows: dict[str, PlannedEntry],
    ) -> None:
        path = _confined(member.name)
        if member.islnk():
            rows[path] = _link(rows, path, _confined(member.linkname))
            return
        entry = FileEntry(
            path,
            _TYPES[member.type],
            member.mode,
            member.uid,
            member.gid,
            size=member.size,
            mtime_ns=int(member.mtime * 10**9),
            link_target=member.linkname,
        )
        stream = tar.extractfile(member) if member.isfile() else None
        if stream is None:
            rows[path] = PlannedEntry(entry)
        else:
            self.contents[content] = stream.read()
            rows[path] = PlannedEntry(entry, content)


def _confined(name: str) -> str:
    return posixpath.normpath(f"/{name}").strip("/")


def _link(rows: dict[str, PlannedEntry], path: str, target: str) -> PlannedEntry:
    if target not in rows:
        message = f"{path!r} is a hard link to {target!r}, which is not in the archive"
        raise InvalidLayer(message, hint="make the archive again")
    first = rows[target]
    group = first.entry.link_group or target
    rows[target] = first._replace(entry=first.entry._replace(link_group=group))
    return rows[target]._replace(entry=rows[target].entry._replace(path=path))
