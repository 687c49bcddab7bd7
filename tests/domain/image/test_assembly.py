"""An index is made of images for platforms that differ."""

from __future__ import annotations

import json

import pytest

from domain.errors import InvalidImage
from domain.image.assembly import IndexPart, assemble_index
from domain.image.media_type import DOCKER_INDEX, OCI_INDEX, Vendor
from domain.image.platform import Platform
from domain.image.selection import every_manifest
from tests.support.images import AMD64, ARM64, SmallImage, make_image, make_tar

V7 = Platform(os="linux", architecture="arm", variant="v7")
WINDOWS = Platform(
    os="windows",
    architecture="amd64",
    os_version="10.0.17763.1",
    os_features=("win32k",),
)


def image(platform: Platform, vendor: Vendor = Vendor.OCI) -> SmallImage:
    tar = make_tar({"platform": str(platform).encode()})
    return make_image(tar, vendor=vendor, platform=platform)


def part(made: SmallImage, name: str = "a") -> IndexPart:
    return IndexPart(name=name, manifest=made.manifest, platform=made.config.platform)


def test_entries_have_size_digest_and_all_of_the_platform_in_order() -> None:
    images = [image(each) for each in (WINDOWS, V7, AMD64)]
    index = assemble_index(part(each) for each in images)
    entries = json.loads(index.raw)["manifests"]
    assert [entry["digest"] for entry in entries] == [
        str(each.manifest.digest) for each in images
    ]
    assert [entry["size"] for entry in entries] == [
        len(each.manifest.raw) for each in images
    ]
    assert [entry["platform"] for entry in entries] == [
        {
            "architecture": "amd64",
            "os": "windows",
            "os.version": "10.0.17763.1",
            "os.features": ["win32k"],
        },
        {"architecture": "arm", "os": "linux", "variant": "v7"},
        {"architecture": "amd64", "os": "linux"},
    ]


@pytest.mark.parametrize(
    ("vendors", "annotations", "media_type"),
    [
        ((Vendor.DOCKER, Vendor.DOCKER), {}, DOCKER_INDEX),
        ((Vendor.DOCKER, Vendor.DOCKER), {"k": "v"}, OCI_INDEX),
        ((Vendor.DOCKER, Vendor.OCI), {}, OCI_INDEX),
        ((Vendor.OCI, Vendor.OCI), {}, OCI_INDEX),
    ],
)
def test_it_is_a_manifest_list_of_docker_images_without_annotations(
    vendors: tuple[Vendor, Vendor], annotations: dict[str, str], media_type: str
) -> None:
    parts = [part(image(AMD64, vendors[0])), part(image(ARM64, vendors[1]))]
    index = assemble_index(parts, annotations)
    assert (index.media_type, index.annotations) == (media_type, annotations)


def test_an_image_that_is_named_twice_is_there_once() -> None:
    same = image(AMD64)
    assert len(assemble_index([part(same), part(same, "b")]).manifests) == 1


def test_two_images_for_one_platform_are_refused() -> None:
    other = make_image(make_tar({"other": b""}))
    with pytest.raises(InvalidImage, match="is for linux/amd64, and so is a") as error:
        assemble_index([part(image(AMD64)), part(image(ARM64)), part(other, "c")])
    assert error.value.place == "c"


def test_versions_of_a_system_are_platforms_of_their_own() -> None:
    older = Platform(os="windows", architecture="amd64", os_version="10.0.14393.1")
    index = assemble_index([part(image(WINDOWS)), part(image(older))])
    assert len(index.manifests) == 2


@pytest.mark.parametrize("platform", [("", "amd64"), ("linux", "")])
def test_an_image_without_a_platform_is_refused(platform: tuple[str, str]) -> None:
    made = image(Platform(os=platform[0], architecture=platform[1]))
    with pytest.raises(InvalidImage, match="names no platform"):
        assemble_index([part(made)])


def test_indexes_that_never_end_are_refused() -> None:
    index = assemble_index([part(image(AMD64))])
    with pytest.raises(InvalidImage, match="nested too deeply"):
        list(every_manifest(index, lambda _: index))
