"""The product's own images, made as a person makes them: by `make image`.

They are made once a session, of this source tree, in the tests' docker. Its base is the
Debian that other tests use too; the rest comes from Debian's and Python's archives.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from integration.services.bases import DEBIAN, debian_layout
from integration.services.docker import CLIENT, Docker, Outcome

SOURCE = Path(__file__).parents[2]
_BASE = "kanipy/builder-base:tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorImage:
    """The images in a docker.

    Attributes:
        docker: Where they are.
        executor: Tag of the executor's image.
        debug: Tag of the image with a shell.
        warmer: Tag of the warmer's image.
    """

    docker: Docker
    executor: str = "kanipy/executor:dev"
    debug: str = "kanipy/executor:debug"
    warmer: str = "kanipy/warmer:dev"

    def run(
        self,
        *arguments: str | Path,
        flags: Sequence[str | Path] = (),
        image: str = "",
        check: bool = True,
        stdin: str | None = None,
    ) -> Outcome:
        """Run a container of an image on the host's network.

        Args:
            arguments: Words after the image's name.
            flags: Flags of `docker run`.
            image: The image, the executor's when empty.
            check: Raise when it fails.
            stdin: Text for its standard input.

        Raises:
            AssertionError: It failed and `check` is set.
        """
        words = ("run", "--rm", "--network=host", *flags, image or self.executor)
        return self.docker.run(*words, *arguments, check=check, stdin=stdin)

    def shell(self, script: str, *flags: str | Path) -> Outcome:
        """Run a script as GitLab does: no entry point, the text on standard input."""
        words = ("--interactive", "--entrypoint=", *flags)
        return self.run("sh", flags=words, image=self.debug, stdin=f"set -e\n{script}")

    def interpreter(self) -> list[str]:
        """Return the words that start the interpreter as the commands do."""
        first = self.shell("head -n 1 /kaniko/executor").stdout
        return first.removeprefix("#!").split()


def make_images(docker: Docker) -> ExecutorImage:
    """Make the images in a docker.

    Raises:
        AssertionError: They cannot be made; with what was said.
    """
    docker.load_layout(debian_layout(), DEBIAN, _BASE)
    words = (f"DOCKER={CLIENT}", "NETWORK=host", f"BUILDER_BASE={_BASE}")
    done = subprocess.run(
        ["make", "--no-print-directory", "image", *words],
        cwd=SOURCE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "DOCKER_HOST": docker.host},
    )
    assert done.returncode == 0, done.stdout
    return ExecutorImage(docker=docker)
