"""Making images by hand: an OCI layout from layers that a test spells out.

It writes exactly what it is given, sound or not, so that tests can make images that
no builder would. It never extracts anything.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integration.image_comparison.stored_image import REFERENCE_NAME

CHUNK = 1 << 20
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
TYPES = {
    "file": tarfile.REGTYPE,
    "dir": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
    "fifo": tarfile.FIFOTYPE,
    "chardev": tarfile.CHRTYPE,
    "blockdev": tarfile.BLKTYPE,
}

Descriptor = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TarEntry:
    """One entry of a layer as a test writes it down."""

    name: str
    type: str = "file"
    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    link: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, bytes] = field(default_factory=dict)
    mtime: float = 1_500_000_000

    def header(self) -> tarfile.TarInfo:
        """Return the entry's header."""
        info = tarfile.TarInfo(self.name)
        info.type = TYPES[self.type]
        info.size = len(self.content)
        info.mode, info.uid, info.gid = self.mode, self.uid, self.gid
        info.mtime = self.mtime
        info.linkname = self.link
        info.devmajor, info.devminor = self.device
        info.pax_headers = {
            f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape")
            for name, value in self.xattrs.items()
        }
        return info


def layer_tar(entries: Iterable[TarEntry]) -> bytes:
    """Return the uncompressed tar of a small layer."""
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape"
    ) as tar:
        for entry in entries:
            tar.addfile(entry.header(), io.BytesIO(entry.content))
    return stream.getvalue()


def write_layout(
    directory: Path,
    name: str,
    layers: Sequence[bytes | Path],
    config: Mapping[str, Any] | None = None,
) -> Path:
    """Add an image to an OCI layout; the layout is made when absent.

    Args:
        directory: The layout.
        name: Reference name of the image in the layout's index.
        layers: Uncompressed tars, lowest first, in memory or as files.
        config: The `config` object of the image's configuration.

    Returns:
        `directory`.
    """
    (directory / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    made = [_write_layer(directory, layer) for layer in layers]
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": dict(config or {}),
        "rootfs": {"type": "layers", "diff_ids": [diff_id for diff_id, _ in made]},
        "history": [{"created_by": f"layer {number}"} for number in range(len(made))],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": write_blob(directory, CONFIG, _json(document)),
        "layers": [descriptor for _, descriptor in made],
    }
    descriptor = write_blob(directory, MANIFEST, _json(manifest))
    descriptor["annotations"] = {REFERENCE_NAME: name}
    _add_to_index(directory, name, descriptor)
    return directory


def write_blob(directory: Path, media_type: str, data: bytes) -> Descriptor:
    """Write a blob to a layout and return its descriptor."""
    hexadecimal = hashlib.sha256(data).hexdigest()
    (directory / "blobs" / "sha256" / hexadecimal).write_bytes(data)
    return _descriptor(media_type, hexadecimal, len(data))


def _write_layer(directory: Path, layer: bytes | Path) -> tuple[str, Descriptor]:
    blobs = directory / "blobs" / "sha256"
    diff_id = hashlib.sha256()
    unnamed = blobs / "unnamed"
    source = io.BytesIO(layer) if isinstance(layer, bytes) else layer.open("rb")
    with source, gzip.GzipFile(unnamed, "wb", compresslevel=1, mtime=0) as target:
        while chunk := source.read(CHUNK):
            diff_id.update(chunk)
            target.write(chunk)
    with unnamed.open("rb") as stream:
        hexadecimal = hashlib.file_digest(stream, "sha256").hexdigest()
    size = unnamed.stat().st_size
    unnamed.rename(blobs / hexadecimal)
    return f"sha256:{diff_id.hexdigest()}", _descriptor(LAYER, hexadecimal, size)


def _descriptor(media_type: str, hexadecimal: str, size: int) -> Descriptor:
    return {"mediaType": media_type, "digest": f"sha256:{hexadecimal}", "size": size}


def _add_to_index(directory: Path, name: str, descriptor: Descriptor) -> None:
    path = directory / "index.json"
    old = json.loads(path.read_bytes())["manifests"] if path.is_file() else []
    kept = [d for d in old if d.get("annotations", {}).get(REFERENCE_NAME) != name]
    path.write_bytes(_json({"schemaVersion": 2, "manifests": [*kept, descriptor]}))
    (directory / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
