"""The builders that are compared, each starting from nothing, as on a new machine.

A builder gets its store ready (not measured), builds, and tidies up (not measured).
All of them pull the base from the same registry on loopback.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from integration.executor import Executor
from integration.services.docker import CLIENT, DAEMON, Docker, running_docker

KANIKO_VARIABLE = "KANIKO"
IMAGE_VARIABLE = "IMAGE"
"""Names the product's image: an archive, or what the docker daemon has."""
BUILDAH = "buildah"
IN_ROOT = (
    'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" || exit 1; '
    'root=$1; shift; exec chroot "$root" /kaniko/executor "$@"'
)


class BuildFailedError(Exception):
    """A builder ended with an error; says the end of its log."""


class Builder(Protocol):
    """A builder: `prepare`, then `build`, which is measured, then `clean`."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    def prepare(self, context: Path, *, again: bool = False) -> None:
        """Get ready to build with nothing stored from earlier builds.

        Args:
            context: What will be built.
            again: Whether it will be built twice, the second time with what is kept.
        """

    def build(self, context: Path) -> float:
        """Build the context and return the seconds it took.

        Raises:
            BuildFailedError: It cannot.
        """

    def clean(self) -> None:
        """Remove what the build left."""


def _outputs(layout: str | Path, registry: str, *, again: bool) -> tuple[str, ...]:
    """Return the flags for where kanipy's image goes.

    A build that is repeated keeps its steps in the registry, which gets the image too.
    """
    if again:
        to = f"--destination={registry}/bench/built:1"
        return ("--cache", to, "--insecure", "--insecure-pull")
    return ("--no-push", f"--oci-layout-path={layout}")


class Kanipy:
    """The product, writing an OCI layout; builds that are repeated are pushed."""

    name = "kanipy"

    def __init__(self, scratch: Path, registry: str, flags: Sequence[str] = ()) -> None:
        self._layout = scratch / "kanipy-layout"
        self._registry = registry
        self._executor = Executor(work=scratch / "kanipy-work", flags=flags)
        self._output: tuple[str, ...] = ()

    def prepare(self, context: Path, *, again: bool = False) -> None:
        """Choose the output: it keeps nothing here."""
        self._output = _outputs(self._layout, self._registry, again=again)

    def build(self, context: Path) -> float:
        """Build to the output."""
        began = time.perf_counter()
        try:
            self._executor.run(context, *self._output).check()
        except AssertionError as error:
            raise BuildFailedError(str(error)) from error
        return time.perf_counter() - began

    def clean(self) -> None:
        """Remove the layout."""
        shutil.rmtree(self._layout, ignore_errors=True)


class KanipyImage:
    """The product in its image, under the capabilities that docker gives by default.

    What is measured is the life of the container: docker's work before and after is
    none of the builder's, and the other builders do not run in one. Context and output
    are mounts.
    """

    name = "kanipy"

    def __init__(
        self,
        scratch: Path,
        registry: str,
        docker: Docker,
        image: str,
        flags: Sequence[str] = (),
    ) -> None:
        self._output = scratch / "kanipy-output"
        self._registry = registry
        self._docker = docker
        self._image = loaded(image, docker)
        self._flags = flags

    def prepare(self, context: Path, *, again: bool = False) -> None:
        """Make the container."""
        self._output.mkdir()
        mounts = (f"--volume={context}:/workspace", f"--volume={self._output}:/output")
        container = ("--name=bench", "--network=host", *mounts, self._image)
        output = _outputs("/output/layout", self._registry, again=again)
        self._docker.run("create", *container, *output, *self._flags)

    def build(self, context: Path) -> float:
        """Build in the container, to a layout."""
        done = self._docker.run("start", "--attach", "bench", check=False)
        if done.returncode:
            raise BuildFailedError(done.stdout + done.stderr)
        times = "{{.State.StartedAt}} {{.State.FinishedAt}}"
        answer = self._docker.run("inspect", f"--format={times}", "bench").stdout
        began, ended = map(datetime.fromisoformat, answer.split())
        return (ended - began).total_seconds()

    def clean(self) -> None:
        """Remove container and output."""
        self._docker.run("rm", "--force", "--volumes", "bench")
        shutil.rmtree(self._output, ignore_errors=True)


class BuildKit:
    """`docker build`, by a daemon without any cache but that of a repeated build."""

    name = "docker"

    def __init__(self, docker: Docker) -> None:
        self._docker = docker
        self._flags: tuple[str, ...] = ()

    def prepare(self, context: Path, *, again: bool = False) -> None:
        """Remove the base and all cached steps."""
        self._flags = ("--no-cache=false",) if again else ()
        self.clean()

    def build(self, context: Path) -> float:
        """Build into the daemon's store."""
        began = time.perf_counter()
        try:
            self._docker.build(context, "bench/built", flags=self._flags)
        except AssertionError as error:
            raise BuildFailedError(str(error)) from error
        return time.perf_counter() - began

    def clean(self) -> None:
        """Remove the image, its base and all cached steps."""
        self._docker.run("image", "rm", "--force", "bench/built", check=False)
        self._docker.run("builder", "prune", "--all", "--force")


