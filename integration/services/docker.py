"""A real docker daemon with private paths: the other builder, and a runtime.

It has no bridge and touches no firewall rule, so several daemons can live side by
side and a container is enough to run it in. Containers and builds that need a
network share the host's.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.services.processes import running

DAEMON = "/usr/sbin/dockerd"
CLIENT = os.environ.get("KANIPY_DOCKER_CLIENT") or "/usr/bin/docker"
HOST_VARIABLE = "KANIPY_DOCKER_HOST"
NO_NETWORK = (
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
)

Outcome = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """A docker daemon that answers at `host`."""

    host: str

    def run(
        self,
        *arguments: str | Path,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> Outcome:
        """Run a docker command.

        Args:
            arguments: As after `docker`.
            check: Raise when it fails.
            environment: Variables to add to our own.
            stdin: Text for its standard input.

        Raises:
            AssertionError: It failed and `check` is set; with its output.
        """
        outcome = subprocess.run(
            [CLIENT, "--host", self.host, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            input=stdin,
            env={**os.environ, **(environment or {})},
        )
        if check and outcome.returncode:
            shown = " ".join(map(str, arguments))
            raise AssertionError(f"docker {shown}:\n{outcome.stdout}{outcome.stderr}")
        return outcome

    def build(
        self,
        context: Path,
        tag: str,
        *,
        flags: Sequence[str] = (),
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Build an image with BuildKit, without cache, on the host's network."""
        return self.run(
            "build",
            "--network=host",
            "--no-cache",
            f"--tag={tag}",
            *flags,
            context,
            check=check,
            environment={"DOCKER_BUILDKIT": "1", **(environment or {})},
        )

    def save(self, tag: str, archive: Path) -> str:
        """Save an image to an archive; return it as the comparison's source."""
        self.run("save", f"--output={archive}", tag)
        return f"docker-archive:{archive}"

    def load_layout(self, layout: Path, name: str, tag: str) -> None:
        """Load an image of an OCI layout under a tag."""
        with tempfile.TemporaryDirectory() as directory:
            archive = Path(directory) / "image.tar"
            copy = ["skopeo", "copy", "--quiet", f"oci:{layout}:{name}"]
            subprocess.run([*copy, f"docker-archive:{archive}:{tag}"], check=True)
            self.run("load", f"--input={archive}")


@contextmanager
def running_docker() -> Iterator[Docker]:
    """Offer a docker daemon until the block ends.

    The one that `KANIPY_DOCKER_HOST` names is used when it answers; otherwise a
    private one is started, and removed with all that it kept.
    """
    host = os.environ.get(HOST_VARIABLE)
    if host and _answers(host):
        yield Docker(host=host)
        return
    directory = Path(tempfile.mkdtemp(prefix="kanipy-docker-"))
    try:
        with _started(directory) as docker:
            yield docker
    finally:
        _unmount_below(directory)
        shutil.rmtree(directory)


@contextmanager
def _started(directory: Path) -> Iterator[Docker]:
    host = f"unix://{directory}/socket"
    with running(
        _command(directory, host),
        log=directory / "docker.log",
        ready=lambda: _answers(host),
    ):
        yield Docker(host=host)


def _command(directory: Path, host: str) -> list[str]:
    return [
        DAEMON,
        f"--storage-driver={_storage_driver(directory)}",
        f"--data-root={directory}/data",
        f"--exec-root={directory}/exec",
        f"--pidfile={directory}/pid",
        f"--host={host}",
        *NO_NETWORK,
    ]


def _storage_driver(directory: Path) -> str:
    command = ["stat", "--file-system", "--format=%T", str(directory)]
    kind = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # An overlay cannot have its upper directory on another one.
    return "vfs" if kind.strip() == "overlayfs" else "overlay2"


def _answers(host: str) -> bool:
    command = [CLIENT, "--host", host, "version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _unmount_below(directory: Path) -> None:
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    below = [
        line.split()[1]
        for line in mounts
        if line.split()[1].startswith(f"{directory}/")
    ]
    for path in reversed(below):
        subprocess.run(["umount", "--lazy", path], check=False)
