"""The files of the warmer: whole, shared, renewed, and right with several warmers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from adapters.memory.images import MemoryImageSource
from adapters.storage.oci_layout import LayoutLocation, OciLayoutImageSource
from adapters.storage.warmed_image_store import DirectoryWarmedImageStore
from application.errors import DigestMismatch, FilesystemError
from application.ports.images import ResolvedImage
from application.ports.warmed_images import Added
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.values import replace
from tests.support.images import AMD64, SmallImage, make_image, make_tar
from tests.support.warmed import REFERENCE, damage, write_tarball

SHARED = make_tar({"a": b"shared"})
IMAGE = make_image(SHARED, make_tar({"b": b"own"}))
DIGEST = IMAGE.manifest.digest
SIZE = sum(len(blob) for blob in IMAGE.blobs().values())
NOTHING_FETCHED = Added(fetched=0, present=SIZE)


@pytest.fixture
def source() -> MemoryImageSource:
    return MemoryImageSource()


def _resolve(source: MemoryImageSource, image: SmallImage = IMAGE) -> ResolvedImage:
    source.blobs.update(image.blobs())
    source.add_document(REFERENCE, image.manifest)
    return source.resolve(REFERENCE, AMD64)


def _add(
    cache: Path, source: MemoryImageSource, image: SmallImage = IMAGE
) -> tuple[Added, Path]:
    added = DirectoryWarmedImageStore(str(cache)).add(_resolve(source, image), source)
    return added, cache / str(image.manifest.digest)


def _blob(entry: Path, digest: Digest) -> Path:
    return entry / "blobs" / digest.algorithm / digest.hex


def _names(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()}


def test_an_entry_is_an_oci_layout_with_one_image(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    _, entry = _add(tmp_path / "cache", source)
    assert {path.name for path in entry.iterdir()} == {
        "blobs",
        "index.json",
        "oci-layout",
    }
    layout = OciLayoutImageSource(LayoutLocation(path=str(entry)))
    assert layout.resolve(REFERENCE, AMD64).digest == DIGEST
    assert _names(tmp_path / "cache") == {str(DIGEST), ".kanipy"}


def test_a_new_directory_and_its_entries_can_be_read_by_everybody(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    _, entry = _add(tmp_path / "some" / "cache", source)
    for path in (tmp_path / "some" / "cache", entry):
        assert path.stat().st_mode & 0o777 == 0o755
    for path in entry.rglob("*"):
        assert path.is_dir() or path.stat().st_mode & 0o777 == 0o644


def test_blobs_that_images_share_are_one_file(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    other = make_image(SHARED)
    _, first = _add(tmp_path, source)
    _, second = _add(tmp_path, source, other)
    layer = other.manifest.layers[0].digest
    assert _blob(first, layer).samefile(_blob(second, layer))


def test_blobs_that_cannot_be_linked_are_copied(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    """The first entry lies on another file system."""
    other = make_image(SHARED)
    layer = other.manifest.layers[0].digest
    _, first = _add(tmp_path, source)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        moved = Path(elsewhere, "entry")
        shutil.copytree(first, moved)
        shutil.rmtree(first)
        first.symlink_to(moved)
        source.opened.clear()
        _, second = _add(tmp_path, source, other)
    assert source.opened == [other.manifest.config.digest]
    assert layer.matches(_blob(second, layer).read_bytes())


def test_an_old_entry_that_is_right_is_young_again(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    _, entry = _add(tmp_path, source)
    os.utime(entry, (1000, 1000))
    assert _add(tmp_path, source)[0] == NOTHING_FETCHED
    found = DirectoryWarmedImageStore(str(tmp_path)).find(DIGEST, AMD64)
    assert found is not None
    assert found.age < timedelta(hours=1)


@pytest.mark.parametrize("part", ["layer", "config", "manifest", "index", "missing"])
def test_a_damaged_entry_is_mended_and_the_rest_kept(
    tmp_path: Path, source: MemoryImageSource, part: str
) -> None:
    _, entry = _add(tmp_path, source)
    layers = IMAGE.manifest.layers
    parts = {
        "layer": _blob(entry, layers[1].digest),
        "config": _blob(entry, IMAGE.manifest.config.digest),
        "manifest": _blob(entry, DIGEST),
        "index": entry / "index.json",
    }
    if part == "missing":
        _blob(entry, layers[1].digest).unlink()
    else:
        damage(parts[part])
    source.opened.clear()
    added, _ = _add(tmp_path, source)
    expected = {"layer": layers[1], "missing": layers[1]}
    expected["config"] = IMAGE.manifest.config
    wanted = [expected[part].digest] if part in expected else []
    assert source.opened == wanted
    assert added.present == SIZE - added.fetched
    assert _add(tmp_path, source)[0] == NOTHING_FETCHED
    assert _names(tmp_path) == {str(DIGEST), ".kanipy"}


def test_anew_everything_is_fetched_once_for_all_images_of_a_run(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    other = make_image(SHARED)
    _, entry = _add(tmp_path, source)
    _add(tmp_path, source, other)
    for path in tmp_path.rglob("*"):
        os.utime(path, (1000, 1000))
    source.opened.clear()
    store = DirectoryWarmedImageStore(str(tmp_path))
    for image in (IMAGE, other):
        store.add(_resolve(source, image), source, anew=True)
    fetched = [*IMAGE.blobs(), other.manifest.config.digest]
    assert sorted(map(str, source.opened)) == sorted(map(str, fetched))
    assert entry.stat().st_mtime > 1000


def test_an_entry_of_kaniko_is_replaced_with_its_manifest(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    path = write_tarball(tmp_path, IMAGE)
    os.utime(path, (1000, 1000))
    added, entry = _add(tmp_path, source)
    assert added.fetched == SIZE
    assert entry.is_dir()
    assert _names(tmp_path) == {str(DIGEST), ".kanipy"}


def test_a_failure_leaves_the_old_entry_and_nothing_new(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    _, entry = _add(tmp_path, source)
    config = IMAGE.manifest.config.digest
    damage(_blob(entry, IMAGE.manifest.layers[1].digest))
    image = _resolve(source)
    source.blobs[IMAGE.manifest.layers[1].digest] = b"other"
    with pytest.raises(DigestMismatch):
        DirectoryWarmedImageStore(str(tmp_path)).add(image, source)
    assert _blob(entry, config).is_file()
    assert list((tmp_path / ".kanipy" / "making").iterdir()) == []


def test_a_directory_that_cannot_be_written_is_told_with_a_remedy(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    (tmp_path / "file").touch()
    store = DirectoryWarmedImageStore(str(tmp_path / "file" / "cache"))
    with pytest.raises(FilesystemError, match="cannot write") as caught:
        store.add(_resolve(source), source)
    assert "--cache-dir" in str(caught.value.hint)


class GatedSource(MemoryImageSource):
    """Opens blobs only after it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.gate = threading.Event()

    def open_blob(
        self, image: ResolvedImage, descriptor: Descriptor, offset: int = 0
    ) -> BinaryIO:
        self.reached.set()
        assert self.gate.wait(30)
        return super().open_blob(image, descriptor, offset)


