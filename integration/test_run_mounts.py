"""RUN with its mounts, in every isolation: what it sees, and that nothing stays."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.executor import Executor, Outcome, write_context
from integration.image_comparison.layer_reading import open_layer
from integration.image_comparison.stored_image import read_layout
from integration.modes import Mode
from integration.test_layers_of_steps import layers

FILES = {"tree/new": "new\n", "tree/sub/deep": "deep\n", ".dockerignore": "tree/no"}
SECRET = "cheese-and-crackers"


class Build:
    """A build on busybox with what it printed and the entries of its layers."""

    def __init__(
        self,
        builder: Executor,
        directory: Path,
        *lines: str,
        flags: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        dockerfile = "\n".join((*_with_base(lines), ""))
        files = {**FILES, "tree/no": "ignored"}
        context = write_context(directory / "context", dockerfile, files)
        self.layout = directory / "image"
        self.outcome: Outcome = builder.layout(
            context, self.layout, *flags, environment=environment
        )

    @property
    def said(self) -> list[str]:
        return self.outcome.said.splitlines()

    @property
    def layers(self) -> list[list[str]]:
        return layers(self.layout)


def _with_base(lines: tuple[str, ...]) -> tuple[str, ...]:
    return lines if lines[0].startswith("FROM") else ("FROM busybox", *lines)


def test_a_bind_shows_the_context_without_what_is_ignored(
    builder: Executor, tmp_path: Path
) -> None:
    build = Build(
        builder,
        tmp_path,
        "WORKDIR /srv",
        "RUN --mount=target=/src,source=tree ls /src; cat /src/new > /one",
        "RUN --mount=target=code cat code/tree/sub/deep; touch /two",
        "RUN --mount=target=/srv/file,source=tree/new cat file; touch /three",
    )
    assert build.said == ["new", "sub", "deep", "new"]
    assert build.layers == [["srv/"], ["one"], ["two"], ["three"]]


def test_what_is_written_to_a_bind_is_lost(builder: Executor, tmp_path: Path) -> None:
    build = Build(
        builder,
        tmp_path,
        "RUN --mount=target=/src,rw echo x > /src/x && rm /src/tree/new && ls /src",
        "RUN --mount=target=/src,rw ls /src /src/tree; echo > /done",
    )
    written = ["Dockerfile", "tree", "x"]
    assert [word for word in build.said if word in written][:3] == written
    assert build.said.count("x") == 1
    assert "new" in build.said
    assert build.layers == [["done"]]
    assert not (tmp_path / "context/x").exists()


def test_a_bind_shows_a_stage_and_an_image(builder: Executor, tmp_path: Path) -> None:
    build = Build(
        builder,
        tmp_path,
        "FROM busybox AS made",
        "RUN mkdir -p /a/b && echo made > /a/b/c && chown 7:8 /a/b/c && ln -s b /a/l",
        "FROM busybox AS copied",
        "COPY tree /t",
        "FROM busybox",
        "RUN --mount=from=made,source=/a/l,target=/m stat -c '%n %u:%g' /m/c; "
        "cat /m/c; echo > /one",
        "RUN --mount=from=copied,source=t,target=/m --mount=from=made,target=/n "
        "cat /m/new /n/a/l/c; echo > /two",
        "RUN --mount=from=busybox,source=etc,target=/m ls /m/passwd; echo > /three",
    )
    assert build.said == ["/m/c 7:8", "made", "new", "made", "/m/passwd"]
    assert build.layers == [["one"], ["two"], ["three"]]


def test_a_bind_does_not_change_the_stage_it_shows(
    builder: Executor, tmp_path: Path
) -> None:
    build = Build(
        builder,
        tmp_path,
        "FROM busybox AS made",
        "RUN mkdir /a && echo made > /a/f",
        "FROM busybox AS spoiler",
        "RUN --mount=from=made,source=a,target=/m,rw echo spoilt > /m/f; echo > /s",
        "FROM busybox",
        "COPY --from=spoiler /s /s",
        "RUN --mount=from=made,source=a,target=/m cat /m/f; echo > /x",
        "COPY --from=made /a /a",
        "RUN cat /a/f",
    )
    assert build.said == ["made", "made"]


def test_a_cache_lasts_for_the_build_and_is_in_no_layer(
    builder: Executor, tmp_path: Path
) -> None:
    build = Build(
        builder,
        tmp_path,
        "FROM busybox AS first",
        "RUN mkdir /c && echo own > /c/own && chmod 700 /c",
        "RUN --mount=type=cache,target=/c,id=x,uid=7,gid=8,mode=0770 "
        "stat -c '%a %u:%g' /c; ls /c; echo kept > /c/f; mkdir /c/d; touch /c/d/e",
        "RUN cat /c/own; stat -c %a /c; echo > /one",
        "FROM first",
        "RUN --mount=type=cache,target=/var/deep/c,id=x cat /var/deep/c/f; "
        "ls /var/deep/c/d; echo > /two",
        "RUN --mount=type=cache,target=/o ls /o; ls -d /var/deep 2>&1; echo > /three",
    )
    assert build.said == [
        "770 7:8",
        "own",
        "700",
        "kept",
        "e",
        "ls: /var/deep: No such file or directory",
    ]
    assert build.layers == [["c/", "c/own"], ["one"], ["two"], ["three"]]


def test_a_cache_outlasts_the_build_in_a_cache_directory(
    builder: Executor, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    flags = kept_in(kept, tmp_path)
    said, made = [], []
    for name in ("one", "two"):
        build = Build(
            builder,
            tmp_path / name,
            "RUN mkdir /c && echo own > /c/own",
            "RUN --mount=type=cache,target=/c,id=x,mode=0750 stat -c %a /c; ls /c; "
            f"echo {name} > /c/{name}; mkdir -p /c/d && chown 7:8 /c/d; echo > /x",
            "RUN --mount=type=cache,target=/c,id=x,sharing=locked "
            "--mount=type=cache,target=/e,id=x,sharing=private "
            "ls /c; ls /e; stat -c %u:%g /c/d; cat /c/*e; echo > /y",
            "RUN ls /c",
            flags=flags,
        )
        said.append(build.said)
        made.append(build.layers)
    first = ["750", "d", "one", "7:8", "one", "own"]
    second = ["750", "d", "one", "d", "one", "two", "7:8", "one", "own"]
    assert said == [first, second]
    assert made == [[["c/", "c/own"], ["x"], ["y"]]] * 2
    assert len(list(kept.glob("mounts/*/*.lock"))) == 2


def kept_in(directory: Path, tmp_path: Path) -> tuple[str, ...]:
    layers = f"--cache-repo=oci:{tmp_path / 'layers'}"
    return "--cache", "--cache-run-layers=false", layers, f"--cache-dir={directory}"


def test_caches_last_for_the_build_where_nothing_can_be_kept(
    builder: Executor, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    flags = kept_in(missing, tmp_path)
    line = "RUN --mount=type=cache,target=/c ls /c; touch /c/f /x"
    build = Build(builder, tmp_path, line, line, flags=flags)
    assert build.said[-1:] == ["f"]
    assert not missing.exists()
    assert build.outcome.log.count("Caches of RUN last for this build") == 1


def test_a_cache_begins_with_a_stage(builder: Executor, tmp_path: Path) -> None:
    build = Build(
        builder,
        tmp_path,
        "FROM scratch AS seed",
        "COPY tree /seed",
        "FROM busybox",
        "RUN --mount=type=cache,target=/c,from=seed,source=seed "
        "cat /c/new; echo more >> /c/new",
        "RUN --mount=type=cache,target=/c,from=seed,source=seed cat /c/new",
    )
    assert build.said == ["new", "new", "more"]
    assert build.layers == []


def test_a_tmpfs_is_empty_each_time(builder: Executor, tmp_path: Path) -> None:
    build = Build(
        builder,
        tmp_path,
        "RUN mkdir /t && echo own > /t/own",
        "RUN --mount=type=tmpfs,target=/t,size=1m ls /t; echo x > /t/x; cat /t/x",
        "RUN --mount=type=tmpfs,target=/t ls /t; echo > /done",
        "RUN ls /t",
    )
    assert build.said == ["x", "own"]
    assert build.layers == [["t/", "t/own"], ["done"]]


def test_secrets_are_files_and_variables(builder: Executor, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET)
    build = Build(
        builder,
        tmp_path,
        "RUN --mount=type=secret,id=file stat -c '%a %u %s' /run/secrets/file; "
        "grep -c crackers /run/secrets/file",
        "RUN --mount=type=secret,id=file,target=/etc/t,mode=0444,uid=5 "
        "stat -c '%a %u' /etc/t",
        "RUN --mount=type=secret,id=var,env=TOKEN echo ${#TOKEN}; "
        "ls /run/secrets 2>/dev/null; env | grep -c TOKEN",
        "RUN --mount=type=secret,id=var,env=TOKEN,target=/t wc -c < /t; echo ${#TOKEN}",
        "RUN --mount=type=secret,id=none ls /run/secrets 2>&1; env | grep -c TOKEN; "
        "echo > /done",
        flags=(f"--secret=id=file,src={tmp_path / 'token'}", "--secret=id=var,env=V"),
        environment={"V": SECRET},
    )
    size = str(len(SECRET))
    assert build.said == [
        *(f"400 0 {size}", "1", "444 5", size, "1", size, size),
        *("ls: /run/secrets: No such file or directory", "0"),
    ]
    assert build.layers == [["done"]]


def test_what_a_mount_hides_is_in_no_further_layer(
    builder: Executor, tmp_path: Path
) -> None:
    """Although its inode was touched, or its directory moved and put back."""
    build = Build(
        builder,
        tmp_path,
        "RUN mkdir -p /d/e && echo own > /d/e/f && ln /d/e/f /link && echo 1 > /file",
        "RUN --mount=type=secret,id=s,target=/file cat /file",
        "RUN --mount=type=tmpfs,target=/d rm -rf /d/* && touch /d/new",
        "RUN --mount=target=/d/e,rw rm -r /d/e/*",
        "RUN cat /file /d/e/f && stat -c %h /link && rm /file",
        flags=("--secret=id=s,env=V",),
        environment={"V": "secret\n"},
    )
    assert build.said == ["secret", "1", "own", "2"]
    assert build.layers == [
        ["d/", "d/e/", "d/e/f", "file", "link="],
        [".wh.file"],
    ]


def test_a_secret_is_nowhere_in_image_log_or_work_files(
    builder: Executor, tmp_path: Path
) -> None:
    build = Build(
        builder,
        tmp_path,
        "RUN --mount=type=secret,id=s,env=S --mount=type=secret,id=s "
        "test $S = $(cat /run/secrets/s) && echo > /done",
        flags=("--secret=id=s,env=V", "--verbosity=trace"),
        environment={"V": SECRET},
    )
    assert SECRET not in build.outcome.log + build.outcome.output
    for path in build.layout.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
    for layer in read_layout(build.layout).layers:
        with open_layer(layer.blob) as opened:
            for member in opened.tar:
                file = opened.tar.extractfile(member)
                assert file is None or SECRET.encode() not in file.read()


def test_a_failing_run_shows_no_secret(builder: Executor, tmp_path: Path) -> None:
    line = "RUN --mount=type=secret,id=s,env=S false"
    context = write_context(tmp_path / "context", f"FROM busybox\n{line}\n")
    flags = ("--no-push", "--secret=id=s,env=V", "--verbosity=trace")
    outcome = builder.run(context, *flags, environment={"V": SECRET})
    assert outcome.status == 1
    assert SECRET not in outcome.log + outcome.output


@pytest.mark.parametrize(
    ("mount", "error"),
    [
        ("type=secret,id=no,required", "the secret 'no' was not given"),
        ("type=ssh,id=no,required", "the SSH agent 'no' was not given"),
        ("source=no,target=/x", "'/no' not found in the build context"),
        ("target=/bin/sh", "cannot mount on /bin/sh"),
    ],
)
def test_what_cannot_be_shown_ends_the_build(
    builder: Executor, tmp_path: Path, mount: str, error: str
) -> None:
    dockerfile = f"FROM busybox\nRUN --mount={mount} true\n"
    context = write_context(tmp_path / "context", dockerfile)
    outcome = builder.run(context, "--no-push")
    assert outcome.status == 1
    assert error in outcome.error
    assert outcome.hint


@contextmanager
def agent(path: Path) -> Iterator[None]:
    """Listen on a socket, as an SSH agent does."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield


