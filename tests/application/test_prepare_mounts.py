"""Mounts of RUN are made ready by one mechanism, and secrets are kept out of sight."""

from __future__ import annotations

import pytest

from adapters.memory.filesystem import MemoryRoot
from adapters.memory.kept_caches import MemoryKeptCaches
from adapters.memory.secrets import MemorySecrets
from application.errors import CommandFailed
from application.ports.process import (
    FileMount,
    SocketMount,
    TmpfsMount,
    TreeMount,
)
from domain.build.process import ProcessSpec
from domain.dockerfile.mount import Sharing
from domain.errors import BuildRuleError
from tests.support.memory_build import MemoryBuild, fails, writes

CONTEXT = {"src/a": b"A", "src/b": b"B", ".dockerignore": b""}
SECRET = b"cheese and crackers"


class Mounted:
    """A build of RUNs whose mounts are looked at while they run.

    `seen` has what each mount held, by target, for each RUN. A RUN "write" puts
    a file into every tree it is shown.
    """

    def __init__(
        self,
        *lines: str,
        can_bind: bool = True,
        secrets: MemorySecrets | None = None,
        ignore: str | None = None,
    ) -> None:
        dockerfile = "\n".join(lines)
        if not dockerfile.startswith("FROM"):
            dockerfile = f"FROM base\n{dockerfile}"
        self.seen: list[dict[str, list[str]]] = []
        self.specs: list[ProcessSpec] = []
        self.build = MemoryBuild(
            dockerfile,
            context=CONTEXT,
            ignore=ignore,
            commands={
                "look": self._look,
                "write": self._write,
                "make": writes("made/f", b"made"),
                "fail": fails(3),
            },
            secrets=secrets,
        )
        self.build.runner.can_bind = can_bind
        self.run = self.build.run

    def tree(self, mount: TreeMount) -> tuple[MemoryRoot, str]:
        """Return the root a tree is in, and its path there."""
        roots = self.build.roots.created
        name = max((path for path in roots if mount.source.startswith(path)), key=len)
        return roots[name], mount.source.removeprefix(name).strip("/")

    def _look(self, root: MemoryRoot, process: ProcessSpec) -> None:
        found: dict[str, list[str]] = {}
        for mount in self.build.runner.shown[-1]:
            if isinstance(mount, TreeMount):
                shown, top = self.tree(mount)
                paths = [row.path.removeprefix(top) for row in shown.tree.walk(top)]
                found[mount.target] = [path.strip("/") for path in paths]
        self.seen.append(found)
        self.specs.append(process)

    def _write(self, root: MemoryRoot, process: ProcessSpec) -> None:
        self._look(root, process)
        for mount in self.build.runner.shown[-1]:
            if isinstance(mount, TreeMount):
                shown, top = self.tree(mount)
                shown.write_file(f"{top}/new", b"new")


def test_the_context_is_shown_without_what_is_ignored() -> None:
    mounted = Mounted("RUN --mount=source=src,target=/m look", ignore="src/b\n")
    mounted.run()
    assert mounted.seen == [{"/m": ["", "a"]}]
    (mount,) = mounted.build.runner.shown[0]
    assert mount == TreeMount(
        target="/m", source="/memory/mount-1/tree", read_only=True
    )


def test_a_read_only_tree_is_made_once() -> None:
    line = "RUN --mount=source=src,target=/m look"
    mounted = Mounted(line, line)
    mounted.run()
    assert [path for path in mounted.build.roots.created if "mount" in path] == [
        "/memory/mount-1"
    ]


def test_a_stage_with_a_root_is_shown_itself() -> None:
    mounted = Mounted(
        "FROM base AS made\nRUN make\nFROM base",
        "RUN --mount=from=made,source=made,target=/m look",
    )
    mounted.run()
    assert mounted.seen == [{"/m": ["", "f"]}]
    (mount,) = mounted.build.runner.shown[1]
    assert isinstance(mount, TreeMount)
    assert mount.source == "/memory/stage-0/made"


@pytest.mark.parametrize("flag", ["", ",rw"])
def test_where_nothing_is_bound_a_stage_is_copied(flag: str) -> None:
    mounted = Mounted(
        "FROM base AS made\nRUN make\nFROM base",
        f"RUN --mount=from=made,source=made,target=/m{flag} write",
        f"RUN --mount=from=made,source=made,target=/m{flag} look",
        can_bind=False,
    )
    mounted.run()
    assert mounted.seen == [{"/m": ["", "f"]}, {"/m": ["", "f"]}]
    assert "made/new" not in mounted.build.roots.created["/memory/stage-0"].tree


