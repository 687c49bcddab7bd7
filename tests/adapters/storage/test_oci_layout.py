"""OCI layouts: images are found by name, indexes replaced at the very end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.storage.oci_layout import (
    LayoutLocation,
    OciLayoutImageDestination,
    OciLayoutImageSource,
)
from application.errors import (
    DigestMismatch,
    FilesystemError,
    ManifestUnknown,
    OutputError,
)
from domain.errors import InvalidImage, UsageError
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index
from domain.image.media_type import Vendor
from domain.image.reference import Reference
from tests.support.images import AMD64, SmallImage, make_image, make_tar

DIGEST = Digest.of(b"x")
ANY = Reference.parse("anything")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oci-layout:///a/b", LayoutLocation(path="/a/b")),
        ("/a/b:1", LayoutLocation(path="/a/b", tag="1")),
        ("oci-layout://rel/a:v1.2", LayoutLocation(path="rel/a", tag="v1.2")),
        ("/a:b/c", LayoutLocation(path="/a:b/c")),
        (f"/a@{DIGEST}", LayoutLocation(path="/a", digest=DIGEST)),
        (f"/a:1@{DIGEST}", LayoutLocation(path="/a", tag="1", digest=DIGEST)),
    ],
)
def test_locations_are_read_and_rendered(text: str, expected: LayoutLocation) -> None:
    location = LayoutLocation.parse(text)
    assert location == expected
    assert LayoutLocation.parse(str(location)) == location


@pytest.mark.parametrize("text", ["", "oci-layout://", ":1", "/a@sha256:1", "/a@"])
def test_a_location_without_path_or_with_a_wrong_digest_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        LayoutLocation.parse(text)


def _write(root: Path, image: SmallImage, *tags: str) -> None:
    references = tuple(Reference.parse(f"app:{tag}") for tag in tags)
    destination = OciLayoutImageDestination(str(root), references)
    destination.publish(image.built, image.open_layer)


def _digest(root: Path, suffix: str = "") -> Digest:
    location = LayoutLocation.parse(f"{root}{suffix}")
    return OciLayoutImageSource(location).resolve(ANY, AMD64).digest


def _merge(root: Path, *images: tuple[SmallImage, str]) -> None:
    """Make a layout that holds several images."""
    entries: list[Descriptor] = []
    for image, tag in images:
        _write(root, image, tag)
        index = Index.parse((root / "index.json").read_bytes())
        entries += index.manifests
    (root / "index.json").write_bytes(Index.create(Vendor.OCI, entries).raw)


ONE = make_image(make_tar({"a": b"1"}))
TWO = make_image(make_tar({"a": b"2"}))


def test_an_image_is_found_by_tag_by_digest_or_as_the_only_one(tmp_path: Path) -> None:
    _merge(tmp_path, (ONE, "one"), (TWO, "two"))
    assert _digest(tmp_path, ":one") == ONE.manifest.digest
    assert _digest(tmp_path, ":two") == TWO.manifest.digest
    assert _digest(tmp_path, f"@{ONE.manifest.digest}") == ONE.manifest.digest
    _write(tmp_path, TWO, "two")
    assert _digest(tmp_path) == TWO.manifest.digest


def test_one_image_with_two_names_is_the_only_one(tmp_path: Path) -> None:
    _write(tmp_path, ONE, "a", "b")
    assert _digest(tmp_path) == ONE.manifest.digest


def test_of_several_images_the_latest_is_the_default(tmp_path: Path) -> None:
    _merge(tmp_path, (ONE, "latest"), (TWO, "two"))
    assert _digest(tmp_path) == ONE.manifest.digest


def test_several_images_without_a_latest_are_listed(tmp_path: Path) -> None:
    _merge(tmp_path, (ONE, "one"), (TWO, "two"))
    with pytest.raises(ManifestUnknown) as caught:
        _digest(tmp_path)
    assert "one, two" in str(caught.value.hint)


def test_names_that_are_whole_references_are_found_by_their_tag(tmp_path: Path) -> None:
    _write(tmp_path, ONE, "x")
    index = (tmp_path / "index.json").read_bytes()
    (tmp_path / "index.json").write_bytes(index.replace(b'"x"', b'"h.io/a/b:x"'))
    assert _digest(tmp_path, ":x") == ONE.manifest.digest


@pytest.mark.parametrize("suffix", [":other", f"@{DIGEST}"])
def test_a_name_that_is_not_there_is_unknown(tmp_path: Path, suffix: str) -> None:
    _write(tmp_path, ONE, "one")
    with pytest.raises(ManifestUnknown):
        _digest(tmp_path, suffix)


def test_a_directory_that_is_no_layout_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(ManifestUnknown, match="no OCI layout"):
        _digest(tmp_path)


def test_an_index_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "index.json").mkdir()
    with pytest.raises(FilesystemError):
        _digest(tmp_path)


def test_an_index_that_is_no_index_is_an_invalid_image(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(InvalidImage, match=str(tmp_path)):
        _digest(tmp_path)


def test_a_damaged_manifest_is_a_digest_mismatch(tmp_path: Path) -> None:
    _write(tmp_path, ONE, "one")
    path = tmp_path / "blobs" / "sha256" / ONE.manifest.digest.hex
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with pytest.raises(DigestMismatch):
        _digest(tmp_path)


def test_a_missing_blob_is_a_file_system_error_that_names_it(tmp_path: Path) -> None:
    _write(tmp_path, ONE, "one")
    source = OciLayoutImageSource(LayoutLocation(path=str(tmp_path)))
    image = source.resolve(ANY, AMD64)
    lost = Descriptor(media_type="", digest=DIGEST, size=1)
    with pytest.raises(FilesystemError, match=DIGEST.hex):
        source.open_blob(image, lost)


def test_the_index_names_each_tag_once(tmp_path: Path) -> None:
    references = tuple(map(Reference.parse, ("a:1", "b:1", "b:2")))
    destination = OciLayoutImageDestination(str(tmp_path), references)
    destination.publish(ONE.built, ONE.open_layer)
    index = json.loads((tmp_path / "index.json").read_bytes())
    names = [
        entry["annotations"]["org.opencontainers.image.ref.name"]
        for entry in index["manifests"]
    ]
    assert names == ["1", "2"]
    assert json.loads((tmp_path / "oci-layout").read_bytes()) == {
        "imageLayoutVersion": "1.0.0"
    }


def test_without_a_name_the_image_is_the_latest(tmp_path: Path) -> None:
    _write(tmp_path, ONE)
    assert _digest(tmp_path, ":latest") == ONE.manifest.digest


def test_old_blobs_stay_and_nothing_half_written_is_left(tmp_path: Path) -> None:
    _write(tmp_path, ONE, "one")
    _write(tmp_path, TWO, "two")
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    blobs = [*ONE.blobs(), *TWO.blobs(), ONE.manifest.digest, TWO.manifest.digest]
    assert names == {d.hex for d in blobs} | {"index.json", "oci-layout"}


def test_a_layer_of_the_wrong_size_is_written_again(tmp_path: Path) -> None:
    (layer,) = ONE.layers
    path = tmp_path / "blobs" / "sha256" / layer.hex
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    _write(tmp_path, ONE, "one")
    assert path.read_bytes() == ONE.layers[layer]


def test_files_can_be_read_by_everybody(tmp_path: Path) -> None:
    _write(tmp_path, ONE, "one")
    modes = {p.stat().st_mode & 0o777 for p in tmp_path.rglob("*") if p.is_file()}
    assert modes == {0o644}


def test_a_file_in_the_way_is_found_by_the_check_and_by_publishing(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    destination = OciLayoutImageDestination(str(tmp_path / "file" / "layout"))
    with pytest.raises(OutputError, match="not a directory"):
        destination.check()
    with pytest.raises(OutputError):
        destination.publish(ONE.built, ONE.open_layer)


def test_a_read_only_place_is_found_by_the_check() -> None:
    with pytest.raises(OutputError) as caught:
        OciLayoutImageDestination("/proc/self/layout").check()
    assert caught.value.hint
