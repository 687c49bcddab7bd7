"""What holds of --parents and --exclude whatever the tree and the patterns."""

from hypothesis import given
from hypothesis import strategies as st

from domain.build.selection import Selection
from domain.dockerfile.ignore import IgnoreRules
from domain.snapshot.entry import FileEntry, FileType, ancestors_of
from domain.snapshot.tree import FileTree

NAMES = ("a", "b", "ab", "é")
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
trees = st.lists(paths, max_size=12).map(
    lambda found: FileTree.of(
        FileEntry(path, FileType.FILE)
        for path in found
        if not any(other.startswith(f"{path}/") for other in found)
    )
)
components = st.sampled_from((*NAMES, "*", "**", "?", "a*", "[ab]", "[^a]*"))
patterns = st.builds(
    lambda keeps, parts: ("!" if keeps else "") + "/".join(parts),
    st.booleans(),
    st.lists(components, min_size=1, max_size=3),
)
rules = st.none() | st.lists(patterns, min_size=1, max_size=3).map(IgnoreRules.of)


@given(tree=trees, include=rules, exclude=rules)
def test_exactly_what_matches_comes_with_the_way_to_it(
    tree: FileTree, include: IgnoreRules | None, exclude: IgnoreRules | None
) -> None:
    """Each path is judged alone, by all that is above it, as ignore files are."""
    selected = list(Selection(include=include, exclude=exclude).below("", tree))
    wanted = {
        entry.path
        for entry in tree
        if entry.path
        and (include is None or include.ignores(entry.path))
        and not (exclude is not None and exclude.ignores(entry.path))
    }
    assert {row.path for row in selected if not row.is_way} == wanted
    ways = {parent for path in wanted for parent in ancestors_of(path)} - wanted
    assert {row.path for row in selected if row.is_way} == ways


@given(tree=trees, include=rules, exclude=rules)
def test_parents_come_first_and_nothing_comes_twice(
    tree: FileTree, include: IgnoreRules | None, exclude: IgnoreRules | None
) -> None:
    seen: set[str] = set()
    for row in Selection(include=include, exclude=exclude).below("", tree):
        assert row.path not in seen
        assert set(ancestors_of(row.path)) <= seen
        seen.add(row.path)


@given(tree=trees, directory=paths, exclude=rules)
def test_patterns_are_relative_to_the_directory(
    tree: FileTree, directory: str, exclude: IgnoreRules | None
) -> None:
    moved = FileTree.of(
        entry._replace(path=f"{directory}/{entry.path}") for entry in tree if entry.path
    )
    here = Selection(exclude=exclude).below("", tree)
    there = Selection(exclude=exclude).below(directory, moved)
    assert [row.path for row in there] == [row.path for row in here]
