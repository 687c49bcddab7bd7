"""The executor in a container of its own image, with docker's default powers.

What a test made lies at the same paths in the container, so that it is told the same
as on this machine. Its root is the container's: RUN is executed in place there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from integration.executor import Executor
from integration.oracle_cases import CASES
from integration.services.bases import cache_directory
from integration.services.docker import CLIENT
from integration.services.executor_image import ExecutorImage


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerExecutor(Executor):
    """Runs each build in a new container.

    Attributes:
        images: The product's images.
        shared: Directory that is at the same place in the container.
        powers: Further flags of `docker run`.
    """

    images: ExecutorImage
    shared: Path
    powers: Sequence[str] = field(default=())

    def command(
        self,
        context: Path | str,
        *flags: str | Path,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the words that build a context, variables included."""
        client = [*self.prefix, CLIENT, "--host", self.images.docker.host]
        volumes = [
            f"--volume={self.shared}:{self.shared}",
            *(f"--volume={path}:{path}:ro" for path in (CASES, cache_directory())),
        ]
        variables = [f"--env={n}={v}" for n, v in (environment or {}).items()]
        run = ["run", "--rm", "--network=host", *volumes, *variables, *self.powers]
        words = self.words(context, *flags)
        return [*client, *run, self.images.executor, *words]
