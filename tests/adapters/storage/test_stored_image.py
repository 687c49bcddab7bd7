"""Images that were made before are read from layouts and archives of all kinds."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
import zstandard

from adapters.storage.docker_tar import DockerTarImageDestination
from adapters.storage.oci_layout import OciLayoutImageDestination
from adapters.storage.stored_image import stored_image
from application.errors import DigestMismatch, FilesystemError
from application.ports.images import BuiltImage, StoredImage
from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index, Manifest
from domain.image.media_type import Compression, Vendor
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import replace
from tests.support.images import ARM64, SmallImage, make_image, make_tar

FIRST = make_tar({"a": b"1"})
SECOND = make_tar({"b": bytes(3_000_000)})
OCI = make_image(FIRST, SECOND)
DOCKER = make_image(FIRST, SECOND, vendor=Vendor.DOCKER)
PLAIN = make_image(FIRST, SECOND, compression=Compression.NONE)


def layout(path: Path, image: SmallImage = OCI) -> Path:
    references = (Reference.parse("app:1"), Reference.parse("app:2"))
    destination = OciLayoutImageDestination(str(path), references)
    destination.publish(image.built, image.open_layer)
    return path


def archive(path: Path, image: SmallImage = DOCKER) -> Path:
    DockerTarImageDestination(str(path)).publish(image.built, image.open_layer)
    return path


def tar(path: Path, files: dict[str, bytes]) -> Path:
    path.write_bytes(make_tar(files))
    return path


def listed(image: SmallImage, layers: dict[str, bytes]) -> dict[str, bytes]:
    """Return the members of a docker archive with layers as given."""
    entry = {"Config": "config.json", "RepoTags": None, "Layers": list(layers)}
    return {
        "config.json": image.config_bytes,
        "manifest.json": json.dumps([entry]).encode(),
        **layers,
    }


def members(folder: Path) -> dict[str, bytes]:
    """Return the files below a directory."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


def blobs(source: StoredImage, built: BuiltImage) -> dict[Digest, bytes]:
    found = {}
    for layer in built.manifest.layers:
        with source.open_layer(layer) as stream:
            found[layer.digest] = stream.read()
        assert len(found[layer.digest]) == layer.size
        assert layer.digest.matches(found[layer.digest])
    return found


def assert_same(path: Path, work: Path, image: SmallImage) -> None:
    source = stored_image(path, work)
    built = source.read()
    assert built.manifest.raw == image.manifest.raw
    assert built.config == image.config_bytes
    assert blobs(source, built) == image.layers


def test_a_layout_keeps_its_manifest(tmp_path: Path, work: Path) -> None:
    assert_same(layout(tmp_path / "layout"), work, OCI)


@pytest.mark.parametrize(
    "compress", [bytes, gzip.compress, zstandard.ZstdCompressor().compress]
)
def test_an_archive_of_a_layout_keeps_its_manifest(
    tmp_path: Path, work: Path, compress: type[bytes]
) -> None:
    files = members(layout(tmp_path / "layout"))
    whole = make_tar({f"./{name}": data for name, data in files.items()})
    path = tmp_path / "image.tar"
    path.write_bytes(compress(whole))
    assert_same(path, work, OCI)


def test_an_archive_of_ours_gives_the_image_it_was_made_of(
    tmp_path: Path, work: Path
) -> None:
    assert_same(archive(tmp_path / "image.tar"), work, DOCKER)


def test_layers_of_an_archive_are_compressed_the_same_way_everywhere(
    tmp_path: Path, work: Path
) -> None:
    path = tar(tmp_path / "a.tar", listed(OCI, {"1/layer.tar": FIRST, "2": SECOND}))
    source = stored_image(path, work)
    built = source.read()
    found = blobs(source, built)
    assert [gzip.decompress(found[one.digest]) for one in built.manifest.layers] == [
        FIRST,
        SECOND,
    ]
    assert built.manifest.media_type.startswith("application/vnd.docker.")
    again = stored_image(path, work).read()
    assert again.manifest.digest == built.manifest.digest


def test_layers_as_no_image_may_have_them_are_compressed_anew(
    tmp_path: Path, work: Path
) -> None:
    layers = {"1": bz2.compress(FIRST), "2": gzip.compress(SECOND)}
    source = stored_image(tar(tmp_path / "a.tar", listed(OCI, layers)), work)
    found = blobs(source, source.read())
    assert [gzip.decompress(data) for data in found.values()] == [FIRST, SECOND]
    assert layers["2"] in found.values()


