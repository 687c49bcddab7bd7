"""Makes ready what the mounts of a RUN show, and throws away what is used up.

It puts nothing into the root of a stage: that is the process runner's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import assert_never

from application.contents import Contents
from application.ports.filesystem import RootFilesystem, RootFilesystems
from application.ports.kept_caches import KeptCaches
from application.ports.process import (
    FileMount,
    ProcessRunner,
    ShownMount,
    SocketMount,
    TmpfsMount,
    TreeMount,
)
from application.ports.secrets import Secrets
from application.turns import Turns
from domain.build.mounts import (
    TREE,
    BindMount,
    CacheMount,
    MountedTree,
    PlannedMount,
    SecretMount,
    SshMount,
)
from domain.dockerfile.mount import Sharing
from domain.errors import BuildRuleError
from domain.snapshot.entry import join
from domain.snapshot.layer_plan import LayerPlan
from domain.values import dataclass, field


@dataclass(slots=True)
class ReadyMounts:
    """What one process is shown.

    Attributes:
        shown: For the runner, outer targets first.
        secrets: Variables that hold secrets; never in `repr`.
    """

    shown: list[ShownMount] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


class PrepareMounts:
    """Makes mounts ready; keeps caches, and read-only trees, for the whole build.

    A copy of a tree is written as a layer plan is applied to a root, whatever its
    origin. A stage that has a root is shown itself where the runner can bind.
    """

    def __init__(
        self,
        *,
        roots: RootFilesystems,
        runner: ProcessRunner,
        secrets: Secrets,
        contents: Contents,
        turns: Turns,
        kept: KeptCaches | None = None,
    ) -> None:
        """Take the ports.

        Args:
            roots: Makes the trees that are shown.
            runner: Shows them.
            secrets: Has the secrets and agents.
            contents: Where the files of trees come from.
            turns: Lets other stages go on while a cache is waited for.
            kept: Has the caches of earlier builds; None where they last for one.
        """
        self._turns = turns
        self._kept = kept
        self._roots = roots
        self._runner = runner
        self._secrets = secrets
        self._contents = contents
        self._caches: dict[str, RootFilesystem] = {}
        self._trees: dict[tuple[str, str], RootFilesystem] = {}
        self._count = 0
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)
        self._in_use: Counter[str] = Counter()

    @contextmanager
    def ready(self, mounts: Sequence[PlannedMount]) -> Iterator[ReadyMounts]:
        """Offer the mounts of one process, for as long as it runs.

        Raises:
            BuildRuleError: A secret or agent that is required was not given.
            KanipyError: What the ports raise.
        """
        with ExitStack() as stack:
            caches = self._all_caches(mounts, stack)
            ready = ReadyMounts()
            for mount in mounts:
                self._add(mount, ready, caches, stack)
            yield ready

    def discard(self) -> None:
        """Remove all caches and trees from disk. Idempotent."""
        for kept in (self._caches, self._trees):
            while kept:
                kept.popitem()[1].discard()

    def _add(
        self,
        mount: PlannedMount,
        ready: ReadyMounts,
        caches: Iterator[TreeMount],
        stack: ExitStack,
    ) -> None:
        match mount:
            case BindMount():
                ready.shown.append(self._bind(mount, stack))
            case CacheMount():
                ready.shown.append(next(caches))
            case TmpfsMount() | FileMount():
                ready.shown.append(mount)
            case SecretMount():
                self._add_secret(mount, ready)
            case SshMount():
                self._add_agent(mount, ready)
            case _:
                assert_never(mount)

    def _bind(self, mount: BindMount, stack: ExitStack) -> TreeMount:
        tree = mount.tree
        if mount.read_only and self._runner.can_bind:
            source = self._shared(tree)
        else:
            root = self._make(tree.plan)
            stack.callback(root.discard)
            source = f"{root.path}/{TREE}"
        return TreeMount(
            target=mount.target,
            source=source,
            is_directory=tree.is_directory,
            read_only=mount.read_only,
        )

    def _shared(self, tree: MountedTree) -> str:
        """Return where a tree is that nobody can write to."""
        directory = self._contents.directory(tree.origin)
        if directory is not None:
            return join(directory, tree.path)
        key = (tree.origin, tree.path)
        if key not in self._trees:
            self._trees[key] = self._make(tree.plan)
        return f"{self._trees[key].path}/{TREE}"

    def _all_caches(
        self, mounts: Sequence[PlannedMount], stack: ExitStack
    ) -> Iterator[TreeMount]:
        """Return the caches among the mounts, in their order.

        They are held in the order of their ids, lest two builds wait for each other.
        """
        wanted = [mount for mount in mounts if isinstance(mount, CacheMount)]
        used: dict[str, str] = {}
        shown: dict[int, TreeMount] = {}
        for number in sorted(range(len(wanted)), key=lambda each: wanted[each].id):
            mount = wanted[number]
            root = self._kept_cache(mount, used, stack)
            if root is None:
                root = self._cache(mount, used, stack)
            used.setdefault(mount.id, root)
            shown[number] = TreeMount(
                target=mount.target, source=f"{root}/{TREE}", read_only=mount.read_only
            )
        return iter([shown[number] for number in range(len(wanted))])

    def _kept_cache(
        self, mount: CacheMount, used: dict[str, str], stack: ExitStack
    ) -> str | None:
        if self._kept is None:
            return None
        if mount.sharing is not Sharing.PRIVATE and mount.id in used:
            return used[mount.id]

        def first() -> str:
            with self._turns.taken():
                root = self._make(mount.plan)
            stack.callback(root.discard)
            return root.path

        work = None
        if not self._runner.can_bind:
            root = self._new_root()
            stack.callback(root.discard)
            work = root.path
        held = self._kept.held(mount.id, mount.sharing, first, work)
        with self._turns.given_up():
            return stack.enter_context(held)

    def _cache(self, mount: CacheMount, used: dict[str, str], stack: ExitStack) -> str:
        if mount.sharing is Sharing.PRIVATE and (
            mount.id in used or self._in_use[mount.id]
        ):
            root = self._make(mount.plan)
            stack.callback(root.discard)
            return root.path
        if mount.id not in used:
            self._hold(mount, stack)
        if mount.id not in self._caches:
            self._caches[mount.id] = self._make(mount.plan)
        return self._caches[mount.id].path

    def _hold(self, mount: CacheMount, stack: ExitStack) -> None:
        """Keep other stages from a cache, where this RUN cannot share it."""
        if mount.sharing is Sharing.LOCKED or not self._runner.can_bind:
            lock = self._locks[mount.id]
            with self._turns.given_up():
                stack.enter_context(lock)
        self._in_use[mount.id] += 1
        stack.callback(self._in_use.subtract, [mount.id])

    def _make(self, plan: LayerPlan) -> RootFilesystem:
        self._contents.prepare(plan)
        root = self._new_root()
        root.apply(plan, self._contents.open)
        return root

    def _new_root(self) -> RootFilesystem:
        self._count += 1
        return self._roots.create(f"mount-{self._count}")

    def _add_secret(self, mount: SecretMount, ready: ReadyMounts) -> None:
        value = self._secrets.secret(mount.id)
        if value is None:
            if mount.required:
                raise _missing("secret", mount.id, f"--secret id={mount.id},src=FILE")
            if mount.env is not None:
                ready.secrets[mount.env] = ""  # docker does so
            return
        if mount.env is not None:
            if b"\0" in value:
                raise BuildRuleError(
                    f"the secret {mount.id!r} holds a NUL byte: no variable can",
                    hint="mount it as a file: leave env= out",
                )
            ready.secrets[mount.env] = value.decode("utf-8", "surrogateescape")
        if mount.target is not None:
            ready.shown.append(
                FileMount(
                    target=mount.target,
                    content=value,
                    mode=mount.mode,
                    uid=mount.uid,
                    gid=mount.gid,
                )
            )

    def _add_agent(self, mount: SshMount, ready: ReadyMounts) -> None:
        socket = self._secrets.agent(mount.id)
        if socket is None:
            if mount.required:
                raise _missing("SSH agent", mount.id, f"--ssh {mount.id}=SOCKET")
            return
        ready.shown.append(
            SocketMount(
                target=mount.target,
                source=socket,
                mode=mount.mode,
                uid=mount.uid,
                gid=mount.gid,
            )
        )


def _missing(what: str, name: str, flag: str) -> BuildRuleError:
    return BuildRuleError(
        f"the {what} {name!r} was not given", hint=f"pass {flag} to the build"
    )
