"""What docker refuses is refused: in one line, with the place and a remedy."""

from pathlib import Path

import pytest

from integration.executor import Executor, named_base, write_context
from integration.negative_cases import BUSYBOX, CASES, NegativeCase
from integration.services.bases import SMALL_BASES
from integration.services.docker import Docker
from integration.services.docker import Outcome as DockerOutcome

KNOWN_TO_DOCKER = [case for case in CASES if case.docker]


@pytest.fixture(scope="module")
def docker_with_base(docker: Docker) -> Docker:
    """Offer docker with the image `busybox`."""
    docker.load_layout(SMALL_BASES, "busybox", "busybox:latest")
    return docker


def build_with_docker(
    docker: Docker, dockerfile: str, case: NegativeCase, directory: Path
) -> DockerOutcome:
    context = write_context(directory, dockerfile, case.context)
    return docker.build(context, "negative", flags=case.flags, check=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_refused_with_place_and_remedy(
    case: NegativeCase, executor: Executor, tmp_path: Path
) -> None:
    context = write_context(tmp_path / "context", case.dockerfile, case.context)
    layout = tmp_path / "image"
    outcome = executor.run(
        context,
        "--no-push",
        f"--oci-layout-path={layout}",
        "--isolation=namespaces",
        named_base("busybox", SMALL_BASES, "busybox"),
        *case.flags,
    )
    assert outcome.status != 0, outcome.log
    assert outcome.error.startswith(case.place), outcome.log
    assert case.error in outcome.error, outcome.log
    assert outcome.hint, outcome.log
    assert case.hint in outcome.hint, outcome.log
    assert "not supported yet" not in outcome.error
    assert not layout.exists()


@pytest.mark.parametrize("case", KNOWN_TO_DOCKER, ids=lambda case: case.name)
def test_docker_refuses_it_too(
    case: NegativeCase, docker_with_base: Docker, tmp_path: Path
) -> None:
    outcome = build_with_docker(docker_with_base, case.dockerfile, case, tmp_path)
    assert outcome.returncode != 0
    assert "connect to the Docker daemon" not in outcome.stderr
    assert "dial" not in outcome.stderr or "no/such" in case.dockerfile


def test_docker_builds_what_breaks_no_rule(
    docker_with_base: Docker, tmp_path: Path
) -> None:
    dockerfile = BUSYBOX + "COPY app /\nRUN true\n"
    outcome = build_with_docker(docker_with_base, dockerfile, CASES[0], tmp_path)
    assert outcome.returncode == 0, outcome.stderr


def test_each_case_has_a_rule_of_its_own() -> None:
    assert len({case.rule for case in CASES}) == len(CASES)
    assert len({case.name for case in CASES}) == len(CASES)
    assert len(KNOWN_TO_DOCKER) > 40
