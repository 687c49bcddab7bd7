"""What every `RootFilesystem` does: memory, a directory, an overlay.

"untrusted" is a directory whose ctime is not trusted: contents are compared.

After each test's changes the layer they make is written and applied to the
model, and the model must be what is on disk.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pytest

from adapters.filesystem.directory_root import DirectoryRoots
from adapters.filesystem.overlay_root import OverlayRoots
from adapters.memory.filesystem import MemoryRoot, MemoryRoots
from adapters.memory.layers import MemoryLayers
from application.errors import DigestMismatch, FilesystemError
from application.ports.filesystem import RootFilesystem, RootFilesystems
from domain.errors import InvalidLayer
from domain.image.digest import Digest
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    PlannedWhiteout,
    StoredContent,
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
from tests.support.clocks import KeepingClock
from tests.support.disks import Disk, MemoryDisk, RealDisk, flat

TRUSTED = ["memory", "directory", "overlay"]
KINDS = [*TRUSTED, "untrusted"]
EXCLUDED = ["/var/ignored", "/etc/hosts"]


class Stage(NamedTuple):
    """A root, what processes do in it, and a place for layers."""

    root: RootFilesystem
    disk: Disk
    layers: MemoryLayers

    def extract(self, *members: M, before: FileTree | None = None) -> FileTree:
        made = layer(*members)
        index = self.root.extract(made.open(), "", made.diff_id)
        return (before or FileTree.empty()).apply(index)

    def snapshot(self, before: FileTree) -> tuple[list[str], FileTree]:
        """Return the rows of the changes, and the model with them."""
        plan = self.root.changes(before)
        written = self.layers.write(plan, lambda content: self.root.open(content.path))
        after = before.apply(written.index)
        assert flat(after) == flat(self.disk.tree())
        assert self.root.changes(after).is_empty
        return shape(plan), after


def shape(plan: LayerPlan) -> list[str]:
    rows = []
    first: dict[str, str] = {}
    for row in plan.rows:
        if isinstance(row, PlannedWhiteout):
            rows.append(f"gone {row.path}")
            continue
        entry = row.entry
        known = first.setdefault(entry.link_group or entry.path, entry.path)
        link = f" = {known}" if known != entry.path else ""
        rows.append(f"{entry.type.value} {entry.path}{link}")
    return rows


def make_roots(kind: str, tmp_path: Path) -> RootFilesystems:
    exclusions = Exclusions.of(EXCLUDED)
    if kind == "memory":
        return MemoryRoots(exclusions)
    if kind == "directory":
        return DirectoryRoots(str(tmp_path / "roots"), exclusions)
    if kind == "untrusted":
        roots = str(tmp_path / "roots")
        return DirectoryRoots(roots, exclusions, probe=lambda _: False)
    return OverlayRoots(str(tmp_path / "roots"), exclusions)


@pytest.fixture(params=KINDS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    if request.param == "overlay":
        request.getfixturevalue("own_mounts")
    root = make_roots(request.param, tmp_path).create("stage-0")
    disk = MemoryDisk(root) if isinstance(root, MemoryRoot) else RealDisk(root.path)
    yield Stage(root, disk, MemoryLayers(KeepingClock()))
    root.discard()
    assert not Path(root.path).exists()


BASE = [
    directory("etc"),
    file("etc/passwd", b"root:x:0:0::/:/bin/sh\n"),
    directory("usr"),
    directory("usr/bin"),
    file("usr/bin/a", b"binary", 0o755),
    hard_link("usr/bin/b", "usr/bin/a"),
    file("usr/bin/su", b"su", 0o4755),
    symlink("bin", "usr/bin"),
    directory("var", 0o2775, gid=8),
    file("var/log", b"", 0o640, uid=7, gid=8),
    directory("tmp", 0o1777),
]


def test_an_extracted_layer_is_on_disk_as_its_index_says(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    assert flat(stage.disk.tree()) == flat(tree)
    assert stage.snapshot(tree)[0] == []


def test_times_of_directories_are_those_of_the_layer(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    times = {row.path: row.mtime_ns for row in stage.disk.tree() if row.path}
    assert times == {row.path: row.mtime_ns for row in tree if row.path}


def test_a_later_layer_keeps_the_times_of_directories_it_does_not_name(
    stage: Stage,
) -> None:
    tree = stage.extract(*BASE)
    tree = stage.extract(file("usr/bin/new"), whiteout("etc/passwd"), before=tree)
    for path in ("usr/bin", "etc"):
        row = stage.disk.tree().get(path)
        assert row is not None
        assert row.mtime_ns == 1_500_000_000 * 10**9


def test_layers_are_stacked_with_whiteouts_and_opaque_directories(stage: Stage) -> None:
    tree = stage.extract(
        directory("a"),
        file("a/x"),
        directory("a/d"),
        file("a/d/y"),
        file("b/z"),
        file("c"),
    )
    tree = stage.extract(
        file("a/new"),
        file("a/.wh..wh..opq"),
        whiteout("c"),
        whiteout("absent"),
        before=tree,
    )
    assert sorted(row.path for row in tree) == ["", "a", "a/new", "b", "b/z"]
    assert flat(stage.disk.tree()) == flat(tree)


def test_whiteouts_hide_only_what_is_below_wherever_they_stand(stage: Stage) -> None:
    tree = stage.extract(directory("d", 0o700), file("d/old"), file("f", b"1"))
    tree = stage.extract(
        file("d/new"), file("f", b"2"), whiteout("d"), whiteout("f"), before=tree
    )
    assert flat(stage.disk.tree()) == flat(tree)
    assert {"d/new", "f"} <= {row.path for row in tree}
    assert "d/old" not in tree


def test_a_type_is_replaced_by_another(stage: Stage) -> None:
    tree = stage.extract(
        directory("d"), file("d/x"), file("f"), symlink("s", "t"), symlink("l", "d")
    )
    tree = stage.extract(
        file("d"), directory("f"), file("f/x"), directory("s"), file("l"), before=tree
    )
    assert flat(stage.disk.tree()) == flat(tree)


def test_a_symlink_of_a_lower_layer_in_a_parent_is_replaced(stage: Stage) -> None:
    """An overlay of the unpacked layers shows a directory there."""
    tree = stage.extract(directory("usr/lib"), symlink("lib", "usr/lib"))
    tree = stage.extract(file("lib/x"), before=tree)
    assert flat(stage.disk.tree()) == flat(tree)
    row = tree.get("lib")
    assert row is not None
    assert row.type is FileType.DIRECTORY


def test_a_symlink_of_the_same_layer_in_a_parent_is_followed(stage: Stage) -> None:
    tree = stage.extract(directory("usr/lib"), symlink("lib", "usr/lib"), file("lib/x"))
    assert "usr/lib/x" in tree
    assert flat(stage.disk.tree()) == flat(tree)


def test_a_hard_link_to_a_lower_layer_is_made(stage: Stage) -> None:
    tree = stage.extract(file("a", b"x"))
    tree = stage.extract(hard_link("b", "a"), before=tree)
    assert flat(tree)["b"].link_group == "a"
    assert flat(stage.disk.tree()) == flat(tree)


def test_a_wrong_diff_id_is_an_error(stage: Stage) -> None:
    with pytest.raises(DigestMismatch):
        stage.root.extract(layer(file("a")).open(), "", Digest.of(b""))


HOSTILE: dict[str, list[M]] = {
    "dots": [file("../outside")],
    "hard link": [hard_link("l", "../../outside")],
    "whiteout": [file(".wh...")],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_layer_that_leaves_the_root_is_refused(stage: Stage, name: str) -> None:
    made = layer(*HOSTILE[name])
    with pytest.raises(InvalidLayer):
        stage.root.extract(made.open(), "", made.diff_id)


# ------------------------------------------------------------------- changes


def test_new_files_and_directories_come_with_their_parents(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.mkdir("usr/share")
    stage.disk.write("usr/share/doc", b"text")
    rows, _ = stage.snapshot(tree)
    assert rows == ["dir usr", "dir usr/share", "file usr/share/doc"]


def test_content_of_equal_size_and_time_is_a_change(stage: Stage) -> None:
    """The write is seen although size and mtime are put back."""
    tree = stage.extract(*BASE)
    stage.disk.write("etc/passwd", b"ROOT:x:0:0::/:/bin/sh\n")
    stage.disk.touch("etc/passwd", 1_500_000_000 * 10**9)
    rows, _ = stage.snapshot(tree)
    assert rows == ["dir etc", "file etc/passwd"]


def test_writing_the_same_again_at_the_same_time_is_no_change(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.write("etc/passwd", b"root:x:0:0::/:/bin/sh\n")
    stage.disk.touch("etc/passwd", 1_500_000_000 * 10**9)
    assert stage.snapshot(tree)[0] == []


@pytest.mark.parametrize("path", ["etc/passwd", "etc"])
def test_mode_and_owner_are_changes(stage: Stage, path: str) -> None:
    tree = stage.extract(*BASE)
    stage.disk.chmod(path, 0o711)
    rows, tree = stage.snapshot(tree)
    assert rows[-1].endswith(path)
    stage.disk.chown(path, 3, 4)
    rows, _ = stage.snapshot(tree)
    assert rows[-1].endswith(path)


def test_the_time_of_a_file_is_a_change_and_that_of_a_directory_is_not(
    stage: Stage,
) -> None:
    tree = stage.extract(*BASE)
    stage.disk.touch("usr/bin", 10**18)
    assert stage.snapshot(tree)[0] == []
    stage.disk.touch("etc/passwd", 10**18)
    assert stage.snapshot(tree)[0] == ["dir etc", "file etc/passwd"]


def test_a_file_made_and_removed_leaves_nothing(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.write("tmp/x", b"")
    stage.disk.remove("tmp/x")
    assert stage.snapshot(tree)[0] == []


def test_only_the_topmost_removed_path_is_a_whiteout(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.remove("usr/bin")
    stage.disk.remove("etc/passwd")
    rows, tree = stage.snapshot(tree)
    assert rows == ["dir etc", "gone etc/passwd", "dir usr", "gone usr/bin"]
    assert "usr/bin/a" not in tree


def test_a_directory_replaced_by_a_file_needs_no_whiteout(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.remove("usr")
    stage.disk.write("usr", b"file")
    assert stage.snapshot(tree)[0] == ["file usr"]


def test_a_file_replaced_by_a_directory_needs_no_whiteout(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.remove("etc/passwd")
    stage.disk.mkdir("etc/passwd")
    stage.disk.write("etc/passwd/x", b"")
    rows, _ = stage.snapshot(tree)
    assert rows == ["dir etc", "dir etc/passwd", "file etc/passwd/x"]


def test_a_directory_replaced_by_a_symlink_needs_no_whiteout(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.remove("usr/bin")
    stage.disk.symlink("usr/bin", "../bin2")
    assert stage.snapshot(tree)[0] == ["dir usr", "symlink usr/bin"]


def test_a_symlink_replaced_by_a_directory_is_one(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.remove("bin")
    stage.disk.mkdir("bin")
    stage.disk.write("bin/x", b"")
    assert stage.snapshot(tree)[0] == ["dir bin", "file bin/x"]


def test_a_symlink_to_elsewhere_is_a_change(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.remove("bin")
    stage.disk.symlink("bin", "usr/local/bin")
    stage.disk.touch("bin", 1_500_000_000 * 10**9)
    assert stage.snapshot(tree)[0] == ["symlink bin"]


def test_a_directory_emptied_and_refilled_hides_what_is_gone(stage: Stage) -> None:
    tree = stage.extract(directory("d"), file("d/a"), file("d/b"), file("d/s/x"))
    stage.disk.remove("d")
    stage.disk.mkdir("d")
    stage.disk.write("d/b", b"new")
    rows, tree = stage.snapshot(tree)
    assert rows == ["dir d", "gone d/a", "gone d/s", "file d/b"]
    assert sorted(row.path for row in tree) == ["", "d", "d/b"]


def test_a_directory_removed_and_made_again_in_two_steps(stage: Stage) -> None:
    tree = stage.extract(directory("d"), file("d/a"))
    stage.disk.remove("d")
    _, tree = stage.snapshot(tree)
    stage.disk.mkdir("d")
    stage.disk.write("d/b", b"")
    rows, tree = stage.snapshot(tree)
    assert rows == ["dir d", "file d/b"]


def test_a_file_removed_and_made_again_in_two_steps(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.remove("etc/passwd")
    _, tree = stage.snapshot(tree)
    stage.disk.write("etc/passwd", b"again")
    assert stage.snapshot(tree)[0] == ["dir etc", "file etc/passwd"]


# ---------------------------------------------------------------- hard links


def test_new_hard_links_are_links_in_the_layer(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.write("tmp/y", b"data")
    stage.disk.link("tmp/x", "tmp/y")
    assert stage.snapshot(tree)[0] == ["dir tmp", "file tmp/x", "file tmp/y = tmp/x"]


def test_removing_a_name_of_a_hard_link_leaves_the_others_alone(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.remove("usr/bin/b")
    rows, _ = stage.snapshot(tree)
    assert rows == ["dir usr", "dir usr/bin", "gone usr/bin/b"]


def test_replacing_a_name_of_a_hard_link_leaves_the_others_alone(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    stage.disk.remove("usr/bin/b")
    stage.disk.write("usr/bin/b", b"other", 0o755)
    rows, _ = stage.snapshot(tree)
    assert rows == ["dir usr", "dir usr/bin", "file usr/bin/b"]


@pytest.mark.parametrize("stage", TRUSTED, indirect=True)
def test_joining_existing_files_takes_both_into_the_layer(stage: Stage) -> None:
    tree = stage.extract(file("a", b"same"), file("b", b"same"))
    stage.disk.remove("b")
    stage.disk.link("b", "a")
    assert stage.snapshot(tree)[0] == ["file a", "file b = a"]


def test_a_new_name_of_an_unchanged_file_is_a_full_file(stage: Stage) -> None:
    """As BuildKit does; the layer does not need the base's file."""
    tree = stage.extract(*BASE)
    stage.disk.link("etc/passwd2", "etc/passwd")
    plan = stage.root.changes(tree)
    assert shape(plan) == ["dir etc", "file etc/passwd2"]
    row = plan.rows[1]
    assert isinstance(row, PlannedEntry)
    assert row.entry.link_group == ""
    assert row.content == StoredContent("root", "etc/passwd2")


