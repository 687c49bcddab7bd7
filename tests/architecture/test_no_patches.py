"""Tests replace collaborators by adapters of the same port, never by patches.

That nobody imports a mock library is a rule of ruff in `pyproject.toml`.
"""

import ast

from tests.architecture.sources import TEST_FOLDERS, modules, parse, place

PATCHING = frozenset({"setattr", "delattr"})
FIXTURE = "mocker"


def test_no_test_patches() -> None:
    """No attribute is set behind the back of its owner, with or without a fixture."""
    words = (*PATCHING, FIXTURE)
    found = [
        place(path, node)
        for path in modules(*TEST_FOLDERS)
        if any(word in path.read_text(encoding="utf-8") for word in words)
        for node in ast.walk(parse(path))
        if (isinstance(node, ast.Attribute) and node.attr in PATCHING)
        or (isinstance(node, ast.arg) and node.arg == FIXTURE)
    ]
    assert not found
