"""An image where it is stored: OCI layout, docker archive, registry or daemon.

It finds the documents and blobs of one image and says when a descriptor does not
describe its blob. Layers are only located here; `flattening` reads them.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from integration.image_comparison.differences import Difference

CHUNK = 1 << 20
REFERENCE_NAME = "org.opencontainers.image.ref.name"
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)

Json = Mapping[str, Any]


class ImageNotFoundError(Exception):
    """The place holds no image of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLayer:
    """A layer's blob on disk and what its descriptor promises.

    A docker archive has no descriptors: there `digest` is "" and `size` is None.
    """

    blob: Path
    digest: str = ""
    size: int | None = None
    media_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """One image: its config, its layers, and what is wrong with its documents.

    A docker archive has no manifest: there are neither media types nor annotations.
    """

    config: Json
    layers: tuple[StoredLayer, ...]
    media_types: tuple[str, ...]
    problems: tuple[Difference, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)


def read_image(source: str, scratch: Path) -> StoredImage:
    """Open an image wherever it is.

    Args:
        source: `oci:DIRECTORY[:NAME]`, `docker-archive:FILE`, or what skopeo can
            copy: `docker://REFERENCE`, `docker-daemon:REFERENCE`, …
        scratch: Directory for copies; a new directory is made in it.

    Raises:
        ImageNotFoundError: There is no such image.
    """
    scheme, _, rest = source.partition(":")
    if scheme == "oci":
        directory, _, name = rest.partition(":")
        return read_layout(Path(directory), name or None)
    if scheme == "docker-archive":
        return read_docker_archive(Path(rest), _fresh(scratch))
    return _read_through_skopeo(source, _fresh(scratch))


def read_layout(directory: Path, name: str | None = None) -> StoredImage:
    """Open an image of an OCI layout, by its reference name or as its only one.

    An index leads to its linux/amd64 manifest.

    Raises:
        ImageNotFoundError: No image, or several and no name to choose by.
    """
    index = json.loads((directory / "index.json").read_bytes())
    descriptor = _choose(index["manifests"], name, directory)
    problems: list[Difference] = []
    blobs = directory / "blobs"
    manifest = _document(blobs, descriptor, problems)
    while descriptor["mediaType"] in INDEX_TYPES:
        descriptor = _amd64(manifest["manifests"])
        manifest = _document(blobs, descriptor, problems)
    return _from_manifest(manifest, descriptor["mediaType"], blobs, problems)


def read_docker_archive(archive: Path, scratch: Path) -> StoredImage:
    """Open the first image of an archive that `docker save` or we have written.

    Args:
        archive: The tar.
        scratch: Empty directory into which the layers are copied.
    """
    with tarfile.open(archive) as tar:
        entries = json.loads(_member(tar, "manifest.json"))
        if not entries:
            raise ImageNotFoundError(str(archive))
        name = entries[0]["Config"]
        config = _member(tar, name)
        layers = tuple(
            StoredLayer(blob=_copy(tar, path, scratch / str(number)))
            for number, path in enumerate(entries[0]["Layers"])
        )
    problems = []
    found = hashlib.sha256(config).hexdigest()
    # HEX.json, blobs/sha256/HEX or sha256:HEX, as the writer likes.
    promised = re.split("[/:]", name.removesuffix(".json"))[-1]
    if found != promised:
        problems.append(Difference("soundness", "config digest", found, promised))
    return StoredImage(
        config=json.loads(config),
        layers=layers,
        media_types=(),
        problems=tuple(problems),
    )


def _open_member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        # A layer that stands twice is a symlink to its first copy.
        stream = tar.extractfile(name)
    except KeyError as error:
        raise ImageNotFoundError(f"{tar.name!s} has no {name}") from error
    if stream is None:
        raise ImageNotFoundError(f"{tar.name!s}: {name} is not a file")
    return stream


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    return _open_member(tar, name).read()


def _copy(tar: tarfile.TarFile, name: str, target: Path) -> Path:
    with target.open("wb") as file:
        shutil.copyfileobj(_open_member(tar, name), file, CHUNK)
    return target


def blob_digest(blob: Path) -> str:
    """Return the digest of a file's bytes."""
    with blob.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def _fresh(scratch: Path) -> Path:
    directory = scratch / f"image-{len(list(scratch.iterdir()))}"
    directory.mkdir()
    return directory


def _read_through_skopeo(source: str, scratch: Path) -> StoredImage:
    copy = ["skopeo", "copy", "--quiet", "--src-tls-verify=false", source]
    outcome = subprocess.run(
        [*copy, f"dir:{scratch}"], capture_output=True, text=True, check=False
    )
    if outcome.returncode:
        raise ImageNotFoundError(f"{source}: {outcome.stderr.strip()}")
    manifest = json.loads((scratch / "manifest.json").read_bytes())
    media_type = manifest.get("mediaType", "application/vnd.oci.image.manifest.v1+json")
    return _from_manifest(manifest, media_type, scratch, [])


def _choose(manifests: list[Json], name: str | None, directory: Path) -> Json:
    found = [
        descriptor
        for descriptor in manifests
        if name is None or descriptor.get("annotations", {}).get(REFERENCE_NAME) == name
    ]
    if len(found) != 1:
        raise ImageNotFoundError(f"{directory}: {len(found)} images named {name!r}")
    return found[0]


def _amd64(manifests: list[Json]) -> Json:
    for descriptor in manifests:
        if descriptor.get("platform", {}).get("architecture") == "amd64":
            return descriptor
    raise ImageNotFoundError("the index has no image for linux/amd64")


def _blob(blobs: Path, digest: str) -> Path:
    algorithm, _, hexadecimal = digest.partition(":")
    flat = blobs / hexadecimal
    return flat if flat.is_file() else blobs / algorithm / hexadecimal


def _document(blobs: Path, descriptor: Json, problems: list[Difference]) -> Json:
    path = _blob(blobs, descriptor["digest"])
    if not path.is_file():
        raise ImageNotFoundError(f"no blob {descriptor['digest']}")
    check_descriptor(path, descriptor["digest"], descriptor["size"], problems)
    document: Json = json.loads(path.read_bytes())
    return document


def check_descriptor(
    path: Path, digest: str, size: int | None, problems: list[Difference]
) -> None:
    """Add a problem for each promise of a descriptor that its blob breaks."""
    found = blob_digest(path)
    if found != digest:
        problems.append(Difference("soundness", "blob digest", found, digest))
    length = path.stat().st_size
    if length != size:
        problems.append(Difference("soundness", f"size of {digest}", length, size))


def _from_manifest(
    manifest: Json, media_type: str, blobs: Path, problems: list[Difference]
) -> StoredImage:
    layers = tuple(
        StoredLayer(
            blob=_blob(blobs, layer["digest"]),
            digest=layer["digest"],
            size=layer["size"],
            media_type=layer["mediaType"],
        )
        for layer in manifest["layers"]
    )
    types = (media_type, manifest["config"]["mediaType"])
    return StoredImage(
        config=_document(blobs, manifest["config"], problems),
        layers=layers,
        media_types=(*types, *(layer.media_type for layer in layers)),
        problems=tuple(problems),
        annotations=manifest.get("annotations") or {},
    )
