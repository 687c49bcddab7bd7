"""Builds the same on this machine and in place in a container, and compares.

The container has docker's default powers, and everything a test made on mounts:
`/workspace` (the context, if nothing else is said), `/bases` (layouts), `/out`.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from integration.executor import Executor, Outcome, named_base, write_context
from integration.image_comparison.comparison import (
    FlatImage,
    compare_images,
    load_image,
)
from integration.image_comparison.differences import report
from integration.services.bases import SMALL_BASES
from integration.services.executor_image import ExecutorImage

IN_PLACE = "isolation: in-place (container: /.dockerenv), root: /"


@dataclass(frozen=True, slots=True, kw_only=True)
class BothPlaces:
    """Builds in a directory of its own.

    Attributes:
        image: The product's images.
        directory: Takes context, bases and results.
        bases: Name of a base, in the Dockerfile and in its layout, to the layout.
        powers: Further flags of `docker run`.
        workspace: Where the context is in the container.
    """

    image: ExecutorImage
    directory: Path
    bases: Mapping[str, Path] = field(default_factory=dict)
    powers: Sequence[str | Path] = ()
    workspace: str = "/workspace"

    def in_place(
        self,
        dockerfile: str,
        *flags: str,
        files: Mapping[str, str | bytes] | None = None,
    ) -> Outcome:
        """Build in a container, into the layout `out/image`; it may fail."""
        write_context(self.directory / "context", dockerfile, files)
        return self.again(*flags)

    def again(self, *flags: str) -> Outcome:
        """Build the context that is there."""
        return self._run(self.image.executor, [], self.arguments(*flags))

    def job(self, script: str) -> Outcome:
        """Run lines of shell in a container of the debug image; they must succeed.

        `$BUILD` stands for the executor with the arguments that `in_place` gives it,
        `$PUSH` for the same where a destination follows.
        """
        push = shlex.join(["/kaniko/executor", *self.arguments("--destination=")][:-1])
        lines = f"set -e\nPUSH='{push}'\nBUILD=\"$PUSH --no-push\"\n{script}"
        (self.directory / "context").mkdir(exist_ok=True)
        return self._run(self.image.debug, ["--entrypoint=sh"], ["-c", lines]).check()

    def _run(self, image: str, powers: list[str], words: list[str]) -> Outcome:
        (self.directory / "out").mkdir(exist_ok=True)
        flags = [*self.volumes, *self.powers, *powers]
        done = self.image.run(*words, flags=flags, image=image, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return Outcome(status=done.returncode, output=done.stdout, log=done.stderr)

    def arguments(self, *flags: str) -> list[str]:
        """Return the executor's arguments in the container."""
        return [
            f"--context={self.workspace}",
            "--log-format=text",
            "--reproducible",
            "--oci-layout-path=/out/image",
            *(named_base(name, Path("/bases") / name, name) for name in self._layouts),
            *([] if any("--destination" in flag for flag in flags) else ["--no-push"]),
            *flags,
        ]

    @property
    def volumes(self) -> list[str]:
        """Flags of `docker run` for context, bases and results."""
        layouts = [
            f"--volume={layout}:/bases/{name}:ro"
            for name, layout in self._layouts.items()
        ]
        return [
            f"--volume={self.directory / 'context'}:{self.workspace}",
            f"--volume={self.directory / 'out'}:/out",
            *layouts,
        ]

    def same(
        self,
        dockerfile: str,
        *flags: str,
        files: Mapping[str, str | bytes] | None = None,
    ) -> Outcome:
        """Build at both places; return what came out in the container.

        Raises:
            AssertionError: A build failed, or the images are not the same.
        """
        outcome = self.in_place(dockerfile, *flags, files=files).check()
        assert IN_PLACE in outcome.log
        self.check(*flags)
        return outcome

    def check(self, *flags: str) -> None:
        """Require that the image in `out` is the one that this machine makes."""
        here = self.directory / "here"
        bases = [named_base(name, path, name) for name, path in self._layouts.items()]
        executor = Executor(work=self.directory / "work")
        executor.layout(
            self.directory / "context", here, "--reproducible", *bases, *flags
        )
        assert index_of(self.directory / "out/image") == index_of(here), report(
            compare_images(self.built(), load_image(f"oci:{here}", self.directory))
        )

    def built(self) -> FlatImage:
        """Return the image that was built in the container, flattened."""
        return load_image(f"oci:{self.directory / 'out/image'}", self.directory)

    @property
    def _layouts(self) -> Mapping[str, Path]:
        return {"busybox": SMALL_BASES, **self.bases}


def digest_of(layout: Path) -> str:
    """Return the digest of a layout's only image."""
    [manifest] = json.loads(index_of(layout))["manifests"]
    digest: str = manifest["digest"]
    return digest


def index_of(layout: Path) -> bytes:
    """Return a layout's index, which names its image by the digest."""
    return (layout / "index.json").read_bytes()


def is_running(number: int) -> str:
    """Return a command of shell that tells whether any `sleep NUMBER` is running."""
    text = str(number)
    words = "cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\\0' '\\n'"
    # The pattern is not an instance of itself: grep is among the processes.
    return f"{words} | grep -qx '[{text[0]}]{text[1:]}'"
