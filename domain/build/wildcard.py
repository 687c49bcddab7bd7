"""Wildcards in COPY and ADD sources, as BuildKit resolves them.

A pattern is split before its first component with a wildcard; the part before
is a plain path whose symlinks are followed. Below it only real directories are
entered, and each component matches one name.
"""

from __future__ import annotations

import posixpath

from domain.dockerfile.glob import matches, split_pattern
from domain.errors import BuildRuleError
from domain.snapshot.entry import FileType, join
from domain.snapshot.tree import FileTree


def clean_source(source: str) -> str:
    """Return a source as a path in the tree: ".." and "/" clamped to the root."""
    return posixpath.normpath("/" + source.lstrip("/")).lstrip("/")


def expand_wildcards(source: str, tree: FileTree) -> list[str]:
    """Return the paths a source names, sorted; itself where it is no pattern.

    A pattern that matches nothing names nothing (BuildKit does the same).

    Raises:
        DockerfileError: The pattern is malformed, whether there is a file or not.
    """
    fixed, pattern = split_pattern(clean_source(source))
    if not pattern:
        return [fixed]
    components = pattern.split("/")
    for component in components:
        matches(component, "")
    return _matching(tree, tree.resolve(fixed), components)


def _matching(tree: FileTree, directory: str, pattern: list[str]) -> list[str]:
    names = [name for name in tree.children(directory) if matches(pattern[0], name)]
    found = [join(directory, name) for name in names]
    if len(pattern) == 1:
        return found
    deeper = [path for path in found if _is_directory(tree, path)]
    return [match for path in deeper for match in _matching(tree, path, pattern[1:])]


def _is_directory(tree: FileTree, path: str) -> bool:
    entry = tree.get(path)
    return entry is not None and entry.type is FileType.DIRECTORY


def missing_source(path: str, description: str) -> BuildRuleError:
    """Return the error for a source that does not exist."""
    shown = f"/{path.strip('/')}"
    return BuildRuleError(
        f"{shown!r} not found in {description}",
        hint="check the path, its case, and that no ignore file excludes it",
    )
