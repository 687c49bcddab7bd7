"""Prints what the product needs, of the project file, one requirement a line."""

import sys
import tomllib
from pathlib import Path


def requirements(project: Path) -> list[str]:
    """Return the packages that a project file asks for."""
    document = tomllib.loads(project.read_text(encoding="utf-8"))
    return [str(line) for line in document["project"]["dependencies"]]


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in requirements(Path(sys.argv[1])))
