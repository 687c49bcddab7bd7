"""What result files do, in memory and on disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.memory.ambient import MemoryResultFiles
from adapters.results import LocalResultFiles
from application.errors import OutputError
from application.ports.results import ResultFiles

Read = Callable[[str], str]


@pytest.fixture(params=["memory", "disk"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[ResultFiles, Read]:
    if request.param == "memory":
        memory = MemoryResultFiles(unwritable=frozenset({str(tmp_path)}))
        return memory, lambda path: memory.files[path]
    return LocalResultFiles(), lambda path: Path(path).read_text(encoding="utf-8")


def test_what_is_written_is_there(
    files: tuple[ResultFiles, Read], tmp_path: Path
) -> None:
    results, read = files
    path = str(tmp_path / "new/directory/digest")
    results.write(path, "sha256:abc é")
    assert read(path) == "sha256:abc é"


def test_a_second_result_replaces_the_first(
    files: tuple[ResultFiles, Read], tmp_path: Path
) -> None:
    results, read = files
    path = str(tmp_path / "digest")
    results.write(path, "a longer text")
    results.write(path, "short")
    assert read(path) == "short"


def test_what_can_be_written_passes_the_check_and_is_not_written(
    files: tuple[ResultFiles, Read], tmp_path: Path
) -> None:
    results, _ = files
    results.check(str(tmp_path / "new/directory/digest"))
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_fails_the_check(
    files: tuple[ResultFiles, Read], tmp_path: Path
) -> None:
    results, _ = files
    with pytest.raises(OutputError) as failed:
        results.check(str(tmp_path))
    assert failed.value.place == str(tmp_path)


def test_what_cannot_be_written_names_its_place(
    files: tuple[ResultFiles, Read], tmp_path: Path
) -> None:
    results, _ = files
    with pytest.raises(OutputError) as failed:
        results.write(str(tmp_path), "x")
    assert failed.value.place == str(tmp_path)