def test_zstd_layers_make_an_oci_image(tmp_path: Path, work: Path) -> None:
    squeeze = zstandard.ZstdCompressor().compress
    layers = {"1": squeeze(FIRST), "2": gzip.compress(SECOND)}
    source = stored_image(tar(tmp_path / "a.tar", listed(OCI, layers)), work)
    manifest = source.read().manifest
    assert [one.media_type.rpartition(".")[2] for one in manifest.layers] == [
        "tar+zstd",
        "tar+gzip",
    ]
    assert manifest.media_type == Vendor.OCI.manifest_type


def test_a_link_to_a_layer_stands_for_it(tmp_path: Path, work: Path) -> None:
    """Older `docker save` links layers that are the same."""
    names = ["1/layer.tar", "2/layer.tar"]
    listing = json.dumps([{"Config": "config.json", "Layers": names}]).encode()
    files = listed(make_image(FIRST, FIRST), {names[0]: FIRST})
    buffer = io.BytesIO(make_tar(files | {"manifest.json": listing}))
    with tarfile.open(fileobj=buffer, mode="a") as opened:
        link = tarfile.TarInfo(names[1])
        link.type, link.linkname = tarfile.SYMTYPE, "../1/layer.tar"
        opened.addfile(link)
    path = tmp_path / "a.tar"
    path.write_bytes(buffer.getvalue())
    built = stored_image(path, work).read()
    assert built.manifest.layers[0] == built.manifest.layers[1]


@pytest.mark.parametrize("image", [OCI, PLAIN], ids=["compressed", "uncompressed"])
def test_an_archive_that_is_both_is_read_as_what_has_compressed_layers(
    tmp_path: Path, work: Path, image: SmallImage
) -> None:
    """As docker 25 and later save them."""
    files = members(layout(tmp_path / "layout", image))
    names = [f"blobs/sha256/{one.digest.hex}" for one in image.manifest.layers]
    lists = listed(image, {name: files[name] for name in names})
    built = stored_image(tar(tmp_path / "a.tar", files | lists), work).read()
    assert (built.manifest.raw == image.manifest.raw) == (image is OCI)
    assert all(one.media_type.endswith("gzip") for one in built.manifest.layers)


# ------------------------------------------------------------------ one image alone


def index_of(folder: Path, *entries: Descriptor) -> None:
    index = Index.create(Vendor.OCI, entries)
    (folder / "index.json").write_bytes(index.raw)


def test_the_one_image_of_an_index_is_found_below_attestations(
    tmp_path: Path, work: Path
) -> None:
    folder = layout(tmp_path / "layout")
    entry = replace(OCI.manifest.descriptor, platform=ARM64)
    unknown = Platform(os="unknown", architecture="unknown")
    note = replace(DOCKER.manifest.descriptor, platform=unknown)
    inner = Index.create(Vendor.OCI, [entry, note])
    (folder / "blobs/sha256" / inner.digest.hex).write_bytes(inner.raw)
    size = len(inner.raw)
    index_of(
        folder,
        Descriptor(media_type=inner.media_type, digest=inner.digest, size=size),
    )
    assert_same(folder, work, OCI)


def test_of_an_index_the_image_that_is_there_is_taken(
    tmp_path: Path, work: Path
) -> None:
    """As docker saves an image of several platforms of which it has one."""
    folder = layout(tmp_path / "layout")
    index_of(folder, DOCKER.manifest.descriptor, OCI.manifest.descriptor)
    assert_same(folder, work, OCI)


def test_several_images_are_not_one(tmp_path: Path, work: Path) -> None:
    folder = layout(layout(tmp_path / "layout"), DOCKER)
    index_of(folder, OCI.manifest.descriptor, DOCKER.manifest.descriptor)
    with pytest.raises(InvalidImage, match="holds 2 images, not one") as failed:
        stored_image(folder, work).read()
    assert failed.value.place == str(folder)
    assert "kanipy index create" in (failed.value.hint or "")
    two = listed(OCI, {"1": FIRST, "2": SECOND})
    two["manifest.json"] = json.dumps(json.loads(two["manifest.json"]) * 2).encode()
    with pytest.raises(InvalidImage, match="holds 2 images, not one"):
        stored_image(tar(tmp_path / "a.tar", two), work).read()


