"""The Dockerfiles of `plans`, and builds of them in memory.

After a change that is meant, `make golden` (UPDATE_GOLDEN=1) writes anew what was
written down of them; read the difference before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

from adapters.memory.ambient import RecordingReporter
from adapters.memory.context import MemoryBuildContext
from adapters.memory.filesystem import MemoryRoot
from adapters.memory.secrets import MemorySecrets
from application.options import CacheOptions
from domain.build.process import ProcessSpec
from domain.image.config import ContainerConfig
from tests.support.archives import directory, file, hard_link, symlink, tar
from tests.support.memory_build import Command, MemoryBuild, writes
from tests.support.trees import rows

PLANS = Path(__file__).parent / "plans"
NAMES = sorted(path.stem for path in PLANS.glob("*.Dockerfile"))

ARCHIVE = tar(
    directory("./", 0o700),
    directory("opt/tool", 0o750, uid=10, gid=20),
    file("opt/tool/run", b"#!", 0o755, uid=10, gid=20),
    hard_link("opt/tool/again", "opt/tool/run"),
    symlink("opt/current", "tool"),
    file("../../etc/evil", b"x"),
)
CONTEXT = MemoryBuildContext(
    {"tool.tar": ARCHIVE, "app/data/big": b"content"},
    rows(
        """
        .git/HEAD
        README.md
        app/            0700
        app/__main__.py
        app/data/       1777
        app/data/big    0600 =content
        app/latest -> data/big
        go.mod
        main.go
        requirements.txt
        """
    ),
)


def add_user(root: MemoryRoot, process: ProcessSpec) -> None:
    known = b"root:x:0:0::/root:\napp:x:1000:1001::/home/app:\n"
    root.write_file("etc/passwd", known)
    root.write_file("etc/group", b"root:x:0:\napp:x:1001:\nextra:x:50:app\n")


COMMANDS: dict[str, Command] = {
    "go build -o /out/server .": writes("out/server", b"binary", 0o755),
    "useradd app": add_user,
    "pip install -r requirements.txt": writes("srv/site-packages/x.py"),
    "python -m compileall app": writes("srv/app/__main__.pyc"),
    "echo triggered $ONB": writes("srv/triggered"),
    "true": lambda root, process: 0,
    "set -e\necho $who > /run.txt\n": writes("run.txt"),
}


def made(
    name: str,
    *,
    reporter: RecordingReporter | None = None,
    cache: CacheOptions | None = None,
) -> MemoryBuild:
    """Return a build of one of `NAMES`."""
    build = MemoryBuild(
        (PLANS / f"{name}.Dockerfile").read_text(encoding="utf-8"),
        context=CONTEXT,
        ignore=".git\n*.md",
        commands=COMMANDS,
        secrets=MemorySecrets({"token": b"in no text"}),
        reporter=reporter,
        cache=cache,
    )
    triggers = ("ARG ONB=1", "COPY app /srv/app", "RUN echo triggered $ONB")
    build.add_base("onbuild", config=ContainerConfig(on_build=triggers))
    return build


def written_down(text: Path, found: str) -> str:
    """Return what a file says; `found` where it is to be written anew."""
    if os.environ.get("UPDATE_GOLDEN"):
        text.write_text(found, encoding="utf-8")
    return text.read_text(encoding="utf-8")
