"""The profile of a run."""

from pathlib import Path

import pytest

from application.errors import OutputError
from entrypoints.profile import profiled


def busy() -> int:
    return sum(range(1000))


def fails() -> int:
    raise ValueError("the work's")


def test_it_names_functions_and_gives_the_result(tmp_path: Path) -> None:
    path = tmp_path / "profile"
    assert profiled(str(path), busy) == sum(range(1000))
    assert "(busy)" in path.read_text()


def test_it_is_written_when_the_work_fails(tmp_path: Path) -> None:
    path = tmp_path / "profile"
    with pytest.raises(ValueError, match="the work's"):
        profiled(str(path), fails)
    assert "(fails)" in path.read_text()


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="profile cannot be written"):
        profiled(str(tmp_path / "missing" / "profile"), busy)