# ------------------------------------------------------- excluded, not on disk


def test_excluded_paths_are_neither_new_nor_gone(stage: Stage) -> None:
    tree = stage.extract(*BASE, file("etc/hosts", b"h"), file("var/ignored/x"))
    stage.disk.remove("var/ignored")
    stage.disk.write("etc/hosts", b"builder's")
    stage.disk.mkdir("proc")
    stage.disk.mkdir("dev")
    stage.disk.write("dev/null", b"")
    assert shape(stage.root.changes(tree)) == []


# ---------------------------------------------------------------------- plans


def literal(path: str, data: bytes, **facts: int) -> PlannedEntry:
    entry = FileEntry(path, FileType.FILE, 0o644, size=len(data))
    return PlannedEntry(entry._replace(**facts), LiteralContent(data))  # type: ignore[arg-type]


def nothing(content: StoredContent) -> BinaryIO:
    raise AssertionError(content)


def applied(stage: Stage, tree: FileTree, plan: LayerPlan) -> FileTree:
    stage.root.apply(plan, nothing)
    return tree.apply(stage.layers.write(plan, nothing).index)


def test_a_plan_is_carried_out_and_not_reported_as_a_change(stage: Stage) -> None:
    tree = stage.extract(*BASE)
    plan = LayerPlan.ordered(
        [
            PlannedEntry(FileEntry("app", FileType.DIRECTORY, 0o750, 3, 4, 0, 10**18)),
            literal("app/main", b"code", mode=0o4755, uid=3),
            PlannedWhiteout("etc/passwd"),
            PlannedEntry(FileEntry("bin", FileType.DIRECTORY)),
            literal("bin/x", b""),
        ]
    )
    tree = applied(stage, tree, plan)
    assert flat(stage.disk.tree()) == flat(tree)
    row = stage.disk.tree().get("app")
    assert row is not None
    assert row.mtime_ns == 10**18
    assert stage.snapshot(tree)[0] == []


