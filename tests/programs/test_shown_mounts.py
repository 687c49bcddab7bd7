"""What RUN is shown by its mounts, and that nothing of it stays."""

import os
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from application.errors import FilesystemError, Interrupted, IsolationUnavailable
from application.ports.process import (
    FileMount,
    ProcessRunner,
    ProcessSpec,
    ShownMount,
    SocketMount,
    TmpfsMount,
    TreeMount,
)
from tests.support.busybox_root import SLEEP, alive, heeded, paths_in
from tests.support.runners import make_runner


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a tree to be shown: a file and a directory."""
    tree = tmp_path / "source" / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "file").write_bytes(b"shown\n")
    (tree / "deep/b").write_bytes(b"b\n")
    return tree


def run(
    runner: ProcessRunner, root: Path, script: str, *mounts: ShownMount, uid: int = 0
) -> str:
    """Run a script with mounts; return what it wrote. It must succeed."""
    said = bytearray()

    def take(stream: str, data: bytes) -> None:
        said.extend(data)

    process = ProcessSpec(
        argv=("sh", "-c", script),
        environment=(("PATH", "/bin"),),
        uid=uid,
        gid=uid,
    )
    status = runner.run(process, str(root), take, mounts)
    assert status == 0, bytes(said)
    return said.decode()


def drawn(root: Path) -> dict[str, tuple[object, ...]]:
    """Return all a layer could know of a root: every path with its row."""
    rows: dict[str, tuple[object, ...]] = {}
    for path in [root, *sorted(root.rglob("*"))]:
        found = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(found.st_mode) else b""
        rows[str(path.relative_to(root))] = (
            found.st_ino,
            found.st_mode,
            (found.st_uid, found.st_gid, found.st_nlink),
            found.st_mtime_ns,
            content if path.name != "busybox" else b"",
        )
    return rows


def test_a_tree_is_shown(runner: ProcessRunner, root: Path, source: Path) -> None:
    mount = TreeMount(target="/a/b", source=str(source), read_only=True)
    before = drawn(root)
    said = run(runner, root, "cat /a/b/file /a/b/deep/b", mount)
    assert said == "shown\nb\n"
    assert drawn(root) == before
    assert (source / "file").read_bytes() == b"shown\n"


def test_a_file_is_shown(runner: ProcessRunner, root: Path, source: Path) -> None:
    file = str(source / "file")
    mount = TreeMount(target="/etc/f", source=file, is_directory=False)
    before = drawn(root)
    assert run(runner, root, "cat /etc/f", mount) == "shown\n"
    assert drawn(root) == before


def test_what_is_written_to_a_tree_is_in_its_source(
    runner: ProcessRunner, root: Path, source: Path
) -> None:
    mount = TreeMount(target="/cache", source=str(source))
    before = drawn(root)
    run(runner, root, "echo 1 >/cache/new; rm /cache/file", mount)
    assert drawn(root) == before
    assert {path.name for path in source.iterdir()} == {"deep", "new"}
    assert run(runner, root, "cat /cache/new", mount) == "1\n"


def test_what_the_target_held_is_hidden_and_comes_back(
    runner: ProcessRunner, root: Path, source: Path
) -> None:
    held = root / "srv/data"
    held.mkdir(parents=True, mode=0o700)
    (held / "own").write_bytes(b"own")
    os.link(held / "own", root / "srv/linked")
    os.chown(held, 3, 4)
    (root / "etc").mkdir()
    (root / "etc/large").write_bytes(b"x" * (3 << 20))
    for path in (held, root / "srv", root / "etc/large", root):
        os.utime(path, ns=(1_000_000_007, 1_000_000_007))
    before = drawn(root)
    said = run(
        runner,
        root,
        "ls /srv/data; wc -c </etc/large; cat /srv/data/t/k",
        TreeMount(target="/srv/data", source=str(source)),
        FileMount(target="/etc/large", content=b"12"),
        FileMount(target="/srv/data/t/k", content=b"key\n"),
    )
    assert said == "deep\nfile\nt\n2\nkey\n"
    assert drawn(root) == before


def test_a_target_behind_symlinks_is_found_inside(
    runner: ProcessRunner, root: Path, source: Path, tmp_path: Path
) -> None:
    (root / "real").mkdir()
    (root / "way").symlink_to("/real")
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "out").symlink_to(f"../../../../../..{outside}")
    before = drawn(root)
    mounts = (
        TreeMount(target="/way/in", source=str(source)),
        FileMount(target="/out/key", content=b"key\n"),
    )
    assert run(runner, root, f"ls /real/in; cat {outside}/key", *mounts) == (
        "deep\nfile\nkey\n"
    )
    assert drawn(root) == before
    assert list(outside.iterdir()) == []


def test_one_tree_at_two_targets_is_one(
    runner: ProcessRunner, root: Path, source: Path
) -> None:
    before = drawn(root)
    run(
        runner,
        root,
        "echo x >/one/new && grep x /two/new",
        TreeMount(target="/one", source=str(source)),
        TreeMount(target="/two", source=str(source)),
    )
    assert drawn(root) == before
    assert (source / "new").exists()


def test_a_tmpfs_is_empty_and_gone_afterwards(
    runner: ProcessRunner, root: Path
) -> None:
    (root / "tmp/old").touch()
    before = drawn(root)
    script = "ls /tmp; stat -c %a /tmp; echo x >/tmp/new; mkdir /tmp/d; cat /tmp/new"
    said = run(runner, root, script, TmpfsMount(target="/tmp"), uid=1000)
    assert said == "1777\nx\n"
    assert drawn(root) == before


def test_a_secret_has_its_mode_and_owner(runner: ProcessRunner, root: Path) -> None:
    mount = FileMount(
        target="/run/secrets/a", content=b"\0\xff\n", mode=0o440, uid=7, gid=8
    )
    before = drawn(root)
    script = "stat -c '%a %u %g %s' /run/secrets/a; ls -d /run/secrets"
    assert run(runner, root, script, mount) == "440 7 8 3\n/run/secrets\n"
    assert drawn(root) == before


def test_no_secret_is_left_on_the_disk(
    runner: ProcessRunner, root: Path, tmp_path: Path
) -> None:
    mount = FileMount(target="/run/secrets/a", content=b"s3cret")
    run(runner, root, "true", mount)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if b"s3cret" in path.read_bytes()] == []


def test_a_script_can_be_executed(runner: ProcessRunner, root: Path) -> None:
    before = drawn(root)
    mount = FileMount(
        target="/dev/pipes/E", content=b"#!/bin/sh\necho $0\n", mode=0o755
    )
    assert run(runner, root, "/dev/pipes/E", mount, uid=1000) == "/dev/pipes/E\n"
    assert drawn(root) == before


def test_everything_is_taken_back_after_a_failure(
    runner: ProcessRunner, root: Path, source: Path
) -> None:
    before = drawn(root)
    process = ProcessSpec(argv=("sh", "-c", "exit 3"), environment=(("PATH", "/bin"),))
    mounts = (
        TreeMount(target="/t", source=str(source)),
        FileMount(target="/run/secrets/a", content=b"s3cret"),
    )
    assert runner.run(process, str(root), lambda *_: None, mounts) == 3
    assert drawn(root) == before
    assert (source / "file").exists()


def test_everything_is_taken_back_after_a_signal(
    runner: ProcessRunner, root: Path, source: Path
) -> None:
    before = drawn(root)

    def interrupt(stream: str, data: bytes) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    process = ProcessSpec(
        argv=("sh", "-c", f"echo up; sleep {SLEEP}"), environment=(("PATH", "/bin"),)
    )
    mounts = (
        TreeMount(target="/t", source=str(source)),
        FileMount(target="/run/secrets/a", content=b"s3cret"),
    )
    with heeded(signal.SIGTERM), pytest.raises(Interrupted):
        runner.run(process, str(root), interrupt, mounts)
    assert alive(SLEEP) == []
    assert drawn(root) == before
    assert (source / "file").exists()


@pytest.mark.parametrize(
    "mount",
    [
        FileMount(target="/bin", content=b""),
        TmpfsMount(target="/bin/busybox"),
        TmpfsMount(target="/bin/busybox/x"),
    ],
)
def test_a_target_of_another_kind_is_refused(
    runner: ProcessRunner, root: Path, mount: ShownMount
) -> None:
    before = drawn(root)
    with pytest.raises(FilesystemError, match="cannot mount on /") as caught:
        run(runner, root, "true", FileMount(target="/f", content=b""), mount)
    assert caught.value.hint
    assert drawn(root) == before


@contextmanager
def agent(path: Path) -> Iterator[None]:
    """Serve a socket that answers each line with the same in upper case."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                with caller:
                    while piece := caller.recv(100):
                        caller.sendall(piece.upper())

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_an_agents_socket_leads_to_the_agent(
    runner: ProcessRunner, root: Path, tmp_path: Path
) -> None:
    """The test connects to it in the place of RUN, whose root has no such program."""
    answers: list[bytes] = []

    def connect(stream: str, data: bytes) -> None:
        (made,) = {path for path in tmp_path.rglob("*") if path.is_socket()} - {theirs}
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(str(made))
                caller.sendall(b"hello")
                answers.append(caller.recv(100))

    theirs = tmp_path / "agent"
    mount = SocketMount(target="/run/ssh/a", source=str(theirs), uid=1000, gid=1001)
    script = "test $(stat -c %F:%a:%u:%g /run/ssh/a) = socket:600:1000:1001 && echo up"
    (root / "bin/test").symlink_to("busybox")
    before = drawn(root)
    process = ProcessSpec(argv=("sh", "-c", script), environment=(("PATH", "/bin"),))
    with agent(theirs):
        assert runner.run(process, str(root), connect, [mount]) == 0
    assert answers == [b"HELLO", b"HELLO"]
    assert drawn(root) == before


