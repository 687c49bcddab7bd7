"""What a layer's members mean: rows, hard links, whiteouts, refusals."""

from __future__ import annotations

import hashlib
import tarfile

import pytest

from adapters.archive.layer_reader import read_index
from domain.errors import InvalidLayer
from domain.snapshot.entry import FileType
from domain.snapshot.index import LayerIndex
from tests.support.archives import (
    M,
    directory,
    file,
    hard_link,
    layer,
    symlink,
    whiteout,
)


def index_of(*members: M) -> LayerIndex:
    made = layer(*members)
    return read_index(made.open(), made.diff_id)


def paths(index: LayerIndex) -> list[str]:
    return list(index.entries)


def test_rows_stand_in_the_order_of_the_layer_with_content_digests() -> None:
    index = index_of(directory("./b/"), file("./b/f", b"one"), file("/a", b""))
    assert paths(index) == ["b", "b/f", "a"]
    assert index.entries["b/f"].sha256 == hashlib.sha256(b"one").hexdigest()
    assert index.entries["a"].sha256 == hashlib.sha256(b"").hexdigest()


def test_an_entry_of_the_root_directory_is_a_row() -> None:
    assert index_of(directory("./", 0o700)).entries[""].mode == 0o700


def test_of_several_members_of_a_path_the_last_counts() -> None:
    index = index_of(file("a", b"1"), file("b"), file("a", b"22"))
    assert index.entries["a"].size == 2
    assert paths(index) == ["b", "a"]


def test_a_file_in_place_of_a_directory_drops_what_was_below_it() -> None:
    assert paths(index_of(directory("d"), file("d/x"), file("d"))) == ["d"]


def test_a_directory_that_is_only_implied_goes_too() -> None:
    assert paths(index_of(file("d/x/y"), file("d"))) == ["d"]


def test_a_child_below_a_file_makes_it_a_directory() -> None:
    assert paths(index_of(file("d"), file("d/x"))) == ["d/x"]


def test_a_directory_after_a_file_does_not_bring_lower_children_back() -> None:
    assert index_of(file("d"), directory("d")).whiteouts == ("d",)
    assert index_of(file("d"), file("d/x")).whiteouts == ("d",)


def test_hard_links_carry_the_row_of_their_target() -> None:
    index = index_of(
        file("a", b"x", 0o4711), hard_link("b", "/a"), hard_link("c", "./b")
    )
    a, b, c = (index.entries[path] for path in "abc")
    assert a.link_group
    assert b == a._replace(path="b")
    assert c == a._replace(path="c")


def test_two_files_with_links_are_two_groups() -> None:
    index = index_of(
        file("a"), hard_link("b", "a"), file("c"), hard_link("d", "c"), file("e")
    )
    groups = [index.entries[path].link_group for path in "abcde"]
    assert groups[0] == groups[1] != groups[2] == groups[3]
    assert groups[4] == ""


def test_a_group_of_one_name_is_no_group() -> None:
    index = index_of(file("a"), hard_link("b", "a"), file("b", b"other"))
    assert index.entries["a"].link_group == index.entries["b"].link_group == ""


def test_a_hard_link_to_a_symlink_is_another_symlink() -> None:
    index = index_of(symlink("s", "t"), hard_link("h", "s"))
    assert index.entries["h"].type is FileType.SYMLINK
    assert index.entries["h"].link_target == "t"


def test_a_hard_link_to_a_lower_layer_is_kept_apart() -> None:
    index = index_of(hard_link("b", "usr/a"), hard_link("c", "b"))
    assert paths(index) == []
    assert index.links == {"b": "usr/a", "c": "usr/a"}


def test_whiteouts_and_opaque_markers_are_no_files() -> None:
    index = index_of(
        whiteout("gone"), whiteout("d/x"), file("d/.wh..wh..opq"), file("k")
    )
    assert paths(index) == ["k"]
    assert index.whiteouts == ("gone", "d/x")
    assert index.opaques == ("d",)


