"""Unpacks archives for ADD into the work directory, one file per content.

Names of members never become names on disk: contents are numbered. What the
members mean at their destination is planned by `domain.build.unpacking`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from adapters.archive.compression import decompressed
from adapters.archive.member_path import confined_path
from adapters.archive.tar_member import TarMember
from adapters.archive.tar_reader import TarReader
from application.errors import FilesystemError
from domain.errors import InvalidLayer
from domain.snapshot.entry import FileType
from domain.snapshot.layer_plan import PlannedEntry, StoredContent


class UnpackedArchives:
    """The `Archives` port on a directory of the work directory.

    Args:
        directory: Made when the first archive is unpacked.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = 0

    def unpack(self, archive: BinaryIO, origin: str) -> tuple[PlannedEntry, ...] | None:
        """Unpack an archive; see the port."""
        reader = TarReader(decompressed(archive))
        members = iter(reader)
        try:
            first = next(members, None)
        except InvalidLayer:
            return None  # no archive at all: ADD copies the file as it is
        if first is None:
            return None
        rows = _Rows(origin)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            rows.add(first, self._keep(reader, first))
            for member in members:
                rows.add(member, self._keep(reader, member))
        except OSError as error:
            raise FilesystemError(
                f"an archive cannot be unpacked: {error.strerror}",
                place=str(self._directory),
                hint="free some space, or name another directory by --kaniko-dir",
            ) from error
        return rows.planned()

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Open the content of a member; see the port."""
        return (self._directory / content.path).open("rb")

    def _keep(self, reader: TarReader, member: TarMember) -> tuple[str, str]:
        """Write a file's content; return its name on disk and its digest."""
        if member.type is not FileType.FILE or member.is_hard_link:
            return "", ""
        self._count += 1
        name = str(self._count)
        digest = hashlib.sha256()
        with (self._directory / name).open("wb") as kept:
            for chunk in _hashed(reader.content(), digest):
                kept.write(chunk)
        return name, digest.hexdigest()


class _Rows:
    """Rows of an archive in its order, hard links resolved to link groups."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._rows: list[PlannedEntry] = []
        self._last: dict[str, int] = {}

    def add(self, member: TarMember, kept: tuple[str, str]) -> None:
        path = confined_path(member.name)
        if member.is_hard_link:
            self._link(path, member)
        elif member.type is FileType.FILE:
            name, sha256 = kept
            content = StoredContent(self._origin, name)
            entry = member.entry(path)._replace(sha256=sha256)
            self._append(PlannedEntry(entry, content))
        else:
            self._append(PlannedEntry(member.entry(path)))

    def planned(self) -> tuple[PlannedEntry, ...]:
        return tuple(self._rows)

    def _link(self, path: str, member: TarMember) -> None:
        number = self._last.get(confined_path(member.link_name))
        if number is None:
            raise InvalidLayer(
                f"{member.name[:200]!r} is a hard link to {member.link_name[:200]!r},"
                " which is not in the archive",
                hint="make the archive again",
            )
        target = self._rows[number]
        if target.entry.type is FileType.FILE and not target.entry.link_group:
            entry = target.entry._replace(link_group=str(number))
            target = self._rows[number] = target._replace(entry=entry)
        self._append(target._replace(entry=target.entry._replace(path=path)))

    def _append(self, row: PlannedEntry) -> None:
        self._last[row.entry.path] = len(self._rows)
        self._rows.append(row)


def _hashed(chunks: Iterator[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