def _beside(store: DirectoryWarmedImageStore, source: GatedSource) -> threading.Thread:
    thread = threading.Thread(target=store.add, args=(_resolve(source), source))
    thread.start()
    assert source.reached.wait(30)
    return thread


def test_two_warmers_of_an_image_fetch_it_once(tmp_path: Path) -> None:
    first, second = GatedSource(), MemoryImageSource()
    told = []

    def announce(line: str) -> None:
        told.append(line)
        first.gate.set()

    thread = _beside(DirectoryWarmedImageStore(str(tmp_path)), first)
    store = DirectoryWarmedImageStore(str(tmp_path), announce=announce)
    assert store.add(_resolve(second), second) == NOTHING_FETCHED
    thread.join()
    assert [line.partition(" that ")[0] for line in told] == [
        "Waiting for another warmer"
    ]
    assert second.opened == []


def test_a_blob_of_an_image_in_the_making_is_linked(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    """The other warmer has one layer of its image and waits for the next."""
    other = make_image(SHARED)
    store = DirectoryWarmedImageStore(str(tmp_path))
    store.tag(REFERENCE, AMD64, DIGEST)
    _, entry = _add(tmp_path, source)
    making = tmp_path / ".kanipy" / "making" / "of-another"
    making.mkdir()
    entry.rename(making / "entry")
    source.opened.clear()
    store.add(_resolve(source, other), source)
    assert source.opened == [other.manifest.config.digest]


def test_what_a_living_warmer_makes_stays(tmp_path: Path) -> None:
    first, second = GatedSource(), MemoryImageSource()
    thread = _beside(DirectoryWarmedImageStore(str(tmp_path)), first)
    (making,) = (tmp_path / ".kanipy" / "making").iterdir()
    DirectoryWarmedImageStore(str(tmp_path)).tag(REFERENCE, AMD64, DIGEST)
    assert making.is_dir()
    first.gate.set()
    thread.join()
    assert not making.exists()
    assert second.opened == []
    assert (tmp_path / str(DIGEST)).is_dir()


KILLED = """
import os, signal, sys
from adapters.storage.warmed_image_store import DirectoryWarmedImageStore
from adapters.memory.images import MemoryImageSource
from tests.support.images import AMD64, make_image, make_tar
from tests.support.warmed import REFERENCE

class Source(MemoryImageSource):
    def open_blob(self, image, descriptor, offset=0):
        os.kill(os.getpid(), signal.SIGKILL)

image, source = make_image(make_tar({"a": b"1"})), Source()
source.blobs.update(image.blobs())
source.add_document(REFERENCE, image.manifest)
store = DirectoryWarmedImageStore(sys.argv[1])
store.add(source.resolve(REFERENCE, AMD64), source)
"""


def test_what_a_killed_warmer_left_is_no_entry_and_is_removed(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == -signal.SIGKILL
    making = tmp_path / ".kanipy" / "making"
    (tmp_path / ".kanipy" / "tags").mkdir()
    (tmp_path / ".kanipy" / "tags" / ".partial-x").touch()
    assert len(list(making.iterdir())) == 1
    assert _names(tmp_path) == {".kanipy"}
    _add(tmp_path, source)
    assert list(making.iterdir()) == []
    assert not (tmp_path / ".kanipy" / "tags" / ".partial-x").exists()


def test_a_foreign_layer_is_left_where_it_is(
    tmp_path: Path, source: MemoryImageSource
) -> None:
    image = _resolve(source)
    layers = image.manifest.layers
    media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    foreign = replace(layers[0], media_type=media_type)
    manifest = type(image.manifest).create(
        image.manifest.vendor, image.manifest.config, [foreign, layers[1]]
    )
    source.add_document(REFERENCE, manifest)
    source.opened.clear()
    store = DirectoryWarmedImageStore(str(tmp_path))
    store.add(source.resolve(REFERENCE, AMD64), source)
    assert foreign.digest not in source.opened
    found = store.find(manifest.digest, AMD64)
    assert found is not None
    assert found.source.resolve(REFERENCE, AMD64).manifest == manifest
