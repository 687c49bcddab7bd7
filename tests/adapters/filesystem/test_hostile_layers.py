"""Nothing a layer or plan does changes anything outside the root."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from application.errors import FilesystemError
from application.ports.filesystem import RootFilesystem
from domain.errors import InvalidLayer
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    PlannedRow,
    PlannedWhiteout,
)
from domain.snapshot.tree import FileTree
from tests.support.archives import (
    M,
    directory,
    file,
    hard_link,
    layer,
    symlink,
    whiteout,
)
from tests.support.descriptors import no_descriptor_left_open
from tests.support.disks import flat, read_rows


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A directory beside the root that must be the same afterwards."""
    path = tmp_path / "outside"
    path.mkdir()
    (path / "precious").write_bytes(b"keep me")
    before = flat(FileTree.of(read_rows(path)))
    times = path.stat().st_mtime_ns
    yield path
    assert flat(FileTree.of(read_rows(path))) == before
    assert path.stat().st_mtime_ns == times
    assert sorted(p.name for p in tmp_path.iterdir()) == ["outside", "roots"]


def attacks(target: Path) -> dict[str, list[list[M]]]:
    """Return layers, one after the other, that aim at a directory outside."""
    place = str(target)
    up = "../" * 40 + place
    return {
        "dots": [[file("../../outside/precious", b"x")]],
        "dots behind a directory": [[directory("a"), file("a/../../outside/x")]],
        "absolute name": [[file(place + "/precious", b"x")]],
        "symlink, then write": [[symlink("s", place), file("s/precious", b"x")]],
        "relative symlink": [[symlink("s", up), file("s/precious", b"x")]],
        "symlink of a lower layer": [[symlink("s", place)], [file("s/precious", b"x")]],
        "symlink to the file": [
            [symlink("s", place + "/precious")],
            [file("s", b"x")],
        ],
        "symlink to the file, in one layer": [
            [symlink("s", place + "/precious"), file("s", b"x")]
        ],
        "chain of symlinks": [
            [
                symlink("a", ".."),
                symlink("b", "a/.."),
                symlink("c", "b/.."),
                symlink("d", "c" + place),
                file("d/precious", b"x"),
            ]
        ],
        "directory over a symlink": [
            [symlink("s", place), directory("s", 0o700), file("s/precious", b"x")]
        ],
        "mode through a symlink": [[symlink("s", place)], [directory("s/", 0o700)]],
        "whiteout through a symlink": [[symlink("s", place)], [whiteout("s/precious")]],
        "opaque through a symlink": [[symlink("s", place)], [file("s/.wh..wh..opq")]],
        "whiteout of dots": [[file(".wh...")]],
        "whiteout of the symlink": [[symlink("s", place)], [whiteout("s")]],
        "hard link outside": [[hard_link("l", up + "/precious"), file("l", b"x")]],
        "absolute hard link": [[hard_link("l", place + "/precious"), file("l", b"x")]],
        "hard link through a symlink": [
            [symlink("s", place)],
            [hard_link("l", "s/precious"), file("l", b"x")],
        ],
        "hard link to a symlink, then write": [
            [symlink("s", place + "/precious"), hard_link("l", "s"), file("l", b"x")]
        ],
        "device instead of a directory": [
            [directory("d")],
            [M("d", tarfile.CHRTYPE, device=(1, 3)), file("d/x", b"x")],
        ],
        "fifo, then write": [[M("p", tarfile.FIFOTYPE)], [file("p", b"x")]],
        "xattrs of an overlay": [
            [
                M(
                    "d",
                    tarfile.DIRTYPE,
                    pax=(("SCHILY.xattr.trusted.overlay.redirect", place),),
                )
            ]
        ],
        "an overlay's whiteout": [[M("w", tarfile.CHRTYPE, device=(0, 0))]],
        "very long name": [[file("x" * 300)]],
        "very deep name": [[file("d/" * 3000 + "x")]],
        "loop of symlinks": [[symlink("a", "b"), symlink("b", "a"), file("a/x")]],
    }


NAMES = list(attacks(Path("/nowhere")))


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_layer_is_refused_or_confined(
    root: RootFilesystem, outside: Path, name: str
) -> None:
    tree = FileTree.empty()
    with no_descriptor_left_open(), suppress(InvalidLayer, FilesystemError):
        for members in attacks(outside)[name]:
            made = layer(*members)
            index = root.extract(made.open(), "", made.diff_id)
            tree = tree.apply(index)
            assert root.changes(tree).is_empty


@pytest.mark.parametrize(
    "name",
    [
        "dots",
        "dots behind a directory",
        "whiteout of dots",
        "hard link outside",
        "absolute hard link",
        "hard link through a symlink",
        "loop of symlinks",
    ],
)
def test_what_can_only_be_hostile_is_refused(
    root: RootFilesystem, outside: Path, name: str
) -> None:
    *lower, last = (layer(*members) for members in attacks(outside)[name])
    for made in lower:
        root.extract(made.open(), "", made.diff_id)
    with pytest.raises(InvalidLayer):
        root.extract(last.open(), "", last.diff_id)


def test_a_process_that_leaves_a_symlink_cannot_lead_a_plan_outside(
    root: RootFilesystem, outside: Path
) -> None:
    """The model does not know the symlink: it was made behind its back."""
    Path(root.path, "etc").mkdir()
    root.changes(FileTree.empty())
    Path(root.path, "etc").rmdir()
    Path(root.path, "etc").symlink_to(outside)
    plan = LayerPlan(
        (
            PlannedWhiteout("etc/precious"),
            PlannedEntry(
                FileEntry("etc/x", FileType.FILE, size=1), LiteralContent(b"x")
            ),
        )
    )
    root.apply(plan, lambda content: io.BytesIO())
    assert Path(root.path, "etc/x").read_bytes() == b"x"


def test_content_is_never_read_through_a_symlink(
    root: RootFilesystem, outside: Path
) -> None:
    Path(root.path, "file").symlink_to(outside / "precious")
    Path(root.path, "dir").symlink_to(outside)
    root.changes(FileTree.empty())
    for path in ("file", "dir/precious", "../../outside/precious"):
        with pytest.raises(FilesystemError):
            root.open(path)


def test_changes_do_not_follow_symlinks(root: RootFilesystem, outside: Path) -> None:
    Path(root.path, "dir").symlink_to(outside)
    (row,) = root.changes(FileTree.empty()).rows
    assert isinstance(row, PlannedEntry)
    assert row.entry.type is FileType.SYMLINK


def test_discarding_does_not_follow_symlinks(
    root: RootFilesystem, outside: Path
) -> None:
    Path(root.path, "dir").symlink_to(outside)
    root.discard()
    assert (outside / "precious").exists()


@pytest.mark.parametrize("path", ["..", "../outside/x", "a/../../outside/x", "a/.."])
def test_a_plan_with_dots_is_refused(
    root: RootFilesystem, outside: Path, path: str
) -> None:
    rows: list[PlannedRow] = [
        PlannedEntry(FileEntry(path, FileType.FILE, size=1), LiteralContent(b"x")),
        PlannedEntry(FileEntry(path, FileType.DIRECTORY)),
        PlannedWhiteout(path),
    ]
    for row in rows:
        with pytest.raises(FilesystemError, match="not a path inside"):
            root.apply(LayerPlan((row,)), lambda content: io.BytesIO())