def test_an_agents_socket_is_there_and_gone(builder: Executor, tmp_path: Path) -> None:
    with agent(tmp_path / "agent"):
        build = Build(
            builder,
            tmp_path,
            "RUN --mount=type=ssh,uid=7 echo $SSH_AUTH_SOCK; "
            "stat -c '%F %a %u' $SSH_AUTH_SOCK",
            "RUN --mount=type=ssh,id=other echo ${SSH_AUTH_SOCK}; "
            "ls $SSH_AUTH_SOCK 2>/dev/null; echo > /done",
            flags=("--ssh=default",),
            environment={"SSH_AUTH_SOCK": str(tmp_path / "agent")},
        )
    path = "/run/buildkit/ssh_agent.0"
    assert build.said == [path, "socket 600 7", path]
    assert build.layers == [["done"]]


def test_a_heredoc_with_an_interpreter_is_a_program(
    builder: Executor, tmp_path: Path
) -> None:
    build = Build(
        builder,
        tmp_path,
        "RUN <<EOF",
        "#!/bin/busybox sh",
        'echo "$0 $x"',
        "touch /done",
        "EOF",
        "USER 1000",
        "RUN <<-'E F'",
        "\t#!/bin/busybox cat",
        "\tas it stands: $x",
        "E F",
    )
    assert build.said == [
        "/dev/pipes/EOF ",
        "#!/bin/busybox cat",
        "as it stands: $x",
    ]
    assert build.layers == [["done"]]


