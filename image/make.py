"""Builds the images with docker: `python3 -m image.make`, as `make image` does.

It runs on the machine of the person, not in the Dockerfile's stages. It needs docker
with BuildKit and its daemon. Where the base of the builder stages cannot be pulled, it
is made of Debian's packages.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

IMAGES = {
    "executor": "kanipy/executor:dev",
    "debug": "kanipy/executor:debug",
    "warmer": "kanipy/warmer:dev",
}
SUITE = "bookworm"
PULLED_BASE = f"debian:{SUITE}-slim"
MADE_BASE = f"kanipy/builder-base:{SUITE}"
_SOURCE = Path(__file__).resolve().parents[1]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FTP_PROXY", "ALL_PROXY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """The docker client.

    Attributes:
        program: Its name or path.
        environment: Variables it runs with.
    """

    program: str
    environment: Mapping[str, str]

    def run(self, *arguments: str | Path) -> None:
        """Run a command, its output shown.

        Raises:
            SystemExit: It failed.
        """
        if status := self._status(arguments, quiet=False):
            sys.exit(f"make image: docker {arguments[0]} ended with status {status}")

    def succeeds(self, *arguments: str) -> bool:
        """Run a command in silence; tell whether it succeeded."""
        return self._status(arguments, quiet=True) == 0

    def _status(self, arguments: Sequence[str | Path], *, quiet: bool) -> int:
        output = subprocess.DEVNULL if quiet else None
        command = [self.program, *map(str, arguments)]
        done = subprocess.run(
            command, env=self.environment, stdout=output, stderr=output, check=False
        )
        return done.returncode


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the three images; see the module.

    Raises:
        SystemExit: Something failed, or there is no docker.
    """
    parser = argparse.ArgumentParser(prog="make image")
    parser.add_argument("--docker", default="docker", help="the docker client")
    parser.add_argument("--network", default="", help="network of the stages")
    parser.add_argument("--builder-base", default="", help="base of the stages")
    given = parser.parse_args(arguments)
    docker = Docker(
        program=given.docker, environment={**os.environ, "DOCKER_BUILDKIT": "1"}
    )
    _check(docker)
    base = given.builder_base or _base(docker)
    flags = list(_flags(base, given.network, os.environ))
    for target, tag in IMAGES.items():
        docker.run("build", *flags, f"--target={target}", f"--tag={tag}", _SOURCE)


def _check(docker: Docker) -> None:
    if shutil.which(docker.program) is None:
        sys.exit(f"make image: there is no program {docker.program}; install docker")
    if not docker.succeeds("version"):
        host = docker.environment.get("DOCKER_HOST") or "its usual socket"
        sys.exit(
            f"make image: no docker daemon answers at {host}\n"
            "Hint: start dockerd, or set DOCKER_HOST to one that runs"
        )


def _flags(base: str, network: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the flags of all builds."""
    yield f"--build-arg=BUILDER_BASE={base}"
    if network:
        yield f"--network={network}"
    yield from network_flags(environment)


def network_flags(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the flags that let the stages reach the archives as this machine does.

    Args:
        environment: Its variables.
    """
    for name in (*PROXIES, *map(str.lower, PROXIES)):
        if environment.get(name):
            # Without a value: that of the builder's own environment is taken.
            yield f"--build-arg={name}"
    if authorities := environment.get("SSL_CERT_FILE"):
        yield f"--secret=id=ca,src={authorities}"
    if environment.get("PIP_INDEX_URL"):
        # It may hold a password.
        yield "--secret=id=pip_index_url,env=PIP_INDEX_URL"


def _base(docker: Docker) -> str:
    """Return a base for the stages; it is made where none can be pulled."""
    for name in (PULLED_BASE, MADE_BASE):
        if docker.succeeds("image", "inspect", name):
            return name
    if docker.succeeds("pull", PULLED_BASE):
        return PULLED_BASE
    sys.stderr.write(f"make image: cannot pull {PULLED_BASE}; making a base\n")
    docker.run("import", _made_base(_SOURCE / "build"), MADE_BASE)
    return MADE_BASE


def _made_base(folder: Path) -> Path:
    """Make an archive of a minimal Debian; it is kept in a folder."""
    archive = folder / f"builder-base-{SUITE}.tar"
    if archive.exists():
        return archive
    if shutil.which("mmdebstrap") is None:
        sys.exit(
            f"make image: {PULLED_BASE} cannot be pulled, and there is no mmdebstrap\n"
            "Hint: install mmdebstrap, or name a Debian image by BUILDER_BASE=IMAGE"
        )
    folder.mkdir(exist_ok=True)
    making = archive.with_suffix(".making.tar")
    command = ["mmdebstrap", "--quiet", "--variant=apt", SUITE, str(making)]
    if subprocess.run(command, check=False).returncode:
        sys.exit("make image: mmdebstrap failed; see above")
    return making.rename(archive)


if __name__ == "__main__":
    main()
