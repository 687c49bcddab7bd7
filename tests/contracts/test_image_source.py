"""What every source of base images does: memory, registry, OCI layout, warmed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries, RetryPolicy
from adapters.memory.credentials import MemoryCredentials
from adapters.memory.images import MemoryImageSource
from adapters.registry.connection import RegistryConnections
from adapters.registry.mirrors import MirroredImageSource
from adapters.registry.source import RegistryImageSource
from adapters.storage.oci_layout import LayoutLocation, OciLayoutImageSource
from adapters.storage.warmed_layout import WarmedLayoutSource
from application.errors import DigestMismatch, ManifestUnknown
from application.ports.images import ImageSource
from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index, Manifest
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.image.registry_map import RegistryMap, parse_maps
from tests.support.images import AMD64, ARM64, check_image, make_image, make_tar
from tests.support.registry_server import FakeRegistry

Document = Manifest | Index
NO_WAIT = Retries(RetryPolicy(attempts=3), sleep=lambda _: None)


@dataclass
class Place:
    """A source, and how a test puts images into it.

    Attributes:
        source: The source.
        reference: The image that `put` names.
        put: Makes the last of the documents the named image, with all blobs.
        found: Where the image is found, if that is another reference.
    """

    source: ImageSource
    reference: Reference
    put: Callable[[list[Document], dict[Digest, bytes]], None]
    found: Reference | None = None


def _memory() -> Iterator[Place]:
    source = MemoryImageSource()
    reference = Reference.parse("registry.test/app:1")

    def put(documents: list[Document], blobs: dict[Digest, bytes]) -> None:
        source.blobs.update(blobs)
        for document in documents:
            source.add_document(None, document)
        source.add_document(reference, documents[-1])

    yield Place(source, reference, put)


def _registry() -> Iterator[Place]:
    with FakeRegistry() as server, HttpClient(retries=NO_WAIT) as http:
        reference = Reference.parse(f"{server.host}/app:1")

        def put(documents: list[Document], blobs: dict[Digest, bytes]) -> None:
            server.blobs.update({("app", str(d)): data for d, data in blobs.items()})
            for document in documents:
                server.put_manifest("app", "1", document.raw, document.media_type)

        connections = RegistryConnections(http, MemoryCredentials())
        yield Place(RegistryImageSource(connections, NO_WAIT), reference, put)


def _mirror() -> Iterator[Place]:
    """The registry itself may not be asked."""
    source = MemoryImageSource()
    named = Reference.parse("registry.test/app:1")
    at_mirror = Reference.parse("mirror.test/cache/app:1")

    def put(documents: list[Document], blobs: dict[Digest, bytes]) -> None:
        source.blobs.update(blobs)
        for document in documents:
            source.add_document(None, document)
        source.add_document(at_mirror, documents[-1])

    maps = parse_maps(["registry.test=mirror.test/cache"])
    rules = RegistryMap(mirrors=maps, falls_back=False)
    mirrored = MirroredImageSource(source, rules, lambda _: None)
    yield Place(mirrored, named, put, at_mirror)


def _warmed(root: Path) -> Iterator[Place]:
    def put(documents: list[Document], blobs: dict[Digest, bytes]) -> None:
        _write_layout(root, documents, blobs)
        made.source = WarmedLayoutSource(root, documents[-1].digest)

    made = Place(
        WarmedLayoutSource(root, Digest.of(b"no image")), Reference.parse("base"), put
    )
    yield made


def _layout(root: Path) -> Iterator[Place]:
    def put(documents: list[Document], blobs: dict[Digest, bytes]) -> None:
        _write_layout(root, documents, blobs)

    location = LayoutLocation.parse(f"oci-layout://{root}")
    yield Place(OciLayoutImageSource(location), Reference.parse("base"), put)


def _write_layout(
    root: Path, documents: list[Document], blobs: dict[Digest, bytes]
) -> None:
    folder = root / "blobs" / "sha256"
    folder.mkdir(parents=True)
    named = {document.digest: document.raw for document in documents}
    for digest, data in (blobs | named).items():
        (folder / digest.hex).write_bytes(data)
    last = documents[-1]
    entry = Descriptor(
        media_type=last.media_type, digest=last.digest, size=len(last.raw)
    )
    index = Index.create(Vendor.OCI, [entry])
    (root / "index.json").write_bytes(index.raw)


@pytest.fixture(params=["memory", "registry", "mirror", "layout", "warmed"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    match request.param:
        case "memory":
            yield from _memory()
        case "registry":
            yield from _registry()
        case "mirror":
            yield from _mirror()
        case "layout":
            yield from _layout(tmp_path / "layout")
        case _:
            yield from _warmed(tmp_path / "warmed")


@pytest.mark.parametrize("vendor", list(Vendor))
def test_an_image_is_resolved_with_all_invariants(place: Place, vendor: Vendor) -> None:
    image = make_image(make_tar({"a": b"1"}), make_tar({"b": b"2"}), vendor=vendor)
    place.put([image.manifest], image.blobs())
    resolved = place.source.resolve(place.reference, AMD64)
    assert resolved.reference == (place.found or place.reference)
    assert resolved.manifest.vendor is vendor

    def read(descriptor: Descriptor) -> bytes:
        with place.source.open_blob(resolved, descriptor) as stream:
            return stream.read()

    check_image(resolved, read)


def test_a_blob_can_be_read_from_an_offset(place: Place) -> None:
    image = make_image(make_tar({"a": b"some content"}))
    place.put([image.manifest], image.blobs())
    resolved = place.source.resolve(place.reference, AMD64)
    layer = image.manifest.layers[0]
    with place.source.open_blob(resolved, layer, 7) as stream:
        assert stream.read() == image.layers[layer.digest][7:]


def _entry(document: Document, platform: Platform | None = None) -> Descriptor:
    return Descriptor(
        media_type=document.media_type,
        digest=document.digest,
        size=len(document.raw),
        platform=platform,
    )


def test_the_platform_is_chosen_from_an_index_and_attestations_are_skipped(
    place: Place,
) -> None:
    amd64 = make_image(make_tar({"a": b"amd64"}))
    arm64 = make_image(make_tar({"a": b"arm64"}), platform=ARM64)
    unknown = Platform(os="unknown", architecture="unknown")
    index = Index.create(
        Vendor.OCI,
        [
            _entry(amd64.manifest, unknown),
            _entry(amd64.manifest, AMD64),
            _entry(arm64.manifest, ARM64),
        ],
    )
    place.put([amd64.manifest, arm64.manifest, index], amd64.blobs() | arm64.blobs())
    for image, platform in ((amd64, AMD64), (arm64, ARM64)):
        resolved = place.source.resolve(place.reference, platform)
        assert resolved.digest == image.manifest.digest
        assert resolved.config.platform == platform


def test_nested_indexes_are_followed_and_told(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}))
    inner = Index.create(Vendor.OCI, [_entry(image.manifest, AMD64)])
    outer = Index.create(Vendor.OCI, [_entry(inner)])
    place.put([image.manifest, inner, outer], image.blobs())
    resolved = place.source.resolve(place.reference, AMD64)
    assert resolved.digest == image.manifest.digest
    assert resolved.indexes == (outer, inner)


def test_a_platform_that_is_not_offered_is_unknown_and_the_others_are_named(
    place: Place,
) -> None:
    image = make_image(make_tar({"a": b"1"}))
    index = Index.create(Vendor.OCI, [_entry(image.manifest, AMD64)])
    place.put([image.manifest, index], image.blobs())
    with pytest.raises(ManifestUnknown, match=r"linux/arm64.*linux/amd64"):
        place.source.resolve(place.reference, ARM64)


def test_an_image_that_does_not_exist_is_unknown(place: Place) -> None:
    with pytest.raises(ManifestUnknown) as caught:
        place.source.resolve(place.reference, AMD64)
    assert caught.value.hint


def test_a_damaged_config_is_a_digest_mismatch(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}))
    blobs = image.blobs()
    blobs[image.manifest.config.digest] = image.config_bytes.replace(b"amd64", b"amd46")
    place.put([image.manifest], blobs)
    with pytest.raises(DigestMismatch, match=r"config|bytes"):
        place.source.resolve(place.reference, AMD64)


def test_an_artifact_is_no_image(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}))
    layer = replace(image.manifest.layers[0], media_type="application/vnd.sigstore")
    artifact = Manifest.create(Vendor.OCI, image.manifest.config, [layer])
    place.put([artifact], image.blobs())
    with pytest.raises(InvalidImage, match="no file system"):
        place.source.resolve(place.reference, AMD64)


def test_schema_1_is_refused_by_name(place: Place) -> None:
    raw = json.dumps({"schemaVersion": 1, "fsLayers": [], "name": "old"}).encode()
    media_type = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    config = Descriptor(media_type="", digest=Digest.of(b""), size=0)
    old = Manifest(
        raw=raw, media_type=media_type, digest=Digest.of(raw), config=config, layers=()
    )
    place.put([old], {})
    with pytest.raises(InvalidImage, match="schema 1"):
        place.source.resolve(place.reference, AMD64)
