"""Contexts at places that images have, too."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.context.directory import DirectorySource
from adapters.filesystem.aside import HIDDEN, Aside
from adapters.filesystem.in_place_roots import InPlaceRoot, InPlaceRoots
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.layer_plan import PlannedEntry
from domain.snapshot.tree import FileTree
from tests.support.archives import M, directory, file, layer


class Place:
    """A root with a context mounted at /workspace, and an image unpacked there."""

    def __init__(self, root: Path, *stays: str) -> None:
        self.root = root
        self.warnings: list[str] = []
        self.workspace = root / "workspace"
        self.aside = Aside(
            [str(self.workspace / "source")],
            [f"{root}/{path}" for path in stays],
            self.warnings.append,
            str(root),
        )
        self.aside.repair()
        self.context = DirectorySource(
            str(self.workspace / "source"), locate=self.aside.actual
        ).fetch()
        self.roots = InPlaceRoots(
            str(root.parent / "work"),
            Exclusions(),
            [str(self.workspace / "source"), *(f"{root}/{path}" for path in stays)],
            warn=self.warnings.append,
            aside=self.aside,
            root=str(root),
        )
        self.made = self.roots.create("stage-0")

    def extract(self, *members: M) -> FileTree:
        made = layer(*members)
        index = self.made.extract(made.open(), "", made.diff_id)
        return FileTree.empty().apply(index)

    def read(self, path: str) -> bytes:
        with self.context.open(path) as stream:
            return stream.read()


@pytest.fixture
def root(tmp_path: Path, own_mounts: None) -> Iterator[Path]:
    del own_mounts
    root, volume = tmp_path / "root", tmp_path / "volume"
    (root / "kaniko").mkdir(parents=True)
    (root / "workspace").mkdir()
    (volume / "source").mkdir(parents=True)
    (volume / "source/main").write_bytes(b"context's")
    (volume / "other").write_bytes(b"mine")
    volume.chmod(0o2775)
    subprocess.run(["/usr/bin/mount", "--bind", volume, root / "workspace"], check=True)
    yield root
    subprocess.run(["/usr/bin/umount", "--lazy", root / "workspace"], check=True)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def listing(directory: Path) -> list[str]:
    return [name for name in names(directory) if not name.startswith(HIDDEN)]


def changed(root: InPlaceRoot, before: FileTree) -> list[str]:
    rows = root.changes(before).rows
    return [row.entry.path for row in rows if isinstance(row, PlannedEntry)]


def test_the_image_has_the_place_for_itself_and_the_context_is_read(root: Path) -> None:
    place = Place(root)
    tree = place.extract(directory("workspace", 0o700), file("workspace/a", b"image's"))
    assert listing(place.workspace) == ["a"]
    assert place.read("main") == b"context's"
    assert changed(place.made, tree) == []
    (place.workspace / "built").write_bytes(b"")
    assert changed(place.made, tree) == ["workspace", "workspace/built"]


def test_everything_is_back_when_the_stage_ends(root: Path) -> None:
    place = Place(root)
    before = place.workspace.stat()
    place.extract(directory("workspace", 0o700, uid=5), file("workspace/other/x"))
    (place.workspace / "built").write_bytes(b"")
    place.made.discard()
    assert names(place.workspace) == ["other", "source"]
    assert (place.workspace / "other").read_bytes() == b"mine"
    after = place.workspace.stat()
    assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)
    assert after.st_mtime_ns == before.st_mtime_ns
    assert place.read("main") == b"context's"
    assert place.warnings == []


def test_a_second_stage_may_have_the_place_again(root: Path) -> None:
    place = Place(root)
    place.extract(file("workspace/first"))
    place.made.discard()
    place.made = place.roots.create("stage-1")
    tree = place.extract(file("workspace/second"))
    assert listing(place.workspace) == ["second"]
    assert changed(place.made, tree) == []
    place.made.discard()
    assert listing(place.workspace) == ["other", "source"]


def test_a_context_that_is_a_mount_itself_is_read_where_it_is(
    root: Path, tmp_path: Path
) -> None:
    source = root / "workspace/source"
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/main").write_bytes(b"inner context's")
    mount = ["/usr/bin/mount", "--bind"]
    subprocess.run([*mount, tmp_path / "inner", source], check=True)
    place = Place(root)
    tree = place.extract(file("workspace/a"))
    assert place.read("main") == b"inner context's"
    assert listing(place.workspace) == ["a", "source"]
    assert changed(place.made, tree) == []
    place.made.discard()
    assert listing(place.workspace) == ["other", "source"]
    assert place.read("main") == b"inner context's"


def test_an_image_without_the_place_leaves_it_alone(root: Path) -> None:
    place = Place(root)
    tree = place.extract(file("app"))
    assert listing(place.workspace) == ["other", "source"]
    (place.workspace / "source/built").touch()
    assert changed(place.made, tree) == []
    [warning] = place.warnings
    assert "WORKDIR" in warning


def test_what_must_stay_stays(root: Path) -> None:
    (root / "workspace/cache").mkdir()
    place = Place(root, "workspace/cache")
    tree = place.extract(file("workspace/a"))
    assert listing(place.workspace) == ["a", "cache"]
    assert place.aside.actual(f"{place.workspace}/cache/x").endswith("space/cache/x")
    assert changed(place.made, tree) == []
    place.made.discard()
    assert listing(place.workspace) == ["cache", "other", "source"]


def test_a_place_without_a_context_stays_the_builders(root: Path) -> None:
    place = Place(root)
    place.aside = Aside((), root=str(root))
    assert place.aside.claim("workspace") is None


def test_what_a_killed_build_left_aside_is_brought_back(root: Path) -> None:
    hidden = root / f"workspace/{HIDDEN}dead"
    hidden.mkdir()
    (root / "workspace/source").rename(hidden / "source")
    place = Place(root)
    assert names(place.workspace) == ["other", "source"]
    assert place.read("main") == b"context's"


def test_what_is_in_its_way_is_told(root: Path) -> None:
    hidden = root / f"workspace/{HIDDEN}dead"
    hidden.mkdir()
    (hidden / "other").write_bytes(b"old")
    place = Place(root)
    assert (hidden / "other").read_bytes() == b"old"
    [warning] = place.warnings
    assert str(hidden) in warning


def test_a_build_that_lives_is_left_alone(root: Path) -> None:
    first = Place(root)
    first.extract(file("workspace/a"))
    Aside([str(root / "workspace/source")], root=str(root)).repair()
    assert listing(first.workspace) == ["a"]
    first.made.discard()
