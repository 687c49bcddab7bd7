"""Makes real git repositories for tests, the same at each run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

COMMIT_SECONDS = 1_600_000_000


class GitRepository:
    """A repository with a working tree, reachable as a directory.

    Args:
        path: Where it is made; ends in `.git`, as addresses of repositories do.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def commit(
        self,
        files: Mapping[str, str | bytes] | None = None,
        *,
        executable: tuple[str, ...] = (),
        links: Mapping[str, str] | None = None,
        seconds: int = COMMIT_SECONDS,
    ) -> str:
        """Commit files and symlinks; return the commit."""
        for name, content in (files or {}).items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            target.write_bytes(data)
            target.chmod(0o755 if name in executable else 0o644)
        for name, target_text in (links or {}).items():
            (self.path / name).symlink_to(target_text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x", seconds=seconds)
        return self.git("rev-parse", "HEAD")

    def add_submodule(self, address: str, path: str) -> None:
        """Refer to another repository, which must be there."""
        allow = ("-c", "protocol.allow=always")
        self.git(*allow, "submodule", "--quiet", "add", "--", address, path)

    def git(self, *arguments: str, seconds: int = COMMIT_SECONDS) -> str:
        """Run git here; return what it wrote."""
        date = f"@{seconds} +0000"
        people = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "t"), ("EMAIL", "t@t"), ("DATE", date))
        }
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],  # noqa: S607 - found on PATH
            capture_output=True,
            text=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_CONFIG_NOSYSTEM": "1",
                **people,
            },
        )
        return done.stdout.strip()
