"""An entry that kaniko's warmer made: a docker archive, the manifest beside it.

The archive can be used where it holds the very blobs of the manifest. Archives with
uncompressed layers hold others: an image built on them would have other layers than
one built on the registry's.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import BinaryIO

from adapters.storage.docker_list import ListedImage, only_listed_image
from adapters.storage.docker_tar import MANIFEST_FILE
from adapters.storage.entry_stream import open_section, unreadable
from adapters.storage.image_files import MAXIMUM_MEMBERS
from adapters.storage.layout_files import read_small
from application.errors import DigestMismatch
from application.ports.images import ResolvedImage
from domain.errors import InvalidImage
from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import MAXIMUM_MANIFEST_SIZE, Manifest
from domain.image.platform import Platform
from domain.image.reference import Reference


class WarmedTarballSource:
    """Reads one image of an archive.

    Args:
        path: The archive; its manifest lies in a file of this name and ".json".
        digest: Digest of the manifest.
    """

    def __init__(self, path: Path, digest: Digest) -> None:
        self._path = path
        self._digest = digest
        self._members: dict[Digest, tarfile.TarInfo] = {}

    def resolve(
        self,
        reference: Reference,
        platform: Platform,  # noqa: ARG002 - an entry has one
    ) -> ResolvedImage:
        """Return manifest and config, verified; the layers' sizes are looked at.

        Raises:
            DigestMismatch: A file is missing, damaged, or of another image.
            InvalidImage: The archive does not hold the blobs of the manifest.
        """
        manifest = self._manifest()
        members = self._read_members()
        entry = self._only_image(members)
        config = self._read(self._member(members, entry.config))
        if not manifest.config.digest.matches(config):
            raise DigestMismatch("holds another config", place=str(self._path))
        self._find_layers(manifest, entry.layers, members)
        return ResolvedImage(
            reference=reference,
            digest=self._digest,
            manifest=manifest,
            config=ImageConfig.parse(config),
        )

    def open_blob(
        self,
        image: ResolvedImage,  # noqa: ARG002 - there is one
        descriptor: Descriptor,
        offset: int = 0,
    ) -> BinaryIO:
        """Open the member that is a layer, after `resolve`.

        Raises:
            DigestMismatch: It cannot be read.
        """
        member = self._members[descriptor.digest]
        start = member.offset_data
        return open_section(self._path, start + offset, start + member.size)

    def _manifest(self) -> Manifest:
        path = self._path.with_name(f"{self._path.name}.json")
        try:
            raw = read_small(path)
        except OSError as error:
            raise unreadable(path, error) from error
        if not self._digest.matches(raw):
            raise DigestMismatch(f"is not {self._digest}", place=str(path))
        return Manifest.parse(raw)

    def _read_members(self) -> dict[str, tarfile.TarInfo]:
        members: dict[str, tarfile.TarInfo] = {}
        try:
            with tarfile.open(self._path, "r:") as archive:
                for member in archive:
                    members[member.name] = member
                    if len(members) > MAXIMUM_MEMBERS:
                        break
        except (OSError, ValueError, tarfile.TarError) as error:
            raise DigestMismatch(
                f"is no whole archive: {error}", place=str(self._path)
            ) from error
        return members

    def _only_image(self, members: dict[str, tarfile.TarInfo]) -> ListedImage:
        raw = self._read(self._member(members, MANIFEST_FILE))
        return only_listed_image(raw, str(self._path))

    def _find_layers(
        self,
        manifest: Manifest,
        names: tuple[str, ...],
        members: dict[str, tarfile.TarInfo],
    ) -> None:
        if len(names) != len(manifest.layers):
            raise self._misfit("has another number of layers than the manifest")
        for layer, name in zip(manifest.layers, names, strict=True):
            member = self._member(members, name)
            if member.size != layer.size:
                raise self._misfit(
                    "holds layers in another form than the registry, so the image "
                    "built on them would be another"
                )
            self._members[layer.digest] = member

    def _member(
        self, members: dict[str, tarfile.TarInfo], name: str
    ) -> tarfile.TarInfo:
        member = members.get(name)
        if member is None or not member.isreg():
            raise self._misfit(f"holds no file {name!r}")
        return member

    def _read(self, member: tarfile.TarInfo) -> bytes:
        if member.size > MAXIMUM_MANIFEST_SIZE:
            raise self._misfit(f"its file {member.name!r} is too large")
        start = member.offset_data
        with open_section(self._path, start, start + member.size) as stream:
            return stream.read()

    def _misfit(self, message: str) -> InvalidImage:
        return InvalidImage(message, place=str(self._path))
