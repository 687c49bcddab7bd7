"""Finds out what a path is that holds an image: a layout, or one of two archives."""

from __future__ import annotations

from pathlib import Path

from adapters.archive.compression import decompressed, is_compressed
from adapters.storage.docker_tar import MANIFEST_FILE
from adapters.storage.image_files import (
    DirectoryFiles,
    ImageFiles,
    TarFiles,
)
from adapters.storage.layout_files import INDEX_FILE
from adapters.storage.stored_archive import START, ArchiveStoredImage, damage_told
from adapters.storage.stored_layout import LayoutStoredImage
from application.errors import FilesystemError
from application.ports.images import StoredImage
from domain.errors import InvalidImage
from domain.image.media_type import Compression, compression_of


def stored_image(path: Path, directory: Path) -> StoredImage:
    """Return what reads the one image that a path holds.

    An archive that is compressed as a whole is unpacked first. One that is both, an OCI
    layout and docker's, is read as the layout, whose manifest it keeps; as docker's
    where the layout's layers are not compressed.

    Args:
        path: A directory or an archive.
        directory: Where work files go; the caller removes it.

    Raises:
        InvalidImage: It is nothing of the kind.
        FilesystemError: It cannot be read.
    """
    files = _files(path, directory)
    is_layout = files.size(INDEX_FILE) is not None
    is_archive = files.size(MANIFEST_FILE) is not None
    if not (is_layout or is_archive):
        raise InvalidImage(
            "holds no image: neither an OCI layout nor a docker archive",
            place=str(path),
            hint="give a directory of --oci-layout-path, or a file of --tar-path or "
            "docker save",
        )
    if is_layout:
        layout = LayoutStoredImage(files)
        if not (is_archive and _is_uncompressed(layout)):
            return layout
    return ArchiveStoredImage(files, directory)


def _is_uncompressed(layout: LayoutStoredImage) -> bool:
    layers = layout.read().manifest.layers
    return any(compression_of(one.media_type) is Compression.NONE for one in layers)


def _files(path: Path, directory: Path) -> ImageFiles:
    if path.is_dir():
        return DirectoryFiles(path)
    try:
        with path.open("rb") as stream:
            if not is_compressed(stream.read(START)):
                return TarFiles(path)
            stream.seek(0)
            unpacked = directory / "archive.tar"
            with unpacked.open("wb") as file, damage_told(str(path)):
                for chunk in decompressed(stream):
                    file.write(chunk)
    except OSError as error:
        raise FilesystemError(
            f"cannot be read: {error.strerror or error}", place=str(path)
        ) from error
    return TarFiles(unpacked, str(path))
