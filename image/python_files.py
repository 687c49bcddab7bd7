"""The interpreter, its standard library and the packages, without what nothing runs."""

import shutil
import sysconfig
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from image.bytecode import compile_below
from image.layout import (
    CERTIFICATES,
    DYNLOAD,
    PACKAGES,
    RUNTIME,
    STANDARD_LIBRARY,
    below,
)

_NO_MODULES = (
    # tests, tools of developers, windows on a screen
    "*test*",
    "__phello__",
    "__pycache__",
    "_pyrepl",
    "config-*",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "tkinter",
    "turtle*",
    "venv",
    # extensions that would bring large libraries which nothing uses
    "_curses*",
    "_dbm*",
    "_gdbm*",
    "_sqlite3*",
    "_tkinter*",
    "curses",
    "nis.*",
    "ossaudiodev*",
    "readline.*",
    "sqlite3",
    "xxlimited*",
)
_KEPT_MODULES = ("unittest", "doctest.py")
_NO_FILES = (
    # sources of what is compiled, types, records of the installer
    "*.c", "*.h", "*.pxd", "*.pyi", "*.pyx", "*.proto", "*.rst", "py.typed",
    "INSTALLER", "RECORD", "REQUESTED", "WHEEL", "direct_url.json", "top_level.txt",
    "zip-safe", "*.cyclonedx.json", "sbom.json",
)  # fmt: skip
_NO_FOLDERS = ("__pycache__", "bin", "test", "tests", "testdata", "testing", "sboms")
_NO_PACKAGES = ("charset_normalizer", "charset_normalizer-*.dist-info")
"""requests guesses encodings by it, and does without; we ask for no guess."""
_NO_OBJECTS = ("zstandard/_cffi.*",)
"""The other of two ways to the same library; the first is chosen."""
_SERVICES = ("s3", "sts", "ecr", "ecr-public", "sso", "sso-oidc")
"""What is asked of Amazon: contexts, credentials and registries."""
_BUNDLES = ("certifi/cacert.pem", "botocore/cacert.pem")


def add_standard_library(out: Path) -> list[Path]:
    """Copy the standard library; return its extensions as they lie in the builder."""
    source = Path(sysconfig.get_path("stdlib"))
    target = below(out, STANDARD_LIBRARY)
    shutil.copytree(source, target, ignore=_unwanted_modules)
    compile_below(target, f"{RUNTIME}/{STANDARD_LIBRARY}")
    extensions = below(out, DYNLOAD).glob("*.so")
    return [source / "lib-dynload" / path.name for path in extensions]


def add_packages(out: Path, installed: Path) -> None:
    """Copy installed packages, without what nothing reads."""
    target = below(out, PACKAGES)
    shutil.copytree(installed, target, ignore=_unwanted_files)
    for pattern in _NO_OBJECTS:
        for path in target.glob(pattern):
            path.unlink()
    for pattern in _NO_PACKAGES:
        for path in target.glob(pattern):
            shutil.rmtree(path)
    for package in ("boto3", "botocore"):
        _keep_services(target / package / "data")
    for name in _BUNDLES:
        _trust_the_bundle(target / name)
    compile_below(target, f"{RUNTIME}/{PACKAGES}")


def _unwanted_modules(_folder: str, names: Iterable[str]) -> set[str]:
    return {
        name
        for name in names
        if name not in _KEPT_MODULES
        and any(fnmatch(name, pattern) for pattern in _NO_MODULES)
    }


def _unwanted_files(folder: str, names: Iterable[str]) -> set[str]:
    return {
        name
        for name in names
        if any(fnmatch(name, pattern) for pattern in _NO_FILES)
        or (name in _NO_FOLDERS and Path(folder, name).is_dir())
    }


def _keep_services(data: Path) -> None:
    """Remove the descriptions of all other services of Amazon."""
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in _SERVICES:
            shutil.rmtree(folder)


def _trust_the_bundle(path: Path) -> None:
    """Let a package that brings certificates trust those of the image instead."""
    path.unlink()
    path.symlink_to(f"{RUNTIME}/{CERTIFICATES}")
