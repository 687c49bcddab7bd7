"""The merged view of layers: look-ups, symlinks, whiteouts, replacements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BuildRuleError, InvalidLayer
from domain.snapshot.entry import FileEntry, FileType, ancestors_of, name_of, parent_of
from domain.snapshot.index import EMPTY_INDEX, LayerIndex
from domain.snapshot.tree import FileTree


def file(path: str, size: int = 0, group: str = "") -> FileEntry:
    return FileEntry(path, FileType.FILE, 0o644, size=size, link_group=group)


def directory(path: str, mode: int = 0o755) -> FileEntry:
    return FileEntry(path, FileType.DIRECTORY, mode)


def symlink(path: str, target: str) -> FileEntry:
    return FileEntry(path, FileType.SYMLINK, 0o777, link_target=target)


def index(*entries: FileEntry, hidden: tuple[str, ...] = ()) -> LayerIndex:
    return LayerIndex(entries={e.path: e for e in entries}, whiteouts=hidden)


def paths(tree: FileTree) -> list[str]:
    return [entry.path for entry in tree.walk("")]


def test_the_empty_tree_is_a_root_directory() -> None:
    tree = FileTree.empty()
    assert paths(tree) == [""]
    assert len(tree) == 1
    assert tree.is_directory("")


def test_missing_parents_are_made() -> None:
    tree = FileTree.of([file("a/b/c")])
    assert paths(tree) == ["", "a", "a/b", "a/b/c"]
    assert tree.get("a/b") == directory("a/b")


def test_walk_yields_parents_first_and_sorted() -> None:
    tree = FileTree.of([file("b"), file("a/z"), file("a/c/x"), file("a-")])
    assert paths(tree) == ["", "a", "a/c", "a/c/x", "a/z", "a-", "b"]
    assert [e.path for e in tree.walk("a/c")] == ["a/c", "a/c/x"]
    assert list(tree.walk("absent")) == []


def test_children_are_sorted_names() -> None:
    tree = FileTree.of([file("d/b"), file("d/a"), file("f")])
    assert tree.children("d") == ["a", "b"]
    assert tree.children("f") == tree.children("absent") == []


def test_applying_a_layer_leaves_the_old_tree_alone() -> None:
    old = FileTree.of([file("d/a"), file("f")])
    new = old.apply(index(file("d/b"), hidden=("f",)))
    assert paths(old) == ["", "d", "d/a", "f"]
    assert paths(new) == ["", "d", "d/a", "d/b"]


def test_an_empty_layer_changes_nothing() -> None:
    tree = FileTree.of([file("a")])
    assert list(tree.apply(EMPTY_INDEX).walk("")) == list(tree.walk(""))


def test_a_whiteout_hides_a_directory_and_all_below() -> None:
    tree = FileTree.of([file("d/a/x"), file("d/b")])
    assert paths(tree.apply(index(hidden=("d/a",)))) == ["", "d", "d/b"]


def test_a_whiteout_of_what_is_not_there_is_nothing() -> None:
    tree = FileTree.of([file("a")])
    assert paths(tree.apply(index(hidden=("x", "x/y", "")))) == ["", "a"]


def test_whiteouts_count_before_the_entries_of_the_layer() -> None:
    tree = FileTree.of([directory("d", 0o700), file("d/old")])
    tree = tree.apply(index(file("d/new"), hidden=("d",)))
    assert paths(tree) == ["", "d", "d/new"]
    assert tree.get("d") == directory("d")


def test_an_opaque_directory_hides_its_children_only() -> None:
    tree = FileTree.of([directory("d", 0o700), file("d/old/x"), file("e")])
    layer = LayerIndex(entries={"d/new": file("d/new")}, opaques=("d",))
    tree = tree.apply(layer)
    assert paths(tree) == ["", "d", "d/new", "e"]
    assert tree.get("d") == directory("d", 0o700)


def test_an_entry_of_the_root_gives_it_its_metadata() -> None:
    assert FileTree.empty().apply(index(directory("", 0o700))).get("") == directory(
        "", 0o700
    )


def test_a_file_replaces_a_directory_and_all_below() -> None:
    tree = FileTree.of([file("d/a/x")]).apply(index(file("d")))
    assert paths(tree) == ["", "d"]
    assert tree.children("d") == []


def test_a_directory_over_a_directory_keeps_the_children() -> None:
    tree = FileTree.of([file("d/a")]).apply(index(directory("d", 0o700)))
    assert paths(tree) == ["", "d", "d/a"]
    assert tree.get("d") == directory("d", 0o700)


def test_a_parent_that_is_a_symlink_is_replaced_by_a_directory() -> None:
    """What an overlay of the unpacked layers shows."""
    tree = FileTree.of([directory("usr/lib"), symlink("lib", "usr/lib")])
    tree = tree.apply(index(file("lib/x")))
    assert tree.get("lib") == directory("lib")
    assert paths(tree) == ["", "lib", "lib/x", "usr", "usr/lib"]


def test_link_groups_of_different_layers_are_different() -> None:
    tree = FileTree.of([file("a", group="1"), file("b", group="1")])
    tree = tree.apply(index(file("c", group="1"), file("d", group="1")))
    a, b, c, d = (entry.link_group for entry in tree.walk("") if entry.path)
    assert a == b != c == d


def test_a_hard_link_to_a_lower_layer_takes_the_row_of_its_target() -> None:
    tree = FileTree.of([file("usr/a", 5)]).apply(LayerIndex(links={"b": "usr/a"}))
    a, b = tree.get("usr/a"), tree.get("b")
    assert a is not None
    assert a.link_group
    assert b == a._replace(path="b")


@pytest.mark.parametrize("target", ["absent", "d"])
def test_a_hard_link_to_what_is_no_file_is_refused(target: str) -> None:
    with pytest.raises(InvalidLayer, match="hard link"):
        FileTree.of([directory("d")]).apply(LayerIndex(links={"b": target}))


def test_a_hard_link_to_a_symlink_is_another_symlink() -> None:
    tree = FileTree.of([symlink("s", "t")]).apply(LayerIndex(links={"b": "s"}))
    assert tree.get("b") == symlink("b", "t")


LINKS = FileTree.of(
    [
        directory("usr/bin"),
        file("usr/bin/env"),
        symlink("bin", "usr/bin"),
        symlink("abs", "/usr/bin"),
        symlink("up", "../../../usr"),
        symlink("usr/self", ".."),
        symlink("chain", "abs/../../bin"),
        symlink("dangling", "no/where"),
        symlink("loop", "loop2"),
        symlink("loop2", "loop"),
    ]
)


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("bin/env", "usr/bin/env"),
        ("/abs/env", "usr/bin/env"),
        ("up/bin", "usr/bin"),
        ("usr/self/bin", "usr/bin"),
        ("chain/env", "usr/bin/env"),
        ("bin/../x", "usr/x"),
        ("../../etc", "etc"),
        ("dangling/x", "no/where/x"),
        ("new/path", "new/path"),
        ("", ""),
        ("./usr/./bin/", "usr/bin"),
    ],
)
def test_symlinks_are_resolved_inside_the_root(path: str, resolved: str) -> None:
    assert LINKS.resolve(path) == resolved


def test_the_last_symlink_may_be_left() -> None:
    assert LINKS.resolve("bin", follow_last=False) == "bin"
    assert LINKS.resolve("usr/self/abs", follow_last=False) == "abs"


def test_a_loop_of_symlinks_is_an_error() -> None:
    with pytest.raises(BuildRuleError, match="too many symlinks"):
        LINKS.resolve("loop/x")


def test_directories_are_recognised_through_symlinks() -> None:
    assert LINKS.is_directory("chain")
    assert not LINKS.is_directory("bin/env")
    assert not LINKS.is_directory("dangling")


NAMES = st.sampled_from(["a", "b", "a/b", "a/c", "b/a", "a/b/c", "b/a/x"])
ENTRIES = st.one_of(
    st.builds(file, NAMES, st.integers(0, 3)),
    st.builds(directory, NAMES, st.sampled_from([0o700, 0o755])),
    st.builds(symlink, NAMES, NAMES),
)
LAYERS = st.builds(
    lambda entries, hidden, opaques: LayerIndex(
        entries={e.path: e for e in entries},
        whiteouts=tuple(hidden),
        opaques=tuple(opaques),
    ),
    st.lists(ENTRIES, max_size=5),
    st.lists(NAMES, max_size=2),
    st.lists(NAMES, max_size=1),
)


def union(layers: list[LayerIndex]) -> dict[str, FileEntry]:
    """Merge layers the plain way: rows by path, no books of children."""
    rows = {"": directory("")}
    for layer in layers:
        gone = [p for p in rows if _is_below(p, layer.whiteouts, including=True)]
        gone += [p for p in rows if _is_below(p, layer.opaques, including=False)]
        for path in gone:
            rows.pop(path, None)
        for path, entry in layer.entries.items():
            for parent in ancestors_of(path):
                if rows.get(parent, file(parent)).type is not FileType.DIRECTORY:
                    rows[parent] = directory(parent)
            if entry.type is not FileType.DIRECTORY:
                for below in [p for p in rows if p.startswith(path + "/")]:
                    del rows[below]
            rows[path] = entry
    return rows


def _is_below(path: str, places: tuple[str, ...], *, including: bool) -> bool:
    return any(
        path.startswith(place + "/") or (including and path == place)
        for place in places
    )


@given(st.lists(LAYERS, max_size=4))
def test_a_stack_of_layers_is_their_union(layers: list[LayerIndex]) -> None:
    tree = FileTree.empty()
    for layer in layers:
        tree = tree.apply(layer)
    expected = union(layers)
    assert {entry.path: entry for entry in tree} == expected
    assert {entry.path: entry for entry in tree.walk("")} == expected
    for path in expected:
        names = sorted(name_of(p) for p in expected if p and parent_of(p) == path)
        assert tree.children(path) == names