def test_all_kinds_at_once_between_copies(builder: Executor, tmp_path: Path) -> None:
    build = Build(
        builder,
        tmp_path,
        "COPY tree /a/tree",
        "RUN --mount=target=/a/tree/sub,source=tree "
        "--mount=type=cache,target=/a/tree/cache "
        "--mount=type=tmpfs,target=/a/tree/tmp "
        "--mount=type=secret,id=none,target=/a/tree/secret "
        "ls /a/tree /a/tree/sub; touch /a/tree/own",
        "COPY tree/new /b/new",
        "RUN ls /a/tree /a/tree/sub",
    )
    assert build.said == [
        *("/a/tree:", "cache", "new", "sub", "tmp", "", "/a/tree/sub:", "new", "sub"),
        *("/a/tree:", "new", "own", "sub", "", "/a/tree/sub:", "deep"),
    ]
    assert build.layers == [
        ["a/", "a/tree/", "a/tree/new", "a/tree/sub/", "a/tree/sub/deep"],
        ["a/", "a/tree/", "a/tree/own"],
        ["b/", "b/new"],
    ]


@pytest.mark.parametrize(
    ("flag", "script"),
    [
        ("--network=none", "test $(grep -c : /proc/net/dev) = 1 && echo > /done"),
        ("--security=insecure", "mount -t tmpfs none /tmp && echo > /done"),
    ],
)
def test_networks_and_powers_where_namespaces_are(
    mode: Mode, builder: Executor, tmp_path: Path, flag: str, script: str
) -> None:
    context = write_context(
        tmp_path / "context", f"FROM busybox\nRUN {flag} {script}\n"
    )
    outcome = builder.run(context, "--no-push")
    if mode.isolation == "namespaces":
        outcome.check()
    else:
        assert outcome.status == 1
        where = "in place" if mode.in_container else "in a chroot"
        assert f"RUN {flag} cannot be had {where}" in outcome.error
        assert "--isolation=namespaces" in outcome.hint


