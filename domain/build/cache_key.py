"""Cache keys: what a step is known by, before it is carried out.

A chain runs through the steps of a stage. It stands for the file system a step works
on: it begins with the base's diff IDs, goes on by the diff ID of what a RUN made and
by the contents of what was planned (COPY, ADD, WORKDIR). So a step is found only where
it was carried out on the very same files; definitions alone would mix layers (a RUN
that is not deterministic is executed anew, and the next is found made on the old one).

Everything is framed by its length, so that no two inputs have one text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, assert_never

from domain.build.mounts import (
    BindMount,
    CacheMount,
    MountedTree,
    PlannedMount,
    SecretMount,
    SshMount,
)
from domain.build.process import FileMount, TmpfsMount
from domain.build.variables import PROXY_ARGUMENTS
from domain.image.digest import Digest
from domain.image.platform import Platform
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedWhiteout,
    StoredContent,
)

VERSION = "kanipy 1"
"""Part of every key; changed when a step with the same inputs makes another layer."""

Field = str | bytes | int | None
ContentDigest = Callable[[StoredContent], str]
"""Returns the hex sha256 of a planned content."""

_EXECUTABLE, _PLAIN = 0o755, 0o644


class CacheKey(NamedTuple):
    """A key.

    Attributes:
        hex: 64 hexadecimal digits; a tag of a registry.
    """

    hex: str

    def __str__(self) -> str:
        """Return the digits."""
        return self.hex


class Chain(NamedTuple):
    """What stands for the file system of a stage between two steps."""

    hex: str


NO_CHAIN = Chain("")
"""Where nothing is cached."""


class RunInputs(NamedTuple):
    """What a RUN depends on besides the file system.

    Attributes:
        command: Program and arguments.
        variables: The image's and the declared arguments' values.
        user: The image's user, as it is written in the config.
        working_directory: Absolute.
        network: Whether it has one.
        privileged: Whether it keeps the builder's capabilities.
        mounts: What it is shown.
    """

    command: Sequence[str]
    variables: Mapping[str, str]
    user: str
    working_directory: str
    network: bool
    privileged: bool
    mounts: Sequence[PlannedMount]


def framed(kind: str, fields: Iterable[Field]) -> str:
    """Return the hex sha256 of fields, each framed by its type and length."""
    hashed = hashlib.sha256()
    for field in (VERSION, kind, *fields):
        mark, data = _encoded(field)
        hashed.update(b"%s%d:%s" % (mark, len(data), data))
    return hashed.hexdigest()


def start_chain(
    diff_ids: Iterable[Digest], platform: Platform, options: Iterable[Field]
) -> Chain:
    """Begin a chain on a base.

    Args:
        diff_ids: Of the base's layers, lowest first; none for scratch.
        platform: Of the base.
        options: What else can change a layer: how changes are found, what is left
            out, how layers are made.
    """
    layers = framed("layers", map(str, diff_ids))
    chosen = framed("options", options)
    return Chain(framed("base", (str(platform), layers, chosen)))


def after_layer(chain: Chain, diff_id: Digest | None) -> Chain:
    """Go on after a RUN; None is a RUN that changed nothing."""
    return chain if diff_id is None else Chain(framed("ran", (chain.hex, str(diff_id))))


def after_plan(chain: Chain, fingerprint: str) -> Chain:
    """Go on after what was planned."""
    return Chain(framed("planned", (chain.hex, fingerprint)))


def run_key(chain: Chain, inputs: RunInputs, content: ContentDigest) -> CacheKey:
    """Return the key of a RUN.

    Args:
        chain: What it works on.
        inputs: What else it depends on. Proxies are none of it, nor the values of
            secrets, nor what a cache holds.
        content: Reads the digests of files that it is shown.
    """
    variables = (
        framed("variable", (name, value))
        for name, value in sorted(inputs.variables.items())
        if name.upper() not in PROXY_ARGUMENTS
    )
    mounts = (mount_fingerprint(mount, content) for mount in inputs.mounts)
    fields = (
        chain.hex,
        framed("command", inputs.command),
        framed("variables", variables),
        inputs.user,
        inputs.working_directory,
        inputs.network,
        inputs.privileged,
        framed("mounts", mounts),
    )
    return CacheKey(framed("run", fields))


def plan_key(chain: Chain, fingerprint: str) -> CacheKey:
    """Return the key of a planned layer."""
    return CacheKey(framed("layer", (chain.hex, fingerprint)))


def plan_fingerprint(
    plan: LayerPlan, content: ContentDigest, *, declares_modes: bool
) -> str:
    """Return what a planned layer holds, without what differs between checkouts.

    Times are none of it, and of the mode of a context's file only whether it may be
    executed: git keeps no more.

    Args:
        plan: The rows.
        content: Reads the digests of their contents.
        declares_modes: Whether modes are said by the instruction, or come from an
            image: then they count.
    """
    return rows_fingerprint(plan_rows(plan, content, declares_modes=declares_modes))


class FingerprintedRow(NamedTuple):
    """A row of a plan.

    Attributes:
        path: What it is known by to a person: where its content comes from, else
            where it goes to.
        fingerprint: What it holds.
    """

    path: str
    fingerprint: str


def rows_fingerprint(rows: Iterable[FingerprintedRow]) -> str:
    """Return what all rows of a plan hold; see `plan_fingerprint`."""
    return framed("rows", (row.fingerprint for row in rows))


def plan_rows(
    plan: LayerPlan, content: ContentDigest, *, declares_modes: bool
) -> Iterator[FingerprintedRow]:
    """Yield the rows that `plan_fingerprint` is made of, in their order."""
    groups: dict[str, str] = {}
    for row in plan.rows:
        if isinstance(row, PlannedWhiteout):
            yield FingerprintedRow(row.path, framed("whiteout", (row.path,)))
            continue
        entry = row.entry
        first = ""
        if entry.link_group:
            first = groups.setdefault(entry.link_group, entry.path)
        path, digest = entry.path, ""
        if isinstance(row.content, LiteralContent):
            digest = Digest.of(row.content.data).hex
        elif row.content is not None:
            path, digest = row.content.path, content(row.content)
        made = _row(entry, first, digest, declares_modes=declares_modes)
        yield FingerprintedRow(path, made)


def _row(entry: FileEntry, first: str, digest: str, *, declares_modes: bool) -> str:
    mode = entry.mode
    if not declares_modes and entry.type is FileType.FILE:
        mode = _EXECUTABLE if mode & 0o111 else _PLAIN
    elif not declares_modes and entry.type is FileType.DIRECTORY:
        mode = _EXECUTABLE
    device = entry.device or (None, None)
    attributes = framed("attributes", [field for pair in entry.xattrs for field in pair])
    fields = (
        entry.path,
        entry.type.value,
        mode,
        entry.uid,
        entry.gid,
        entry.link_target,
        first,
        *device,
        attributes,
        digest,
    )
    return framed("row", fields)


def mount_fingerprint(mount: PlannedMount, content: ContentDigest) -> str:
    """Return what a RUN is shown by a mount, as far as its key depends on it."""
    match mount:
        case BindMount():
            tree = _tree(mount.tree, content)
            return framed("bind", (mount.target, mount.read_only, tree))
        case CacheMount():
            made = plan_fingerprint(mount.plan, content, declares_modes=True)
            shared = mount.sharing.value
            fields = (mount.target, mount.id, shared, made, mount.read_only)
            return framed("cache", fields)
        case SecretMount():
            return framed("secret", (mount.id, mount.target, mount.env, *_access(mount)))
        case SshMount():
            return framed("ssh", (mount.id, mount.target, *_access(mount)))
        case TmpfsMount():
            return framed("tmpfs", (mount.target, mount.size, mount.read_only))
        case FileMount():
            owner = (mount.mode, mount.uid, mount.gid)
            return framed("file", (mount.target, mount.content, *owner))
        case _:
            assert_never(mount)


def _access(mount: SecretMount | SshMount) -> tuple[Field, ...]:
    return mount.mode, mount.uid, mount.gid, mount.required


def _tree(tree: MountedTree, content: ContentDigest) -> str:
    keeps = tree.source.keeps_owners
    return plan_fingerprint(tree.plan, content, declares_modes=keeps)


def _encoded(field: Field) -> tuple[bytes, bytes]:
    if field is None:
        return b"n", b""
    if isinstance(field, bytes):
        return b"b", field
    if isinstance(field, int):
        return b"i", b"%d" % field
    return b"s", field.encode("utf-8", "surrogateescape")