def test_an_agent_that_has_gone_hangs_up(
    runner: ProcessRunner, root: Path, tmp_path: Path
) -> None:
    answers: list[bytes] = []

    def connect(stream: str, data: bytes) -> None:
        (made,) = {path for path in tmp_path.rglob("*") if path.is_socket()}
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(made))
            answers.append(caller.recv(100))

    mount = SocketMount(target="/run/ssh/a", source=str(tmp_path / "gone"))
    process = ProcessSpec(argv=("echo", "up"), environment=(("PATH", "/bin"),))
    assert runner.run(process, str(root), connect, [mount]) == 0
    assert answers == [b""]


class TestNamespaces:
    @pytest.fixture
    def runner(self, tmp_path: Path) -> ProcessRunner:
        return make_runner("namespaces", tmp_path)

    def test_read_only_is_read_only(
        self, runner: ProcessRunner, root: Path, source: Path
    ) -> None:
        mounts = (
            TreeMount(target="/t", source=str(source), read_only=True),
            FileMount(target="/f", content=b"x", mode=0o666),
            TmpfsMount(target="/e", read_only=True),
        )
        script = "! touch /t/x && ! echo y >/f && ! touch /e/x"
        run(runner, root, f"({script}) 2>/dev/null", *mounts)

    def test_a_tmpfs_is_not_larger_than_it_may_be(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        script = "! head -c 100000 /dev/zero >/t/x 2>/dev/null"
        run(runner, root, script, TmpfsMount(target="/t", size=65536))

    def test_devices_made_in_a_mount_cannot_be_opened(
        self, runner: ProcessRunner, root: Path, source: Path
    ) -> None:
        mounts = (
            TreeMount(target="/t", source=str(source)),
            TmpfsMount(target="/e"),
        )
        script = "for d in t e; do mknod /$d/n c 1 3; ! echo >/$d/n || exit 1; done"
        run(runner, root, f"({script}) 2>/dev/null", *mounts)

    def test_no_symlink_leads_to_what_is_shown(
        self, runner: ProcessRunner, root: Path, tmp_path: Path
    ) -> None:
        """A stage that is shown may hold symlinks its model does not know."""
        (tmp_path / "stage").mkdir()
        (tmp_path / "stage/x").symlink_to("/etc")
        mount = TreeMount(target="/t", source=f"{tmp_path}/stage/x/apt")
        with pytest.raises(FilesystemError, match="a symlink leads to"):
            run(runner, root, "true", mount)
        assert paths_in(root) == set()

    def test_a_mount_lies_in_another(
        self, runner: ProcessRunner, root: Path, source: Path
    ) -> None:
        before = drawn(root)
        mounts = (
            TmpfsMount(target="/t"),
            TreeMount(target="/t/a/b", source=str(source)),
            FileMount(target="/t/a/b/file", content=b"inner\n"),
        )
        assert run(runner, root, "cat /t/a/b/file", *mounts) == "inner\n"
        assert drawn(root) == before

    def test_without_a_network_there_is_loopback_alone(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        said = bytearray()
        process = ProcessSpec(
            argv=("sh", "-c", "cat /proc/net/dev; cat /proc/net/route | wc -l"),
            environment=(("PATH", "/bin"),),
            has_network=False,
        )
        take = lambda _, data: said.extend(data)  # noqa: E731
        assert runner.run(process, str(root), take) == 0
        lines = said.decode().splitlines()
        assert [line.split(":")[0].strip() for line in lines[2:-1]] == ["lo"]
        assert lines[-1] in {"0", "1"}

    def test_loopback_is_up_without_a_network(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        (root / "bin/nc").symlink_to("busybox")
        script = (
            "nc -l -p 4321 -e /bin/cat & i=0; "
            "until echo hi | nc 127.0.0.1 4321 2>/dev/null; do "
            "i=$((i + 1)); [ $i -lt 100 ] || exit 1; sleep 0.1; done"
        )
        process = ProcessSpec(
            argv=("sh", "-c", script),
            environment=(("PATH", "/bin"),),
            has_network=False,
        )
        said = bytearray()
        take = lambda _, data: said.extend(data)  # noqa: E731
        assert runner.run(process, str(root), take) == 0
        assert bytes(said) == b"hi\n"

    def test_privileged_it_keeps_the_builders_capabilities(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        process = ProcessSpec(
            argv=("sh", "-c", "grep CapEff /proc/self/status; mount -t tmpfs x /tmp"),
            environment=(("PATH", "/bin"),),
            privileged=True,
        )
        said = bytearray()
        take = lambda _, data: said.extend(data)  # noqa: E731
        assert runner.run(process, str(root), take) == 0, bytes(said)
        own = Path("/proc/self/status").read_text().split("CapEff:\t")[1][:16]
        assert said.decode() == f"CapEff:\t{own}\n"


class TestChroot:
    @pytest.fixture
    def runner(self, tmp_path: Path) -> ProcessRunner:
        return make_runner("chroot", tmp_path)

    def test_a_removed_tree_is_an_empty_one(
        self, runner: ProcessRunner, root: Path, source: Path
    ) -> None:
        (root / "t").mkdir()
        (root / "t/own").touch()
        mount = TreeMount(target="/t", source=str(source))
        run(runner, root, "rm -r /t && touch /t", mount)
        assert paths_in(root) == {"t", "t/own"}
        assert list(source.iterdir()) == []

    @pytest.mark.parametrize(
        ("wanted", "flag"),
        [({"has_network": False}, "network=none"), ({"privileged": True}, "security")],
    )
    def test_what_no_chroot_can_do_is_refused(
        self, runner: ProcessRunner, root: Path, wanted: dict[str, bool], flag: str
    ) -> None:
        process = ProcessSpec(argv=("true",), environment=(), **wanted)  # type: ignore[arg-type]
        with pytest.raises(IsolationUnavailable, match=flag) as caught:
            runner.run(process, str(root), lambda *_: None)
        assert "--isolation=namespaces" in (caught.value.hint or "")
        assert paths_in(root) == set()