def test_a_layer_after_a_plan_holds_its_own_changes_only(stage: Stage) -> None:
    """RUN, COPY, RUN: the second RUN's layer never repeats the COPY."""
    tree = stage.extract(*BASE)
    stage.disk.write("tmp/one", b"1")
    rows, tree = stage.snapshot(tree)
    assert rows == ["dir tmp", "file tmp/one"]
    usr = tree.get("usr")
    assert usr is not None
    plan = LayerPlan.ordered([PlannedEntry(usr), literal("usr/copied", b"c")])
    tree = applied(stage, tree, plan)
    stage.disk.write("tmp/two", b"2")
    rows, tree = stage.snapshot(tree)
    assert rows == ["dir tmp", "file tmp/two"]


def test_a_plan_keeps_hard_links(stage: Stage) -> None:
    first = literal("a", b"x")
    entry = first.entry._replace(link_group="g")
    plan = LayerPlan(
        (first._replace(entry=entry), PlannedEntry(entry._replace(path="b")))
    )
    tree = applied(stage, FileTree.empty(), plan)
    assert flat(tree)["b"].link_group == "a"
    assert flat(stage.disk.tree()) == flat(tree)


def test_a_plan_reads_its_contents_from_their_origins(stage: Stage) -> None:
    asked = []

    def open_content(content: StoredContent) -> BinaryIO:
        asked.append(content)
        return io.BytesIO(b"hello")

    entry = FileEntry("f", FileType.FILE, 0o600, size=5)
    content = StoredContent("context", "src/f")
    stage.root.apply(LayerPlan((PlannedEntry(entry, content),)), open_content)
    assert asked == [content]
    with stage.root.open("f") as stream:
        assert stream.read() == b"hello"


