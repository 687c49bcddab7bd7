"""Build as the executor does, and print what was done: the effects, the roots made.

    python -m integration.recorded_build FLAG...

Prints one JSON document. A process of its own, because a build may enter namespaces.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

from dependency_injector import providers

from application.options import BuildOptions
from application.ports.filesystem import RootFilesystem, RootFilesystems
from entrypoints.container import Container
from entrypoints.executor_flags import Build, parse_command_line
from integration.executor import ENVIRONMENT

ROOT = Path(__file__).parents[1]


class Record(TypedDict):
    """What a build did.

    Attributes:
        effects: Kinds of the effects that were carried out, in order.
        roots: Names of the root file systems that were made.
    """

    effects: list[str]
    roots: list[str]


class RecordedRoots:
    """`RootFilesystems` that remembers what it was asked for."""

    def __init__(self, roots: RootFilesystems) -> None:
        self._roots = roots
        self.created: list[str] = []

    @property
    def exclusive(self) -> bool:
        """Return what the roots say."""
        return self._roots.exclusive

    def close(self) -> None:
        """End the build; see the port."""
        self._roots.close()

    def create(self, name: str) -> RootFilesystem:
        """Make an empty root; see the port."""
        self.created.append(name)
        return self._roots.create(name)


def recorded_build(context: Path, work: Path, *flags: str) -> Record:
    """Build a context, and its Dockerfile, in a process; return what was done.

    Nothing is warned of.

    Args:
        context: The context.
        work: Directory for work files.
        flags: Further flags.
    """
    done = subprocess.run(
        [
            *(sys.executable, "-m", "integration.recorded_build"),
            *(f"--context={context}", f"--dockerfile={context / 'Dockerfile'}"),
            *(f"--kaniko-dir={work}", *flags),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.returncode == 0, done.stderr
    assert "WARN" not in done.stderr, done.stderr
    record: Record = json.loads(done.stdout.splitlines()[-1])
    return record


def _recorded(options: BuildOptions) -> Record:
    """Build, and return what was done."""
    container = Container(options=options)
    try:
        container.isolation()
        roots = RecordedRoots(container.roots())
        container.roots.override(providers.Object(roots))
        container.build_image().run()
        effects = [type(effect).__name__ for effect in container.effects().performed]
        return Record(effects=effects, roots=roots.created)
    finally:
        container.work_directory().remove()


def main() -> None:
    """Build what the command line asks for."""
    request = parse_command_line(sys.argv[1:], os.environ)
    assert isinstance(request, Build), "this is no build"
    json.dump(_recorded(request.options), sys.stdout)


if __name__ == "__main__":
    main()
