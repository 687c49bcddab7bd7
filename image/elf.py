"""Programs and shared objects: finding, stripping, and making them find each other.

Which files there are is asked of the tools of the builder stage, so that no machine's
names of directories are written anywhere.
"""

import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from image.commands import output_of
from image.layout import LIBRARIES, RUNTIME, below
from image.renaming import LOADER, rename_path, rename_paths

_MAGIC = b"\x7fELF"
_FOUND = re.compile(r"^\s*(\S+) => (/\S+)")
_RUN_PATH = f"{RUNTIME}/{LIBRARIES}"


def elf_files(root: Path) -> Iterator[Path]:
    """Yield the programs and shared objects below a directory."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and _is_elf(path):
            yield path


def add_program(out: Path, source: Path, place: str) -> Path:
    """Copy a program into the runtime; its interpreter is the runtime's loader."""
    target = below(out, place)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source.resolve(), target)
    _strip(target)
    loader = Path(output_of("patchelf", "--print-interpreter", target).strip())
    interpreter = f"{_RUN_PATH}/{loader.name}"
    output_of("patchelf", "--set-interpreter", interpreter, target)
    output_of("patchelf", "--force-rpath", "--set-rpath", _RUN_PATH, target)
    rename_paths(target, source.name)
    target.chmod(0o755)
    return target


def add_loader(out: Path, program: Path) -> None:
    """Copy a program's dynamic loader; no file of the image's root steers ours."""
    loader = Path(output_of("patchelf", "--print-interpreter", program).strip())
    target = below(out, f"{LIBRARIES}/{loader.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(loader.resolve(), target)
    _strip(target)
    for renaming in LOADER:
        rename_path(target, renaming)
    target.chmod(0o755)


def strip_objects(root: Path) -> None:
    """Remove symbols and debugging information from all shared objects."""
    for path in elf_files(root):
        _strip(path)


def add_libraries(out: Path, sources: Iterable[Path]) -> dict[str, Path]:
    """Copy every library that programs and objects need, and those that these need.

    Args:
        out: Root that is being made.
        sources: Programs and objects as they were before they were changed.

    Returns:
        The libraries' names, and where the builder has them.
    """
    root = below(out, LIBRARIES)
    needed = _needed(sources)
    for name, path in sorted(needed.items()):
        target = root / name
        if target.exists():
            continue
        shutil.copy(path.resolve(), target)
        _strip(target)
        rename_paths(target, name)
        target.chmod(0o644)
    return needed


def search_the_runtime(root: Path) -> None:
    """Make objects that bring libraries of their own search the runtime after these.

    A RUNPATH would hide the search path of the program that loads them.
    """
    for path in elf_files(root):
        own = output_of("patchelf", "--print-rpath", path).strip()
        if own and own != _RUN_PATH:
            search = f"{own}:{_RUN_PATH}"
            output_of("patchelf", "--force-rpath", "--set-rpath", search, path)


def check_libraries(out: Path) -> None:
    """Check that whatever is needed lies in the runtime.

    Raises:
        SystemExit: Something is missing.
    """
    root = below(out, "")
    objects = list(elf_files(root))
    present = {path.name for path in objects}
    for path in objects:
        needed = set(output_of("patchelf", "--print-needed", path).split())
        if missing := needed - present:
            sys.exit(f"{path}: needs {', '.join(sorted(missing))}")


def _needed(sources: Iterable[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for source in sources:
        folder = source.resolve().parent
        for line in output_of("ldd", source).splitlines():
            if "not found" in line:
                sys.exit(f"{source}: {line.strip()}")
            match = _FOUND.match(line)
            if match and not _is_bundled(Path(match[2]), folder):
                found.setdefault(match[1], Path(match[2]))
    return found


def _is_bundled(library: Path, folder: Path) -> bool:
    """Tell whether a package brings a library in a folder beside its objects."""
    return library.resolve().is_relative_to(folder.parent) and (
        library.parent.name.endswith(".libs")
    )


def _strip(path: Path) -> None:
    output_of("strip", "--strip-unneeded", path)


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC
