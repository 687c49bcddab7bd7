"""What every destination does: memory, registry, OCI layout, docker tar."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries, RetryPolicy
from adapters.memory.credentials import MemoryCredentials
from adapters.memory.images import MemoryImageDestination
from adapters.registry.connection import RegistryConnections
from adapters.registry.destination import RegistryImageDestination
from adapters.storage.docker_tar import DockerTarImageDestination
from adapters.storage.oci_layout import OciLayoutImageDestination
from application.errors import DigestMismatch, RegistryError
from application.ports.images import ImageDestination, ResolvedImage
from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index, Manifest
from domain.image.media_type import Compression, Vendor
from domain.image.reference import Reference
from tests.support.images import SmallImage, check_image, make_image, make_tar
from tests.support.registry_server import FakeRegistry

NO_WAIT = Retries(RetryPolicy(attempts=2), sleep=lambda _: None)
Blobs = dict[str, bytes]


@dataclass
class Place:
    """A destination and a look into what it holds.

    Attributes:
        destination: The destination.
        look: Returns the named manifest, None without one, and all blobs by digest.
    """

    destination: ImageDestination
    look: Callable[[], tuple[bytes | None, Blobs]]


def _memory() -> Iterator[Place]:
    destination = MemoryImageDestination()

    def look() -> tuple[bytes | None, Blobs]:
        last = destination.published[-1].manifest.raw if destination.published else None
        return last, {str(d): data for d, data in destination.blobs.items()}

    yield Place(destination, look)


def _registry() -> Iterator[Place]:
    with FakeRegistry() as server, HttpClient(retries=NO_WAIT) as http:

        def look() -> tuple[bytes | None, Blobs]:
            stored = server.manifests.get(("app", "1"))
            blobs = {digest: data for (_, digest), data in server.blobs.items()}
            return stored.data if stored else None, blobs

        reference = Reference.parse(f"{server.host}/app:1")
        connections = RegistryConnections(http, MemoryCredentials())
        yield Place(RegistryImageDestination(reference, connections, NO_WAIT), look)


def _layout(root: Path) -> Iterator[Place]:
    def look() -> tuple[bytes | None, Blobs]:
        files = (root / "blobs").rglob("*") if root.exists() else ()
        blobs = {f"sha256:{f.name}": f.read_bytes() for f in files if f.is_file()}
        if not (root / "index.json").exists():
            return None, blobs
        index = Index.parse((root / "index.json").read_bytes())
        return blobs[str(index.manifests[-1].digest)], blobs

    yield Place(OciLayoutImageDestination(str(root)), look)


def _tar(path: Path) -> Iterator[Place]:
    """The format has no manifest: one is made of what the list says."""

    def look() -> tuple[bytes | None, Blobs]:
        if not path.exists():
            return None, {}
        with tarfile.open(path) as tar:
            members = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
        (entry,) = json.loads(members["manifest.json"])
        blobs = {str(Digest.of(data)): data for data in members.values()}

        def describe(name: str, media_type: str) -> Descriptor:
            data = members[name]
            return Descriptor(
                media_type=media_type, digest=Digest.of(data), size=len(data)
            )

        layer_type = "application/vnd.oci.image.layer.v1.tar+gzip"
        manifest = Manifest.create(
            Vendor.OCI,
            describe(entry["Config"], Vendor.OCI.config_type),
            [describe(name, layer_type) for name in entry["Layers"]],
        )
        return manifest.raw, blobs

    yield Place(DockerTarImageDestination(str(path)), look)


@pytest.fixture(params=["memory", "registry", "layout", "tar"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    match request.param:
        case "memory":
            yield from _memory()
        case "registry":
            yield from _registry()
        case "layout":
            yield from _layout(tmp_path / "deep" / "layout")
        case _:
            yield from _tar(tmp_path / "deep" / "image.tar")


def _assert_published(place: Place, image: SmallImage) -> None:
    raw, blobs = place.look()
    assert raw == image.manifest.raw
    found = ResolvedImage(
        reference=Reference.parse("found"),
        digest=Digest.of(raw),
        manifest=Manifest.parse(raw),
        config=ImageConfig.parse(blobs[str(image.manifest.config.digest)]),
    )
    check_image(found, lambda descriptor: blobs[str(descriptor.digest)])


def test_a_published_image_keeps_all_invariants(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}), make_tar({"b": bytes(3_000_000)}))
    place.destination.check()
    place.destination.publish(image.built, image.open_layer)
    _assert_published(place, image)


def test_publishing_twice_is_as_good_as_once(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}))
    place.destination.publish(image.built, image.open_layer)
    place.destination.publish(image.built, image.open_layer)
    _assert_published(place, image)


def test_what_is_sent_has_no_name_before_it_is_published(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}))
    place.destination.send(image.built, image.open_layer)
    place.destination.send(image.built, image.open_layer)
    raw, _ = place.look()
    assert raw is None
    place.destination.publish(image.built, image.open_layer)
    _assert_published(place, image)


def test_another_image_replaces_the_first(place: Place) -> None:
    for content in (b"1", b"2"):
        image = make_image(make_tar({"a": content}))
        place.destination.publish(image.built, image.open_layer)
        _assert_published(place, image)


def test_the_same_layer_may_occur_twice(place: Place) -> None:
    tar = make_tar({"a": b"1"})
    image = make_image(tar, make_tar({"b": b"2"}), tar)
    place.destination.publish(image.built, image.open_layer)
    _assert_published(place, image)


def test_an_image_without_layers_can_be_published(place: Place) -> None:
    image = make_image()
    place.destination.publish(image.built, image.open_layer)
    _assert_published(place, image)


def test_checking_leaves_nothing_behind(place: Place) -> None:
    place.destination.check()
    assert place.look() == (None, {})


def test_each_layer_stream_is_closed(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}), make_tar({"b": b"2"}))
    opened: list[BinaryIO] = []

    def open_layer(descriptor: Descriptor) -> BinaryIO:
        opened.append(image.open_layer(descriptor))
        return opened[-1]

    place.destination.publish(image.built, open_layer)
    assert [stream.closed for stream in opened] == [True, True]


def test_damaged_layers_never_appear_under_the_name(place: Place) -> None:
    good = make_image(make_tar({"a": b"1"}))
    place.destination.publish(good.built, good.open_layer)
    image = make_image(make_tar({"a": b"2"}))

    def damaged(descriptor: Descriptor) -> BinaryIO:
        return io.BytesIO(b"x" * descriptor.size)

    with pytest.raises((DigestMismatch, RegistryError)):
        place.destination.publish(image.built, damaged)
    _assert_published(place, good)


def test_a_layer_that_ends_early_is_a_digest_mismatch(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}))

    def short(descriptor: Descriptor) -> BinaryIO:
        return io.BytesIO(image.layers[descriptor.digest][:-1])

    with pytest.raises(DigestMismatch):
        place.destination.publish(image.built, short)
    raw, _ = place.look()
    assert raw is None


def test_an_error_of_opening_a_layer_passes_through(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}))
    problem = RegistryError("gone", registry="elsewhere")

    def broken(_: Descriptor) -> BinaryIO:
        raise problem

    with pytest.raises(RegistryError) as caught:
        place.destination.publish(image.built, broken)
    assert caught.value is problem
    raw, _ = place.look()
    assert raw is None


def test_uncompressed_layers_are_kept_as_they_are(place: Place) -> None:
    image = make_image(make_tar({"a": b"1"}), compression=Compression.NONE)
    place.destination.publish(image.built, image.open_layer)
    _, blobs = place.look()
    assert all(str(digest) in blobs for digest in image.layers)


def test_foreign_layers_have_nothing_to_upload_but_the_tar_wants_them(
    place: Place,
) -> None:
    """Their bytes may not be distributed; an archive cannot point elsewhere."""
    image = make_image(make_tar({"a": b"1"}))
    foreign = replace(
        image.manifest.layers[0],
        media_type="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    )
    manifest = Manifest.create(Vendor.OCI, image.manifest.config, [foreign])
    place.destination.publish(replace(image.built, manifest=manifest), image.open_layer)
    _, blobs = place.look()
    keeps = isinstance(
        place.destination, MemoryImageDestination | DockerTarImageDestination
    )
    assert (str(foreign.digest) in blobs) is keeps


def test_the_destination_has_a_name_for_messages(place: Place) -> None:
    assert place.destination.name
