"""The executor as the tests run it: a process of its own, with a clean environment.

It starts a build, waits, and keeps what came out. What an image must be like is for
`image_comparison` and the tests.
"""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from integration.image_comparison.comparison import FlatImage, load_image

COMMAND = (sys.executable, "-I", "-m", "entrypoints.executor")
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/nonexistent",
    # Nothing answers there: no build of a test asks the internet for an image.
    "HTTPS_PROXY": "http://127.0.0.1:1",
}


LABEL = re.compile(r"^\[[^]]+ \d+/\d+\] ", flags=re.MULTILINE)
"""The place of a step that a line of RUN begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run of the executor came to.

    Attributes:
        status: Its exit status.
        output: Its standard output: what RUN wrote there, each line labelled.
        log: Its standard error.
    """

    status: int
    output: str
    log: str

    @property
    def said(self) -> str:
        """What RUN wrote to its standard output, without the places of steps."""
        return LABEL.sub("", self.output)

    @property
    def error(self) -> str:
        """The one line that tells what went wrong, "" when nothing did."""
        return self._only("Error: ")

    @property
    def hint(self) -> str:
        """The one line that tells the remedy, "" where there is none."""
        return self._only("Hint: ")

    def check(self) -> "Outcome":
        """Return itself if the run succeeded.

        Raises:
            AssertionError: It failed; with all it said.
        """
        assert self.status == 0, f"exit status {self.status}\n{self.output}{self.log}"
        return self

    def _only(self, label: str) -> str:
        lines = [line for line in self.log.splitlines() if line.startswith(label)]
        assert len(lines) <= 1, self.log
        return lines[0].removeprefix(label) if lines else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor:
    """Runs the executor; its work files go to a directory that ends up empty.

    Attributes:
        work: Directory for work files (`--kaniko-dir`); made when absent.
        prefix: Words before the command, such as a program that drops capabilities.
        flags: Flags of every run.
    """

    work: Path
    prefix: Sequence[str] = ()
    flags: Sequence[str] = field(default=())

    def command(
        self,
        context: Path | str,
        *flags: str | Path,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the words that build a context.

        Args:
            context: The build context.
            flags: Further flags.
            environment: What the process will be given, where words have to name it.
        """
        return [*self.prefix, *COMMAND, *self.words(context, *flags)]

    def words(self, context: Path | str, *flags: str | Path) -> list[str]:
        """Return the executor's arguments."""
        ours = (f"--context={context}", f"--kaniko-dir={self.work}")
        return [*ours, "--log-format=text", *self.flags, *map(str, flags)]

    def run(
        self,
        context: Path | str,
        *flags: str | Path,
        environment: Mapping[str, str] | None = None,
        standard_input: bytes = b"",
    ) -> Outcome:
        """Build a context and return what came out, be it success or failure.

        Args:
            context: The build context, or its address.
            flags: Further flags.
            environment: Variables besides `ENVIRONMENT`.
            standard_input: What it can read there.

        Raises:
            AssertionError: It left work files behind, or showed a traceback.
        """
        done = subprocess.run(
            self.command(context, *flags, environment=environment),
            input=standard_input,
            capture_output=True,
            check=False,
            cwd="/",  # a Dockerfile of the working directory would be the build's
            env={**ENVIRONMENT, **(environment or {})},
        )
        left = list(self.work.iterdir()) if self.work.is_dir() else []
        output, log = (
            each.decode(errors="replace") for each in (done.stdout, done.stderr)
        )
        assert left == [], f"left behind: {left}\n{log}"
        assert "Traceback" not in log, log
        return Outcome(status=done.returncode, output=output, log=log)

    def layout(
        self,
        context: Path | str,
        layout: Path,
        *flags: str | Path,
        environment: Mapping[str, str] | None = None,
        standard_input: bytes = b"",
    ) -> Outcome:
        """Build a context into an OCI layout, pushing nothing; it must succeed."""
        output = ("--no-push", f"--oci-layout-path={layout}")
        return self.run(
            context,
            *output,
            *flags,
            environment=environment,
            standard_input=standard_input,
        ).check()

    def image(self, context: Path, scratch: Path, *flags: str | Path) -> FlatImage:
        """Build a context and return its image, flattened.

        Args:
            context: The build context.
            scratch: Directory in which the layout `image` is made.
            flags: Further flags.
        """
        layout = scratch / "image"
        self.layout(context, layout, *flags)
        return load_image(f"oci:{layout}", scratch)


def write_context(
    directory: Path, dockerfile: str, files: Mapping[str, str | bytes] | None = None
) -> Path:
    """Make a build context: a Dockerfile and files with their parents.

    Args:
        directory: Made when absent.
        dockerfile: Text of the Dockerfile.
        files: Path to content.

    Returns:
        `directory`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for path, content in {"Dockerfile": dockerfile, **(files or {})}.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        target.write_bytes(data)
    return directory


def named_base(reference: str, layout: Path, name: str) -> str:
    """Return the flag that takes a base image from an OCI layout."""
    return f"--build-context={reference}=oci-layout://{layout}:{name}"
