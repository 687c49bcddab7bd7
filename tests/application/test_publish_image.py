"""How a finished stage becomes an image, and in which order what is written."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from adapters.archive.compression import Codec
from adapters.memory.ambient import MemoryResultFiles
from adapters.memory.images import MemoryImageDestination
from application.errors import OutputError, RegistryUnreachable
from application.options import ImageFormat, ImageOptions, OutputOptions
from application.ports.images import BuiltImage, OpenLayer
from domain.errors import InvalidImage, KanipyError, UsageError
from domain.image.config import ContainerConfig
from domain.image.digest import Digest
from domain.image.media_type import Compression, Vendor
from domain.image.reference import Reference
from tests.support.memory_build import AMD64, BASE_CONFIG, BASE_LAYERS, MemoryBuild

TEXT = "FROM base\nCOPY f /f\nLABEL a=dockerfile b=kept"
ZSTD = Codec(compression=Compression.ZSTD)


def build(**parts: object) -> MemoryBuild:
    return MemoryBuild(TEXT, context={"f": b"1"}, **parts)  # type: ignore[arg-type]


def media_types(made: MemoryBuild) -> list[str]:
    """Return the media types of manifest, config and the layer that is new."""
    manifest = made.published.manifest
    types = [manifest.media_type, manifest.config.media_type]
    return [*types, manifest.layers[-1].media_type]


DOCKER = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
]
OCI = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip",
]
OCI_ZSTD = [*OCI[:2], "application/vnd.oci.image.layer.v1.tar+zstd"]


@pytest.mark.parametrize("base", [Vendor.DOCKER, Vendor.OCI])
@pytest.mark.parametrize(
    ("wanted", "codec", "expected"),
    [
        (None, Codec(), {Vendor.DOCKER: DOCKER, Vendor.OCI: OCI}),
        (None, ZSTD, {Vendor.DOCKER: OCI_ZSTD, Vendor.OCI: OCI_ZSTD}),
        (ImageFormat.OCI, Codec(), {Vendor.DOCKER: OCI, Vendor.OCI: OCI}),
        (ImageFormat.OCI, ZSTD, {Vendor.DOCKER: OCI_ZSTD, Vendor.OCI: OCI_ZSTD}),
        (ImageFormat.DOCKER, Codec(), {Vendor.DOCKER: DOCKER, Vendor.OCI: DOCKER}),
    ],
)
def test_media_types_follow_the_wish_then_the_compression_then_the_base(
    base: Vendor,
    wanted: ImageFormat | None,
    codec: Codec,
    expected: dict[Vendor, list[str]],
) -> None:
    made = build(image=ImageOptions(format=wanted), codec=codec)
    made.add_base("base", vendor=base)
    made.run()
    assert media_types(made) == expected[base]
    family = {each.media_type.split(".")[1] for each in made.published.manifest.layers}
    assert len(family) == 1


def test_an_image_from_scratch_is_dockers_unless_asked_otherwise() -> None:
    made = MemoryBuild("FROM scratch\nCOPY f /f", context={"f": b"1"})
    made.run()
    assert media_types(made) == DOCKER


def test_docker_images_with_zstd_layers_are_refused() -> None:
    made = build(image=ImageOptions(format=ImageFormat.DOCKER), codec=ZSTD)
    with pytest.raises(
        UsageError, match="cannot hold layers compressed with zstd"
    ) as e:
        made.run()
    assert e.value.hint == "use --image-format=oci"
    assert made.destination.published == []


def test_labels_of_the_command_line_win() -> None:
    options = ImageOptions(labels=(("a", "given"), ("c", "new")))
    made = build(image=options)
    made.run()
    assert made.config.config.labels == {"a": "given", "b": "kept", "c": "new"}


@pytest.mark.parametrize("base", [Vendor.DOCKER, Vendor.OCI])
def test_annotations_make_an_oci_image_and_are_in_its_manifest(base: Vendor) -> None:
    made = build(image=ImageOptions(annotations=(("k", "v"),)))
    made.add_base("base", vendor=base)
    made.run()
    assert media_types(made) == OCI
    assert made.published.manifest.annotations == {"k": "v"}
    assert made.warnings == []


def test_annotations_of_a_docker_image_are_left_out_with_a_warning() -> None:
    options = ImageOptions(annotations=(("k", "v"),), format=ImageFormat.DOCKER)
    made = build(image=options)
    made.run()
    assert made.published.manifest.annotations == {}
    (warning,) = made.warnings
    assert "leave --image-format=docker out" in warning


def test_annotations_of_the_base_are_not_inherited() -> None:
    made = build()
    made.run()
    assert b"annotations" not in made.published.manifest.raw


# ------------------------------------------------------------------------- results

REFERENCES = (
    Reference.parse("registry.example/team/app:1"),
    Reference.parse("app"),
)
EVERYTHING = OutputOptions(
    destinations=REFERENCES,
    digest_file="/digest",
    image_name_with_digest_file="/name",
    image_name_tag_with_digest_file="/tag",
    image_id_file="/id",
    metadata_file="/metadata",
)


def test_result_files() -> None:
    made = build(output=EVERYTHING)
    published = made.run()
    digest = published.manifest.digest
    config = published.manifest.config.digest
    metadata = json.loads(made.results.files.pop("/metadata"))
    assert made.results.files == {
        "/digest": str(digest),
        "/name": (
            f"registry.example/team/app@{digest}\nindex.docker.io/library/app@{digest}\n"
        ),
        "/tag": (
            f"registry.example/team/app:1@{digest}\n"
            f"index.docker.io/library/app:latest@{digest}\n"
        ),
        "/id": str(config),
    }
    assert metadata == {
        "containerimage.config.digest": str(config),
        "containerimage.descriptor": {
            "mediaType": published.manifest.media_type,
            "digest": str(digest),
            "size": len(published.manifest.raw),
        },
        "containerimage.digest": str(digest),
        "image.name": "registry.example/team/app:1,app:latest",
    }


def test_metadata_without_a_destination_names_no_image() -> None:
    made = build(output=OutputOptions(metadata_file="/metadata"))
    made.run()
    assert "image.name" not in json.loads(made.results.files["/metadata"])


@pytest.mark.parametrize("push", [True, False])
def test_the_list_of_cloud_build_holds_what_was_pushed(*, push: bool) -> None:
    output = OutputOptions(destinations=REFERENCES, builder_output="/out", push=push)
    made = build(output=output)
    digest = made.run().manifest.digest
    lines = (
        f'{{"name":"registry.example/team/app:1","digest":"{digest}"}}\n'
        f'{{"name":"app:latest","digest":"{digest}"}}\n'
    )
    assert made.results.files == ({"/out/images": lines} if push else {})


def test_no_result_file_is_written_unasked() -> None:
    made = build()
    made.run()
    assert made.results.files == {}


def test_what_is_published_is_what_is_returned() -> None:
    made = build()
    published = made.run()
    assert published.manifest == made.published.manifest
    assert published.config.to_json() == made.published.config
    assert published.manifest.config.digest == Digest.of(made.published.config)


# --------------------------------------------------------------------------- order


class Recording(MemoryImageDestination):
    """A destination that tells when it is used."""

    def __init__(self, name: str, told: list[str], problem: Exception | None) -> None:
        super().__init__(name=name)
        self._told = told
        self._failure = problem

    def check(self) -> None:
        self._told.append(f"check {self.name}")

    def send(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        self._told.append(f"send {self.name}")
        if self._failure is not None:
            raise self._failure
        super().send(image, open_layer)

    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        self._told.append(f"publish {self.name}")
        self.published.append(image)


def recorded(
    problems: Sequence[Exception | None],
) -> tuple[MemoryBuild, list[str]]:
    told: list[str] = []
    made = build(output=OutputOptions(digest_file="/digest"))
    made.destinations = [
        Recording(str(number), told, problem) for number, problem in enumerate(problems)
    ]
    return made, told


def test_every_destination_is_checked_before_and_written_after_the_build() -> None:
    made, told = recorded([None, None])
    made.run()
    assert told == [
        *("check 0", "check 1", "send 0", "send 1"),
        *("publish 0", "publish 1"),
    ]
    infos = [text for level, text in made.reporter.messages if level == "info"]
    digest = made.results.files["/digest"]
    assert infos[-4:] == [
        "Writing 0",
        "Writing 1",
        f"Wrote 0 {digest}",
        f"Wrote 1 {digest}",
    ]


def test_what_is_checked_besides_destinations_is_checked_before_the_build() -> None:
    told: list[str] = []
    made = build()
    made.further_checks = [lambda: told.append("check")]
    made.run()
    assert told == ["check"]


def test_nothing_is_named_anywhere_and_no_result_written_if_one_send_fails() -> None:
    """What a pipeline reads must not be there when a push has failed."""
    problem = RegistryUnreachable("gone", registry="r")
    made, told = recorded([None, problem, None])
    with pytest.raises(RegistryUnreachable):
        made.run()
    assert told[-2:] == ["send 0", "send 1"]
    assert made.results.files == {}


class Failing(MemoryResultFiles):
    """Result files on a disk that is full."""

    def write(self, path: str, text: str) -> None:
        raise OutputError("no space left", place=path)


def test_a_result_file_that_cannot_be_written_fails_the_build() -> None:
    made = build(output=EVERYTHING)
    made.results = Failing()
    with pytest.raises(OutputError):
        made.run()
    assert made.destination.published


def test_a_result_file_that_cannot_be_written_is_found_before_the_build() -> None:
    made = build(output=EVERYTHING)
    made.results = MemoryResultFiles(unwritable=frozenset({"/name"}))
    with pytest.raises(OutputError):
        made.run()
    assert made.destination.published == []
    assert made.registry.opened == []


def test_publishing_twice_gives_the_same_image() -> None:
    made = build()
    service = made.service()
    assert service.run() == service.run()
    first, second = made.destination.published
    assert first.manifest.raw == second.manifest.raw


def test_layers_of_the_base_are_fetched_only_when_a_destination_opens_them() -> None:
    class Mounting(MemoryImageDestination):
        def send(self, image: BuiltImage, open_layer: OpenLayer) -> None:
            pass

        def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
            self.published.append(image)

    made = MemoryBuild("FROM base\nENV a=1")
    made.destinations = [Mounting()]
    made.run()
    assert made.layers.fetched == []
    assert made.registry.opened == []
    made = MemoryBuild("FROM base\nENV a=1")
    made.run()
    assert len(made.layers.fetched) == len(BASE_LAYERS)


def test_a_base_whose_config_and_manifest_disagree_is_refused() -> None:
    made = build()
    config = made.registry.resolve(Reference.parse("base"), AMD64).config
    layers = [each.descriptor for each in BASE_LAYERS[:2]]
    made.registry.add_image(Reference.parse("base"), config, layers)
    with pytest.raises(InvalidImage, match="2 layers, but 3 diff IDs") as caught:
        made.run()
    assert caught.value.place == "Dockerfile:1: base"


def test_the_author_and_unknown_fields_survive() -> None:
    made = MemoryBuild("FROM base\nMAINTAINER me")
    made.add_base("base", config=ContainerConfig(env=BASE_CONFIG.env, extra={"X": 1}))
    made.run()
    assert made.config.author == "me"
    assert made.config.config.extra == {"X": 1}


def test_errors_of_a_destination_are_passed_on_as_they_are() -> None:
    problem = KanipyError("disk full", place="/out", hint="free some")
    made, _ = recorded([problem])
    with pytest.raises(KanipyError) as caught:
        made.run()
    assert caught.value is problem
