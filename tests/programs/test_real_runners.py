"""What processes see, and what they leave, in namespaces and in a chroot."""

import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from adapters.isolation.chroot import chroot_runner
from adapters.isolation.namespaces import NamespaceRunner
from adapters.isolation.system_calls import (
    MS_BIND,
    MS_NODEV,
    MS_RDONLY,
    MS_REMOUNT,
    mount,
    unmount,
)
from application.errors import FilesystemError, Interrupted, IsolationUnavailable
from application.ports.process import ProcessRunner, ProcessSpec
from tests.support.busybox_root import (
    SLEEP,
    alive,
    gone,
    heeded,
    make_root,
    paths_in,
)
from tests.support.runners import make_runner


class Run:
    """One run with its output."""

    def __init__(self, runner: ProcessRunner, root: Path, process: ProcessSpec) -> None:
        self.stdout = b""
        self.stderr = b""
        self.status = runner.run(process, str(root), self._take)

    @property
    def lines(self) -> list[str]:
        assert self.stderr == b""
        return self.stdout.decode().splitlines()

    def _take(self, stream: str, data: bytes) -> None:
        if stream == "stdout":
            self.stdout += data
        else:
            self.stderr += data


def spec(*argv: str, cwd: str = "/", uid: int = 0, gid: int = 0) -> ProcessSpec:
    return ProcessSpec(
        argv=argv,
        environment=(("PATH", "/bin"),),
        working_directory=cwd,
        uid=uid,
        gid=gid,
        groups=(7, 8) if uid else (),
    )


def shell(runner: ProcessRunner, root: Path, script: str, uid: int = 0) -> Run:
    return Run(runner, root, spec("sh", "-c", script, uid=uid, gid=uid))


def test_nothing_is_added_to_the_environment(runner: ProcessRunner, root: Path) -> None:
    assert Run(runner, root, spec("/bin/env")).lines == ["PATH=/bin"]


def test_a_process_has_its_user_groups_and_umask(
    runner: ProcessRunner, root: Path
) -> None:
    process = spec("sh", "-c", "id -u; id -g; id -G; umask", uid=1000, gid=1001)
    assert Run(runner, root, process).lines == ["1000", "1001", "1001 7 8", "0022"]


def test_a_missing_working_directory_is_made_for_root(
    runner: ProcessRunner, root: Path
) -> None:
    run = Run(runner, root, spec("sh", "-c", "pwd", cwd="/srv/app", uid=1000))
    assert run.lines == ["/srv/app"]
    made = (root / "srv/app").stat()
    assert (stat.S_IMODE(made.st_mode), made.st_uid) == (0o755, 0)
    assert paths_in(root) == {"srv", "srv/app"}


def test_a_working_directory_that_is_a_file_is_said_so(
    runner: ProcessRunner, root: Path
) -> None:
    (root / "file").touch()
    run = Run(runner, root, spec("true", cwd="/file"))
    assert run.status == 126
    assert b"working directory /file" in run.stderr


def test_standard_input_is_empty(runner: ProcessRunner, root: Path) -> None:
    assert Run(runner, root, spec("wc", "-c")).lines == ["0"]


def test_a_broken_pipe_ends_a_program(runner: ProcessRunner, root: Path) -> None:
    assert shell(runner, root, "yes | head -n 1").lines == ["y"]


def test_a_file_without_exec_bit_is_126(runner: ProcessRunner, root: Path) -> None:
    (root / "bin/script").write_text("#!/bin/sh\n")
    run = Run(runner, root, spec("script"))
    assert run.status == 126
    assert b"cannot be executed: Permission denied" in run.stderr


def test_a_script_without_its_interpreter_is_127(
    runner: ProcessRunner, root: Path
) -> None:
    (root / "bin/script").write_text("#!/bin/bash\n")
    (root / "bin/script").chmod(0o755)
    run = Run(runner, root, spec("script"))
    assert run.status == 127
    assert b"interpreter or loader is missing" in run.stderr


def test_the_search_goes_on_past_a_file_that_may_not_be_executed(
    runner: ProcessRunner, root: Path
) -> None:
    (root / "first").mkdir()
    (root / "first/echo").touch()
    process = ProcessSpec(
        argv=("echo", "found"), environment=(("PATH", "/first:/bin"),)
    )
    assert Run(runner, root, process).lines == ["found"]


def test_an_ordinary_user_may_open_dev_null_and_his_output(
    runner: ProcessRunner, root: Path
) -> None:
    run = shell(runner, root, "echo x >/dev/null; echo e >&2; echo o", uid=1000)
    assert (run.stdout, run.stderr) == (b"o\n", b"e\n")


