"""Images unpacked over a root that has things of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.filesystem.in_place_roots import InPlaceRoot, InPlaceRoots
from application.errors import FilesystemError
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.layer_plan import LayerPlan, LiteralContent, PlannedEntry
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

CONTENT = LiteralContent(b"new")


@pytest.fixture
def root(tmp_path: Path, own_mounts: None) -> Iterator[Path]:
    """A container's root: runtime, mounts, and what its image brought."""
    del own_mounts
    root, volume = tmp_path / "root", tmp_path / "volume"
    for name in ("kaniko/bin", "etc", "builds/project", "usr/old", "run"):
        (root / name).mkdir(parents=True)
    (root / "kaniko/executor").write_text("runtime")
    (root / "etc/resolv.conf").write_text("nameserver 192.0.2.1\n")
    (root / "etc/old").write_text("old")
    (root / "usr/old/file").write_text("old")
    (root / ".dockerenv").touch()
    volume.mkdir()
    (volume / "source").write_text("mine")
    subprocess.run(
        ["/usr/bin/mount", "--bind", volume, root / "builds/project"], check=True
    )
    yield root
    subprocess.run(["/usr/bin/umount", root / "builds/project"], check=True)


class Roots(InPlaceRoots):
    """The roots under test, with what they warn of."""

    def __init__(self, root: Path, *kept: str, cleanup: bool = False) -> None:
        self.warnings: list[str] = []
        super().__init__(
            str(root.parent / "work"),
            Exclusions(),
            [f"{root}/{path}" if path else str(root) for path in kept],
            cleanup=cleanup,
            warn=self.warnings.append,
            root=str(root),
        )


def extract(root: InPlaceRoot, *members: M, before: FileTree | None = None) -> FileTree:
    made = layer(*members)
    index = root.extract(made.open(), "", made.diff_id)
    return (before or FileTree.empty()).apply(index)


def names(root: Path) -> set[str]:
    """Return what is on disk, but for what lies in the mounted volume."""
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if "builds/project/" not in str(path)
    }


KEPT = {
    "kaniko",
    "kaniko/bin",
    "kaniko/executor",
    "etc",
    "etc/resolv.conf",
    "builds",
    "builds/project",
    ".dockerenv",
}


