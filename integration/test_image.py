"""The product's own images keep the contract that existing jobs rely on."""

import json
from pathlib import Path
from typing import Any

import pytest

from integration.executor import write_context
from integration.services.executor_image import ExecutorImage
from integration.services.registry import Registry

MEGABYTE = 10**6
PLAIN_PATH = "/usr/local/bin:/kaniko"
CONTRACTS: dict[str, tuple[str, str, dict[str, object] | None]] = {
    "executor": ("/kaniko/executor", PLAIN_PATH, None),
    "debug": ("/kaniko/executor", f"{PLAIN_PATH}:/busybox", {"/busybox": {}}),
    "warmer": ("/kaniko/warmer", PLAIN_PATH, None),
}
COPY_ONLY = """
FROM scratch AS first
COPY f /a/f
FROM scratch
COPY --from=first --chown=1:2 /a /b
LABEL made=here
WORKDIR /w
"""


def inspected(image: ExecutorImage, name: str) -> dict[str, Any]:
    """Return what docker knows of an image."""
    tag = getattr(image, name)
    [found] = json.loads(image.docker.run("image", "inspect", tag).stdout)
    known: dict[str, Any] = found
    return known


@pytest.mark.parametrize("name", CONTRACTS)
def test_config_is_that_of_the_contract(
    executor_image: ExecutorImage, name: str
) -> None:
    entrypoint, path, volumes = CONTRACTS[name]
    config = inspected(executor_image, name)["Config"]
    assert config["Entrypoint"] == [entrypoint]
    assert not config["Cmd"]
    assert config["WorkingDir"] == "/workspace"
    assert config["User"] == ""
    assert config["Volumes"] == volumes
    assert dict(each.split("=", 1) for each in config["Env"]) == {
        "HOME": "/root",
        "USER": "root",
        "PATH": path,
        "SSL_CERT_DIR": "/kaniko/ssl/certs",
        "DOCKER_CONFIG": "/kaniko/.docker/",
        "DOCKER_CREDENTIAL_GCR_CONFIG": (
            "/kaniko/.config/gcloud/docker_credential_gcr_config.json"
        ),
    }


@pytest.mark.parametrize("name", CONTRACTS)
def test_size_is_limited(executor_image: ExecutorImage, name: str) -> None:
    assert inspected(executor_image, name)["Size"] < 130 * MEGABYTE


def test_nothing_of_it_lies_outside_the_runtime(
    executor_image: ExecutorImage,
) -> None:
    listed = executor_image.shell("find / -xdev -type f | grep -v ^/busybox/").stdout
    ours = [line for line in listed.split() if not line.startswith("/kaniko/")]
    etc = {"/etc/passwd", "/etc/group", "/etc/nsswitch.conf"}
    dockers = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/.dockerenv"}
    assert set(ours) - dockers == etc


def test_folders_and_certificates_are_where_jobs_expect_them(
    executor_image: ExecutorImage,
) -> None:
    told = executor_image.shell(
        "stat -c %a /kaniko /workspace /tmp /root\n"
        "grep -c BEGIN /kaniko/ssl/certs/ca-certificates.crt\n"
        "cat /etc/nsswitch.conf; readlink /bin/sh; id -un\n"
    ).stdout.split("\n")
    assert told[:4] == ["777", "755", "1777", "755"]
    assert int(told[4]) > 100
    assert told[5:8] == ["hosts: files dns", "/busybox/sh", "root"]


def test_commands_answer(executor_image: ExecutorImage) -> None:
    version = executor_image.run("--version").stdout
    assert version == executor_image.run("version").stdout
    assert version.startswith("Kanipy version : v")
    assert "--destination" in executor_image.run("--help").stdout
    warmer = executor_image.run("--version", image=executor_image.warmer).stdout
    assert warmer.startswith("kanipy-warmer ")
    tekton = executor_image.run("--version", flags=["--entrypoint=/kaniko/tekton"])
    assert tekton.stdout.startswith("kanipy-tekton ")


