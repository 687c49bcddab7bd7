"""What holds of COPY whatever the trees: a plan applied gives what was copied."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from domain.build.copying import CopyRequest, SourceTree, plan_copy
from domain.errors import BuildRuleError
from domain.snapshot.entry import FileEntry, FileType, ancestors_of, join, parent_of
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry, PlannedWhiteout
from domain.snapshot.tree import FileTree

NAMES = ("a", "b", "c", "é", "\udce9")
TARGETS = (*NAMES, "..", "../..", "/", "/a", "/b/c", "../a/../../b", "a/b", ".")

paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
modes = st.sampled_from([0o644, 0o755, 0o700, 0o4755, 0o1777])
owners = st.integers(0, 3)


@st.composite
def entries(draw: st.DrawFn) -> FileEntry:
    kind = draw(st.sampled_from(["file", "file", "dir", "symlink", "linked"]))
    path, mode, uid = draw(paths), draw(modes), draw(owners)
    if kind == "dir":
        return FileEntry(path, FileType.DIRECTORY, mode, uid)
    if kind == "symlink":
        target = draw(st.sampled_from(TARGETS))
        return FileEntry(path, FileType.SYMLINK, 0o777, uid, link_target=target)
    digest = draw(st.sampled_from("0123456789abcdef")) * 64
    group = draw(st.sampled_from("12")) if kind == "linked" else ""
    return FileEntry(path, FileType.FILE, mode, uid, sha256=digest, link_group=group)


trees = st.lists(entries(), max_size=14).map(
    # Parents first, so that nothing lies below a file.
    lambda rows: FileTree.of(sorted(rows, key=lambda row: row.path.split("/")))
)
destinations = st.sampled_from(["/", "/a", "/a/", "/new", "/new/x/", "/a/b/c", "/b/"])


class Copied(NamedTuple):
    """A COPY that the rules allow."""

    source: FileTree
    path: str
    root: FileTree
    destination: str
    plan: LayerPlan


@st.composite
def copies(draw: st.DrawFn) -> Copied:
    source, root = draw(trees), draw(trees)
    path = draw(st.sampled_from(sorted(entry.path for entry in source)))
    for destination in (draw(destinations), "/entirely/new/"):
        request = CopyRequest(sources=(path,), destination=destination)
        origin = SourceTree(tree=source, origin="s", keeps_owners=True, description="s")
        try:
            made = plan_copy(request, origin, root)
        except BuildRuleError:
            continue  # a file and a directory met, or a symlink leads nowhere
        return Copied(source, path, root, destination, made)
    return Copied(source, "", root, "/", LayerPlan())


def index(made: LayerPlan) -> LayerIndex:
    return LayerIndex(
        entries={
            r.entry.path: r.entry for r in made.rows if isinstance(r, PlannedEntry)
        },
        whiteouts=tuple(r.path for r in made.rows if isinstance(r, PlannedWhiteout)),
    )


def comparable(entry: FileEntry) -> FileEntry:
    return entry._replace(path="", link_group="", mtime_ns=0)


@given(copies())
def test_what_was_copied_is_there_and_the_rest_is_as_it_was(copy: Copied) -> None:
    source, path, root, destination, made = copy
    after = root.apply(index(made))
    if made.is_empty:
        return
    top = source.resolve(path)
    entry = source.get(top)
    assert entry is not None
    target = root.resolve(destination)
    if entry.type is not FileType.DIRECTORY:
        at = root.get(target)
        into = destination.endswith("/") or (at and at.type is FileType.DIRECTORY)
        target = join(target, path.rpartition("/")[2]) if into else target
    copied = {}
    for each in source.walk(top):
        below = each.path[len(top) :].lstrip("/")
        copied[join(target, below)] = each
    for there, each in copied.items():
        found = after.get(there)
        assert found is not None
        if there != target or each.type is not FileType.DIRECTORY:
            assert comparable(found) == comparable(each)
    for before in root:
        if before.path not in copied:
            now = after.get(before.path)
            assert now is not None
            assert comparable(now) == comparable(before)


@given(copies())
def test_a_plan_is_ordered_and_complete(copy: Copied) -> None:
    """Each path once, parents before children, never below what is no directory."""
    seen: dict[str, FileEntry] = {}
    for planned in copy.plan.rows:
        assert isinstance(planned, PlannedEntry)
        entry = planned.entry
        assert entry.path
        assert entry.path not in seen
        parents = [seen[parent] for parent in ancestors_of(entry.path)]
        assert {parent.type for parent in parents} <= {FileType.DIRECTORY}
        seen[entry.path] = entry


@given(copies())
def test_each_link_group_has_its_content_once_and_first(copy: Copied) -> None:
    groups: dict[str, int] = {}
    for planned in copy.plan.rows:
        assert isinstance(planned, PlannedEntry)
        if planned.entry.type is not FileType.FILE:
            assert planned.content is None
            continue
        group = planned.entry.link_group
        is_first = not group or group not in groups
        assert (planned.content is not None) == is_first
        groups[group] = groups.get(group, 0) + 1
    assert all(count > 1 for group, count in groups.items() if group)


@given(tree=trees, path=st.lists(st.sampled_from([*NAMES, "..", "."]), max_size=6))
def test_resolving_never_escapes(tree: FileTree, path: list[str]) -> None:
    for follow_last in (True, False):
        try:
            resolved = tree.resolve("/".join(path), follow_last=follow_last)
        except BuildRuleError:
            continue  # a loop
        assert not resolved.startswith("/")
        assert ".." not in resolved.split("/")
        checked = [*ancestors_of(resolved), resolved] if resolved else []
        if not follow_last:
            checked = checked[:-1]
        for each in checked:
            entry = tree.get(each)
            assert entry is None or entry.type is not FileType.SYMLINK


@given(rows=st.lists(entries(), max_size=12), gone=st.lists(paths, max_size=4))
def test_ordered_has_parents_first_and_no_path_twice(
    rows: list[FileEntry], gone: list[str]
) -> None:
    made = LayerPlan.ordered([*map(PlannedEntry, rows), *map(PlannedWhiteout, gone)])
    found = [row.entry.path for row in made.rows if isinstance(row, PlannedEntry)]
    assert sorted(found) == sorted({row.path for row in rows})
    hidden = [row.path for row in made.rows if isinstance(row, PlannedWhiteout)]
    assert sorted(hidden) == sorted(set(gone))
    for number, path in enumerate(found):
        parent = parent_of(path)
        assert parent not in found[number:] or not parent