# ----------------------------------------------------------------------- open


@pytest.mark.parametrize("path", ["absent", "etc", "bin", "bin/a", "", "absent/x"])
def test_opening_what_is_no_regular_file_is_an_error(stage: Stage, path: str) -> None:
    stage.extract(*BASE)
    with pytest.raises(FilesystemError):
        stage.root.open(path)


def test_discarding_twice_is_no_error(stage: Stage) -> None:
    stage.extract(*BASE)
    stage.root.discard()
    stage.root.discard()


def test_a_whiteout_of_a_plan_hides_nothing_the_plan_makes(stage: Stage) -> None:
    tree = stage.extract(directory("-d", 0o700), file("-d/old"))
    plan = LayerPlan((literal("-d/new", b"x"), PlannedWhiteout("-d")))
    tree = applied(stage, tree, plan)
    assert sorted(row.path for row in tree) == ["", "-d", "-d/new"]
    assert flat(stage.disk.tree()) == flat(tree)


def test_a_hard_link_replaces_what_is_there(stage: Stage) -> None:
    tree = stage.extract(
        file("f", b"1"), directory("d"), file("d/x"), symlink("s", "f")
    )
    tree = stage.extract(
        file("a", b"2"),
        hard_link("f", "a"),
        hard_link("d", "a"),
        hard_link("s", "a"),
        hard_link("f", "a"),
        before=tree,
    )
    assert flat(stage.disk.tree()) == flat(tree)
    assert {row.link_group for row in flat(tree).values() if row.path} == {"a"}


def test_a_group_of_three_names_over_two_layers(stage: Stage) -> None:
    tree = stage.extract(file("a", b"x"), hard_link("b", "a"))
    tree = stage.extract(hard_link("c", "b"), before=tree)
    assert flat(stage.disk.tree()) == flat(tree)
    assert stage.snapshot(tree)[0] == []