class Buildah:
    """`buildah bud --isolation chroot` with an empty store."""

    name = "buildah"

    def __init__(self, scratch: Path, driver: str) -> None:
        self._store = scratch / "buildah"
        self._driver = driver
        self._keeps: tuple[str, ...] = ()

    def prepare(self, context: Path, *, again: bool = False) -> None:
        """Begin with an empty store."""
        self._keeps = ("--layers",) if again else ()
        self.clean()
        self._store.mkdir()

    def build(self, context: Path) -> float:
        """Build into the store."""
        options = ("--isolation=chroot", "--tls-verify=false", "--network=host")
        words = (*options, *self._keeps, "--tag=bench", str(context))
        return _run(self._command("bud", *words))

    def clean(self) -> None:
        """Remove the store, and what is mounted in it."""
        if self._store.exists():
            _run(self._command("umount", "--all"))
            mounted = Path("/proc/self/mounts").read_text().splitlines()
            for line in reversed(mounted):
                point = line.split()[1]
                if point.startswith(f"{self._store}/"):
                    _run(["umount", point])
            shutil.rmtree(self._store)

    def _command(self, *words: str) -> list[str]:
        places = (f"--root={self._store}/root", f"--runroot={self._store}/run")
        return [BUILDAH, *places, f"--storage-driver={self._driver}", *words]


class Kaniko:
    """A kaniko binary in a root of its own, which it fills with the base.

    A root is used up by one build; what a repeated one has of the first is the cache in
    the registry, as ours has.
    """

    name = "kaniko"

    def __init__(self, scratch: Path, registry: str, binary: Path) -> None:
        self._root = scratch / "kaniko"
        self._registry = registry
        self._binary = binary
        self._output: tuple[str, ...] = ()

    def prepare(self, context: Path, *, again: bool = False) -> None:
        """Choose the output, and make a root."""
        self._output = self._outputs(again=again)
        self._make_root(context)

    def build(self, context: Path) -> float:
        """Build in the root, in mount and process namespaces of its own."""
        if not self._root.exists():
            self._make_root(context)
        flags = ("--force", "--insecure", "--insecure-pull", *self._output)
        context_flags = ("--context=dir:///kaniko/context",)
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        shell = ["sh", "-c", IN_ROOT, "sh", str(self._root)]
        try:
            return _run([*namespaces, *shell, *context_flags, *flags])
        finally:
            self.clean()

    def clean(self) -> None:
        """Remove the root; its mounts went with the namespace."""
        if self._root.exists():
            shutil.rmtree(self._root)

    def _outputs(self, *, again: bool) -> tuple[str, ...]:
        if not again:
            archive = "--tar-path=/kaniko/image.tar"
            return ("--no-push", archive, "--destination=bench")
        place = f"{self._registry}/bench/by-kaniko"
        return ("--cache", f"--cache-repo={place}/cache", f"--destination={place}:1")

    def _make_root(self, context: Path) -> None:
        """Make a root with nothing but kaniko and the context in it."""
        self.clean()
        for name in ("kaniko", "proc", "dev", "tmp", "etc"):
            (self._root / name).mkdir(parents=True)
        shutil.copy2(self._binary, self._root / "kaniko" / "executor")
        shutil.copytree(context, self._root / "kaniko" / "context")


def loaded(image: str, docker: Docker) -> str:
    """Load an image of an archive and return its name; of any other word, itself."""
    if not Path(image).is_file():
        return image
    said = docker.run("load", f"--input={image}").stdout
    return said.strip().rpartition(": ")[2]


def has_docker() -> bool:
    """Whether docker is installed."""
    return Path(DAEMON).exists() and Path(CLIENT).exists()


@contextmanager
def all_builders(
    scratch: Path, flags: Sequence[str], registry: str
) -> Iterator[tuple[list[Builder], list[str]]]:
    """Offer the builders there are, kanipy first, and a line about each absent one.

    Args:
        scratch: Existing directory for stores and outputs.
        flags: Flags for kanipy.
        registry: Host of the registry, to which repeated builds are pushed.
    """
    absent = []
    image = os.environ.get(IMAGE_VARIABLE)
    with ExitStack() as stack:
        builders: list[Builder] = []
        if has_docker():
            docker = stack.enter_context(running_docker())
            if image:
                builders.append(KanipyImage(scratch, registry, docker, image, flags))
            builders.append(BuildKit(docker))
        else:
            absent.append(f"docker: no {DAEMON}, and so no {IMAGE_VARIABLE}")
        if not builders or not image:
            builders.insert(0, Kanipy(scratch, registry, flags))
        if shutil.which(BUILDAH):
            builders.append(Buildah(scratch, _storage_driver(scratch)))
        else:
            absent.append("buildah: not on PATH")
        binary = os.environ.get(KANIKO_VARIABLE)
        if binary:
            builders.append(Kaniko(scratch, registry, Path(binary)))
        else:
            absent.append(f"kaniko: {KANIKO_VARIABLE} names no binary")
        yield builders, absent


def _storage_driver(scratch: Path) -> str:
    command = ["stat", "--file-system", "--format=%T", str(scratch)]
    kind = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # An overlay cannot have its upper directory on another one.
    return "vfs" if kind.strip() == "overlayfs" else "overlay"


def _run(command: Sequence[str]) -> float:
    """Run a command and return the seconds it took."""
    began = time.perf_counter()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BuildFailedError(done.stdout)
    return time.perf_counter() - began