def test_much_output_arrives_whole(runner: ProcessRunner, root: Path) -> None:
    run = shell(runner, root, "yes 0123456789abcde | head -n 40000")
    assert len(run.stdout) == 640_000


def test_a_large_environment_arrives(runner: ProcessRunner, root: Path) -> None:
    big = tuple((f"V{number}", "x" * 100_000) for number in range(5))
    process = ProcessSpec(
        argv=("sh", "-c", "echo ${#V0} ${#V4}"), environment=(("PATH", "/bin"), *big)
    )
    assert Run(runner, root, process).lines == ["100000 100000"]


def test_the_builders_names_are_seen_and_leave_no_trace(
    runner: ProcessRunner, root: Path
) -> None:
    run = shell(runner, root, "cat /etc/resolv.conf")
    assert run.stdout == Path("/etc/resolv.conf").read_bytes()
    assert paths_in(root) == set()


def test_names_are_taken_back_after_a_failure(
    runner: ProcessRunner, root: Path
) -> None:
    assert shell(runner, root, "exit 1").status == 1
    assert paths_in(root) == set()


def test_writing_to_hosts_changes_neither_builder_nor_image(
    runner: ProcessRunner, root: Path
) -> None:
    before = Path("/etc/hosts").read_bytes()
    run = shell(
        runner, root, "echo 1.2.3.4 x >>/etc/hosts && grep -c 1.2.3.4 /etc/hosts"
    )
    assert run.lines == ["1"]
    assert Path("/etc/hosts").read_bytes() == before
    assert paths_in(root) == set()


def test_the_images_own_files_come_back_exactly(
    runner: ProcessRunner, root: Path
) -> None:
    etc = root / "etc"
    etc.mkdir()
    (etc / "resolv.conf").write_bytes(b"own\n")
    (etc / "resolv.conf").chmod(0o640)
    os.chown(etc / "resolv.conf", 3, 4)
    os.setxattr(etc / "resolv.conf", "user.note", b"kept")
    (etc / "hosts").symlink_to("../srv/hosts")
    os.utime(etc / "resolv.conf", ns=(1, 1_000_000_007))
    os.utime(etc, ns=(2, 2_000_000_007))
    os.utime(root, ns=(3, 3_000_000_007))
    assert shell(runner, root, "true").status == 0
    found = (etc / "resolv.conf").stat()
    assert (etc / "resolv.conf").read_bytes() == b"own\n"
    assert os.getxattr(etc / "resolv.conf", "user.note") == b"kept"
    assert stat.S_IMODE(found.st_mode) == 0o640
    assert (found.st_uid, found.st_gid, found.st_mtime_ns) == (3, 4, 1_000_000_007)
    assert (etc / "hosts").readlink() == Path("../srv/hosts")
    assert etc.stat().st_mtime_ns == 2_000_000_007
    assert root.stat().st_mtime_ns == 3_000_000_007
    assert paths_in(root) == {"etc", "etc/resolv.conf", "etc/hosts"}


def test_what_a_run_makes_beside_the_names_stays(
    runner: ProcessRunner, root: Path
) -> None:
    shell(runner, root, "echo me >/etc/passwd; mkdir -p /dev/shm/d; touch /dev/x")
    assert paths_in(root) == {"etc", "etc/passwd"}


def test_a_run_may_rename_the_directory_of_the_names(
    runner: ProcessRunner, root: Path
) -> None:
    (root / "etc").mkdir()
    (root / "etc/own").touch()
    assert shell(runner, root, "mv /etc /moved").status == 0
    assert paths_in(root) == {"moved", "moved/own"}


@pytest.mark.parametrize("absolute", [True, False], ids=["absolute", "dots"])
@pytest.mark.parametrize("name", ["etc", "etc/resolv.conf", "dev", "proc", "sys"])
def test_planted_symlinks_lead_nowhere_outside(
    runner: ProcessRunner, root: Path, tmp_path: Path, name: str, *, absolute: bool
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "null").write_bytes(b"precious")
    os.utime(outside, ns=(5, 5_000_000_007))
    link = root / name
    link.parent.mkdir(exist_ok=True)
    target = "outside/null" if name == "etc/resolv.conf" else "outside"
    link.symlink_to(
        tmp_path / target if absolute else f"../../../../..{tmp_path}/{target}"
    )
    assert shell(runner, root, "true").status == 0
    assert [path.name for path in outside.iterdir()] == ["null"]
    assert (outside / "null").read_bytes() == b"precious"
    assert outside.stat().st_mtime_ns == 5_000_000_007
    assert link.is_symlink()
    assert paths_in(root) == {name, *([] if link.parent == root else ["etc"])}


