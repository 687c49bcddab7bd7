"""Makes the parts of the image's root file system, in stages of the Dockerfile.

`python3 -m image.assemble runtime OUT PACKAGES` makes everything but the product's own
code, `product OUT SOURCE` that code, `shell OUT` the shell of the debug image.
"""

import shutil
import sys
from pathlib import Path

from image.bytecode import compile_below
from image.commands import output_of
from image.elf import (
    add_libraries,
    add_loader,
    add_program,
    check_libraries,
    elf_files,
    search_the_runtime,
    strip_objects,
)
from image.layout import DYNLOAD, GIT_CORE, PACKAGES, PRODUCT, PYTHON, RUNTIME, below
from image.licences import add_licences
from image.programs import add_commands, add_git_helpers, add_shell
from image.python_files import add_packages, add_standard_library
from image.settings import add_certificates, add_codesets, add_locale, add_settings

_PRODUCT = ("domain", "application", "adapters", "entrypoints")


def assemble_runtime(out: Path, installed: Path) -> None:
    """Make interpreter, libraries, packages, git and ssh, and their settings."""
    extensions = add_standard_library(out)
    add_packages(out, installed)
    programs = _programs()
    ours = [*programs.values(), *extensions]
    libraries = add_libraries(out, [*ours, *elf_files(below(out, PACKAGES))])
    codesets = add_codesets(out, libraries["libc.so.6"])
    libraries |= add_libraries(out, codesets)
    add_licences(out, [*ours, *libraries.values()])
    add_loader(out, programs[f"bin/{PYTHON}"])
    for place, source in programs.items():
        add_program(out, source, place)
    for place in (DYNLOAD, PACKAGES, "gconv"):
        strip_objects(below(out, place))
    search_the_runtime(below(out, PACKAGES))
    add_git_helpers(out)
    add_certificates(out)
    add_locale(out)
    add_settings(out)
    check_libraries(out)


def assemble_product(out: Path, source: Path) -> None:
    """Make the product's packages and the commands that start them."""
    place = below(out, PRODUCT)
    ignored = shutil.ignore_patterns("__pycache__")
    for package in _PRODUCT:
        shutil.copytree(source / package, place / package, ignore=ignored)
    compile_below(place, f"{RUNTIME}/{PRODUCT}")
    add_commands(out)
    below(out, "").chmod(0o777)


def assemble_shell(out: Path) -> None:
    """Make what the debug image has besides."""
    busybox = shutil.which("busybox")
    if busybox is None:
        sys.exit("no busybox; it is in image/packages.txt")
    add_shell(out, Path(busybox), output_of(busybox, "--list").split())


def _programs() -> dict[str, Path]:
    """Return the programs of the runtime: place, and where the builder has them."""
    core = Path(output_of("git", "--exec-path").strip())
    return {
        f"bin/{PYTHON}": Path(f"/usr/bin/{PYTHON}"),
        "bin/git": Path("/usr/bin/git"),
        "bin/ssh": Path("/usr/bin/ssh"),
        f"{GIT_CORE}/git-remote-http": core / "git-remote-http",
    }


def main(arguments: list[str]) -> None:
    """Make one part; see the module."""
    part, out, *places = arguments
    match part, [Path(place) for place in places]:
        case "runtime", [installed]:
            assemble_runtime(Path(out), installed)
        case "product", [source]:
            assemble_product(Path(out), source)
        case "shell", []:
            assemble_shell(Path(out))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
