"""Where mounts go: what both runners say and know of their targets."""

from __future__ import annotations

from application.errors import FilesystemError


def is_below(path: str, directory: str) -> bool:
    """Return whether an absolute path lies in a directory, or is it."""
    return path == directory or path.startswith(f"{directory}/")


def target_in_the_way(target: str) -> FilesystemError:
    """Return the error for a target that is of another kind than its mount."""
    return FilesystemError(
        f"cannot mount on {target}: the image has something else there",
        hint="a directory is mounted on a directory, a file on a file",
    )
