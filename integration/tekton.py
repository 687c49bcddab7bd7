"""A step of the task in a container that is laid out as Tekton lays out a pod's.

The arguments are those of `deploy/tekton/task.yaml`, with its defaults. Around the
step runs what stands for Tekton's entrypoint: a static program in `/tekton/bin`, which
starts the step, passes SIGTERM on to it, and its results when it has ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from integration.executor import named_base
from integration.services.bases import SMALL_BASES
from integration.services.docker import Outcome
from integration.services.executor_image import ExecutorImage

TASK = Path(__file__).parents[1] / "deploy/tekton/task.yaml"
SOURCE = "/workspace/source"
DOCKERCONFIG = "/kaniko/.docker"
CACHE = "/workspace/cache"
_ENTRYPOINT = """\
terminated=
trap 'terminated=yes; kill -TERM "$step"' TERM
"$@" & step=$!
wait "$step"; status=$?
[ -z "$terminated" ] || { wait "$step"; status=$?; }
for result in /tekton/results/*; do
    /tekton/bin/busybox test -f "$result" || continue
    echo "${result##*/}" >> /tekton/termination
done
echo "$status" > /tekton/run/0/out
exit "$status"
"""
_WRITABLE = ("creds", "home", "results", "run/0", "steps/step-build-and-push")
_READ_ONLY = ("bin", "downward", "scripts")


def task() -> Any:  # noqa: ANN401 - YAML
    """Return the task."""
    return yaml.safe_load(TASK.read_text())


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The step of the task, in a directory that holds all that is mounted.

    Attributes:
        image: The product's images.
        directory: Takes `source`, `tekton`, and what a test puts there.
        params: Values of the task's parameters.
        dockerconfig: Directory that is bound to the workspace; None for unbound.
        cache: The same for the workspace for caches.
        flags: Further flags of `docker run`.
    """

    image: ExecutorImage
    directory: Path
    params: Mapping[str, str | Sequence[str]]
    dockerconfig: Path | None = None
    cache: Path | None = None
    flags: Sequence[str] = field(default=())

    @property
    def results(self) -> Mapping[str, bytes]:
        """What is in the directory of results, hidden files included."""
        found = (self.directory / "tekton/results").iterdir()
        return {path.name: path.read_bytes() for path in found}

    @property
    def passed_on(self) -> list[str]:
        """Names of the results that what stands for Tekton has found."""
        return (self.directory / "tekton/termination").read_text().split()

    def run(self) -> Outcome:
        """Run the step; it may fail."""
        tekton = self._tekton()
        mounts = [
            f"--volume={self.directory / 'source'}:{SOURCE}",
            f"--volume={SMALL_BASES}:/bases:ro",
            f"--volume={tekton / 'termination'}:/tekton/termination",
            *(f"--volume={tekton / name}:/tekton/{name}" for name in _WRITABLE),
            *(f"--volume={tekton / name}:/tekton/{name}:ro" for name in _READ_ONLY),
        ]
        if self.dockerconfig:
            mounts.append(f"--volume={self.dockerconfig}:{DOCKERCONFIG}:ro")
        if self.cache:
            mounts.append(f"--volume={self.cache}:{CACHE}")
        [step] = task()["spec"]["steps"]
        variables = [f"--env={each['name']}=" for each in step["env"]]
        places = (
            *("--user=0", f"--workdir={SOURCE}", "--env=HOME=/tekton/home"),
            "--entrypoint=/tekton/bin/busybox",
        )
        return self.image.run(
            *("sh", "-c", _ENTRYPOINT, "entrypoint"),
            *step["command"],
            *self._arguments(step["args"]),
            flags=[*mounts, *variables, *places, *self.flags],
            check=False,
        )

    def _tekton(self) -> Path:
        """Make what Tekton mounts."""
        tekton = self.directory / "tekton"
        for name in (*_WRITABLE, *_READ_ONLY):
            (tekton / name).mkdir(parents=True, exist_ok=True)
        for path in (tekton / "results").iterdir():
            path.unlink()
        shutil.copy("/bin/busybox", tekton / "bin/busybox")
        (tekton / "termination").write_text("")
        return tekton

    def _arguments(self, arguments: Sequence[str]) -> list[str]:
        """Return the arguments with what stands for their variables, as Tekton does."""
        values: dict[str, str | Sequence[str]] = {
            "workspaces.source.path": SOURCE,
            "workspaces.dockerconfig.path": DOCKERCONFIG if self.dockerconfig else "",
            "workspaces.cache.path": CACHE if self.cache else "",
        }
        for param in task()["spec"]["params"]:
            default = param.get("default", "")
            values[f"params.{param['name']}"] = self.params.get(param["name"], default)
        base = named_base("busybox", Path("/bases"), "busybox")
        words: list[str] = []
        for argument in arguments:
            if argument == "$(params.EXTRA_ARGS[*])":
                words += [*values["params.EXTRA_ARGS"], base]
                continue
            for name, value in values.items():
                argument = argument.replace(f"$({name})", str(value))  # noqa: PLW2901
            assert "$(" not in argument
            words.append(argument)
        return words
