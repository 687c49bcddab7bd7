"""The commands of later releases hold their names and pretend nothing."""

from collections.abc import Callable, Sequence

import pytest

from entrypoints import tekton
from entrypoints.version import VERSION

Main = Callable[[Sequence[str] | None], int]
COMMANDS = [
    pytest.param(tekton.main, "kanipy-tekton", id="tekton"),
]


@pytest.mark.parametrize(("main", "name"), COMMANDS)
def test_refuses_to_run_and_says_when_it_will(
    main: Main, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--image=debian", "whatever"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"{name}: not available in this release")


@pytest.mark.parametrize(("main", "name"), COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_answers_the_informational_flags(
    main: Main, name: str, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([flag])
    assert left.value.code == 0
    expected = f"{name} {VERSION}" if flag == "--version" else f"usage: {name}"
    assert capsys.readouterr().out.startswith(expected)
