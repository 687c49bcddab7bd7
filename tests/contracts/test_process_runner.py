"""What every process runner does, in memory and for real."""

from pathlib import Path

import pytest

from adapters.isolation.unavailable import UnavailableRunner
from adapters.memory.process import MemoryProcessRunner
from application.errors import IsolationUnavailable
from application.ports.process import (
    FileMount,
    OnOutput,
    ProcessRunner,
    ProcessSpec,
    TmpfsMount,
    TreeMount,
)
from tests.support.busybox_root import make_root
from tests.support.runners import REAL_RUNNERS, make_runner

ENVIRONMENT = (("PATH", "/bin"),)


def _greet(process: ProcessSpec, root: str, on_output: OnOutput) -> int:
    on_output("stdout", b"out\n")
    on_output("stderr", b"err\n")
    return 0


def _tell_name(process: ProcessSpec, root: str, on_output: OnOutput) -> int:
    on_output("stdout", dict(process.environment)["NAME"].encode() + b"\n")
    return 0


def _shown(process: ProcessSpec, root: str, on_output: OnOutput) -> int:
    on_output("stdout", b"content\n")
    return 0


PROGRAMS = {
    "cat /m/tree/f /m/file /m/empty/*": _shown,
    "echo out; echo err >&2": _greet,
    "exit 3": lambda process, root, on_output: 3,
    "kill -9 $$": lambda process, root, on_output: 137,
    "echo $NAME": _tell_name,
}


@pytest.fixture(params=["memory", *REAL_RUNNERS])
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> ProcessRunner:
    if request.param == "memory":
        return MemoryProcessRunner(PROGRAMS)
    return make_runner(request.param, tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(make_root(tmp_path / "root"))


class Output:
    """Collects what a process writes."""

    def __init__(self) -> None:
        self.stdout = b""
        self.stderr = b""

    def __call__(self, stream: str, data: bytes) -> None:
        if stream == "stdout":
            self.stdout += data
        else:
            assert stream == "stderr"
            self.stderr += data


def shell(script: str, *more: tuple[str, str]) -> ProcessSpec:
    return ProcessSpec(
        argv=("/bin/sh", "-c", script), environment=(*ENVIRONMENT, *more)
    )


def test_the_isolation_has_a_name(runner: ProcessRunner) -> None:
    assert runner.isolation in {"memory", "namespaces", "chroot"}


def test_it_says_whether_it_binds(runner: ProcessRunner) -> None:
    assert runner.can_bind is (runner.isolation != "chroot")


def test_both_outputs_arrive_apart(runner: ProcessRunner, root: str) -> None:
    output = Output()
    assert runner.run(shell("echo out; echo err >&2"), root, output) == 0
    assert (output.stdout, output.stderr) == (b"out\n", b"err\n")


def test_the_exit_status_is_returned(runner: ProcessRunner, root: str) -> None:
    assert runner.run(shell("exit 3"), root, Output()) == 3


def test_a_signal_is_128_and_its_number(runner: ProcessRunner, root: str) -> None:
    assert runner.run(shell("kill -9 $$"), root, Output()) == 137


def test_the_environment_arrives(runner: ProcessRunner, root: str) -> None:
    output = Output()
    assert runner.run(shell("echo $NAME", ("NAME", "a b\u00e9")), root, output) == 0
    assert output.stdout == "a b\u00e9\n".encode()


def test_a_process_that_was_expected_runs_like_any_other(
    runner: ProcessRunner, root: str
) -> None:
    runner.expect()
    runner.expect()
    before = _children()
    assert runner.run(shell("exit 3"), root, Output()) == 3
    assert len(_children()) == len(before) - (runner.isolation != "memory")
    assert runner.run(shell("kill -9 $$"), root, Output()) == 137


def test_a_process_that_never_came_leaves_nothing(runner: ProcessRunner) -> None:
    before = _children()
    runner.expect()
    assert (len(_children()) > len(before)) is (runner.isolation != "memory")
    runner.close()
    runner.close()
    assert _children() == before


def _children() -> list[str]:
    return Path("/proc/thread-self/children").read_text().split()


def test_a_missing_program_is_127_with_its_name(
    runner: ProcessRunner, root: str
) -> None:
    output = Output()
    process = ProcessSpec(argv=("no-such-program",), environment=ENVIRONMENT)
    assert runner.run(process, root, output) == 127
    assert b"no-such-program" in output.stderr
    assert b"not found" in output.stderr
    assert output.stdout == b""


def test_mounts_are_shown_and_taken_away(
    runner: ProcessRunner, root: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "f").write_bytes(b"con")
    output = Output()
    mounts = (
        TmpfsMount(target="/m/empty"),
        FileMount(target="/m/file", content=b"tent\n"),
        TreeMount(target="/m/tree", source=str(source), read_only=True),
    )
    process = shell("cat /m/tree/f /m/file /m/empty/*")
    runner.run(process, root, output, mounts)
    assert output.stdout == b"content\n"
    assert not (Path(root) / "m").exists()
    assert (source / "f").read_bytes() == b"con"


@pytest.mark.parametrize(
    "refusing",
    [
        MemoryProcessRunner(refusal="no namespaces"),
        UnavailableRunner("no namespaces", "run as root"),
    ],
    ids=["memory", "unavailable"],
)
def test_what_cannot_isolate_says_why(refusing: ProcessRunner, root: str) -> None:
    assert refusing.isolation == "none"
    assert isinstance(refusing.can_bind, bool)
    with pytest.raises(IsolationUnavailable, match="no namespaces"):
        refusing.run(shell("exit 3"), root, Output())
