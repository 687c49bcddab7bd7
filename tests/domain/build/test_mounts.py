"""What the mounts of a RUN are planned to show."""

from collections.abc import Mapping

import pytest

from domain.build.copying import SourceTree
from domain.build.effect import RunProcess
from domain.build.mounts import (
    BindMount,
    CacheMount,
    PlannedMount,
    SecretMount,
    SshMount,
    mount_origins,
    run_mounts,
)
from domain.build.plan import Facts
from domain.build.process import FileMount, TmpfsMount
from domain.build.state import StageState
from domain.build.words import Words
from domain.dockerfile.instruction import Run
from domain.dockerfile.mount import Sharing
from domain.errors import BuildRuleError, DockerfileError, KanipyError
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry, StoredContent
from tests.domain.dockerfile.parsing import instruction
from tests.support.planning import ACCOUNTS, after, context, fresh, planned, stage

CONTEXT = context("src/  0700 5:6\nsrc/a =x\nsrc/deep/b 0755 =y\nlink -> src\nfile =z")


def mounts(
    flags: str,
    state: StageState | None = None,
    sources: Mapping[str | None, SourceTree] | None = None,
) -> tuple[PlannedMount, ...]:
    """Plan the mounts of a RUN with these flags."""
    known = {None: CONTEXT, **(sources or {})}
    facts = Facts(accounts=ACCOUNTS, mount_sources=known)
    (effect,) = planned(f"RUN {flags} x", state, facts).effects
    assert isinstance(effect, RunProcess)
    return effect.mounts


def bind(flags: str, state: StageState | None = None) -> BindMount:
    (only,) = mounts(f"--mount={flags}", state)
    assert isinstance(only, BindMount)
    return only


def cache(
    flags: str,
    state: StageState | None = None,
    sources: Mapping[str | None, SourceTree] | None = None,
) -> CacheMount:
    (only,) = mounts(f"--mount=type=cache,{flags}", state, sources)
    assert isinstance(only, CacheMount)
    return only


def drawn(plan: LayerPlan) -> list[str]:
    rows = [row for row in plan.rows if isinstance(row, PlannedEntry)]
    assert len(rows) == len(plan.rows)
    return [
        f"{row.entry.path} {row.entry.mode:04o} {row.entry.uid}:{row.entry.gid}"
        + (f" {row.content.path}" if isinstance(row.content, StoredContent) else "")
        for row in rows
    ]


def test_a_bind_shows_the_whole_context_as_roots() -> None:
    mount = bind("target=/t")
    assert (mount.target, mount.read_only) == ("/t", True)
    assert (mount.tree.origin, mount.tree.path) == ("context", "")
    assert drawn(mount.tree.plan) == [
        "tree 0755 0:0",
        "tree/file 0644 0:0 file",
        "tree/link 0777 0:0",
        "tree/src 0700 0:0",
        "tree/src/a 0644 0:0 src/a",
        "tree/src/deep 0755 0:0",
        "tree/src/deep/b 0755 0:0 src/deep/b",
    ]


def test_a_bind_shows_a_directory_and_follows_symlinks_to_it() -> None:
    mount = bind("source=link/deep,target=/t,rw")
    assert not mount.read_only
    assert mount.tree.path == "src/deep"
    assert drawn(mount.tree.plan) == [
        "tree 0755 0:0",
        "tree/b 0755 0:0 src/deep/b",
    ]


def test_a_bind_shows_a_file() -> None:
    mount = bind("source=/file,target=/t")
    assert not mount.tree.is_directory
    assert drawn(mount.tree.plan) == ["tree 0644 0:0 file"]


def test_a_bind_of_a_stage_keeps_owners_and_hard_links() -> None:
    source = stage("a 7:8 =x &1\nb 7:8 =x &1\nc =y &2\nd/e =y &2")
    (mount,) = mounts("--mount=from=0,target=/t", sources={"0": source})
    assert isinstance(mount, BindMount)
    assert mount.tree.origin == "stage:0"
    rows = [line.split() for line in drawn(mount.tree.plan)]
    assert [row[:3] for row in rows] == [
        ["tree", "0755", "0:0"],
        ["tree/a", "0644", "7:8"],
        ["tree/b", "0644", "7:8"],
        ["tree/c", "0644", "0:0"],
        ["tree/d", "0755", "0:0"],
        ["tree/d/e", "0644", "0:0"],
    ]
    assert [row[0] for row in rows if len(row) == 4] == ["tree/a", "tree/c"]


def test_a_missing_source_is_refused() -> None:
    with pytest.raises(BuildRuleError, match="'/no' not found in the build context"):
        bind("source=no,target=/t")


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("/t", "/t"),
        ("t", "/srv/app/t"),
        (".", "/srv/app"),
        ("../t/", "/srv/t"),
        ("//t//u", "/t/u"),
        ("$PLACE/x", "/there/x"),
    ],
)
def test_targets_go_on_from_the_working_directory(written: str, target: str) -> None:
    state = after("WORKDIR /srv/app\nENV PLACE=/there")
    assert bind(f"target={written}", state).target == target


@pytest.mark.parametrize("target", ["/", "..", "/x/.."])
def test_nothing_is_mounted_on_the_root(target: str) -> None:
    with pytest.raises(BuildRuleError, match="nothing can be mounted on /"):
        bind(f"target={target}")


def test_a_cache_is_an_empty_directory_named_by_its_target() -> None:
    mount = cache("target=/var/cache/")
    assert (mount.id, mount.target) == ("/var/cache", "/var/cache")
    assert mount.sharing is Sharing.SHARED
    assert not mount.read_only
    assert drawn(mount.plan) == ["tree 0755 0:0"]


