"""The step of the Tekton task, in containers laid out as Tekton's are."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from integration.executor import write_context
from integration.services.executor_image import ExecutorImage
from integration.services.registry import Registry
from integration.tekton import Step
from integration.test_jobs_in_containers import credentials, tree

DOCKERFILE = """
FROM busybox
WORKDIR /workspace/source
RUN ls -A > /seen; ls /tekton > /tekton-seen 2>&1 || true
COPY file /file
RUN cat /file
"""


@pytest.fixture
def step(
    executor_image: ExecutorImage, private_registry: Registry, tmp_path: Path
) -> Step:
    """Offer the step, with the account of the registry in its workspace."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "config.json").write_text(credentials(private_registry))
    secret.chmod(0o555)
    write_context(tmp_path / "source", DOCKERFILE, {"file": "content\n"})
    return Step(
        image=executor_image,
        directory=tmp_path,
        params={"IMAGE": f"{private_registry.host}/tekton/{tmp_path.name.lower()}:v1"},
        dockerconfig=secret,
    )


def pushed_digest(step: Step) -> str:
    """Return the digest that the registry has under the tag, "" where there is none."""
    words = ("skopeo", "inspect", "--tls-verify=false", "--format={{.Digest}}")
    login = f"--authfile={step.directory / 'secret/config.json'}"
    done = subprocess.run(
        [*words, login, f"docker://{step.params['IMAGE']}"],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def check_results(step: Step) -> None:
    """Require both results, to the byte, and that they were passed on."""
    digest = pushed_digest(step)
    assert digest.startswith("sha256:")
    assert step.results == {
        "IMAGE_DIGEST": digest.encode(),
        "IMAGE_URL": str(step.params["IMAGE"]).encode(),
    }
    assert step.passed_on == ["IMAGE_DIGEST", "IMAGE_URL"]


def test_a_build_leaves_both_results_to_the_byte(step: Step) -> None:
    before = tree(step.directory / "source")
    done = step.run()
    assert done.returncode == 0, done.stderr
    assert "isolation: in-place" in done.stderr
    assert done.stdout.endswith("content\n")
    check_results(step)
    assert (step.directory / "tekton/run/0/out").read_text() == "0\n"
    assert tree(step.directory / "source") == before


@pytest.mark.parametrize(
    ("dockerfile", "status"),
    [
        ("FROM busybox\nRUN echo > /file; exit 7\n", 7),
        ("FROM busybox\nRUN true\nCOPY nothing /\n", 1),
        ("FROM nowhere.invalid/base\n", 1),
        ("FRO busybox\n", 1),
    ],
)
def test_a_build_that_fails_leaves_no_result(
    dockerfile: str, status: int, step: Step
) -> None:
    write_context(step.directory / "source", dockerfile, {})
    done = step.run()
    assert done.returncode == status, done.stderr
    assert step.results == {}
    assert step.passed_on == []
    assert pushed_digest(step) == ""


def test_a_push_that_is_refused_leaves_no_result(step: Step) -> None:
    params = {**step.params, "EXTRA_ARGS": ["--skip-push-permission-check"]}
    refused = replace(step, dockerconfig=None, params=params)
    done = refused.run()
    assert done.returncode == 1
    assert done.stdout.endswith("content\n")
    assert "Error: " in done.stderr
    assert refused.results == {}


def test_what_fails_after_the_image_was_pushed_leaves_no_result(step: Step) -> None:
    params = {**step.params, "EXTRA_ARGS": ["--digest-file=/proc/none"]}
    failing = replace(step, params=params)
    done = failing.run()
    assert done.returncode == 1
    assert "Error: /proc/none: cannot be written" in done.stderr
    assert failing.results == {}
    assert pushed_digest(step).startswith("sha256:")


def test_a_build_that_is_terminated_leaves_no_result(step: Step) -> None:
    dockerfile = "FROM busybox\nRUN echo started && sleep 600\n"
    write_context(step.directory / "source", dockerfile, {})
    name = f"terminated-{os.getpid()}"
    docker = step.image.docker
    with ThreadPoolExecutor() as pool:
        running = pool.submit(replace(step, flags=[f"--name={name}"]).run)
        while "started" not in docker.run("logs", name, check=False).stdout:
            assert not running.done(), running.result().stderr
            time.sleep(0.1)
        docker.run("kill", "--signal=TERM", name)
        assert running.result().returncode == 143
    assert step.results == {}
    assert step.passed_on == []
    assert pushed_digest(step) == ""


def test_results_that_cannot_be_written_are_told_before_the_build(step: Step) -> None:
    flags = [
        "--read-only=false",
        "--tmpfs=/nowhere:ro",
        "--env=KANIPY_RESULTS=/nowhere",
    ]
    done = replace(step, flags=flags).run()
    assert done.returncode == 1
    assert "Error: /nowhere: results cannot be written" in done.stderr
    assert done.stdout == ""
    assert pushed_digest(step) == ""


def test_credentials_that_tekton_made_are_used(step: Step) -> None:
    home = step.directory / "tekton/home/.docker"
    home.mkdir(parents=True)
    shutil.copy(step.directory / "secret/config.json", home)
    done = replace(step, dockerconfig=None).run()
    assert done.returncode == 0, done.stderr
    check_results(step)


def test_a_secret_with_the_key_of_its_type_will_do(step: Step) -> None:
    secret = step.directory / "of-its-type"
    secret.mkdir()
    text = (step.directory / "secret/config.json").read_text()
    (secret / ".dockerconfigjson").write_text(text)
    done = replace(step, dockerconfig=secret).run()
    assert done.returncode == 0, done.stderr
    check_results(step)


def test_a_workspace_keeps_caches_from_build_to_build(step: Step) -> None:
    cache = step.directory / "cache"
    cache.mkdir()
    params = {**step.params, "EXTRA_ARGS": ["--reproducible"]}
    caching = replace(step, cache=cache, params=params)
    assert "Layer cache: 0 found" in caching.run().stderr
    first = caching.results
    again = caching.run()
    assert again.stdout == ""
    assert "0 missed" in again.stderr
    assert caching.results == first
    check_results(caching)