# ------------------------------------------------------------------------- failures


def test_a_layer_that_is_not_what_the_config_says_is_refused(
    tmp_path: Path, work: Path
) -> None:
    for second in (FIRST, gzip.compress(FIRST)):
        layers = {"1": FIRST, "2": second}
        path = tar(tmp_path / "a.tar", listed(OCI, layers))
        with pytest.raises(DigestMismatch, match="the layer 2 is not sha256:"):
            stored_image(path, work).read()


def test_compressed_data_that_is_damaged_is_told_with_its_place(
    tmp_path: Path, work: Path
) -> None:
    whole = gzip.compress(SECOND)
    broken = whole[:-5] + b"12345"
    path = tar(tmp_path / "a.tar", listed(OCI, {"1": FIRST, "2": broken}))
    with pytest.raises(InvalidImage, match="2: the compressed data is") as failed:
        stored_image(path, work).read()
    assert failed.value.place == str(path)
    path.write_bytes(whole[:-5])
    with pytest.raises(InvalidImage, match="the compressed data is") as failed:
        stored_image(path, work)
    assert failed.value.place == str(path)


@pytest.mark.parametrize("name", ["config", "manifest"])
def test_a_damaged_blob_of_a_layout_is_refused(
    tmp_path: Path, work: Path, name: str
) -> None:
    folder = layout(tmp_path / "layout")
    descriptor = OCI.manifest.config if name == "config" else OCI.manifest.descriptor
    path = folder / "blobs/sha256" / descriptor.digest.hex
    path.write_bytes(path.read_bytes().replace(b"linux", b"Linux") + b" ")
    with pytest.raises(DigestMismatch):
        stored_image(folder, work).read()


def test_a_layer_of_a_layout_that_is_not_whole_is_refused(
    tmp_path: Path, work: Path
) -> None:
    folder = layout(tmp_path / "layout")
    layer = OCI.manifest.layers[0]
    path = folder / "blobs/sha256" / layer.digest.hex
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InvalidImage, match="missing, or not whole"):
        stored_image(folder, work).read()


def test_another_number_of_layers_than_diff_ids_is_refused(
    tmp_path: Path, work: Path
) -> None:
    path = tar(tmp_path / "a.tar", listed(OCI, {"1": FIRST}))
    with pytest.raises(InvalidImage, match="lists 1 layers, and its config 2"):
        stored_image(path, work).read()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"readme": b"x"}, "neither an OCI layout nor a docker archive"),
        ({"manifest.json": b"{}"}, "holds 0 images"),
        ({"manifest.json": b"[1]"}, "list of images is none"),
        ({"manifest.json": b'[{"Config":"c","Layers":[]}]'}, "holds no file c"),
        ({"index.json": b"[]"}, "object"),
    ],
)
def test_what_is_no_image_is_refused(
    tmp_path: Path, work: Path, files: dict[str, bytes], message: str
) -> None:
    path = tar(tmp_path / "a.tar", files)
    with pytest.raises(InvalidImage, match=message) as failed:
        stored_image(path, work).read()
    assert str(path) in (failed.value.place or "")


def test_what_is_no_archive_is_refused(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(b"no archive at all" * 100)
    with pytest.raises(InvalidImage, match="no whole tar archive"):
        stored_image(path, work)
    with pytest.raises(FilesystemError, match="No such file") as failed:
        stored_image(tmp_path / "none.tar", work)
    assert failed.value.place == str(tmp_path / "none.tar")


def test_a_manifest_of_no_container_image_is_refused(
    tmp_path: Path, work: Path
) -> None:
    signature = Descriptor(
        media_type="application/vnd.dev.cosign.simplesigning.v1+json",
        digest=Digest.of(b"x"),
        size=1,
    )
    manifest = Manifest.create(Vendor.OCI, OCI.manifest.config, [signature])
    folder = layout(tmp_path / "layout")
    path = folder / "blobs/sha256" / manifest.digest.hex
    path.write_bytes(manifest.raw)
    index_of(folder, manifest.descriptor)
    with pytest.raises(InvalidImage, match="no file system"):
        stored_image(folder, work).read()