def test_files_where_directories_should_be_are_left_alone(
    runner: ProcessRunner, root: Path
) -> None:
    for name in ("etc", "dev", "proc", "sys"):
        (root / name).write_bytes(b"file")
    assert shell(runner, root, "exit 4").status == 4
    assert paths_in(root) == {"etc", "dev", "proc", "sys"}
    assert (root / "etc").read_bytes() == b"file"


def test_a_loop_of_symlinks_is_left_alone(runner: ProcessRunner, root: Path) -> None:
    (root / "etc").symlink_to("etc")
    assert shell(runner, root, "exit 4").status == 4
    assert paths_in(root) == {"etc"}


@pytest.mark.parametrize(
    "script",
    [
        f"sleep {SLEEP} & true",
        f"(setsid sleep {SLEEP} &)",
        f"(nohup setsid sh -c 'sleep {SLEEP}; true' >/dev/null 2>&1 &) ; exit 0",
    ],
    ids=["background", "daemon", "nested"],
)
def test_no_descendant_is_left(runner: ProcessRunner, root: Path, script: str) -> None:
    assert shell(runner, root, script).status == 0
    assert alive(SLEEP) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_builder_ends_everything(
    runner: ProcessRunner, root: Path, number: signal.Signals
) -> None:
    def interrupt(stream: str, data: bytes) -> None:
        os.kill(os.getpid(), number)

    process = spec("sh", "-c", f"(setsid sleep {SLEEP} &); echo up; sleep {SLEEP}")
    with heeded(number):
        with pytest.raises(Interrupted) as stopped:
            runner.run(process, str(root), interrupt)
        assert signal.getsignal(number) == signal.SIG_DFL
    assert stopped.value.signal_number == number
    assert alive(SLEEP) == []
    assert paths_in(root) == set()


def test_a_receiver_that_fails_ends_everything(
    runner: ProcessRunner, root: Path
) -> None:
    def fail(stream: str, data: bytes) -> None:
        raise ValueError("receiver")

    with pytest.raises(ValueError, match="receiver"):
        runner.run(spec("sh", "-c", f"echo up; sleep {SLEEP}"), str(root), fail)
    assert alive(SLEEP) == []
    assert paths_in(root) == set()


def test_the_launcher_imports_nothing_once_it_may_enter_a_root(
    runner: ProcessRunner, root: Path
) -> None:
    """Modules of the image under our interpreter's own paths are not loaded."""
    for path in (str(Path(os.__file__).parent), str(Path(__file__).parents[2])):
        hostile = root / path.lstrip("/")
        hostile.mkdir(parents=True)
        for module in ("stat", "signal", "encodings", "zzz"):
            (hostile / f"{module}.py").write_text("raise SystemExit(99)\n")
    assert shell(runner, root, "exit 5").status == 5


