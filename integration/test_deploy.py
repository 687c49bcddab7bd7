"""Containers of `deploy/kubernetes` do their work with no more than they are given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.executor import named_base, write_context
from integration.manifests import DEPLOY, documents
from integration.services.bases import SMALL_BASES
from integration.services.executor_image import ExecutorImage
from integration.services.registry import Registry

PACKAGES = """
FROM busybox
RUN addgroup -S -g 70 service && adduser -S -D -H -u 70 -G service service \\
    && mkdir -p /srv/data && chown service:service /srv/data && chmod 2750 /srv/data
USER service
RUN echo mine > /srv/data/file
USER root
COPY --chown=service file /srv/
RUN mv /srv/file /srv/data/copied && rm /srv/data/file
"""


def flags_of(container: dict[str, Any], pod: dict[str, Any]) -> Iterator[str]:
    """Yield the flags of `docker run` that stand for what a container is given."""
    context = container["securityContext"]
    user, group = context["runAsUser"], context.get("runAsGroup", 0)
    yield f"--user={user}:{group}"
    if not context["allowPrivilegeEscalation"]:
        yield "--security-opt=no-new-privileges"
    capabilities = context.get("capabilities", {})
    yield from (f"--cap-drop={name}" for name in capabilities.get("drop", ()))
    yield from (f"--cap-add={name}" for name in capabilities.get("add", ()))
    if context.get("readOnlyRootFilesystem"):
        yield "--read-only"
    if "fsGroup" in pod.get("securityContext", {}):
        yield f"--group-add={pod['securityContext']['fsGroup']}"
    yield f"--memory={container['resources']['limits']['memory'].removesuffix('i')}"


def test_the_warmer_needs_no_powers_and_writes_to_its_volume_alone(
    executor_image: ExecutorImage, registry: Registry, tmp_path: Path
) -> None:
    image = registry.push_layout(SMALL_BASES, "busybox", "deploy/base")
    [_, cron_job] = documents(DEPLOY / "kubernetes/warmer.yaml")
    pod = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o2770)
    os.chown(cache, 0, pod["securityContext"]["fsGroup"])
    words = [word for word in container["args"] if not word.startswith("--image=")]
    done = executor_image.run(
        *words,
        f"--image={image}",
        flags=[*flags_of(container, pod), f"--volume={cache}:/cache"],
        image=executor_image.warmer,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(cache.glob("sha256:*"))) == 1


@pytest.mark.parametrize("name", ["job.yaml", "job-hardened.yaml", "job-cached.yaml"])
def test_a_job_builds_with_what_it_is_given(
    name: str, executor_image: ExecutorImage, registry: Registry, tmp_path: Path
) -> None:
    [job] = documents(DEPLOY / "kubernetes" / name)
    pod = job["spec"]["template"]["spec"]
    [container] = pod["containers"]
    write_context(tmp_path / "context", PACKAGES, {"file": "content\n"})
    (tmp_path / "cache").mkdir()
    log = tmp_path / "termination-log"
    log.touch()
    repository = f"deploy/{name.removesuffix('.yaml')}"
    given = {
        "registry.example.com/team/application:latest": f"{registry.host}/{repository}",
        "registry.example.com/team/cache": f"{registry.host}/deploy/cache",
    }
    words = container["args"]
    for old, new in given.items():
        words = [word.replace(old, new) for word in words]
    done = executor_image.run(
        *words,
        named_base("busybox", Path("/bases"), "busybox"),
        flags=[
            *flags_of(container, pod),
            f"--volume={tmp_path / 'context'}:/workspace",
            f"--volume={tmp_path / 'cache'}:/cache:ro",
            f"--volume={SMALL_BASES}:/bases:ro",
            f"--volume={log}:/dev/termination-log",
        ],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "isolation: in-place" in done.stderr
    assert registry.manifest(repository) is not None
    assert log.read_text().startswith("sha256:")
