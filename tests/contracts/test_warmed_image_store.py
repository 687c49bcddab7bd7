"""What every directory of warmed images does: in memory and on disk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.memory.images import MemoryImageSource
from adapters.memory.warmed_images import MemoryWarmedImages
from adapters.storage.warmed_image_store import DirectoryWarmedImageStore
from application.errors import DigestMismatch
from application.ports.images import ResolvedImage
from application.ports.warmed_images import Added, WarmedImageStore
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index
from domain.image.media_type import Vendor
from tests.support.images import (
    AMD64,
    ARM64,
    SmallImage,
    check_image,
    make_image,
    make_tar,
)
from tests.support.warmed import REFERENCE

SHARED = make_tar({"a": b"shared"})
IMAGE = make_image(SHARED, make_tar({"b": b"own"}))


@pytest.fixture(params=["memory", "directory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> WarmedImageStore:
    if request.param == "memory":
        return MemoryWarmedImages()
    return DirectoryWarmedImageStore(str(tmp_path / "cache"))


@pytest.fixture
def source() -> MemoryImageSource:
    return MemoryImageSource()


def _resolve(
    source: MemoryImageSource, image: SmallImage, *indexes: Index
) -> ResolvedImage:
    source.blobs.update(image.blobs())
    source.add_document(REFERENCE, image.manifest)
    for index in indexes:
        source.add_document(REFERENCE, index)
    return source.resolve(REFERENCE, image.config.platform)


def _size(image: SmallImage) -> int:
    return sum(len(blob) for blob in image.blobs().values())


def test_what_was_added_is_found_to_the_byte(
    store: WarmedImageStore, source: MemoryImageSource
) -> None:
    image = _resolve(source, IMAGE)
    assert store.add(image, source) == Added(fetched=_size(IMAGE), present=0)
    found = store.find(image.digest, AMD64)
    assert found is not None
    assert found.digest == image.digest
    assert timedelta(0) <= found.age < timedelta(hours=1)
    resolved = found.source.resolve(REFERENCE, AMD64)

    def read(descriptor: Descriptor) -> bytes:
        with found.source.open_blob(resolved, descriptor) as stream:
            return stream.read()

    check_image(resolved, read)


def test_nothing_is_found_before(store: WarmedImageStore) -> None:
    assert store.find(IMAGE.manifest.digest, AMD64) is None
    assert store.find_tag(REFERENCE, AMD64) is None


def test_adding_again_fetches_nothing_unless_asked_for(
    store: WarmedImageStore, source: MemoryImageSource
) -> None:
    image = _resolve(source, IMAGE)
    store.add(image, source)
    source.opened.clear()
    assert store.add(image, source) == Added(fetched=0, present=_size(IMAGE))
    assert source.opened == []


def test_images_share_their_blobs(
    store: WarmedImageStore, source: MemoryImageSource
) -> None:
    other = make_image(SHARED)
    store.add(_resolve(source, IMAGE), source)
    source.opened.clear()
    added = store.add(_resolve(source, other), source)
    assert source.opened == [other.manifest.config.digest]
    assert added.present == len(next(iter(other.layers.values())))


def test_an_index_leads_to_the_image_of_a_platform(
    store: WarmedImageStore, source: MemoryImageSource
) -> None:
    arm64 = make_image(make_tar({"a": b"arm64"}), platform=ARM64)
    entries = [
        Descriptor(
            media_type=each.manifest.media_type,
            digest=each.manifest.digest,
            size=len(each.manifest.raw),
            platform=each.config.platform,
        )
        for each in (IMAGE, arm64)
    ]
    index = Index.create(Vendor.OCI, entries)
    source.blobs.update(arm64.blobs())
    source.add_document(None, arm64.manifest)
    store.add(_resolve(source, IMAGE, index), source)
    found = store.find(index.digest, AMD64)
    assert found is not None
    assert found.digest == IMAGE.manifest.digest
    assert store.find(index.digest, ARM64) is None


def test_a_tag_is_what_it_was_told_last(store: WarmedImageStore) -> None:
    first, last = Digest.of(b"1"), Digest.of(b"2")
    store.tag(REFERENCE, AMD64, first)
    store.tag(REFERENCE, AMD64, last)
    tag = store.find_tag(REFERENCE, AMD64)
    assert tag is not None
    assert tag.digest == last
    assert timedelta(seconds=-1) <= tag.age < timedelta(hours=1)
    assert store.find_tag(REFERENCE, ARM64) is None


def test_other_bytes_make_no_entry(
    store: WarmedImageStore, source: MemoryImageSource
) -> None:
    image = _resolve(source, IMAGE)
    layer = image.manifest.layers[1]
    source.blobs[layer.digest] = b"x" * layer.size
    with pytest.raises(DigestMismatch):
        store.add(image, source)
    assert store.find(image.digest, AMD64) is None