class TestNamespaces:
    @pytest.fixture
    def runner(self, tmp_path: Path) -> ProcessRunner:
        return make_runner("namespaces", tmp_path)

    def test_a_launcher_that_is_killed_takes_its_processes_with_it(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        own = Path(f"/proc/self/task/{os.getpid()}/children")
        others = set(own.read_text().split())

        def kill_launcher(stream: str, data: bytes) -> None:
            for child in set(own.read_text().split()) - others:
                os.kill(int(child), signal.SIGKILL)

        process = spec("sh", "-c", f"(setsid sleep {SLEEP} &); echo up; sleep {SLEEP}")
        with pytest.raises(IsolationUnavailable, match=r"ended early \(status -9\)"):
            runner.run(process, str(root), kill_launcher)
        assert gone(SLEEP)
        assert paths_in(root) == set()

    def test_a_work_directory_that_cannot_be_made_is_said_so(
        self, root: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        runner = NamespaceRunner(str(tmp_path / "file/work"))
        with pytest.raises(FilesystemError, match="Not a directory"):
            shell(runner, root, "true")

    def test_capabilities_are_dockers(self, runner: ProcessRunner, root: Path) -> None:
        lines = shell(runner, root, "grep Cap /proc/self/status").lines
        sets = dict(line.split(":\t") for line in lines)
        assert sets["CapEff"] == sets["CapBnd"] == "00000000a80425fb"
        assert int(sets["CapInh"], 16) == int(sets["CapAmb"], 16) == 0

    def test_setuid_programs_work_and_no_signal_is_ignored(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        run = Run(
            runner, root, spec("grep", "-e", "SigI", "-e", "NewPr", "/proc/self/status")
        )
        ignored, privileges = run.lines
        # 32 and 33 are the C library's own; some parents (make) leave them ignored.
        own = 1 << 31 | 1 << 32
        assert int(ignored.removeprefix("SigIgn:\t"), 16) & ~own == 0
        assert privileges == "NoNewPrivs:\t0"

    def test_only_its_own_processes_are_seen(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        run = shell(runner, root, "echo $$; ls -d /proc/[0-9]* | wc -l")
        assert run.lines[0] == "2"
        assert int(run.lines[1]) <= 4

    def test_it_has_a_host_name_that_resolves(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        process = ProcessSpec(
            argv=("sh", "-c", "hostname; cat /etc/hostname; grep -c box /etc/hosts"),
            environment=(("PATH", "/bin"),),
            hostname="box",
        )
        assert Run(runner, root, process).lines == ["box", "box", "1"]
        assert socket.gethostname() != "box"

    @pytest.mark.parametrize(
        "script",
        [
            "umount /proc",
            "mount -t tmpfs none /tmp",
            "ls /proc/1/root/",
            "cat /proc/1/environ",
            "cat /proc/1/exe",
            "echo 1 >/proc/sys/kernel/panic",
            "echo h >/proc/sysrq-trigger",
            "touch /sys/x",
            "head -c 1 /proc/kcore | grep .",
            "mknod /null c 1 3 && echo x >/null",
        ],
    )
    def test_it_may_not_do_what_docker_forbids(
        self, runner: ProcessRunner, root: Path, script: str
    ) -> None:
        assert shell(runner, root, script).status != 0

    def test_dev_is_small_and_new(self, runner: ProcessRunner, root: Path) -> None:
        (root / "dev").mkdir()
        (root / "dev/own").touch()
        shown = set(shell(runner, root, "ls /dev").lines)
        assert shown == {
            *("null", "zero", "full", "random", "urandom", "tty"),
            *("fd", "stdin", "stdout", "stderr", "ptmx", "pts", "shm"),
        }
        assert paths_in(root) == {"dev", "dev/own"}

    def test_an_ordinary_user_may_open_dev_stdout(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        run = shell(runner, root, "echo out >/dev/stdout", uid=1000)
        assert run.lines == ["out"]


class TestChroot:
    @pytest.fixture
    def runner(self, tmp_path: Path) -> ProcessRunner:
        return make_runner("chroot", tmp_path)

    def test_devices_are_there_meanwhile(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        run = shell(runner, root, "stat -c '%F %t:%T %a' /dev/null /dev/urandom")
        assert run.lines == [
            "character special file 1:3 666",
            "character special file 1:9 666",
        ]
        assert paths_in(root) == set()

    def test_the_images_own_device_keeps_its_inode(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        (root / "dev").mkdir()
        null = root / "dev/null"
        os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        null.chmod(0o666)
        before = null.stat()
        assert shell(runner, root, "echo x >/dev/null").status == 0
        after = null.stat()
        assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)

    def test_a_file_in_the_place_of_a_device_comes_back(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        (root / "dev").mkdir()
        (root / "dev/null").write_bytes(b"not a device")
        assert shell(runner, root, "echo x >/dev/null").status == 0
        assert (root / "dev/null").read_bytes() == b"not a device"

    def test_without_mknod_there_are_no_devices(
        self, root: Path, tmp_path: Path
    ) -> None:
        runner = chroot_runner(str(tmp_path / "work"), device_nodes=False)
        assert shell(runner, root, "ls /dev/null").status == 1
        assert paths_in(root) == set()

    def test_a_root_that_cannot_be_furnished_is_said_so(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        mount(str(root), str(root), "", MS_BIND)
        mount("", str(root), "", MS_BIND | MS_REMOUNT | MS_RDONLY)
        try:
            with pytest.raises(FilesystemError, match="Read-only file system"):
                shell(runner, root, "true")
        finally:
            unmount(str(root))

    def test_where_devices_cannot_be_opened_there_are_none(
        self, runner: ProcessRunner, tmp_path: Path
    ) -> None:
        (tmp_path / "mounted").mkdir()
        mount("tmpfs", str(tmp_path / "mounted"), "tmpfs", MS_NODEV)
        try:
            root = make_root(tmp_path / "mounted/root")
            run = shell(runner, root, "echo x >/dev/null && ls -l /dev/null")
            assert run.stdout.startswith(b"-rw-r--r--")
            assert paths_in(root) == set()
        finally:
            unmount(str(tmp_path / "mounted"))

    def test_a_directory_in_the_place_of_a_name_is_left_alone(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        (root / "etc/resolv.conf").mkdir(parents=True)
        (root / "etc/resolv.conf/own").touch()
        assert shell(runner, root, "true").status == 0
        assert paths_in(root) == {"etc", "etc/resolv.conf", "etc/resolv.conf/own"}

    def test_what_a_run_puts_in_the_place_of_a_name_goes(
        self, runner: ProcessRunner, root: Path
    ) -> None:
        run = shell(
            runner, root, "rm /etc/hosts && mkdir /etc/hosts && touch /etc/hosts/x"
        )
        assert run.status == 0
        assert paths_in(root) == set()