def test_what_is_written_to_a_bind_is_thrown_away() -> None:
    line = "RUN --mount=source=src,target=/m,rw write"
    mounted = Mounted(line, line)
    mounted.run()
    assert mounted.seen == [{"/m": ["", "a", "b"]}, {"/m": ["", "a", "b"]}]
    assert mounted.build.new_rows() == []


def test_an_image_is_shown_from_its_layers() -> None:
    mounted = Mounted("RUN --mount=from=base,source=www,target=/m look")
    mounted.run()
    assert mounted.seen == [{"/m": ["", "data"]}]


def test_a_cache_is_shared_by_its_id_across_stages() -> None:
    mounted = Mounted(
        "FROM base AS one\nRUN --mount=type=cache,target=/c,id=x write",
        "FROM one\nRUN --mount=type=cache,target=/d,id=x look",
        "RUN --mount=type=cache,target=/d look",
    )
    mounted.run()
    assert mounted.seen == [{"/c": [""]}, {"/d": ["", "new"]}, {"/d": [""]}]
    assert mounted.build.new_rows() == []


def test_a_cache_begins_with_what_from_has() -> None:
    line = "RUN --mount=type=cache,target=/c,from=base,source=srv write"
    mounted = Mounted(line, line)
    mounted.run()
    assert mounted.seen == [{"/c": ["", "data"]}, {"/c": ["", "data", "new"]}]


@pytest.mark.parametrize(("sharing", "count"), [("shared", 1), ("private", 2)])
def test_a_private_cache_is_not_shared_within_a_run(sharing: str, count: int) -> None:
    flag = f"--mount=type=cache,id=x,sharing={sharing},target="
    mounted = Mounted(f"RUN {flag}/a {flag}/b look")
    mounted.run()
    sources = {
        mount.source
        for mount in mounted.build.runner.shown[0]
        if isinstance(mount, TreeMount)
    }
    assert len(sources) == count


def test_everything_is_removed_in_the_end() -> None:
    mounted = Mounted(
        "RUN --mount=target=/m look",
        "RUN --mount=target=/m,rw look",
        "RUN --mount=type=cache,target=/m look",
    )
    mounted.run()
    assert len(mounted.build.roots.created) == 4
    assert all(root.discarded for root in mounted.build.roots.created.values())


def test_everything_is_removed_after_a_failure() -> None:
    mounted = Mounted(
        "RUN --mount=target=/m,rw --mount=target=/n --mount=type=cache,target=/c fail"
    )
    with pytest.raises(CommandFailed):
        mounted.run()
    assert len(mounted.build.roots.created) == 4
    assert all(root.discarded for root in mounted.build.roots.created.values())


def test_secrets_are_files_and_variables() -> None:
    secrets = MemorySecrets({"s": SECRET})
    mounted = Mounted(
        "RUN --mount=type=secret,id=s look",
        "RUN --mount=type=secret,id=s,env=S look",
        "RUN --mount=type=secret,id=no --mount=type=secret,id=no,env=S look",
        secrets=secrets,
    )
    mounted.run()
    file = FileMount(target="/run/secrets/s", content=SECRET)
    assert mounted.build.runner.shown == [(file,), (), ()]
    values = [dict(spec.environment).get("S") for spec in mounted.specs]
    assert values == [None, SECRET.decode(), ""]


def test_a_secret_beats_a_variable_of_the_image() -> None:
    secrets = MemorySecrets({"s": SECRET})
    line = "RUN --mount=type=secret,id=s,env=S look"
    mounted = Mounted("ENV S=image", line, secrets=secrets)
    mounted.run()
    assert dict(mounted.specs[0].environment)["S"] == SECRET.decode()


def test_secrets_are_in_nothing_that_is_kept_or_shown() -> None:
    line = "RUN --mount=type=secret,id=s --mount=type=secret,id=s,env=S"
    mounted = Mounted(f"{line} look\n{line} fail", secrets=MemorySecrets({"s": SECRET}))
    with pytest.raises(CommandFailed) as caught:
        mounted.run()
    kept = (mounted.build.effects.performed, mounted.build.runner.shown)
    shown = (caught.value, caught.value.hint, mounted.build.reporter.messages)
    assert SECRET.decode() not in f"{kept!r}{shown!r}"
    assert mounted.build.destination.published == []


