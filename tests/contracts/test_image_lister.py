"""What a name stands for: one image, or all those of an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries
from adapters.memory.credentials import MemoryCredentials
from adapters.memory.images import MemoryImageSource
from adapters.registry.connection import RegistryConnections
from adapters.registry.source import RegistryImageSource
from application.errors import ManifestUnknown
from application.ports.images import ImageLister
from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.manifest import Index, Manifest
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import replace
from tests.support.images import AMD64, ARM64, SmallImage, make_image, make_tar
from tests.support.registry_server import FakeRegistry

NO_WAIT = Retries(sleep=lambda _: None)
ONE = make_image(make_tar({"a": b"1"}), platform=AMD64)
OTHER = make_image(make_tar({"a": b"2"}), platform=ARM64)
NOWHERE = Platform(os="unknown", architecture="unknown")


@dataclass
class Place:
    """A registry that can be filled.

    Attributes:
        lister: What is tested.
        add_blob: Gives it a blob.
        add: Gives it a manifest or index, under a tag or only its digest.
        reference: Makes the reference of a tag.
    """

    lister: ImageLister
    add_blob: Callable[[bytes], object]
    add: Callable[[str, Manifest | Index], object]
    reference: Callable[[str], Reference]

    def add_image(self, image: SmallImage, tag: str = "") -> None:
        for data in image.blobs().values():
            self.add_blob(data)
        self.add(tag, image.manifest)


def _memory() -> Iterator[Place]:
    source = MemoryImageSource()

    def reference(tag: str) -> Reference:
        return Reference.parse(f"app:{tag}")

    yield Place(
        source,
        lambda data: source.add_blob(data, ""),
        lambda tag, document: source.add_document(
            reference(tag) if tag else None, document
        ),
        reference,
    )


def _registry() -> Iterator[Place]:
    with FakeRegistry() as server, HttpClient(retries=NO_WAIT) as http:
        connections = RegistryConnections(http, MemoryCredentials())
        yield Place(
            RegistryImageSource(connections, NO_WAIT),
            lambda data: server.put_blob("app", data),
            lambda tag, document: server.put_manifest(
                "app", tag or str(document.digest), document.raw, document.media_type
            ),
            lambda tag: Reference.parse(f"{server.host}/app:{tag}"),
        )


@pytest.fixture(params=["memory", "registry"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    yield from (_memory if request.param == "memory" else _registry)()


def index_of(*entries: Descriptor) -> Index:
    return Index.create(Vendor.OCI, entries)


def test_a_name_of_an_image_stands_for_it(place: Place) -> None:
    place.add_image(ONE, "1")
    (image,) = place.lister.resolve_all(place.reference("1"))
    assert image.manifest.raw == ONE.manifest.raw
    assert image.config == ONE.config
    assert image.reference == place.reference("1")
    layer = image.manifest.layers[0]
    with place.lister.open_blob(image, layer) as stream:
        assert stream.read() == ONE.layers[layer.digest]


def test_a_name_of_an_index_stands_for_all_images_in_it_and_below(
    place: Place,
) -> None:
    place.add_image(ONE)
    place.add_image(OTHER)
    inner = index_of(OTHER.manifest.descriptor)
    place.add("", inner)
    entry = Descriptor(
        media_type=inner.media_type, digest=inner.digest, size=len(inner.raw)
    )
    note = replace(OTHER.manifest.descriptor, platform=NOWHERE)
    place.add(
        "1", index_of(replace(ONE.manifest.descriptor, platform=AMD64), note, entry)
    )
    images = place.lister.resolve_all(place.reference("1"))
    assert [image.digest for image in images] == [
        ONE.manifest.digest,
        OTHER.manifest.digest,
    ]
    assert [image.config.platform for image in images] == [AMD64, ARM64]


def test_an_unknown_name_is_told(place: Place) -> None:
    with pytest.raises(ManifestUnknown):
        place.lister.resolve_all(place.reference("none"))


def test_an_artifact_is_no_image(place: Place) -> None:
    layer = Descriptor(media_type="text/plain", digest=ONE.manifest.digest, size=1)
    place.add_blob(ONE.config_bytes)
    manifest = Manifest.create(Vendor.OCI, ONE.manifest.config, [layer])
    place.add("1", manifest)
    with pytest.raises(InvalidImage, match="no file system"):
        place.lister.resolve_all(place.reference("1"))
