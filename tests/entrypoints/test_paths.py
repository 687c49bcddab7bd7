"""Which paths are the builder's own while it builds in place."""

from __future__ import annotations

from pathlib import Path

from application.options import BuildOptions
from entrypoints.executor_flags import Build
from entrypoints.paths import paths_in_use, with_absolute_outputs
from entrypoints.tekton_flags import parse_tekton_line


def _step(results: str) -> BuildOptions:
    words = ["--image=app", f"--results={results}"]
    request = parse_tekton_line(words, {}, lambda _: False)
    assert isinstance(request, Build)
    return request.options


def test_the_results_of_a_step_outlast_the_emptying_of_the_root() -> None:
    assert "/srv/results" in paths_in_use(_step("/srv/results"))


def test_a_relative_directory_of_results_is_that_of_the_start() -> None:
    output = with_absolute_outputs(_step("results")).output
    assert output.step is not None
    assert output.step.directory == str(Path.cwd() / "results")
