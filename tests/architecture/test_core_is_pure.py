"""The core imports the standard library alone, and no I/O: a second net.

import-linter guards the same border through the import graph; this test also sees
modules that linter takes for harmless, and calls of the I/O builtins.
"""

import ast
import sys

import pytest

from tests.architecture.sources import ROOT, imported, modules, parse, place

IO_MODULES = frozenset({
    "asyncio", "builtins", "ctypes", "fcntl", "ftplib", "getpass", "glob", "grp",
    "http", "io", "linecache", "logging", "mmap", "multiprocessing", "os", "platform",
    "pwd", "select", "selectors", "shutil", "signal", "smtplib", "socket", "ssl",
    "subprocess", "sys", "tarfile", "tempfile", "webbrowser", "xmlrpc", "zipfile",
})  # fmt: skip
DOMAIN_ONLY = frozenset({"pathlib", "time", "threading", "random", "secrets"})
IO_BUILTINS = frozenset({"open", "print", "input", "exec", "eval", "__import__"})
ALLOWED_URLLIB = "urllib.parse"


def _violations(package: str, forbidden: frozenset[str], inner: set[str]) -> list[str]:
    found = []
    for path in modules(package):
        for name in imported(parse(path)):
            top = name.split(".")[0]
            known = top in inner or top in sys.stdlib_module_names
            urllib = top == "urllib" and not name.startswith(ALLOWED_URLLIB)
            if not known or top in forbidden or urllib:
                found.append(f"{place(path)} imports {name}")
    return found


def test_domain_imports_only_the_standard_library_without_io() -> None:
    assert modules("domain")
    assert not _violations("domain", IO_MODULES | DOMAIN_ONLY, {"domain"})


def test_application_imports_only_the_domain_and_the_standard_library() -> None:
    assert modules("application")
    allowed = IO_MODULES - {"io"}
    assert not _violations("application", allowed, {"domain", "application"})


@pytest.mark.parametrize("package", ["domain", "application"])
def test_the_core_calls_no_io_builtin(package: str) -> None:
    calls = [
        place(path, node)
        for path in modules(package)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in IO_BUILTINS
    ]
    assert not calls


def test_the_core_is_found_where_it_is_checked() -> None:
    """A moved package would make every check above pass for nothing."""
    assert (ROOT / "domain" / "errors.py").is_file()
    assert (ROOT / "application" / "errors.py").is_file()
