"""What is found in a directory of warmed images, and what is refused."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.storage.warmed_images import WarmedImageDirectory
from application.errors import DigestMismatch
from application.ports.warmed_images import WarmedImage
from domain.errors import InvalidImage, KanipyError
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import MAXIMUM_MANIFEST_SIZE, Index
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from tests.support.images import (
    AMD64,
    ARM64,
    SmallImage,
    check_image,
    make_image,
    make_tar,
)
from tests.support.warmed import REFERENCE, damage, write_layout, write_tarball

IMAGE = make_image(make_tar({"a": b"first"}), make_tar({"b": b"second"}))
DIGEST = IMAGE.manifest.digest
Write = Callable[[Path, SmallImage], Path]
LAYOUTS = pytest.mark.parametrize("write", [write_layout, write_tarball])


def _found(directory: Path, digest: Digest = DIGEST) -> WarmedImage:
    found = WarmedImageDirectory(str(directory)).find(digest, AMD64)
    assert found is not None
    return found


@LAYOUTS
def test_an_entry_has_the_image_to_the_byte(tmp_path: Path, write: Write) -> None:
    write(tmp_path, IMAGE)
    found = _found(tmp_path)
    image = found.source.resolve(REFERENCE, AMD64)
    assert (found.digest, image.reference) == (DIGEST, REFERENCE)
    assert image.manifest == IMAGE.manifest

    def read(descriptor: Descriptor) -> bytes:
        if descriptor == IMAGE.manifest.config:
            return IMAGE.config_bytes
        with found.source.open_blob(image, descriptor) as stream:
            return stream.read()

    check_image(image, read)


@LAYOUTS
def test_a_blob_is_read_from_an_offset_to_its_end(tmp_path: Path, write: Write) -> None:
    write(tmp_path, IMAGE)
    source = _found(tmp_path).source
    image = source.resolve(REFERENCE, AMD64)
    layer = image.manifest.layers[0]
    with source.open_blob(image, layer, 5) as stream:
        assert stream.read() == IMAGE.layers[layer.digest][5:]


@LAYOUTS
def test_the_age_is_that_of_the_entry(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path, IMAGE)
    os.utime(path, (1000, 1000))
    found = WarmedImageDirectory(str(tmp_path), lambda: 1090.0).find(DIGEST, AMD64)
    assert found is not None
    assert found.age == timedelta(seconds=90)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "missing"):
        assert WarmedImageDirectory(str(directory)).find(DIGEST, AMD64) is None


def test_what_is_neither_file_nor_directory_is_not_found(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / str(DIGEST))
    assert WarmedImageDirectory(str(tmp_path)).find(DIGEST, AMD64) is None


def _index(directory: Path, *images: SmallImage) -> Index:
    entries = [
        Descriptor(
            media_type=image.manifest.media_type,
            digest=image.manifest.digest,
            size=len(image.manifest.raw),
            platform=image.config.platform,
        )
        for image in images
    ]
    index = Index.create(Vendor.OCI, entries)
    _keep(directory, index)
    return index


def _keep(directory: Path, index: Index) -> Path:
    path = directory / ".kanipy" / "indexes" / str(index.digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(index.raw)
    return path


def test_an_index_leads_to_the_entry_of_a_platform(tmp_path: Path) -> None:
    arm64 = make_image(make_tar({"a": b"arm64"}), platform=ARM64)
    write_layout(tmp_path, IMAGE)
    write_layout(tmp_path, arm64)
    inner = _index(tmp_path, IMAGE, arm64)
    outer = Index.create(
        Vendor.OCI,
        [Descriptor(media_type="", digest=inner.digest, size=len(inner.raw))],
    )
    _keep(tmp_path, outer)
    directory = WarmedImageDirectory(str(tmp_path))
    for index in (inner, outer):
        for image, platform in ((IMAGE, AMD64), (arm64, ARM64)):
            found = directory.find(index.digest, platform)
            assert found is not None
            assert found.digest == image.manifest.digest
    s390x = Platform(os="linux", architecture="s390x")
    assert directory.find(inner.digest, s390x) is None


def test_an_index_that_is_not_its_digest_is_not_believed(tmp_path: Path) -> None:
    write_layout(tmp_path, IMAGE)
    index = _index(tmp_path, IMAGE)
    other = make_image(make_tar({"x": b""}))
    (tmp_path / ".kanipy" / "indexes" / str(index.digest)).write_bytes(
        _index(tmp_path, IMAGE, other).raw
    )
    assert WarmedImageDirectory(str(tmp_path)).find(index.digest, AMD64) is None


def _blobs(path: Path) -> Path:
    return path / "blobs" / "sha256"


@pytest.mark.parametrize("part", ["manifest", "config", "index"])
def test_a_damaged_layout_is_no_image(tmp_path: Path, part: str) -> None:
    path = write_layout(tmp_path, IMAGE)
    names = {"manifest": DIGEST.hex, "config": IMAGE.manifest.config.digest.hex}
    if part == "index":
        (path / "index.json").write_text("{")
    else:
        damage(_blobs(path) / names[part])
    with pytest.raises(KanipyError):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


def test_a_layout_under_the_name_of_another_image_is_not_it(tmp_path: Path) -> None:
    other = make_image(make_tar({"x": b"other"}))
    write_layout(tmp_path, other).rename(tmp_path / str(DIGEST))
    with pytest.raises(KanipyError):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


def test_a_truncated_layer_is_seen_before_it_is_read(tmp_path: Path) -> None:
    layer = _blobs(write_layout(tmp_path, IMAGE)) / IMAGE.manifest.layers[1].digest.hex
    layer.write_bytes(layer.read_bytes()[:-1])
    with pytest.raises(DigestMismatch, match=r"bytes instead of"):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


def test_a_missing_layer_is_seen_before_it_is_read(tmp_path: Path) -> None:
    path = write_layout(tmp_path, IMAGE)
    (_blobs(path) / IMAGE.manifest.layers[1].digest.hex).unlink()
    with pytest.raises(DigestMismatch, match="No such file"):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


def test_an_entry_that_vanishes_is_a_mismatch(tmp_path: Path) -> None:
    path = write_layout(tmp_path, IMAGE)
    source = _found(tmp_path).source
    image = source.resolve(REFERENCE, AMD64)
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(DigestMismatch, match="cannot be read"):
        source.open_blob(image, image.manifest.layers[0])


def test_an_archive_of_uncompressed_layers_does_not_fit(tmp_path: Path) -> None:
    tars = {
        f"{number}/layer.tar": gzip.decompress(blob)
        for number, blob in enumerate(IMAGE.layers.values())
    }
    write_tarball(tmp_path, IMAGE, tars)
    with pytest.raises(InvalidImage, match="another form"):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


def test_an_archive_of_more_layers_does_not_fit(tmp_path: Path) -> None:
    blobs = [*IMAGE.layers.values(), b"one more"]
    layers = {f"{number}.tar.gz": blob for number, blob in enumerate(blobs)}
    write_tarball(tmp_path, IMAGE, layers)
    with pytest.raises(InvalidImage, match="number of layers"):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


def test_an_archive_with_another_config_is_not_it(tmp_path: Path) -> None:
    other = make_image(make_tar({"a": b"first"}), platform=ARM64)
    path = write_tarball(tmp_path, other).rename(tmp_path / str(DIGEST))
    path.with_name(f"{DIGEST}.json").write_bytes(IMAGE.manifest.raw)
    with pytest.raises(DigestMismatch, match="another config"):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


@pytest.mark.parametrize("manifest", [None, b"{}"])
def test_an_archive_without_its_manifest_is_not_trusted(
    tmp_path: Path, manifest: bytes | None
) -> None:
    path = write_tarball(tmp_path, IMAGE)
    sidecar = path.with_name(f"{path.name}.json")
    sidecar.unlink() if manifest is None else sidecar.write_bytes(manifest)
    with pytest.raises(DigestMismatch, match=r"\.json"):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


@pytest.mark.parametrize("size", [0, 700, 2000])
def test_a_truncated_archive_is_no_image(tmp_path: Path, size: int) -> None:
    path = write_tarball(tmp_path, IMAGE)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(KanipyError):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


@pytest.mark.parametrize(
    "listed", [b"[]", b"{", b"[{}]", b'[{"Config":"x","Layers":1}]']
)
def test_an_archive_that_lists_no_image_does_not_fit(
    tmp_path: Path, listed: bytes
) -> None:
    path = write_tarball(tmp_path, IMAGE, {"manifest.json": listed})
    with pytest.raises(InvalidImage):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)
    assert path.is_file()


@pytest.mark.parametrize("kind", ["missing", "link", "large"])
def test_an_archive_without_a_sensible_list_does_not_fit(
    tmp_path: Path, kind: str
) -> None:
    path = write_tarball(tmp_path, IMAGE)
    info = tarfile.TarInfo("manifest.json")
    if kind == "link":
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    info.size = MAXIMUM_MANIFEST_SIZE + 1 if kind == "large" else 0
    with tarfile.open(path, "w") as archive:
        if kind != "missing":
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    with pytest.raises(InvalidImage, match=r"manifest\.json"):
        _found(tmp_path).source.resolve(REFERENCE, AMD64)


def _record(directory: Path, **changes: object) -> WarmedImageDirectory:
    fields = {
        "reference": REFERENCE.canonical,
        "platform": "linux/amd64",
        "digest": str(DIGEST),
        "resolved": 1000,
    }
    warmed = WarmedImageDirectory(str(directory), lambda: 1060.0)
    path = warmed._tag_path(REFERENCE, AMD64)  # noqa: SLF001 - its name is a hash
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**fields, **changes}))
    return warmed


def test_a_tag_is_known_for_its_platform(tmp_path: Path) -> None:
    warmed = _record(tmp_path)
    tag = warmed.find_tag(REFERENCE, AMD64)
    assert tag is not None
    assert (tag.digest, tag.age) == (DIGEST, timedelta(minutes=1))
    assert warmed.find_tag(REFERENCE, ARM64) is None
    assert warmed.find_tag(REFERENCE.with_tag("2"), AMD64) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "registry.test/other:1"},
        {"digest": "sha256:12"},
        {"digest": None},
        {"resolved": "yesterday"},
        {"resolved": 1e300},
    ],
)
def test_a_record_that_makes_no_sense_is_none(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    assert _record(tmp_path, **changes).find_tag(REFERENCE, AMD64) is None
