"""The command from its words to its exit status."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from application.errors import CommandFailed
from application.options import BuildOptions
from domain.errors import KanipyError
from entrypoints.executor import main, run
from entrypoints.flags.environment import Environment
from entrypoints.version import VERSION
from tests.entrypoints.command_line import Performer

_HEAVY = {
    "azure",
    "boto3",
    "botocore",
    "dependency_injector",
    "dockerfile_parse",
    "git",
    "google",
    "importlib.metadata",
    "isal",
    "loguru",
    "requests",
    "socket",
    "ssl",
    "subprocess",
    "urllib3",
    "zlib_ng",
    "zstandard",
    "adapters",
    "entrypoints.builders",
    "entrypoints.container",
}
_LIST_MODULES = """\
import sys
from entrypoints.executor import main
status = main(sys.argv[1:])
print("modules", *sys.modules, file=sys.stderr)
sys.exit(status)
"""


def test_a_build_gets_its_options_and_warnings() -> None:
    builds = Performer[BuildOptions]()
    assert run(["-c=/src", "--no-push", "--tarPath=a"], {}, builds) == 0
    ((options, warnings),) = builds.asked
    assert options.input.context.location == "/src"
    assert options.output.tar_path == "a"
    assert warnings == ("--tarPath is deprecated: write --tar-path",)


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (KanipyError("no"), 1, "Error: no"),
        (CommandFailed("RUN failed", exit_status=42), 42, "Error: RUN failed"),
        (KeyboardInterrupt(), 130, "Error: interrupted"),
        (OSError(5, "bad"), 1, "Error: unexpected OSError: [Errno 5] bad"),
    ],
)
def test_an_error_of_the_build_becomes_a_status_and_a_line(
    capsys: pytest.CaptureFixture[str], error: BaseException, status: int, line: str
) -> None:
    assert run(["--no-push"], {}, Performer[BuildOptions](error)) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[0] == line


@pytest.mark.parametrize("verbosity", ["debug", "trace"])
def test_a_bug_shows_its_trace_to_who_wants_to_know(
    capsys: pytest.CaptureFixture[str], verbosity: str
) -> None:
    run(
        ["--no-push", "-v", verbosity], {}, Performer[BuildOptions](ZeroDivisionError())
    )
    assert capsys.readouterr().err.startswith("Traceback")


def test_a_mistake_builds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    builds = Performer[BuildOptions]()
    assert run(["--nonsense"], {}, builds) == 1
    assert builds.asked == []
    assert capsys.readouterr().err == (
        "Error: unknown flag --nonsense\nRun 'kanipy --help' for usage.\n"
    )


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["send", "a", "--to=b"], ("a", "--to=b")),
        (["help", "send"], ("--help",)),
        (["send"], ()),
    ],
)
def test_the_first_word_calls_a_command_with_all_the_others(
    words: list[str], given: tuple[str, ...]
) -> None:
    asked = []

    def send(words: Sequence[str], environment: Environment) -> int:
        asked.append((tuple(words), environment))
        return 7

    assert run(words, {"HOME": "/h"}, Performer[BuildOptions](), {"send": send}) == 7
    assert asked == [(given, {"HOME": "/h"})]


def test_sigterm_ends_the_build_once_with_143(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A second SIGTERM does not disturb the cleaning up."""
    cleaned = []

    def interrupted(_options: BuildOptions, _warnings: Sequence[str]) -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append("all")
        return 0

    before = signal.getsignal(signal.SIGTERM)
    assert run(["--no-push"], {}, interrupted) == 143
    assert cleaned == ["all"]
    assert signal.getsignal(signal.SIGTERM) is before
    assert capsys.readouterr().err == "Error: stopped by signal 15\n"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"Kanipy version : v{VERSION}\n"


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (["--help"], "NAME\n    kanipy"),
        (["completion", "bash"], "# bash completion"),
        (["completion", "zsh"], "#compdef"),
        (["completion", "fish"], "# fish completion"),
    ],
)
def test_texts_go_to_standard_output(
    capsys: pytest.CaptureFixture[str], words: list[str], start: str
) -> None:
    assert main(words) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(start)
    assert captured.err == ""


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["completion", "bash"], 0),
        (["--nonsense"], 1),
        (["--cache-ttl=5"], 1),
        (["-d", "UPPER"], 1),
        (["push", "--help"], 0),
        (["push"], 1),
        ([], 1),
    ],
)
def test_an_answer_without_a_build_imports_nothing_heavy(
    words: list[str], status: int
) -> None:
    ended = subprocess.run(
        [sys.executable, "-I", "-c", _LIST_MODULES, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == status
    imported = ended.stderr.splitlines()[-1].split()
    assert imported[0] == "modules"
    assert not _HEAVY & set(imported)


def test_the_module_runs_isolated_from_its_surroundings() -> None:
    ended = subprocess.run(
        [sys.executable, "-I", "-m", "entrypoints.executor", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"Kanipy version : v{VERSION}\n"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-I", "-m", "entrypoints.executor", "--help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")