def test_an_opaque_marker_of_the_root_is_understood() -> None:
    assert index_of(file(".wh..wh..opq")).opaques == ("",)


def test_names_aufs_kept_for_itself_are_no_files() -> None:
    index = index_of(
        directory(".wh..wh.plnk"), file(".wh..wh.plnk/12.3"), file(".wh..wh.aufs")
    )
    assert index == LayerIndex()


def test_a_symlink_of_the_same_layer_is_followed_in_parents() -> None:
    """What docker and containerd do when they unpack the layer by itself."""
    index = index_of(
        symlink("lib", "usr/lib"), file("lib/a"), whiteout("lib/b"), file("lib")
    )
    assert paths(index) == ["usr/lib/a", "lib"]
    assert index.whiteouts == ("usr/lib/b",)


def test_symlinks_are_followed_inside_the_root_only() -> None:
    index = index_of(
        directory("d"),
        symlink("d/up", "../../../../etc"),
        symlink("d/abs", "/var/../srv"),
        symlink("two", "d/abs/x"),
        file("d/up/a"),
        file("d/abs/b"),
        file("two/c"),
        hard_link("l", "two/c"),
    )
    files = [path for path in index.entries if path not in ("d", "d/up", "d/abs")]
    assert files == ["two", "etc/a", "srv/b", "srv/x/c", "l"]


def test_a_symlink_that_was_replaced_is_not_followed() -> None:
    index = index_of(symlink("s", "t"), directory("s"), file("s/a"))
    assert paths(index) == ["s", "s/a"]


def test_a_directory_replaced_by_a_symlink_is_followed_from_then_on() -> None:
    index = index_of(directory("s"), file("s/a"), symlink("s", "t"), file("s/b"))
    assert paths(index) == ["s", "t/b"]


def test_account_files_keep_their_bytes() -> None:
    index = index_of(
        file("etc/passwd", b"root:x:0:0::/:"), file("etc/group", b"g"), file("etc/x")
    )
    assert index.accounts == {"etc/passwd": b"root:x:0:0::/:", "etc/group": b"g"}


def test_account_files_that_are_hard_links_keep_their_bytes() -> None:
    index = index_of(file("etc/passwd", b"p"), hard_link("etc/group", "etc/passwd"))
    assert index.accounts["etc/group"] == b"p"


def test_a_replaced_account_file_is_forgotten() -> None:
    assert index_of(file("etc/passwd", b"p"), symlink("etc/passwd", "x")).accounts == {}


HOSTILE = {
    "parent": [file("../x")],
    "absolute parent": [file("/../x")],
    "deep parent": [file("a/b/../../../x")],
    "hard link outside": [hard_link("l", "../../etc/passwd")],
    "hard link to a directory": [directory("d"), hard_link("l", "d")],
    "hard link in place of its parent": [file("d/x"), hard_link("d", "d/x")],
    "hard link below its target": [file("f"), hard_link("f/x", "f")],
    "hard link to itself": [hard_link("l", "l")],
    "hard link in place of the root": [file("a"), hard_link("./", "a")],
    "whiteout of ..": [file(".wh...")],
    "whiteout of .. in a directory": [file("d/.wh...")],
    "whiteout of .": [file("d/.wh..")],
    "whiteout of nothing": [file("d/.wh.")],
    "whiteout outside": [file("../.wh.x")],
    "root as a symlink": [symlink("./", "/etc")],
    "root as a file": [M("/", data=b"x")._replace(type=tarfile.FIFOTYPE, data=b"")],
    "loop": [symlink("a", "b"), symlink("b", "a"), file("a/x")],
    "self loop": [symlink("a", "a"), file("a/x")],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_reaches_out_of_the_root_is_refused(name: str) -> None:
    with pytest.raises(InvalidLayer) as caught:
        index_of(*HOSTILE[name])
    assert caught.value.message
