"""Which results a step of Tekton leaves, and when."""

from __future__ import annotations

import pytest

from adapters.memory.ambient import MemoryStepResults
from application.errors import OutputError
from application.options import StepOptions
from application.step_results import WriteStepResults
from domain.errors import UsageError
from domain.image.digest import Digest

DIGEST = Digest.of(b"manifest")
STEP = StepOptions(directory="/tekton/results", url="host:5000/team/app:1")


def test_both_results_are_written_to_the_byte() -> None:
    results = MemoryStepResults()
    service = WriteStepResults(options=STEP, results=results)
    service.check()
    assert results.files == {}
    service.write(DIGEST)
    assert results.files == {
        "/tekton/results/IMAGE_DIGEST": str(DIGEST),
        "/tekton/results/IMAGE_URL": "host:5000/team/app:1",
    }


def test_what_is_no_step_leaves_nothing() -> None:
    results = MemoryStepResults()
    service = WriteStepResults(options=None, results=results)
    service.check()
    service.write(DIGEST)
    assert results.files == {}


def test_a_directory_that_cannot_be_written_is_told_before_the_build() -> None:
    results = MemoryStepResults(unwritable=frozenset({STEP.directory}))
    with pytest.raises(OutputError) as caught:
        WriteStepResults(options=STEP, results=results).check()
    assert caught.value.place == STEP.directory


def test_results_fill_at_most_what_tekton_passes_on() -> None:
    def check(length: int) -> None:
        step = StepOptions(directory="/results", url="x" * length)
        WriteStepResults(options=step, results=MemoryStepResults()).check()

    taken = len('[{"key":"IMAGE_DIGEST","value":"","type":1},') + len(str(DIGEST))
    taken += len('{"key":"IMAGE_URL","value":"","type":1}]')
    check(4096 - 512 - taken)
    with pytest.raises(UsageError, match="3585 bytes of the 4096") as caught:
        check(4096 - 512 - taken + 1)
    assert caught.value.hint == "give the image a shorter name"
