"""The files of deploy/ say what the executor understands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from application.options import Isolation
from entrypoints.executor_flags import Build, parse_command_line
from entrypoints.tekton_flags import parse_tekton_line
from entrypoints.warmer_flags import Warm, parse_warmer_line

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
JOBS = sorted(DEPLOY.glob("kubernetes/job*.yaml"))
EXECUTOR = "registry.example.com/kanipy/executor:"
WARMER = "registry.example.com/kanipy/warmer:"
CATALOG: dict[str, Any] = {
    "params": {
        "IMAGE": None,
        "DOCKERFILE": "./Dockerfile",
        "CONTEXT": "./",
        "EXTRA_ARGS": [],
    },
    "workspaces": {"source": None, "dockerconfig": "/kaniko/.docker"},
    "results": ["IMAGE_DIGEST", "IMAGE_URL"],
}
"""Of the catalog's task "kaniko", 0.6 to 0.8: what its users name, and defaults."""


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


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def test_builds_share_what_the_warmer_keeps() -> None:
    claim, cron_job = documents("kubernetes/warmer.yaml")
    pod = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["image"].startswith(WARMER)
    request = parse_warmer_line(container["args"], {})
    assert isinstance(request, Warm)
    assert request.warnings == ()
    places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert request.options.directory == places["cache"]
    [job] = documents("kubernetes/job-cached.yaml")
    building = job["spec"]["template"]["spec"]
    cache = parsed(building["containers"][0]["args"]).options.cache
    assert cache.enabled
    assert cache.repository == "registry.example.com/team/cache"
    [mount] = [
        each
        for each in building["containers"][0]["volumeMounts"]
        if each["mountPath"] == cache.directory
    ]
    assert mount["readOnly"]
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in (*pod["volumes"], *building["volumes"])
        if "persistentVolumeClaim" in volume
    }
    assert claims == {claim["metadata"]["name"]}


# -------------------------------------------------------------------------- Tekton


def test_the_task_is_called_as_the_catalogs() -> None:
    [task] = documents("tekton/task.yaml")
    spec = task["spec"]
    params = {each["name"]: each.get("default") for each in spec["params"]}
    assert CATALOG["params"].items() <= params.items()
    assert {"BUILDER_IMAGE", "WRITER_IMAGE", "KANIKO_DIR"} <= params.keys()
    assert [name for name, value in params.items() if value is None] == ["IMAGE"]
    [extra] = [each for each in spec["params"] if each["name"] == "EXTRA_ARGS"]
    assert extra["type"] == "array"
    spaces = {each["name"]: each.get("mountPath") for each in spec["workspaces"]}
    assert CATALOG["workspaces"].items() <= spaces.items()
    needed = [each["name"] for each in spec["workspaces"] if not each.get("optional")]
    assert needed == ["source"]
    assert [each["name"] for each in spec["results"]] == CATALOG["results"]
    [step] = spec["steps"]
    assert params["BUILDER_IMAGE"].startswith(EXECUTOR)
    assert (step["image"], step["command"]) == (
        "$(params.BUILDER_IMAGE)",
        ["/kaniko/tekton"],
    )


def step_arguments(values: Mapping[str, str], extra: Sequence[str]) -> list[str]:
    """Return the arguments of the task's step, as Tekton fills them in."""
    words: list[str] = []
    for word in documents("tekton/task.yaml")[0]["spec"]["steps"][0]["args"]:
        filled = word
        for name, value in values.items():
            filled = filled.replace(f"$({name})", value)
        words += extra if word == "$(params.EXTRA_ARGS[*])" else [filled]
    assert "$(" not in "".join(words)
    return words


@pytest.mark.parametrize("cache", ["", "/workspace/cache"])
def test_the_step_has_arguments_that_are_understood(cache: str) -> None:
    values = {
        "params.IMAGE": "registry.example.com/team/app:1",
        "params.DOCKERFILE": "./Dockerfile",
        "params.CONTEXT": "./",
        "workspaces.source.path": "/workspace/source",
        "workspaces.dockerconfig.path": "",
        "workspaces.cache.path": cache,
    }
    words = step_arguments(values, ["--skip-tls-verify", "--target=a"])
    request = parse_tekton_line(words, {}, lambda _: False)
    assert isinstance(request, Build)
    assert request.warnings == ()
    options = request.options
    assert options.input.context.location == "/workspace/source/./"
    assert (options.input.dockerfile, options.input.target) == ("./Dockerfile", "a")
    assert options.output.step is not None
    assert options.output.step.directory == "/tekton/results"
    assert options.output.step.url == "registry.example.com/team/app:1"
    assert options.cache.enabled == bool(cache)


def test_runs_and_pipelines_give_the_task_what_it_has() -> None:
    [task] = documents("tekton/task.yaml")
    [run] = documents("tekton/run.yaml")
    [pipeline] = documents("tekton/pipeline.yaml")
    spec = task["spec"]
    params = {each["name"] for each in spec["params"]}
    spaces = {each["name"] for each in spec["workspaces"]}
    [built] = pipeline["spec"]["tasks"]
    rows = [run["spec"], built, *built["matrix"]["include"]]
    assert {each["name"] for row in rows for each in row["params"]} <= params
    assert {each["name"] for row in rows[:2] for each in row["workspaces"]} <= spaces
    for row in rows[:2]:
        assert row["taskRef"]["name"] == task["metadata"]["name"]
