"""Directories of warmed images for tests, in the three layouts there are."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from adapters.storage.oci_layout import OciLayoutImageDestination
from domain.image.reference import Reference
from tests.support.images import SmallImage

REFERENCE = Reference.parse("registry.test/team/base:1")


def write_layout(directory: Path, image: SmallImage) -> Path:
    """Make the entry of an image as an OCI layout, as kaniko's fork does."""
    path = directory / str(image.manifest.digest)
    OciLayoutImageDestination(str(path)).publish(image.built, image.open_layer)
    return path


def write_tarball(
    directory: Path, image: SmallImage, layers: dict[str, bytes] | None = None
) -> Path:
    """Make the entry of an image as kaniko's warmer does.

    Args:
        directory: Where.
        image: The image.
        layers: Other files to take for its layers.
    """
    directory.mkdir(exist_ok=True)
    path = directory / str(image.manifest.digest)
    files = layers or {f"{d.hex}.tar.gz": blob for d, blob in image.layers.items()}
    config = str(image.manifest.config.digest)
    listed = [{"Config": config, "RepoTags": [], "Layers": list(files)}]
    contents = {
        config: image.config_bytes,
        **files,
        "manifest.json": json.dumps(listed).encode(),
    }
    with tarfile.open(path, "w") as archive:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    path.with_name(f"{path.name}.json").write_bytes(image.manifest.raw)
    return path


def damage(path: Path) -> None:
    """Change a byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
