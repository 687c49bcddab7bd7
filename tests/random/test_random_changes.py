"""Random work on random roots: the model is always what is on disk."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from adapters.archive.compression import Codec
from adapters.archive.layer_writer import write_layer
from adapters.filesystem.directory_root import DirectoryRoots
from adapters.filesystem.overlay_root import OverlayRoots
from application.ports.filesystem import RootFilesystem, RootFilesystems
from domain.errors import InvalidLayer
from domain.snapshot.entry import FileEntry, ancestors_of
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
from tests.support.disks import RealDisk, flat

NAMES = ["a", "b", "-x", "a/b", "a/c", "a/-y", "b/a", "a/b/c", "a/b/d", "b/a/x"]
PATHS = st.sampled_from(NAMES)

EXAMPLES = 25
TIME = 1_500_000_000 * 10**9

MEMBERS = st.one_of(
    st.builds(file, PATHS, st.sampled_from([b"", b"1", b"22"])),
    st.builds(directory, PATHS, st.sampled_from([0o755, 0o700, 0o2775])),
    st.builds(symlink, PATHS, st.sampled_from(["a", "b", "/a/b", "../b", "x"])),
    st.builds(hard_link, PATHS, PATHS),
    st.builds(whiteout, PATHS),
    st.builds(lambda path: file(f"{path}/.wh..wh..opq"), PATHS),
)
LAYERS = st.lists(st.lists(MEMBERS, max_size=6), max_size=3)
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["write", "mkdir", "symlink", "link", "chmod", "remove", "touch", "same"]
        ),
        PATHS,
        PATHS,
    ),
    max_size=8,
)


ROOTS: dict[str, Callable[[str], RootFilesystems]] = {
    "directory": DirectoryRoots,
    "overlay": OverlayRoots,
}


@contextmanager
def new_root(kind: str) -> Iterator[RootFilesystem]:
    with tempfile.TemporaryDirectory() as place:
        root = ROOTS[kind](place).create("random")
        try:
            yield root
        finally:
            root.discard()


def stack(root: RootFilesystem, layers: list[list[M]]) -> FileTree:
    """Extract layers; hard links that no layer could have are left out."""
    tree = FileTree.empty()
    files: set[str] = set()
    for members in layers:
        sound = list(without_dangling_links(members, files))
        made = layer(*sound)
        try:
            index = root.extract(made.open(), "", made.diff_id)
        except InvalidLayer:  # a loop of symlinks
            reject()
        tree = tree.apply(index)
    return tree


def without_dangling_links(members: list[M], files: set[str]) -> Iterator[M]:
    """Leave out links to what is no file; `files` are those there so far."""
    for member in members:
        if member.type == tarfile.LNKTYPE:
            nested = member.link.startswith(member.name + "/")
            if member.link not in files - {member.name} or nested:
                continue
            if member.name.startswith(member.link + "/"):
                continue
        inside = {f for f in files if f.startswith(member.name + "/")}
        files -= {member.name, *inside, *ancestors_of(member.name)}
        if ".wh." in member.name:
            files.clear()
            yield member
            continue
        if member.type in (tarfile.REGTYPE, tarfile.LNKTYPE):
            files.add(member.name)
        yield member


def work(disk: RealDisk, deeds: list[tuple[str, str, str]]) -> None:
    """Do what a process might; what the system refuses is not done."""
    for deed, path, other in deeds:
        with suppress(OSError):
            DEED[deed](disk, path, other)


def write_the_same(disk: RealDisk, path: str, other: str) -> None:
    disk.write(path, b"1")
    disk.touch(path, TIME)


DEED: dict[str, Callable[[RealDisk, str, str], None]] = {
    "write": lambda disk, path, other: disk.write(path, other.encode()),
    "mkdir": lambda disk, path, other: disk.mkdir(path, 0o750),
    "symlink": lambda disk, path, other: disk.symlink(path, other),
    "link": lambda disk, path, other: disk.link(path, other),
    "chmod": lambda disk, path, other: disk.chmod(path, 0o711),
    "remove": lambda disk, path, other: disk.remove(path),
    "touch": lambda disk, path, other: disk.touch(path, TIME),
    "same": write_the_same,
}


def without_links(rows: dict[str, FileEntry]) -> dict[str, FileEntry]:
    """A new name of an unchanged file is a file of its own in the layer."""
    return {path: row._replace(link_group="") for path, row in rows.items()}


@pytest.mark.parametrize("kind", ["directory", "overlay"])
@pytest.mark.usefixtures("own_mounts")
@settings(max_examples=EXAMPLES)
@given(layers=LAYERS)
def test_the_disk_is_what_the_indexes_say(kind: str, layers: list[list[M]]) -> None:
    with new_root(kind) as root:
        tree = stack(root, layers)
        assert flat(RealDisk(root.path).tree()) == flat(tree)
        assert root.changes(tree).is_empty


@pytest.mark.parametrize("kind", ["directory", "overlay"])
@pytest.mark.usefixtures("own_mounts")
@settings(max_examples=EXAMPLES)
@given(layers=LAYERS, deeds=DEEDS, more=DEEDS)
def test_the_changes_applied_to_the_model_are_the_disk(
    kind: str,
    layers: list[list[M]],
    deeds: list[tuple[str, str, str]],
    more: list[tuple[str, str, str]],
) -> None:
    """And the layer of the changes, extracted over the same base, is too."""
    with new_root(kind) as root:
        tree = stack(root, layers)
        disk = RealDisk(root.path)
        blobs = []
        for step in (deeds, more):
            work(disk, step)
            now = flat(disk.tree())
            sink = io.BytesIO()
            written = write_layer(
                root.changes(tree),
                lambda content: root.open(content.path),
                sink,
                codec=Codec(),
                layer_time_ns=lambda mtime_ns: mtime_ns,
            )
            blobs.append((sink.getvalue(), written.diff_id))
            tree = tree.apply(written.index)
            assert without_links(flat(tree)) == without_links(now)
            assert root.changes(tree).is_empty
        with new_root("directory") as fresh:
            stack(fresh, layers)
            for blob, diff_id in blobs:
                fresh.extract(io.BytesIO(blob), "", diff_id)
            assert flat(RealDisk(fresh.path).tree()) == flat(tree)
