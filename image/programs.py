"""The scripts that start the product, and git's helper that is a shell script else."""

import shutil
from pathlib import Path

from image.layout import GIT_CORE, PYTHON, RUNTIME, SEARCH_PATH, below

# Isolated, without `site`, in UTF-8 whatever the locale: one word, as the kernel
# passes all that follows the interpreter on as one.
_SHEBANG = f"#!{RUNTIME}/bin/{PYTHON} -ISXutf8\n"
_START = """\
import sys

sys.path[:] = {search_path!r}
{first}\
import os
import warnings

from entrypoints.own_runtime import prepare

prepare(os.environ)
# of requests: it is left out on purpose
warnings.filterwarnings("ignore", "Unable to find acceptable character detection")
from entrypoints.{module} import {function}

sys.exit({function}())
"""
_TELL_VERSION = """\
if sys.argv[1:] == ["--version"]:
    from entrypoints.version import VERSION_LINE

    sys.stdout.write(VERSION_LINE)
    sys.exit(0)
"""
"""The answer that needs nothing else of the product."""
_COMMANDS = {
    "executor": (_TELL_VERSION, "executor", "command"),
    "warmer": ("", "warmer", "main"),
    "tekton": ("", "tekton", "main"),
    "docker-credential-acr-env": ("", "credential_helper", "acr_env"),
    "docker-credential-ecr-login": ("", "credential_helper", "ecr_login"),
    "docker-credential-gcr": ("", "credential_helper", "gcr"),
}
"""What each script does first, and the module and the function that it calls."""


def add_commands(out: Path) -> None:
    """Write the scripts that start the product's commands."""
    for name, (first, module, function) in _COMMANDS.items():
        text = _START.format(
            search_path=list(SEARCH_PATH), module=module, first=first, function=function
        )
        _write_script(below(out, name), text)


def add_git_helpers(out: Path) -> None:
    """Give git its own folder of programs: one binary, links, and `git submodule`."""
    folder = below(out, GIT_CORE)
    (folder / "git").symlink_to("../bin/git")
    for scheme in ("https", "ftp", "ftps"):
        (folder / f"git-remote-{scheme}").symlink_to("git-remote-http")
    source = Path(__file__).with_name("git_submodule.py")
    _write_script(folder / "git-submodule", source.read_text(encoding="utf-8"))


def add_shell(out: Path, busybox: Path, applets: list[str]) -> None:
    """Add busybox with a link for each of its applets, and `/bin/sh`."""
    folder = out / "busybox"
    folder.mkdir(parents=True)
    shutil.copy(busybox.resolve(), folder / "busybox")
    for applet in applets:
        if applet != "busybox":
            (folder / applet).symlink_to("busybox")
    (out / "bin").mkdir()
    (out / "bin" / "sh").symlink_to("/busybox/sh")


def _write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_SHEBANG + text, encoding="utf-8")
    path.chmod(0o755)
