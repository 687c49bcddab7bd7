"""The files of deploy/ say what the executor understands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from application.options import Isolation
from entrypoints.executor_flags import Build, parse_command_line

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
JOBS = sorted(DEPLOY.glob("kubernetes/*.yaml"))
EXECUTOR = "registry.example.com/kanipy/executor:"


def parsed(words: list[str]) -> Build:
    request = parse_command_line(words, {})
    assert isinstance(request, Build)
    return request


def containers(path: Path) -> Iterator[dict[str, object]]:
    """Yield the containers of a Job that are ours."""
    [job] = yaml.safe_load_all(path.read_text())
    for container in job["spec"]["template"]["spec"]["containers"]:
        assert container["image"].startswith(EXECUTOR)
        yield container


def strings(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(each) for each in value]


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.name)
def test_jobs_have_arguments_that_are_understood(path: Path) -> None:
    for container in containers(path):
        assert "command" not in container
        request = parsed(strings(container["args"]))
        assert request.warnings == ()
        assert request.options.output.push
        assert request.options.output.digest_file == "/dev/termination-log"


def test_the_job_of_a_sandbox_builds_in_place_on_its_word() -> None:
    [container] = containers(DEPLOY / "kubernetes/job-gvisor.yaml")
    root = parsed(strings(container["args"])).options.root
    assert (root.isolation, root.force) == (Isolation.IN_PLACE, True)


def test_the_job_of_gitlab_has_a_line_that_is_understood() -> None:
    job = yaml.safe_load((DEPLOY / "gitlab/.gitlab-ci.yml").read_text())["build"]
    assert job["image"] == {"name": f"{EXECUTOR}debug", "entrypoint": [""]}
    [line] = [line for line in job["script"] if line.startswith("/kaniko/executor")]
    line = line.replace("$CI_REGISTRY_IMAGE", "registry.example.com/a/b")
    words = shlex.split(line.replace("$CI_COMMIT_SHORT_SHA", "abc"))
    assert parsed(words[1:]).warnings == ()


def test_the_step_of_cloud_build_is_understood() -> None:
    found = yaml.safe_load((DEPLOY / "cloudbuild/cloudbuild.yaml").read_text())
    for step in found["steps"]:
        assert step["name"].startswith(EXECUTOR)
        assert parsed(step["args"]).warnings == ()


def test_every_file_is_in_the_list() -> None:
    listed = (DEPLOY / "README.md").read_text()
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.name != "README.md":
            assert f"({path.relative_to(DEPLOY)})" in listed