def test_history_shows_no_secret() -> None:
    mounted = Mounted(
        "RUN --mount=type=secret,id=s,env=S look", secrets=MemorySecrets({"s": SECRET})
    )
    mounted.run()
    assert mounted.build.history == ["RUN /bin/sh -c look # buildkit"]
    assert SECRET not in mounted.build.published.config


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("type=secret,id=no,required", "the secret 'no' was not given"),
        ("type=ssh,required=true", "the SSH agent 'default' was not given"),
        ("type=secret,id=nul,env=S", "the secret 'nul' holds a NUL byte"),
    ],
)
def test_what_is_required_and_missing_is_refused(flags: str, message: str) -> None:
    secrets = MemorySecrets({"nul": b"a\0b"})
    mounted = Mounted(f"RUN --mount={flags} look", secrets=secrets)
    with pytest.raises(BuildRuleError) as caught:
        mounted.run()
    assert str(caught.value).startswith(f"Dockerfile:2: {message}")
    assert caught.value.hint
    assert mounted.build.runner.started == []


def test_agents_are_sockets() -> None:
    secrets = MemorySecrets(agents={"default": "/run/agent"})
    mounted = Mounted(
        "RUN --mount=type=ssh,uid=5 --mount=type=ssh,id=no look", secrets=secrets
    )
    mounted.run()
    target = "/run/buildkit/ssh_agent.0"
    socket = SocketMount(target=target, source="/run/agent", uid=5)
    assert mounted.build.runner.shown == [(socket,)]
    assert dict(mounted.specs[0].environment)["SSH_AUTH_SOCK"] == target


def test_a_script_and_a_tmpfs_are_shown_as_they_are() -> None:
    mounted = Mounted("RUN --mount=type=tmpfs,target=/t <<look\n#!/bin/py\nlook")
    with pytest.raises(CommandFailed):
        mounted.run()  # no such program in memory
    content = b"#!/bin/py\n"
    script = FileMount(target="/dev/pipes/look", content=content, mode=0o755)
    assert mounted.build.runner.shown == [(script, TmpfsMount(target="/t"))]


def test_a_stage_is_built_when_only_a_mount_names_it() -> None:
    mounted = Mounted(
        "FROM base AS made\nRUN make\nFROM base AS no\nRUN fail\nFROM base",
        "RUN --mount=type=cache,from=made,source=made,target=/m look",
    )
    mounted.run()
    assert mounted.seen == [{"/m": ["", "f"]}]


MANY = (
    "RUN --mount=type=cache,target=/a,id=y --mount=type=cache,target=/b,id=x "
    "--mount=type=cache,target=/c,id=y,sharing=locked "
    "--mount=type=cache,target=/d,id=y,sharing=private look"
)


def sources_of(kept: MemoryKeptCaches, *, can_bind: bool) -> list[str]:
    build = MemoryBuild(
        f"FROM base\n{MANY}\n", commands={"look": lambda root, process: None}, kept=kept
    )
    build.runner.can_bind = can_bind
    build.run()
    (shown,) = build.runner.shown
    assert [mount.target for mount in shown] == ["/a", "/b", "/c", "/d"]
    return [mount.source for mount in shown if isinstance(mount, TreeMount)]


def test_kept_caches_are_held_by_their_ids_once_each_for_one_run() -> None:
    """The order is the same in every build, so none waits for another for ever."""
    kept = MemoryKeptCaches()
    a, b, c, d = sources_of(kept, can_bind=True)
    assert a == c == d == f"{kept.roots['y']}/tree"
    assert b == f"{kept.roots['x']}/tree"
    x, y = ("x", Sharing.SHARED), ("y", Sharing.SHARED)
    assert kept.asked == [[x], [x, y], [x, y, ("y", Sharing.PRIVATE)]]
    assert kept.held_now == []


def test_where_nothing_is_bound_kept_caches_are_copied() -> None:
    kept = MemoryKeptCaches()
    a, b, c, d = sources_of(kept, can_bind=False)
    assert a == c
    assert len({a, b, d}) == 3
    assert not {a, b, d} & {f"{root}/tree" for root in kept.roots.values()}


def test_caches_that_cannot_be_kept_last_for_the_build() -> None:
    kept = MemoryKeptCaches(is_possible=False)
    a, b, c, d = sources_of(kept, can_bind=True)
    assert a == c
    assert len({a, b, d}) == 3