def test_a_device_is_refused(builder: Executor, tmp_path: Path) -> None:
    dockerfile = "FROM busybox\nRUN --device=vendor.com/gpu=all true\n"
    context = write_context(tmp_path / "context", dockerfile)
    outcome = builder.run(context, "--no-push")
    assert outcome.status == 1
    assert outcome.error.startswith("Dockerfile:2: RUN --device is not supported")


@pytest.mark.parametrize(
    ("flag", "error"),
    [
        ("--secret=id=a,src=/nonexistent", "/nonexistent cannot be read"),
        ("--secret=id=a,env=NONE", "the variable NONE is not set"),
        ("--ssh=default=/nonexistent", "cannot be used"),
        ("--ssh=default=/etc/passwd", "keys are not read"),
    ],
)
def test_a_missing_secret_ends_the_build_before_it_begins(
    executor: Executor, tmp_path: Path, flag: str, error: str
) -> None:
    context = write_context(tmp_path / "context", "FROM nothing/at-all\n")
    outcome = executor.run(context, "--no-push", flag)
    assert outcome.status == 1
    assert error in outcome.error


def test_a_cache_ends_with_its_build(builder: Executor, tmp_path: Path) -> None:
    line = "RUN --mount=type=cache,target=/c ls /c; echo x > /c/x"
    for name in ("first", "second"):
        assert Build(builder, tmp_path / name, line).said == []
