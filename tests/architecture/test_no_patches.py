"""Tests replace collaborators by adapters of the same port, never by patches."""

import ast

from tests.architecture.sources import TEST_FOLDERS, imported, modules, parse, place

MOCK_MODULES = ("unittest.mock", "mock", "pytest_mock")
PATCHING = frozenset({"setattr", "delattr"})


def _is_mock(name: str) -> bool:
    return any(name == mock or name.startswith(f"{mock}.") for mock in MOCK_MODULES)


def test_no_test_imports_a_mock_library() -> None:
    found = [
        f"{place(path)} imports {name}"
        for path in modules(*TEST_FOLDERS)
        for name in imported(parse(path))
        if _is_mock(name)
    ]
    assert not found


def test_no_test_patches_attributes() -> None:
    """`monkeypatch.setenv` and `chdir` stay allowed: they change inputs, not code."""
    found = [
        place(path, node)
        for path in modules(*TEST_FOLDERS)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and node.attr in PATCHING
    ]
    assert not found


def test_no_test_asks_for_the_mocker_fixture() -> None:
    found = [
        place(path, node)
        for path in modules(*TEST_FOLDERS)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.arg) and node.arg == "mocker"
    ]
    assert not found
