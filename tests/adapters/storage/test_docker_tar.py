"""Docker archives: kaniko's names, all references, in place into a pipe."""

from __future__ import annotations

import io
import json
import os
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.isolation.system_calls import (
    MS_BIND,
    MS_RDONLY,
    MS_REMOUNT,
    mount,
    unmount,
)
from adapters.storage.docker_tar import DockerTarImageDestination
from application.errors import OutputError
from domain.errors import InvalidImage
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.image.media_type import OCI_LAYER_ZSTD, Vendor
from domain.image.reference import Reference
from tests.support.images import make_image, make_tar

TAR = make_tar({"a": b"1"})
IMAGE = make_image(TAR, make_tar({"b": b"2"}), TAR)
REFERENCES = tuple(
    Reference.parse(text)
    for text in ("docker.io/library/app:1", "ghcr.io/a/b", f"c@{Digest.of(b'x')}")
)


def test_the_list_names_config_layers_and_references(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    DockerTarImageDestination(str(path), REFERENCES).publish(
        IMAGE.built, IMAGE.open_layer
    )
    with tarfile.open(path) as tar:
        names = tar.getnames()
        listed = tar.extractfile("manifest.json")
        assert listed is not None
        document = json.load(listed)
    first, second, _ = (f"{layer.digest.hex}.tar.gz" for layer in IMAGE.manifest.layers)
    assert document == [
        {
            "Config": str(IMAGE.manifest.config.digest),
            "RepoTags": ["app:1", "ghcr.io/a/b:latest"],
            "Layers": [first, second, first],
        }
    ]
    assert names == [first, second, str(IMAGE.manifest.config.digest), "manifest.json"]


def test_the_same_image_gives_the_same_archive(tmp_path: Path) -> None:
    paths = tmp_path / "1.tar", tmp_path / "2.tar"
    for path in paths:
        DockerTarImageDestination(str(path)).publish(IMAGE.built, IMAGE.open_layer)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_zstd_layers_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    layer = replace(IMAGE.manifest.layers[0], media_type=OCI_LAYER_ZSTD)
    manifest = Manifest.create(Vendor.OCI, IMAGE.manifest.config, [layer])
    path = tmp_path / "image.tar"
    with pytest.raises(InvalidImage, match="zstd") as caught:
        DockerTarImageDestination(str(path)).publish(
            replace(IMAGE.built, manifest=manifest), IMAGE.open_layer
        )
    assert "--oci-layout-path" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_archive(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_text("old")

    def broken(_: object) -> io.BytesIO:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DockerTarImageDestination(str(path)).publish(IMAGE.built, broken)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_is_written_in_place(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    DockerTarImageDestination(str(pipe)).publish(IMAGE.built, IMAGE.open_layer)
    reader.join()
    assert pipe.is_fifo()
    with tarfile.open(fileobj=io.BytesIO(read[0])) as tar:
        assert "manifest.json" in tar.getnames()


def test_a_mounted_file_is_written_in_place(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "image.tar"
    source.write_bytes(bytes(1 << 20))
    target.touch()
    mount(str(source), str(target), "", MS_BIND)
    try:
        destination = DockerTarImageDestination(str(target))
        destination.check()
        destination.publish(IMAGE.built, IMAGE.open_layer)
    finally:
        unmount(str(target))
    DockerTarImageDestination(str(tmp_path / "other")).publish(
        IMAGE.built, IMAGE.open_layer
    )
    assert source.read_bytes() == (tmp_path / "other").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "image.tar",
        "other",
        "source",
    ]


def test_a_mounted_file_in_a_directory_that_takes_no_other_is_written(
    tmp_path: Path,
) -> None:
    """As with a root file system that is read-only."""
    source, folder = tmp_path / "source", tmp_path / "folder"
    source.touch()
    folder.mkdir()
    (folder / "image.tar").touch()
    mount(str(folder), str(folder), "", MS_BIND)
    mount(str(source), str(folder / "image.tar"), "", MS_BIND)
    mount("", str(folder), "", MS_BIND | MS_REMOUNT | MS_RDONLY)
    try:
        destination = DockerTarImageDestination(str(folder / "image.tar"))
        destination.check()
        destination.publish(IMAGE.built, IMAGE.open_layer)
    finally:
        unmount(str(folder / "image.tar"))
        unmount(str(folder))
    with tarfile.open(source) as tar:
        assert "manifest.json" in tar.getnames()


def test_a_directory_is_refused_by_the_check(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a directory"):
        DockerTarImageDestination(str(tmp_path)).check()


def test_a_full_disk_is_an_output_error() -> None:
    with pytest.raises(OutputError, match="No space left") as caught:
        DockerTarImageDestination("/dev/full").publish(IMAGE.built, IMAGE.open_layer)
    assert caught.value.place == "/dev/full"
    assert caught.value.hint
