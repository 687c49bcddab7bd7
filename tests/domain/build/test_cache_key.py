"""Which steps share a key, and which never do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.build.cache_key import (
    Chain,
    RunInputs,
    after_layer,
    after_plan,
    framed,
    plan_fingerprint,
    plan_key,
    run_key,
    start_chain,
)
from domain.build.copying import SourceTree
from domain.build.mounts import (
    BindMount,
    CacheMount,
    MountedTree,
    PlannedMount,
    SecretMount,
    SshMount,
)
from domain.build.process import FileMount, TmpfsMount
from domain.image.digest import Digest
from domain.image.platform import Platform
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    PlannedWhiteout,
    StoredContent,
)
from domain.snapshot.tree import FileTree

AMD64 = Platform(os="linux", architecture="amd64")
ARM64 = Platform(os="linux", architecture="arm64")
ONE, TWO = Digest.of(b"1"), Digest.of(b"2")
CHAIN = start_chain([ONE], AMD64, ())
FILE = FileEntry("app/f", FileType.FILE, 0o644, size=1)
CONTENT = StoredContent("context", "f")


def digests(contents: Mapping[str, str]) -> Callable[[StoredContent], str]:
    return lambda content: contents.get(content.path, "none")


def inputs(**changed: Any) -> RunInputs:
    given = RunInputs(
        command=("/bin/sh", "-c", "make"),
        variables={"PATH": "/bin", "A": "1"},
        user="",
        working_directory="/",
        network=True,
        privileged=False,
        mounts=(),
    )
    return given._replace(**changed)


def key(**changed: Any) -> str:
    return run_key(CHAIN, inputs(**changed), digests({})).hex


FIELDS = st.lists(st.one_of(st.text(), st.binary(), st.integers(), st.none()))


@given(FIELDS, FIELDS)
def test_two_lists_of_fields_never_share_a_digest(
    first: list[Any], second: list[Any]
) -> None:
    same = [(type(f), f) for f in first] == [(type(f), f) for f in second]
    assert (framed("kind", first) == framed("kind", second)) is same


def test_fields_do_not_run_into_each_other() -> None:
    made = [("ab", "c"), ("a", "bc"), ("abc",), ("ab", "c", ""), ("a-b", "c"), (b"ab",)]
    assert len({framed("kind", fields) for fields in made}) == len(made)
    assert framed("a", ("b",)) != framed("b", ("a",))


def test_a_chain_begins_with_layers_platform_and_options() -> None:
    chains = {
        start_chain([ONE], AMD64, ()),
        start_chain([TWO], AMD64, ()),
        start_chain([ONE, TWO], AMD64, ()),
        start_chain([TWO, ONE], AMD64, ()),
        start_chain([], AMD64, ()),
        start_chain([ONE], ARM64, ()),
        start_chain([ONE], AMD64, ("/ignored",)),
    }
    assert len(chains) == 7
    assert start_chain([ONE], AMD64, ()) in chains


def test_a_chain_goes_on_by_what_a_run_made() -> None:
    assert after_layer(CHAIN, None) == CHAIN
    assert after_layer(CHAIN, ONE) != after_layer(CHAIN, TWO)
    assert after_layer(CHAIN, ONE) != after_plan(CHAIN, ONE.hex)


@pytest.mark.parametrize(
    "changed",
    [
        {"command": ("/bin/sh", "-c", "make all")},
        {"command": ("/bin/sh", "-c make")},
        {"variables": {"PATH": "/bin", "A": "2"}},
        {"variables": {"PATH": "/bin"}},
        {"variables": {"PATH": "/bin", "A": "1", "B": ""}},
        {"user": "nobody"},
        {"working_directory": "/app"},
        {"network": False},
        {"privileged": True},
        {"mounts": (TmpfsMount(target="/t"),)},
    ],
)
def test_whatever_a_run_depends_on_is_in_its_key(changed: dict[str, Any]) -> None:
    assert key(**changed) != key()


def test_neither_order_of_variables_nor_proxies_are() -> None:
    assert key(variables={"A": "1", "PATH": "/bin"}) == key()
    proxied = {"PATH": "/bin", "A": "1", "http_proxy": "x", "NO_PROXY": "y"}
    assert key(variables=proxied) == key()


def source(content_of: str = "context", *, keeps_owners: bool = False) -> SourceTree:
    tree = FileTree.of([FileEntry("d/f", FileType.FILE, 0o644)])
    return SourceTree(
        tree=tree, origin=content_of, keeps_owners=keeps_owners, description=""
    )


MOUNTS: list[PlannedMount] = [
    TmpfsMount(target="/t"),
    TmpfsMount(target="/t", size=5),
    SecretMount(id="a", target="/s"),
    SecretMount(id="b", target="/s"),
    SecretMount(id="a", env="S"),
    SshMount(id="a", target="/s"),
    FileMount(target="/s", content=b"1"),
    FileMount(target="/s", content=b"2"),
    CacheMount(target="/c", id="a", plan=LayerPlan()),
    CacheMount(target="/c", id="b", plan=LayerPlan()),
    BindMount(target="/b", tree=MountedTree(source=source(), path="d")),
    BindMount(target="/b", tree=MountedTree(source=source(), path="d/f")),
    BindMount(target="/b", tree=MountedTree(source=source(), path="d"), read_only=False),
]


def test_no_two_mounts_share_a_key() -> None:
    assert len({key(mounts=(mount,)) for mount in MOUNTS}) == len(MOUNTS)
    assert key(mounts=MOUNTS[:2]) != key(mounts=MOUNTS[1::-1])


def test_the_content_of_what_is_mounted_is_in_the_key() -> None:
    shown = inputs(mounts=(MOUNTS[10],))
    first = run_key(CHAIN, shown, digests({"d/f": "1"}))
    assert first == run_key(CHAIN, shown, digests({"d/f": "1", "other": "2"}))
    assert first != run_key(CHAIN, shown, digests({"d/f": "2"}))


def fingerprint(*rows: Any, declares_modes: bool = False) -> str:
    plan = LayerPlan.ordered(rows)
    return plan_fingerprint(
        plan, digests({"f": "1", "g": "2"}), declares_modes=declares_modes
    )


PLAIN = fingerprint(PlannedEntry(FILE, CONTENT))


@pytest.mark.parametrize(
    "row",
    [
        PlannedEntry(FILE._replace(path="app/g"), CONTENT),
        PlannedEntry(FILE._replace(mode=0o744), CONTENT),
        PlannedEntry(FILE._replace(uid=1), CONTENT),
        PlannedEntry(FILE._replace(gid=1), CONTENT),
        PlannedEntry(FILE._replace(xattrs=(("user.a", b"1"),)), CONTENT),
        PlannedEntry(FILE, StoredContent("context", "g")),
        PlannedEntry(FILE, LiteralContent(b"1")),
        PlannedEntry(FileEntry("app/f", FileType.DIRECTORY)),
        PlannedEntry(FileEntry("app/f", FileType.SYMLINK, link_target="x")),
        PlannedEntry(FileEntry("app/f", FileType.SYMLINK, link_target="y")),
        PlannedEntry(FileEntry("app/f", FileType.CHARACTER_DEVICE, device=(1, 3))),
        PlannedWhiteout("app/f"),
    ],
)
def test_what_a_planned_layer_holds_is_in_its_fingerprint(row: Any) -> None:
    assert fingerprint(row) != PLAIN


def test_what_differs_between_checkouts_is_not() -> None:
    """Times and umask; the same file from elsewhere is the same file."""
    other = FILE._replace(mode=0o664, mtime_ns=5)
    assert fingerprint(PlannedEntry(other, CONTENT)) == PLAIN
    assert fingerprint(PlannedEntry(FILE, StoredContent("stage:0", "f"))) == PLAIN
    wide = FileEntry("d", FileType.DIRECTORY, 0o775)
    assert fingerprint(PlannedEntry(wide)) == fingerprint(
        PlannedEntry(wide._replace(mode=0o755))
    )


def test_modes_that_an_instruction_declares_count() -> None:
    modes = (0o644, 0o664, 0o755, 0o4755)
    made = {
        fingerprint(PlannedEntry(FILE._replace(mode=mode), CONTENT), declares_modes=True)
        for mode in modes
    }
    assert len(made) == len(modes)


def test_hard_links_are_in_it() -> None:
    one = PlannedEntry(FILE._replace(link_group="x"), CONTENT)
    two = PlannedEntry(FILE._replace(path="app/g", link_group="x"))
    copy = PlannedEntry(FILE._replace(path="app/g"), CONTENT)
    assert fingerprint(one, two) != fingerprint(PlannedEntry(FILE, CONTENT), copy)


def test_a_layer_and_a_run_of_one_chain_have_keys_of_their_own() -> None:
    assert plan_key(CHAIN, "a") != plan_key(CHAIN, "b")
    assert plan_key(CHAIN, "a") != plan_key(Chain("other"), "a")
    assert plan_key(CHAIN, "a").hex != after_plan(CHAIN, "a").hex
