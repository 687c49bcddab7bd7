"""Tar archives as `docker save` makes them and `docker load` reads them.

The format of docker 1.10 and later with kaniko's names: `sha256:<hex>` for the
config, `<hex>.tar.gz` for layers, `manifest.json`. It has no manifest digest.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import BinaryIO

from adapters.storage.layout_files import (
    CHUNK,
    VerifyingReader,
    check_writable,
    replaced_file,
)
from application.errors import OutputError
from application.ports.images import BuiltImage, OpenLayer
from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.media_type import Compression, compression_of
from domain.image.reference import Reference

MANIFEST_FILE = "manifest.json"
FILE_MODE = 0o644


class DockerTarImageDestination:
    """Writes the image to a tar archive.

    Args:
        path: The file; a pipe or device is written in place.
        references: What docker will call the image.
    """

    def __init__(self, path: str, references: tuple[Reference, ...] = ()) -> None:
        self._path = Path(path)
        self._references = references

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    def check(self) -> None:
        """Find out whether the file can be written."""
        if self._path.is_dir():
            raise OutputError(
                "is a directory", place=self.name, hint="name a file with --tar-path"
            )
        check_writable(self._path)

    def send(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Do nothing: the archive is one file."""

    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Write layers, config and list; the file appears when it is whole."""
        for layer in image.manifest.layers:
            _refuse_zstd(layer, self.name)
        try:
            with replaced_file(self._path) as file:
                self._write(file, image, open_layer)
        except (OSError, tarfile.TarError) as error:
            raise OutputError(
                f"cannot write the archive: {getattr(error, 'strerror', '') or error}",
                place=self.name,
                hint="check the space and the permissions there",
            ) from error

    def _write(self, file: BinaryIO, image: BuiltImage, open_layer: OpenLayer) -> None:
        for layer in dict.fromkeys(image.manifest.layers):
            with open_layer(layer) as stream:
                reader = VerifyingReader(stream, layer)
                file.write(_header(layer_name(layer), layer.size))
                while chunk := reader.read(CHUNK):
                    file.write(chunk)
                reader.verify()
                file.write(_padding(layer.size))
        _write_bytes(file, str(image.manifest.config.digest), image.config)
        _write_bytes(file, MANIFEST_FILE, self._list(image))
        file.write(bytes(2 * tarfile.BLOCKSIZE))

    def _list(self, image: BuiltImage) -> bytes:
        entry = {
            "Config": str(image.manifest.config.digest),
            "RepoTags": [str(r) for r in self._references if r.tag],
            "Layers": [layer_name(layer) for layer in image.manifest.layers],
        }
        return json.dumps([entry], separators=(",", ":")).encode()


def layer_name(layer: Descriptor) -> str:
    """Return the name of a layer in the archive; docker looks at its bytes."""
    return f"{layer.digest.hex}.tar.gz"


def _refuse_zstd(layer: Descriptor, place: str) -> None:
    if compression_of(layer.media_type) is Compression.ZSTD:
        raise InvalidImage(
            f"layer {layer.digest} is zstd, which docker archives do not have",
            place=place,
            hint="use --oci-layout-path, or --compression=gzip",
        )


def _write_bytes(file: BinaryIO, name: str, data: bytes) -> None:
    file.write(_header(name, len(data)) + data + _padding(len(data)))


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = FILE_MODE
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
