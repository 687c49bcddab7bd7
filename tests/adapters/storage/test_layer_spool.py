"""The layer spool's files: nothing half done, resumed fetches, disk errors."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import pytest

from adapters.storage.layer_spool import LayerSpool
from application.errors import DigestMismatch, FilesystemError
from domain.image.descriptor import Descriptor
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry, StoredContent
from tests.support.archives import file, layer
from tests.support.clocks import KeepingClock


def spool(directory: Path) -> LayerSpool:
    return LayerSpool(str(directory), KeepingClock())


def left_behind(directory: Path) -> list[Path]:
    return list((directory / "incoming").iterdir())


def test_blobs_are_files_named_by_their_digest(tmp_path: Path) -> None:
    made = layer(file("a"))
    spool(tmp_path).fetch(made.descriptor, lambda d, o: io.BytesIO(made.blob))
    path = tmp_path / "blobs" / "sha256" / made.descriptor.digest.hex
    assert path.read_bytes() == made.blob
    assert left_behind(tmp_path) == []


def test_a_failed_fetch_leaves_no_file(tmp_path: Path) -> None:
    made = layer(file("a"))
    with pytest.raises(DigestMismatch):
        spool(tmp_path).fetch(made.descriptor, lambda d, o: io.BytesIO(b"bad"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_fetch_that_breaks_off_goes_on_where_it_ended(tmp_path: Path) -> None:
    made = layer(file("a", b"x" * 1000))
    offsets = []

    def in_pieces(descriptor: Descriptor, offset: int) -> BinaryIO:
        offsets.append(offset)
        return io.BytesIO(made.blob[offset : offset + 50])

    spool(tmp_path).fetch(made.descriptor, in_pieces)
    assert offsets == list(range(0, made.descriptor.size, 50))


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    entry = FileEntry("f", FileType.FILE, size=3)
    plan = LayerPlan((PlannedEntry(entry, StoredContent("root", "f")),))
    with pytest.raises(FilesystemError):
        spool(tmp_path).write(plan, lambda content: io.BytesIO(b"1"))
    assert left_behind(tmp_path) == []


def test_origins_and_paths_are_no_file_names(tmp_path: Path) -> None:
    made = layer(file("caf\udce9" * 80, b"1"))
    store = spool(tmp_path / "s")
    store.fetch(made.descriptor, lambda d, o: io.BytesIO(made.blob))
    store.extract(made.descriptor, ["caf\udce9" * 80], "../../outside")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_an_error_of_the_disk_is_a_filesystem_error_with_a_hint(tmp_path: Path) -> None:
    store = spool(tmp_path)
    (tmp_path / "incoming").rmdir()
    with pytest.raises(FilesystemError) as caught:
        store.write(LayerPlan(), lambda content: io.BytesIO())
    assert caught.value.hint


def test_a_directory_that_cannot_be_made_is_a_filesystem_error(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(FilesystemError, match="work directory"):
        spool(tmp_path / "f" / "spool")
