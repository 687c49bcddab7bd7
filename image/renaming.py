"""Gives paths that are compiled into programs another place: ours instead of `/`.

What a path names there is read before, or without, any variable that could name
another: the loader's list of libraries to preload, the C library's order of name
services. A path is replaced by one of the same length; `//` in a path means `/`.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

from image.layout import RUNTIME


class Renaming(NamedTuple):
    """A compiled-in path that gets another place.

    Attributes:
        library: Beginning of the file's name.
        pattern: The path as a regular expression.
        place: The new path, below the runtime's directory.
        times: How often it must occur; 0 for once or more.
    """

    library: str
    pattern: str
    place: str
    times: int = 1


# A pattern that ends in \0 is the whole path, one that does not is its beginning.
LOADER = (
    Renaming("", r"/etc/ld\.so\.preload\0", "/ld.preload"),
    Renaming("", r"/etc/ld\.so\.cache\0", "/ld.cache"),
)
RENAMINGS = (
    Renaming("libc.so", r"/etc/nsswitch\.conf\0", "/nsswitch"),
    Renaming("libc.so", r"/usr/lib/locale(?=[/\0])", "/locale", 0),
    Renaming("libc.so", r"/usr/lib/[^/\0]+/gconv(?=[/\0])", "/gconv", 0),
    Renaming("libcrypto.so", r"/usr/lib/ssl(?=[/\0\"])", "/ssl", 0),
    Renaming("libcrypto.so", r"/usr/lib/[^/\0]+/engines-\d+", "/ssl/engines", 0),
    Renaming("libcrypto.so", r"/usr/lib/[^/\0]+/ossl-modules", "/ssl/modules", 0),
    Renaming("libgnutls.so", r"/etc/gnutls/config\0", "/gnutls", 0),
    Renaming("git", r"/usr/lib/git-core\0", "/git-core"),
    Renaming("git", r"/etc/gitconfig\0", "/gitcfg", 0),
    Renaming("git-remote-http", r"/usr/lib/git-core\0", "/git-core"),
    Renaming("git-remote-http", r"/etc/gitconfig\0", "/gitcfg", 0),
    Renaming("ssh", r"/etc/ssh/ssh_config\0", "/ssh_config"),
)


def rename_paths(path: Path, name: str) -> None:
    """Carry out the renamings of a file.

    Args:
        path: The file; it is rewritten.
        name: Its name where it was taken from.
    """
    for renaming in RENAMINGS:
        if name == renaming.library or name.startswith(f"{renaming.library}."):
            rename_path(path, renaming)


def rename_path(path: Path, renaming: Renaming) -> None:
    """Carry out one renaming.

    Raises:
        SystemExit: The path does not occur as often as it must, or is too short.
    """
    data, count = re.subn(
        renaming.pattern.encode(),
        lambda match: _padded(match[0], renaming.place.encode()),
        path.read_bytes(),
    )
    if count != (renaming.times or max(count, 1)):
        sys.exit(f"{path}: {renaming.pattern!r} occurs {count} times")
    path.write_bytes(data)


def _padded(old: bytes, place: bytes) -> bytes:
    """Return the new path in the length of the old one."""
    end = b"\0" if old.endswith(b"\0") else b""
    missing = len(old) - len(RUNTIME) - len(place) - len(end)
    if missing < 0:
        sys.exit(f"{RUNTIME}{place.decode()} is longer than {old.decode()}")
    return RUNTIME.encode() + b"/" * missing + place + end
