"""What results of a step do, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.memory.ambient import MemoryStepResults
from adapters.step_results import LocalStepResults
from application.errors import OutputError
from application.ports.step_results import StepResults

TEXTS = {"IMAGE_DIGEST": "sha256:1", "IMAGE_URL": "host/ü"}


@dataclass(frozen=True)
class Place:
    """Results, where they go, and how they are read.

    Attributes:
        good: A directory that may not be there yet.
        bad: One that cannot be written.
        spoiled: One in which IMAGE_URL alone cannot be written.
    """

    results: StepResults
    good: str
    bad: str
    spoiled: str
    read: Callable[[str], Mapping[str, bytes]]


def _on_disk(directory: Path) -> Place:
    (directory / "file").touch()
    (directory / "spoiled/IMAGE_URL/child").mkdir(parents=True)

    def read(name: str) -> Mapping[str, bytes]:
        found = Path(name).iterdir() if Path(name).is_dir() else ()
        return {path.name: path.read_bytes() for path in found if path.is_file()}

    return Place(
        results=LocalStepResults(),
        good=str(directory / "new/results"),
        bad=str(directory / "file/results"),
        spoiled=str(directory / "spoiled"),
        read=read,
    )


def _in_memory() -> Place:
    results = MemoryStepResults(unwritable=frozenset({"/bad", "/spoiled/IMAGE_URL"}))

    def read(name: str) -> Mapping[str, bytes]:
        return {
            path.removeprefix(f"{name}/"): text.encode()
            for path, text in results.files.items()
            if path.startswith(f"{name}/")
        }

    return Place(
        results=results, good="/good", bad="/bad", spoiled="/spoiled", read=read
    )


@pytest.fixture(params=["memory", "disk"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return _in_memory() if request.param == "memory" else _on_disk(tmp_path)


def test_texts_are_there_to_the_byte(place: Place) -> None:
    place.results.check(place.good)
    assert place.read(place.good) == {}
    place.results.write(place.good, TEXTS)
    assert place.read(place.good) == {
        "IMAGE_DIGEST": b"sha256:1",
        "IMAGE_URL": "host/ü".encode(),
    }


def test_later_texts_replace_earlier_ones(place: Place) -> None:
    place.results.check(place.good)
    place.results.write(place.good, {"A": "a longer text", "B": "kept"})
    place.results.write(place.good, {"A": "short"})
    assert place.read(place.good) == {"A": b"short", "B": b"kept"}


def test_a_directory_that_cannot_be_written_is_named(place: Place) -> None:
    with pytest.raises(OutputError) as checked:
        place.results.check(place.bad)
    with pytest.raises(OutputError) as written:
        place.results.write(place.bad, TEXTS)
    assert [checked.value.place, written.value.place] == [place.bad] * 2


def test_where_one_cannot_be_written_none_is_there(place: Place) -> None:
    place.results.check(place.spoiled)
    with pytest.raises(OutputError):
        place.results.write(place.spoiled, TEXTS)
    assert place.read(place.spoiled) == {}
