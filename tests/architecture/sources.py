"""The repository's own files, as the architecture tests read them.

It parses; it judges nothing.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "application", "adapters", "entrypoints")
IMAGE_FOLDER = "image"
TEST_FOLDERS = ("tests", "integration", "soak")


def modules(*folders: str) -> list[Path]:
    """Return every Python file below the folders, case data excepted."""
    data = ROOT / "integration" / "cases"
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if data not in path.parents
    )


@cache
def parse(path: Path) -> ast.Module:
    """Return the syntax tree of one file, which is parsed once."""
    return ast.parse(path.read_bytes(), filename=str(path))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted name of everything that is imported, names included.

    `from a.b import c` gives `a.b.c`, a relative import gives a name that
    begins with a dot.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def place(path: Path, node: ast.AST | None = None) -> str:
    """Return `file:line` relative to the repository, for messages."""
    line = getattr(node, "lineno", 1)
    return f"{path.relative_to(ROOT)}:{line}"
