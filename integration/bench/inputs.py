"""What the measured builds are made of: base images and contexts, made afresh.

Contents are random, so that compressors and disks have something to do, and seeded,
so that two runs measure the same. It measures nothing.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path

from integration.services.bases import CONFIG, SMALL_BASES
from integration.services.layouts import TarEntry, write_layout

PER_DIRECTORY = 500
SEED = 20
INCOMPRESSIBLE = 3
"""One byte in so many is random: about what gzip makes of programs and texts."""


def make_base(
    directory: Path,
    name: str,
    *,
    files: int,
    size: int,
    incompressible: int = INCOMPRESSIBLE,
) -> None:
    """Add an image to a layout: busybox, and a layer of files over it.

    Args:
        directory: The layout.
        name: Name of the image.
        files: How many.
        size: Bytes of each.
        incompressible: One byte in so many is random.
    """
    shell = _busybox_layers()
    if not files:
        write_layout(directory, name, shell, CONFIG)
        return
    archive = directory.with_name(f"{name}.tar")
    try:
        with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
            for path, content in _contents(files, size, incompressible):
                entry = TarEntry(name=f"wide/{path}", content=content)
                tar.addfile(entry.header(), io.BytesIO(content))
        write_layout(directory, name, [*shell, archive], CONFIG)
    finally:
        archive.unlink(missing_ok=True)


def make_files(directory: Path, *, files: int, size: int) -> None:
    """Write files for a build context."""
    for path, content in _contents(files, size, INCOMPRESSIBLE):
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _contents(
    files: int, size: int, incompressible: int
) -> Iterator[tuple[str, bytes]]:
    rng = random.Random(SEED)
    pattern = bytes(range(256)) * (size // 256 + 1)
    for number in range(files):
        noise = rng.randbytes(size // incompressible)
        content = noise + pattern[: size - len(noise)]
        yield f"{number // PER_DIRECTORY}/{number}", content


def _busybox_layers() -> list[bytes]:
    """Return the uncompressed layers of the small image `busybox`."""
    index = json.loads((SMALL_BASES / "index.json").read_bytes())
    found = next(
        descriptor
        for descriptor in index["manifests"]
        if "busybox" in descriptor.get("annotations", {}).values()
    )
    manifest = json.loads(_blob(found["digest"]))
    return [_uncompressed(_blob(layer["digest"])) for layer in manifest["layers"]]


def _uncompressed(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def _blob(digest: str) -> bytes:
    return (SMALL_BASES / "blobs" / digest.replace(":", "/")).read_bytes()
