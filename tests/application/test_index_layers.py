"""What the warmer keeps of layers, and which place a build asks for it first."""

from __future__ import annotations

import pytest

from adapters.archive.layer_reader import read_index
from adapters.memory.ambient import FixedClock, RecordingReporter
from adapters.memory.images import MemoryImageSource
from adapters.memory.layer_cache import MemoryLayerCache
from adapters.memory.layers import MemoryLayers
from application.index_layers import IndexLayers
from application.nearest_indexes import NearestIndexes
from application.ports.images import ResolvedImage
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.reference import Reference
from domain.snapshot.index import LayerIndex
from domain.values import replace
from tests.support.images import SmallImage, make_image, make_tar

IMAGE = make_image(make_tar({"a": b"first"}), make_tar({"b": b"second", "c": b""}))
DAMAGED = make_image(make_tar({"a": b"first"}), b"no archive", make_tar({"d": b""}))
LOWER, UPPER = zip(IMAGE.manifest.layers, IMAGE.config.diff_ids, strict=True)


class Warm:
    """Images with their layers, and indexes of them."""

    def __init__(self) -> None:
        self.source = MemoryImageSource()
        self.cache = new_cache()
        self.reporter = RecordingReporter()

    def keep(self, image: SmallImage, *, anew: bool = False) -> None:
        self.source.blobs.update(image.blobs())
        resolved = ResolvedImage(
            reference=Reference.parse("base:1"),
            digest=image.manifest.digest,
            manifest=image.manifest,
            config=image.config,
        )
        IndexLayers(indexes=self.cache, read=read_index, reporter=self.reporter).keep(
            resolved, self.source, anew=anew
        )

    @property
    def warnings(self) -> list[str]:
        return [text for level, text in self.reporter.messages if level == "warning"]


def new_cache() -> MemoryLayerCache:
    return MemoryLayerCache(MemoryLayers(FixedClock()))


def test_every_layer_has_its_index() -> None:
    warm = Warm()
    warm.keep(IMAGE)
    indexes = [warm.cache.indexes[layer.digest] for layer in IMAGE.manifest.layers]
    assert [list(index.entries) for index in indexes] == [["a"], ["b", "c"]]
    assert indexes[0].entries["a"].sha256 == Digest.of(b"first").hex
    assert warm.warnings == []


def test_indexes_that_are_there_are_left_unless_all_is_made_anew() -> None:
    warm = Warm()
    warm.keep(IMAGE)
    layer = IMAGE.manifest.layers[1].digest
    kept = LayerIndex()
    warm.cache.indexes[layer] = kept
    warm.source.blobs.clear()
    warm.keep(IMAGE)
    assert warm.cache.indexes[layer] is kept
    warm.keep(IMAGE, anew=True)
    assert list(warm.cache.indexes[layer].entries) == ["b", "c"]


def test_a_layer_that_cannot_be_read_is_told_and_the_others_are_kept() -> None:
    warm = Warm()
    warm.keep(DAMAGED)
    [warning] = warm.warnings
    assert str(DAMAGED.manifest.layers[1].digest) in warning
    assert "base:1" in warning
    layers = DAMAGED.manifest.layers
    assert set(warm.cache.indexes) == {layers[0].digest, layers[2].digest}


def test_a_layer_that_lies_elsewhere_is_not_read() -> None:
    warm = Warm()
    media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    foreign = replace(IMAGE.manifest.layers[0], media_type=media_type)
    manifest = replace(IMAGE.manifest, layers=(foreign, IMAGE.manifest.layers[1]))
    warm.keep(replace_manifest(IMAGE, manifest))
    assert set(warm.cache.indexes) == {IMAGE.manifest.layers[1].digest}


def replace_manifest(image: SmallImage, manifest: object) -> SmallImage:
    assert isinstance(manifest, type(image.manifest))
    return SmallImage(manifest, image.config, image.layers)


# ------------------------------------------------------------------- which is asked


def index_of(name: str) -> LayerIndex:
    tar = make_tar({name: b""})
    layer = make_image(tar)
    with layer.open_layer(layer.manifest.layers[0]) as blob:
        return read_index(blob, Digest.of(tar))


@pytest.fixture
def places() -> tuple[MemoryLayerCache, MemoryLayerCache]:
    """One at hand that has the lower layer, one behind it that has both."""
    near, far = new_cache(), new_cache()
    near.indexes[LOWER[0].digest] = index_of("near")
    far.indexes[LOWER[0].digest] = index_of("far")
    far.indexes[UPPER[0].digest] = index_of("far")
    return near, far


def names(
    indexes: NearestIndexes, layer: tuple[Descriptor, Digest]
) -> tuple[list[str], list[str]]:
    """Return what the thin and the full index of a layer say."""
    thin = indexes.find_index(*layer)
    assert thin is not None
    assert thin.is_thin
    full = indexes.find_rows(*layer, thin)
    assert full is not None
    assert not full.is_thin
    return list(thin.entries), list(full.entries)


def test_what_is_at_hand_is_taken_first(
    places: tuple[MemoryLayerCache, MemoryLayerCache],
) -> None:
    indexes = NearestIndexes(*places)
    assert names(indexes, LOWER) == (["near"], ["near"])
    assert names(indexes, UPPER) == (["far"], ["far"])


def test_what_is_at_hand_is_not_written_elsewhere(
    places: tuple[MemoryLayerCache, MemoryLayerCache],
) -> None:
    near, far = places
    far.indexes.clear()
    indexes = NearestIndexes(near, far)
    for layer in (LOWER, UPPER):
        indexes.find_index(*layer)
        indexes.store_index(*layer, index_of("read"))
    assert set(far.indexes) == {UPPER[0].digest}
    assert set(near.indexes) == {LOWER[0].digest}
