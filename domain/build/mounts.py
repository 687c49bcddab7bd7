"""The mounts of a RUN: from its flags to what is to be shown to the process.

What is shown is named, not made: `application.prepare_mounts` makes it ready, and
the process runner puts it there and takes it away.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from domain.values import dataclass, field
from typing import assert_never

from domain.build.copying import SourceTree
from domain.build.process import FileMount, TmpfsMount
from domain.build.wildcard import missing_source
from domain.build.words import Words
from domain.dockerfile.instruction import Run
from domain.dockerfile.mount import Mount, MountType, Sharing
from domain.errors import BuildRuleError, DockerfileError
from domain.snapshot.entry import FileEntry, FileType, join
from domain.snapshot.layer_plan import (
    LayerPlan,
    PlannedEntry,
    PlannedRow,
    StoredContent,
)

TREE = "tree"
"""Path at which a `MountedTree` is made in a root of its own: the root itself can
be no row of a plan, and what is mounted may be a file."""

SCRIPTS = "/dev/pipes"
"""Where a heredoc that starts with #! is found by RUN (BuildKit's place)."""

_PLAIN_NAME = re.compile(r"[\w.-]*[\w-][\w.-]*")
_SECRETS = "/run/secrets"
_AGENTS = "/run/buildkit/ssh_agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class MountedTree:
    """A file or directory of a file system of the build.

    Attributes:
        source: That file system.
        path: Where it is there, symlinks followed.
    """

    source: SourceTree = field(repr=False)
    path: str

    @property
    def origin(self) -> str:
        """The file system's name, as in `StoredContent.origin`."""
        return self.source.origin

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return self.source.tree.is_directory(self.path)

    @property
    def plan(self) -> LayerPlan:
        """Makes a copy of it at `TREE` in an empty root; as long as the tree."""
        return LayerPlan.ordered(_copied_rows(self.source, self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class BindMount:
    """Files of the context, a stage or an image; what is written there is lost."""

    target: str
    tree: MountedTree
    read_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheMount:
    """A directory that RUNs share by its id, and that is part of no layer.

    Attributes:
        target: Absolute path inside the root.
        id: Which directory.
        sharing: How RUNs share it.
        plan: Makes it at `TREE` when it is used for the first time.
        read_only: Whether RUN may not write to it.
    """

    target: str
    id: str
    sharing: Sharing = Sharing.SHARED
    plan: LayerPlan
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretMount:
    """A secret, as a file, a variable or both.

    Attributes:
        id: Which secret.
        target: Absolute path of the file, None for no file.
        env: Name of the variable, None for none.
        required: Whether it is an error that it was not given.
    """

    id: str
    target: str | None = None
    env: str | None = None
    mode: int = 0o400
    uid: int = 0
    gid: int = 0
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SshMount:
    """The socket of an SSH agent."""

    id: str
    target: str
    mode: int = 0o600
    uid: int = 0
    gid: int = 0
    required: bool = False


PlannedMount = BindMount | CacheMount | SecretMount | SshMount | TmpfsMount | FileMount

MountSources = Mapping[str | None, SourceTree]
"""The file systems that mounts take files from, by their `from`."""


def run_mounts(instruction: Run, words: Words) -> tuple[Mount, ...]:
    """Return the mounts of a RUN with their words expanded.

    Raises:
        DockerfileError: One breaks a rule; the error's place is the line.
    """
    try:
        return tuple(Mount.parse(text, words.expand) for text in instruction.mounts)
    except DockerfileError as error:
        line = error.line or words.line
        raise DockerfileError(error.message, line=line, hint=error.hint) from error


def mount_origins(mounts: Sequence[Mount]) -> tuple[str | None, ...]:
    """Return the `from` of each file system that the mounts take files from."""
    origins = [
        mount.from_
        for mount in mounts
        if mount.type is MountType.BIND
        or (mount.type is MountType.CACHE and mount.from_ is not None)
    ]
    return tuple(dict.fromkeys(origins))


def plan_mounts(
    instruction: Run, words: Words, sources: MountSources
) -> tuple[PlannedMount, ...]:
    """Return what the process of a RUN is to be shown, outer targets first.

    Raises:
        BuildRuleError: A source does not exist, or a target cannot be one.
        DockerfileError: A flag breaks a rule.
    """
    planned: list[PlannedMount] = []
    agents = 0
    for mount in run_mounts(instruction, words):
        planned.append(_plan(mount, words, sources, agents))
        agents += mount.type is MountType.SSH
    script = heredoc_script(instruction)
    if script is not None:
        planned.append(script)
    return tuple(sorted(planned, key=lambda each: (each.target or "").split("/")))


def mounted_files(mounts: Sequence[PlannedMount]) -> Iterator[StoredContent]:
    """Yield the regular files that mounts show, or that caches begin with."""
    for mount in mounts:
        plan = LayerPlan()
        if isinstance(mount, BindMount):
            plan = mount.tree.plan
        elif isinstance(mount, CacheMount):
            plan = mount.plan
        for row in plan.rows:
            if isinstance(row, PlannedEntry) and isinstance(row.content, StoredContent):
                yield row.content


def heredoc_script(instruction: Run) -> FileMount | None:
    """Return the file of a heredoc that is the whole command and starts with #!."""
    script = instruction.script
    if script is None or not script.startswith("#!"):
        return None
    name = instruction.heredocs[0].name
    plain = name if _PLAIN_NAME.fullmatch(name) else "script"
    content = script.encode("utf-8", "surrogateescape")
    return FileMount(target=f"{SCRIPTS}/{plain}", content=content, mode=0o755)


def _plan(
    mount: Mount, words: Words, sources: MountSources, agents: int
) -> PlannedMount:
    match mount.type:
        case MountType.BIND:
            tree = _mounted_tree(sources[mount.from_], mount.source)
            target = _target(mount, words)
            return BindMount(target=target, tree=tree, read_only=mount.read_only)
        case MountType.CACHE:
            return _cache(mount, words, sources)
        case MountType.TMPFS:
            return TmpfsMount(
                target=_target(mount, words),
                size=mount.size,
                read_only=mount.read_only,
            )
        case MountType.SECRET:
            return _secret(mount, words)
        case MountType.SSH:
            return SshMount(
                id=mount.id or "default",
                target=_target(mount, words, f"{_AGENTS}.{agents}"),
                mode=0o600 if mount.mode is None else mount.mode,
                uid=mount.uid,
                gid=mount.gid,
                required=mount.required,
            )
        case _:
            assert_never(mount.type)


def _target(mount: Mount, words: Words, default: str = "") -> str:
    """Return the absolute target; a relative one goes on from the WORKDIR."""
    wanted = posixpath.join("/", words.state.working_directory, mount.target or default)
    target = "/" + posixpath.normpath(wanted).lstrip("/")
    if target == "/":
        raise BuildRuleError(
            "nothing can be mounted on /", hint="mount it on a directory"
        )
    return target


def _mounted_tree(source: SourceTree, path: str) -> MountedTree:
    resolved = source.tree.resolve(path)
    if resolved not in source.tree:
        raise missing_source(path, source.description)
    return MountedTree(source=source, path=resolved)


def _copied_rows(source: SourceTree, path: str) -> list[PlannedRow]:
    """Return the rows of a copy at `TREE`; files of a context belong to root."""
    skipped = len(path) + 1 if path else 0
    rows: list[PlannedRow] = []
    for entry in source.tree.walk(path):
        copy = entry._replace(path=join(TREE, entry.path[skipped:]))
        if not source.keeps_owners:
            copy = copy._replace(uid=0, gid=0)
        is_file = entry.type is FileType.FILE
        content = StoredContent(source.origin, entry.path) if is_file else None
        rows.append(PlannedEntry(copy, content))
    return rows


def _cache(mount: Mount, words: Words, sources: MountSources) -> CacheMount:
    own = FileEntry(
        TREE,
        FileType.DIRECTORY,
        mode=0o755 if mount.mode is None else mount.mode & 0o7777,
        uid=mount.uid,
        gid=mount.gid,
    )
    rows: list[PlannedRow] = [PlannedEntry(own)]
    if mount.from_ is not None:
        rows += _seed(sources[mount.from_], mount.source)
    return CacheMount(
        target=_target(mount, words),
        id=mount.id or posixpath.normpath(mount.target),
        sharing=mount.sharing,
        plan=LayerPlan.ordered(rows),
        read_only=mount.read_only,
    )


def _seed(source: SourceTree, path: str) -> list[PlannedRow]:
    """Return what a cache holds in the beginning, without the directory itself."""
    resolved = source.tree.resolve(path)
    entry = source.tree.get(resolved)
    if entry is None:
        raise missing_source(path, source.description)
    if entry.type is not FileType.DIRECTORY:
        message = f"a cache cannot begin with /{resolved}, which is no directory"
        raise BuildRuleError(message, hint="name a directory by source=")
    return _copied_rows(source, resolved)[1:]


def _secret(mount: Mount, words: Words) -> SecretMount:
    name = mount.id or mount.source or posixpath.basename(mount.target)
    if not name:
        raise BuildRuleError("a secret has no id", hint="write id=ID")
    default = f"{_SECRETS}/{posixpath.basename(name)}"
    has_file = bool(mount.target) or mount.env is None
    return SecretMount(
        id=name,
        target=_target(mount, words, default) if has_file else None,
        env=mount.env,
        mode=0o400 if mount.mode is None else mount.mode,
        uid=mount.uid,
        gid=mount.gid,
        required=mount.required,
    )
