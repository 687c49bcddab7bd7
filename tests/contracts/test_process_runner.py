"""What every process runner does, in memory and for real."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from adapters.isolation.unavailable import UnavailableRunner
from adapters.memory.process import MemoryProcessRunner
from application.errors import Interrupted, IsolationUnavailable
from application.ports.process import (
    FileMount,
    OnOutput,
    ProcessRunner,
    ProcessSpec,
    TmpfsMount,
    TreeMount,
)
from tests.support.busybox_root import SLEEP, make_root
from tests.support.runners import REAL_RUNNERS, make_runner

SECONDS = 20
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


def _stopped(process: ProcessSpec, root: str, on_output: OnOutput) -> int:
    on_output("stdout", b"begun\n")
    assert MEMORY.stopped.wait(SECONDS)
    raise Interrupted(15)


PROGRAMS = {
    f"echo begun; exec sleep {SLEEP}": _stopped,
    "cat /m/tree/f /m/file /m/empty/*": _shown,
    "echo out; echo err >&2": _greet,
    "exit 3": lambda process, root, on_output: 3,
    "kill -9 $$": lambda process, root, on_output: 137,
    "echo $NAME": _tell_name,
}


MEMORY = MemoryProcessRunner(PROGRAMS)


@pytest.fixture(params=["memory", *REAL_RUNNERS])
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> ProcessRunner:
    if request.param == "memory":
        MEMORY.stopped.clear()
        return MEMORY
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


class Meeting(Output):
    """Waits for another process at the first thing that is written."""

    def __init__(self, barrier: Barrier) -> None:
        super().__init__()
        self._barrier: Barrier | None = barrier

    def __call__(self, stream: str, data: bytes) -> None:
        super().__call__(stream, data)
        if self._barrier is not None:
            self._barrier.wait(SECONDS)
            self._barrier = None


def test_processes_run_at_once_in_different_roots(
    runner: ProcessRunner, tmp_path: Path
) -> None:
    roots = [str(make_root(tmp_path / name)) for name in ("one", "two")]
    outputs = [Meeting(barrier) for barrier in [Barrier(2)] * 2]
    process = shell("echo out; echo err >&2")
    with ThreadPoolExecutor() as pool:
        ended = pool.map(runner.run, [process] * 2, roots, outputs)
        assert list(ended) == [0, 0]
    assert [each.stdout for each in outputs] == [b"out\n"] * 2
    assert [each.stderr for each in outputs] == [b"err\n"] * 2


def test_a_process_is_stopped_from_another_thread(
    runner: ProcessRunner, root: str
) -> None:
    begun = Barrier(2)
    with ThreadPoolExecutor() as pool:
        script = f"echo begun; exec sleep {SLEEP}"
        ended = pool.submit(runner.run, shell(script), root, Meeting(begun))
        begun.wait(SECONDS)
        runner.stop()
        with pytest.raises(Interrupted):
            ended.result(SECONDS)
    assert runner.run(shell("exit 3"), root, Output()) == 3


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
