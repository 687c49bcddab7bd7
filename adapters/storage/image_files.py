"""The files an image was written to: those of a directory, or of a tar archive.

Files are found by names that digests and lists give; what they hold is the business
of `stored_layout` and `stored_archive`.
"""

from __future__ import annotations

import posixpath
import tarfile
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from adapters.storage.entry_stream import open_section
from application.errors import FilesystemError
from domain.errors import InvalidImage
from domain.image.manifest import MAXIMUM_MANIFEST_SIZE

MAXIMUM_MEMBERS = 10_000
"""Members of an archive that we are ready to look at."""


class ImageFiles(Protocol):
    """Files by name."""

    @property
    def place(self) -> str:
        """What to call it all in messages."""

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, None where there is none of that name."""

    def open(self, name: str) -> BinaryIO:
        """Open a file that is there; the caller closes it.

        Raises:
            FilesystemError, DigestMismatch: It cannot be read; also while reading.
        """


class DirectoryFiles:
    """The files of a directory (implements `ImageFiles`).

    Args:
        root: The directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def place(self) -> str:
        """The directory."""
        return str(self._root)

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, None where there is none of that name."""
        path = self._root / name
        return path.stat().st_size if path.is_file() else None

    def open(self, name: str) -> BinaryIO:
        """Open a file; see `ImageFiles`."""
        path = self._root / name
        try:
            return path.open("rb")
        except OSError as error:
            raise FilesystemError(
                f"cannot be read: {error.strerror or error}", place=str(path)
            ) from error


class _Section(NamedTuple):
    start: int
    size: int


class TarFiles:
    """The members of a tar archive that is not compressed (implements `ImageFiles`).

    A member that is a link stands for the file it names.

    Args:
        path: The archive; it is read once from end to end, contents left out.
        place: What to call it in messages, its path where empty.

    Raises:
        InvalidImage: It is no tar archive.
        FilesystemError: It cannot be read.
    """

    def __init__(self, path: Path, place: str = "") -> None:
        self._path = path
        self.place = place or str(path)
        self._sections, links = self._read()
        for name, target in links.items():
            if target in self._sections:
                self._sections.setdefault(name, self._sections[target])

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, None where there is none of that name."""
        section = self._sections.get(posixpath.normpath(name))
        return section.size if section else None

    def open(self, name: str) -> BinaryIO:
        """Open a file; see `ImageFiles`."""
        start, size = self._sections[posixpath.normpath(name)]
        return open_section(self._path, start, start + size)

    def _read(self) -> tuple[dict[str, _Section], dict[str, str]]:
        sections: dict[str, _Section] = {}
        links: dict[str, str] = {}
        try:
            with tarfile.open(self._path, "r:") as archive:
                for number, member in enumerate(archive):
                    if number >= MAXIMUM_MEMBERS:
                        raise InvalidImage("has too many members", place=self.place)
                    name = posixpath.normpath(member.name)
                    if member.isreg() and not member.issparse():
                        sections[name] = _Section(member.offset_data, member.size)
                    elif member.issym() or member.islnk():
                        links[name] = _target(member)
        except OSError as error:
            raise FilesystemError(
                f"cannot be read: {error.strerror or error}", place=self.place
            ) from error
        except (ValueError, tarfile.TarError) as error:
            raise InvalidImage(
                f"is no whole tar archive: {error}", place=self.place
            ) from error
        return sections, links


def _target(member: tarfile.TarInfo) -> str:
    """Return what a link names: hard links from the root, others from where they are.

    Older `docker save` link layers that are the same.
    """
    folder = "" if member.islnk() else posixpath.dirname(member.name)
    return posixpath.normpath(posixpath.join(folder, member.linkname))


def read_small_file(files: ImageFiles, name: str) -> bytes:
    """Return the bytes of a file that is no larger than a manifest may be.

    Raises:
        InvalidImage: It is not there, or too large.
        FilesystemError, DigestMismatch: It cannot be read.
    """
    size = files.size(name)
    if size is None:
        raise InvalidImage(f"holds no file {name}", place=files.place)
    if size > MAXIMUM_MANIFEST_SIZE:
        raise InvalidImage(f"its file {name} is too large", place=files.place)
    with files.open(name) as stream:
        return stream.read()