def test_a_job_of_gitlab(executor_image: ExecutorImage, tmp_path: Path) -> None:
    project = write_context(tmp_path / "project", COPY_ONLY, {"f": "content"})
    told = executor_image.shell(
        """
        cd "$CI_PROJECT_DIR"
        mkdir -p /kaniko/.docker
        echo '{"auths":{}}' > /kaniko/.docker/config.json
        test "$(printf YWI= | base64 -d)" = ab
        for name in one two; do
            /kaniko/executor --context "$CI_PROJECT_DIR" --no-push \
                --dockerfile "$CI_PROJECT_DIR/Dockerfile" \
                --destination "example.com/$name" --tar-path "$name.tar" \
                --digest-file digest --reproducible
            cat digest; echo
        done
        /kaniko/warmer --version
        """,
        "--env=CI_PROJECT_DIR=/builds/project",
        f"--volume={project}:/builds/project",
    ).stdout.splitlines()
    assert told[0] == told[1]
    assert told[0].startswith("sha256:")
    assert told[2].startswith("kanipy-warmer ")
    assert (project / "two.tar").stat().st_size > 0


def test_the_shell_has_its_applets_on_path(executor_image: ExecutorImage) -> None:
    names = "sh cat mkdir echo test printf base64 wget tar vi"
    told = executor_image.shell(f"for n in {names}; do which $n; done").stdout
    assert told.split() == [f"/busybox/{name}" for name in names.split()]


def test_git_and_ssh_run(executor_image: ExecutorImage) -> None:
    told = executor_image.shell(
        "/kaniko/bin/git --version; /kaniko/bin/git --exec-path\n"
        "/kaniko/bin/ssh -V 2>&1; /kaniko/bin/ssh -G host | grep batchmode\n"
        "! /kaniko/bin/git ls-remote https://127.0.0.1:1/ 2>&1\n"
    ).stdout.splitlines()
    assert told[0].startswith("git version ")
    assert told[1].replace("//", "/") == "/kaniko/git-core"
    assert told[2].startswith("OpenSSH_")
    assert told[3] == "batchmode yes"
    assert "unable to access 'https://127.0.0.1:1/'" in told[4]


def test_a_repository_is_asked_for_over_ssh(
    executor_image: ExecutorImage, tmp_path: Path
) -> None:
    """There is no shell that could start ssh; nothing listens there."""
    text = "FROM scratch\nADD ssh://git@127.0.0.1:1/r.git /r\n"
    context = write_context(tmp_path / "context", text)
    volume = f"--volume={context}:/workspace:ro"
    done = executor_image.run("--no-push", flags=(volume,), check=False)
    assert done.returncode == 1
    assert "127.0.0.1:1/r.git: the host cannot be reached" in done.stderr


@pytest.mark.parametrize(
    "isolation",
    [("--user=12345", "--cap-drop=ALL"), ("--cap-drop=ALL",)],
    ids=["no root", "root without capabilities"],
)
def test_copies_need_no_privilege(
    executor_image: ExecutorImage,
    registry: Registry,
    tmp_path: Path,
    isolation: tuple[str, ...],
) -> None:
    context = write_context(tmp_path / "context", COPY_ONLY, {"f": "content"})
    name = f"unprivileged/{len(isolation)}"
    done = executor_image.run(
        f"--destination={registry.host}/{name}",
        "--insecure",
        flags=(*isolation, f"--volume={context}:/workspace:ro"),
    )
    assert "WARN" not in done.stderr
    assert len(registry.manifest(name)["layers"]) == 2


def test_a_run_without_privileges_says_what_is_missing(
    executor_image: ExecutorImage,
    registry: Registry,
    small_bases: Path,
    tmp_path: Path,
) -> None:
    base = registry.push_layout(small_bases, "busybox", "bases/busybox")
    context = write_context(tmp_path / "context", f"FROM {base}\nRUN true\n")
    done = executor_image.run(
        "--no-push",
        "--insecure-pull",
        flags=("--user=12345", "--cap-drop=ALL", f"--volume={context}:/workspace:ro"),
        check=False,
    )
    assert done.returncode == 1
    assert "Error: " in done.stderr
    assert "Hint: " in done.stderr
    assert "Traceback" not in done.stderr
