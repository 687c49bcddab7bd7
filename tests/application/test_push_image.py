"""An image that was made before is pushed everywhere, and then told of."""

from __future__ import annotations

import io

import pytest

from adapters.memory.ambient import MemoryResultFiles, RecordingReporter
from adapters.memory.images import MemoryImageDestination
from application.errors import DigestMismatch, OutputError, RegistryUnreachable
from application.options import OutputOptions
from application.ports.images import BuiltImage, ImageDestination, OpenLayer
from application.push_image import PushImage
from application.write_results import WriteResults
from domain.image.reference import Reference
from tests.support.images import SmallImage, make_image, make_tar

IMAGE = make_image(make_tar({"a": b"1"}))
OUTPUT = OutputOptions(
    destinations=(Reference.parse("app:1"),), push=True, digest_file="/digest"
)


class Stored:
    """An image at hand."""

    def __init__(self, image: SmallImage = IMAGE) -> None:
        self.open_layer = image.open_layer
        self.place = "/image"
        self.reads = 0
        self._image = image

    def read(self) -> BuiltImage:
        self.reads += 1
        return self._image.built


class Broken(MemoryImageDestination):
    def check(self) -> None:
        raise RegistryUnreachable("gone", registry="r")


class Refusing(MemoryImageDestination):
    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        raise OutputError("no")


def service(
    *destinations: ImageDestination, image: Stored | None = None
) -> tuple[PushImage, MemoryResultFiles]:
    files = MemoryResultFiles()
    results = WriteResults(output=OUTPUT, files=files)
    made = PushImage(
        image=image or Stored(),
        destinations=destinations,
        results=results,
        reporter=RecordingReporter(),
    )
    return made, files


def test_the_image_is_pushed_everywhere_as_it_is() -> None:
    places = MemoryImageDestination(), MemoryImageDestination()
    push, files = service(*places)
    assert push.run() == IMAGE.manifest
    for place in places:
        (published,) = place.published
        assert published.manifest.raw == IMAGE.manifest.raw
        assert place.blobs.items() >= IMAGE.blobs().items()
    assert files.files == {"/digest": str(IMAGE.manifest.digest)}


def test_nothing_is_read_where_pushing_cannot_work() -> None:
    image = Stored()
    push, files = service(MemoryImageDestination(), Broken(), image=image)
    with pytest.raises(RegistryUnreachable):
        push.run()
    assert (image.reads, files.files) == (0, {})


def test_no_result_is_told_of_an_image_that_is_not_everywhere() -> None:
    push, files = service(MemoryImageDestination(), Refusing())
    with pytest.raises(OutputError):
        push.run()
    assert files.files == {}


def test_a_damaged_layer_is_told_with_the_place_of_the_image() -> None:
    image = Stored()
    image.open_layer = lambda descriptor: io.BytesIO(b"x" * descriptor.size)
    push, files = service(MemoryImageDestination(), image=image)
    with pytest.raises(DigestMismatch) as failed:
        push.run()
    assert failed.value.place == "/image"
    assert files.files == {}
