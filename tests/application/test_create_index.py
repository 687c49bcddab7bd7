"""Images get to where their index will be; then the index gets its names."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from adapters.memory.ambient import MemoryResultFiles, RecordingReporter
from adapters.memory.images import MemoryImageDestination, MemoryImageSource
from application.create_index import CreateIndex
from application.errors import DigestMismatch, ManifestUnknown, RegistryUnreachable
from application.options import IndexOptions, OutputOptions
from application.ports.images import BuiltImage, OpenLayer
from application.write_results import WriteResults
from domain.errors import InvalidImage
from domain.image.manifest import Index, Manifest
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import replace
from tests.support.images import AMD64, ARM64, make_image, make_tar

ONE, OTHER = Reference.parse("one:1"), Reference.parse("other:1")
HERE = (
    Reference.parse("r.example/app:1"),
    Reference.parse("r.example/app:latest"),
    Reference.parse("s.example/team/app:1"),
)


@dataclass
class World:
    """Registries in memory, and what is written to them, in order."""

    source: MemoryImageSource = field(default_factory=MemoryImageSource)
    copies: dict[str, MemoryImageDestination] = field(default_factory=dict)
    names: dict[str, MemoryImageDestination] = field(default_factory=dict)
    files: MemoryResultFiles = field(default_factory=MemoryResultFiles)
    reporter: RecordingReporter = field(default_factory=RecordingReporter)
    told: list[str] = field(default_factory=list)

    def add(self, reference: Reference | None, platform: Platform) -> Manifest:
        """Have an image in the source."""
        made = make_image(make_tar({"is": str(platform).encode()}), platform=platform)
        for data in made.blobs().values():
            self.source.add_blob(data, "")
        self.source.add_document(reference, made.manifest)
        return made.manifest

    def create(
        self,
        *images: Reference,
        names: tuple[Reference, ...] = HERE,
        annotations: tuple[tuple[str, str], ...] = (),
    ) -> Index:
        """Make an index."""
        output = OutputOptions(
            destinations=names,
            push=True,
            digest_file="/digest",
            image_name_with_digest_file="/names",
            builder_output="/out",
        )
        service = CreateIndex(
            options=IndexOptions(images=images, annotations=annotations, output=output),
            images=self.source,
            copies=lambda reference: self._place(self.copies, reference),
            names=lambda reference: self._place(self.names, reference),
            results=WriteResults(output=output, files=self.files),
            reporter=self.reporter,
        )
        return service.run()

    def _place(
        self, places: dict[str, MemoryImageDestination], reference: Reference
    ) -> MemoryImageDestination:
        name = str(reference)
        return places.setdefault(name, Told(name=name, told=self.told))


class Told(MemoryImageDestination):
    """A destination that tells what it is given."""

    def __init__(self, name: str, told: list[str]) -> None:
        super().__init__(name=name)
        self._told = told

    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        super().publish(image, open_layer)
        self._told.append(f"image {self.name}")

    def publish_index(self, index: Index) -> None:
        super().publish_index(index)
        self._told.append(f"index {self.name}")


def test_images_go_everywhere_before_any_name() -> None:
    world = World()
    manifests = [world.add(ONE, AMD64), world.add(OTHER, ARM64)]
    index = world.create(ONE, OTHER)
    assert [entry.digest for entry in index.manifests] == [m.digest for m in manifests]
    first, second = (m.digest for m in manifests)
    assert world.told == [
        f"image r.example/app@{first}",
        f"image s.example/team/app@{first}",
        f"image r.example/app@{second}",
        f"image s.example/team/app@{second}",
        *(f"index {name}" for name in HERE),
    ]
    for place in world.copies.values():
        (image,) = place.published
        blobs = {*image.manifest.layers, image.manifest.config}
        assert {blob.digest for blob in blobs} <= set(place.blobs)
        assert set(image.origins) == {blob.digest for blob in blobs}
    for place in world.names.values():
        assert (place.indexes, place.checks) == ([index], 1)


def test_the_results_tell_the_index() -> None:
    world = World()
    world.add(ONE, AMD64)
    index = world.create(ONE, annotations=(("k", "v"),))
    assert index.annotations == {"k": "v"}
    assert world.files.files["/digest"] == str(index.digest)
    assert world.files.files["/names"].splitlines()[2] == (
        f"s.example/team/app@{index.digest}"
    )
    assert world.files.files["/out/images"].count(str(index.digest)) == 3


def test_all_images_of_an_index_are_taken_but_attestations() -> None:
    world = World()
    images = [world.add(None, AMD64), world.add(None, ARM64)]
    note = world.add(None, Platform(os="unknown", architecture="unknown"))
    index = _index(*images, note=note)
    world.source.add_document(ONE, index)
    made = world.create(ONE)
    assert [entry.platform for entry in made.manifests] == [AMD64, ARM64]


def test_nothing_is_read_where_pushing_cannot_work() -> None:
    world = World()
    world.add(ONE, AMD64)
    problem = RegistryUnreachable("gone", registry="s.example")
    world.names[str(HERE[2])] = MemoryImageDestination(problem=problem)
    with pytest.raises(RegistryUnreachable):
        world.create(ONE)
    assert (world.source.opened, world.told) == ([], [])


def test_no_name_is_given_where_an_image_could_not_be_copied() -> None:
    world = World()
    world.add(ONE, AMD64)
    second = world.add(OTHER, ARM64)
    problem = RegistryUnreachable("gone", registry="s.example")
    copy = str(replace(HERE[2], tag=None).with_digest(second.digest))
    world.copies[copy] = MemoryImageDestination(problem=problem)
    with pytest.raises(RegistryUnreachable):
        world.create(ONE, OTHER)
    assert not [line for line in world.told if line.startswith("index")]
    assert world.files.files == {}


def test_nothing_is_copied_where_there_can_be_no_index() -> None:
    world = World()
    world.add(ONE, AMD64)
    other = make_image(make_tar({"other": b""}))
    world.source.add_blob(other.config_bytes, "")
    world.source.add_document(OTHER, other.manifest)
    with pytest.raises(InvalidImage, match="and so is one:1"):
        world.create(ONE, OTHER)
    with pytest.raises(ManifestUnknown):
        world.create(ONE, Reference.parse("none"))
    assert world.told == []


def test_a_damaged_layer_is_told_with_the_image_it_is_of() -> None:
    world = World()
    layer = world.add(ONE, AMD64).layers[0]
    world.source.blobs[layer.digest] = b"x" * layer.size
    with pytest.raises(DigestMismatch) as failed:
        world.create(ONE)
    assert failed.value.place == "one:1"
    assert world.files.files == {}


def test_a_config_that_changed_on_the_way_is_refused() -> None:
    world = World()
    manifest = world.add(ONE, AMD64)
    resolved = world.source.resolve_all(ONE)
    world.source.resolve_all = lambda reference: resolved  # type: ignore[method-assign]
    world.source.blobs[manifest.config.digest] = b"x" * manifest.config.size
    with pytest.raises(DigestMismatch, match="the config's bytes"):
        world.create(ONE)


def _index(*images: Manifest, note: Manifest) -> Index:
    nowhere = Platform(os="unknown", architecture="unknown")
    entries = [image.descriptor for image in images]
    return Index.create(
        Vendor.OCI, [*entries, replace(note.descriptor, platform=nowhere)]
    )
