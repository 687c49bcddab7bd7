"""The live cases of `integration/cases`: docker, asked now, makes the same image."""

from pathlib import Path

import pytest

from integration.docker_oracle import ask_docker, load_bases
from integration.executor import Executor, named_base
from integration.image_comparison.comparison import compare_images, load_image
from integration.image_comparison.differences import report
from integration.oracle_cases import all_cases, live_cases
from integration.services.bases import SMALL_BASES
from integration.services.docker import Docker

CASES = {case.name: case for case in live_cases()}

ACCEPTED = frozenset({"live-ours-blanks-in-quotes", "live-ours-from-stage-case"})
"""Cases that docker refuses, and that can mean only one thing."""


@pytest.fixture(scope="module")
def docker_with_bases(docker: Docker) -> Docker:
    """Offer docker with the base images of the cases."""
    load_bases(docker, CASES.values())
    return docker


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_image_is_the_one_that_docker_makes(
    name: str, executor: Executor, docker_with_bases: Docker, tmp_path: Path
) -> None:
    case = CASES[name]
    context = case.unpack_context(tmp_path / "context")
    bases = [named_base(each, SMALL_BASES, name) for each, name in case.images.items()]
    layout = tmp_path / "image"
    executor.layout(
        context,
        layout,
        f"--dockerfile={context / case.dockerfile}",
        "--isolation=namespaces",
        *bases,
        *case.flags,
    )
    theirs = ask_docker(case, docker_with_bases, tmp_path / "docker")
    if name in ACCEPTED:
        assert theirs is None
        return
    assert theirs is not None
    differences = compare_images(
        load_image(f"oci:{layout}", tmp_path), theirs, times=True
    )
    assert not differences, report(differences)


def test_cases_are_many_and_choices_name_some_of_them() -> None:
    assert len(CASES) + len(all_cases()) >= 250
    assert set(CASES) >= ACCEPTED