def test_a_cache_has_an_id_an_owner_and_a_mode() -> None:
    mount = cache(
        "target=/c,id=$N,sharing=locked,mode=1770,uid=3,gid=4", after("ENV N=n")
    )
    assert (mount.id, mount.sharing) == ("n", Sharing.LOCKED)
    assert drawn(mount.plan) == ["tree 1770 3:4"]


def test_a_cache_begins_with_what_from_has() -> None:
    sources: dict[str | None, SourceTree] = {
        "s": stage("d/ 0700 5:6\nd/f 5:6 =x\ng =y")
    }
    mount = cache("target=/c,from=s,source=d", sources=sources)
    assert drawn(mount.plan) == ["tree 0755 0:0", "tree/f 0644 5:6 d/f"]


@pytest.mark.parametrize(
    ("source", "message"), [("g", "no directory"), ("no", "'/no' not found")]
)
def test_a_cache_begins_with_a_directory(source: str, message: str) -> None:
    with pytest.raises(BuildRuleError, match=message):
        cache(f"target=/c,from=s,source={source}", sources={"s": stage("g =y")})


def test_a_tmpfs_has_its_size() -> None:
    assert mounts("--mount=type=tmpfs,target=/t,size=1m") == (
        TmpfsMount(target="/t", size=1 << 20),
    )


@pytest.mark.parametrize(
    ("flags", "mount"),
    [
        ("id=a", SecretMount(id="a", target="/run/secrets/a")),
        ("id=d/a", SecretMount(id="d/a", target="/run/secrets/a")),
        ("source=a", SecretMount(id="a", target="/run/secrets/a")),
        ("target=/etc/key", SecretMount(id="key", target="/etc/key")),
        ("id=a,target=key", SecretMount(id="a", target="/srv/key")),
        ("id=a,env=A", SecretMount(id="a", env="A")),
        ("id=a,env=A,target=/k", SecretMount(id="a", env="A", target="/k")),
        (
            "id=a,mode=0444,uid=1,gid=2,required",
            SecretMount(
                id="a",
                target="/run/secrets/a",
                mode=0o444,
                uid=1,
                gid=2,
                required=True,
            ),
        ),
    ],
)
def test_secrets(flags: str, mount: SecretMount) -> None:
    assert mounts(f"--mount=type=secret,{flags}", after("WORKDIR /srv")) == (mount,)


def test_a_secret_without_a_name_is_refused() -> None:
    with pytest.raises(BuildRuleError, match="a secret has no id"):
        mounts("--mount=type=secret,target=/x/")


def test_agents_are_counted() -> None:
    flags = "--mount=type=ssh --mount=type=ssh,id=git,mode=0666,uid=7,required"
    assert mounts(flags) == (
        SshMount(id="default", target="/run/buildkit/ssh_agent.0"),
        SshMount(
            id="git",
            target="/run/buildkit/ssh_agent.1",
            mode=0o666,
            uid=7,
            required=True,
        ),
    )


@pytest.mark.parametrize(
    ("name", "file"),
    [("EOF", "EOF"), ("'a b'", "script"), ("'../x'", "script"), ("'..'", "script")],
)
def test_a_heredoc_with_an_interpreter_is_a_file(name: str, file: str) -> None:
    end = name.strip("'")
    facts = Facts(accounts=ACCOUNTS)
    plan = planned(f"RUN <<-{name}\n\t#!/bin/py\n\té\n{end}", facts=facts)
    (effect,) = plan.effects
    assert isinstance(effect, RunProcess)
    content = "#!/bin/py\né\n".encode()
    target = f"/dev/pipes/{file}"
    assert effect.mounts == (FileMount(target=target, content=content, mode=0o755),)
    assert effect.process.argv[-1] == target
    assert plan.history == f"RUN /bin/sh -c {target} # buildkit"


def test_outer_targets_come_first() -> None:
    flags = " ".join(
        f"--mount=type=tmpfs,target={path}" for path in ("/a/b", "/a-b", "/a")
    )
    found = [mount.target for mount in mounts(flags)]
    assert found == ["/a", "/a/b", "/a-b"]


def test_fields_of_a_mount_are_expanded() -> None:
    mount = bind("target=$T/m,source=${S}", after("ENV T=/t S=src/deep"))
    assert (mount.target, mount.tree.path) == ("/t/m", "src/deep")


def test_a_mount_that_variables_break_is_refused_with_its_line() -> None:
    with pytest.raises(DockerfileError, match="Dockerfile:2: unknown type"):
        mounts("--mount=type=$T,target=/t", after("ENV T=volume"))


def test_mounts_do_not_show_in_history() -> None:
    facts = Facts(accounts=ACCOUNTS)
    plan = planned("RUN --mount=type=secret,id=a,env=A x", facts=facts)
    assert plan.history == "RUN /bin/sh -c x # buildkit"


def test_file_systems_are_asked_for_once() -> None:
    step = instruction(
        "RUN --mount=target=/a --mount=target=/b --mount=from=x,target=/c "
        "--mount=type=cache,target=/d --mount=type=cache,from=y,target=/e "
        "--mount=type=tmpfs,from=z,target=/f x"
    )
    assert isinstance(step, Run)
    words = Words.of(step, fresh(), "\\")
    assert mount_origins(run_mounts(step, words)) == (None, "x", "y")


def test_nothing_is_shown_without_flags() -> None:
    assert mounts("") == ()


def test_an_error_is_one_of_ours() -> None:
    with pytest.raises(KanipyError):
        bind("target=/t,source=${X:?no}")