def listing(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def changed(root: InPlaceRoot, before: FileTree) -> list[str]:
    return [
        row.entry.path if isinstance(row, PlannedEntry) else f"gone {row.path}"
        for row in root.changes(before).rows
    ]


def put(path: str, type_: FileType = FileType.FILE) -> LayerPlan:
    entry = FileEntry(path, type_, 0o644, size=3, sha256="")
    content = CONTENT if type_ is FileType.FILE else None
    return LayerPlan((PlannedEntry(entry, content),))


def test_a_new_root_has_only_what_is_the_builders(root: Path) -> None:
    Roots(root).create("stage-0")
    assert names(root) == KEPT
    assert (root / "builds/project/source").read_text() == "mine"


def test_the_image_is_unpacked_around_it(root: Path) -> None:
    made = Roots(root).create("stage-0")
    tree = extract(
        made,
        directory("etc"),
        file("etc/resolv.conf", b"image's"),
        file("etc/passwd", b"root"),
        file("builds/project/source", b"image's"),
        file("builds/other", b"image's"),
    )
    assert (root / "etc/passwd").read_text() == "root"
    assert (root / "etc/resolv.conf").read_text() == "nameserver 192.0.2.1\n"
    assert (root / "builds/project/source").read_text() == "mine"
    assert (root / "builds/other").read_text() == "image's"
    assert changed(made, tree) == []


def test_directories_of_the_builder_alone_are_in_no_layer(root: Path) -> None:
    made = Roots(root).create("stage-0")
    tree = extract(made, file("bin/sh", b"sh"))
    assert changed(made, tree) == []
    (root / "builds/project/source").write_text("changed")
    (root / "kaniko/more").touch()
    assert changed(made, tree) == []


def test_unless_something_in_them_is_the_images(root: Path) -> None:
    made = Roots(root).create("stage-0")
    tree = extract(made, file("bin/sh", b"sh"))
    (root / "builds/out").write_text("x")
    assert changed(made, tree) == ["builds", "builds/out"]


def test_what_cannot_be_replaced_stays_in_the_model(root: Path) -> None:
    """The image has a symlink, the builder a mount below a directory there."""
    made = Roots(root).create("stage-0")
    tree = extract(made, directory("run"), symlink("builds", "run"))
    assert (root / "builds").is_dir()
    assert changed(made, tree) == []
    row = tree.get("builds")
    assert row is not None
    assert row.type is FileType.SYMLINK
    (root / "builds/new").touch()
    assert changed(made, tree) == []


@pytest.mark.parametrize(
    "member", [whiteout("etc"), whiteout("etc/.wh..opq"), symlink("etc", "x")]
)
def test_a_layer_may_remove_what_the_builder_needs_in_part(
    root: Path, member: M
) -> None:
    made = Roots(root).create("stage-0")
    tree = extract(made, directory("etc"), file("etc/passwd"), file("etc/resolv.conf"))
    tree = extract(made, member, before=tree)
    assert listing(root / "etc") == ["resolv.conf"]
    assert changed(made, tree) == []


def test_no_hard_link_leads_to_the_builders_files(root: Path) -> None:
    made = Roots(root).create("stage-0")
    tree = extract(
        made,
        file("etc/resolv.conf", b"image's"),
        hard_link("etc/copy", "etc/resolv.conf"),
        hard_link("builds/project/copy", "etc/resolv.conf"),
    )
    assert not (root / "etc/copy").exists()
    assert listing(root / "builds/project") == ["source"]
    assert changed(made, tree) == []


@pytest.mark.parametrize(
    "members",
    [
        [directory("kaniko")],
        [file("kaniko/executor", b"hostile")],
        [symlink("kaniko", "/etc")],
        [file("f"), hard_link("kaniko/executor", "f")],
    ],
)
def test_an_image_that_lives_where_we_do_is_refused(
    root: Path, members: list[M]
) -> None:
    made = Roots(root).create("stage-0")
    with pytest.raises(FilesystemError, match="/kaniko") as caught:
        extract(made, *members)
    assert caught.value.hint is not None
    assert (root / "kaniko/executor").read_text() == "runtime"


def test_a_layer_that_takes_it_away_removes_nothing(root: Path) -> None:
    made = Roots(root).create("stage-0")
    extract(made, whiteout("kaniko"), whiteout("kaniko/executor"))
    assert (root / "kaniko/executor").read_text() == "runtime"


def test_a_plan_leaves_the_builders_files_and_says_so_once(root: Path) -> None:
    roots = Roots(root)
    made = roots.create("stage-0")
    tree = extract(made, file("bin/sh"))
    for name in ("source", "other"):
        made.apply(put(f"builds/project/{name}"), lambda _: (root / "x").open("rb"))
    assert listing(root / "builds/project") == ["source"]
    assert (root / "builds/project/source").read_text() == "mine"
    assert changed(made, tree) == []
    [warning] = roots.warnings
    assert "/builds/project is kept" in warning


def test_a_new_root_takes_the_place_of_the_former(root: Path) -> None:
    roots = Roots(root)
    assert roots.exclusive
    extract(roots.create("stage-0"), file("first"), file("builds/first"))
    made = roots.create("stage-1")
    tree = extract(made, file("second"))
    assert names(root) == KEPT | {"second"}
    assert changed(made, tree) == []


def test_paths_of_the_build_are_kept_while_they_exist(root: Path) -> None:
    (root / "workspace/context").mkdir(parents=True)
    (root / "workspace/else").mkdir()
    (root / "workspace/context/file").touch()
    Roots(root, "workspace/context", "nowhere").create("stage-0")
    assert listing(root / "workspace") == ["context"]
    assert (root / "workspace/context/file").exists()


def test_a_context_that_is_the_whole_root_is_refused(root: Path) -> None:
    with pytest.raises(FilesystemError, match="replaces all of it"):
        Roots(root, "").create("stage-0")
    assert (root / "usr/old/file").exists()


def test_at_the_end_everything_stays_unless_asked(root: Path) -> None:
    roots = Roots(root)
    extract(roots.create("stage-0"), file("bin/sh"))
    roots.close()
    assert (root / "bin/sh").exists()


def test_cleaning_up_leaves_outputs(root: Path) -> None:
    roots = Roots(root, "out/image.tar", cleanup=True)
    extract(roots.create("stage-0"), file("bin/sh"))
    (root / "out").mkdir()
    (root / "out/image.tar").touch()
    roots.close()
    assert names(root) == KEPT | {"out", "out/image.tar"}
    roots.close()


def test_nothing_is_cleaned_up_where_nothing_was_unpacked(root: Path) -> None:
    Roots(root, cleanup=True).close()
    assert (root / "usr/old/file").exists()


def test_who_wants_to_is_told_before_the_first_root_alone(
    root: Path, tmp_path: Path
) -> None:
    seen: list[set[str]] = []
    roots = InPlaceRoots(
        str(tmp_path / "work"),
        Exclusions(),
        (),
        before_first=lambda: seen.append(names(root)),
        root=str(root),
    )
    before = names(root)
    assert seen == []
    roots.create("stage-0")
    roots.create("stage-1")
    assert seen == [before]


def test_what_was_there_comes_back(root: Path, tmp_path: Path) -> None:
    (root / "usr/old").chmod(0o2750)
    os.link(root / "usr/old/file", root / "usr/name")
    before = names(root)
    roots = InPlaceRoots(
        str(tmp_path / "work"), Exclusions(), (), preserve=True, root=str(root)
    )
    extract(roots.create("stage-0"), file("bin/sh"))
    extract(roots.create("stage-1"), file("bin/sh"))
    roots.close()
    assert names(root) == before
    assert (root / "usr/old/file").read_text() == "old"
    assert (root / "usr/old").stat().st_mode & 0o7777 == 0o2750
    assert (root / "usr/old/file").samefile(root / "usr/name")
