"""The names a RUN resolves by: resolv.conf, hosts and hostname of the builder.

What RUN is shown are copies, so that a RUN which writes to /etc/hosts changes
neither the builder nor the image. Where it is shown the files themselves, in the
builder's own root, they get their content back.
"""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BUILDER_FILES = ("etc/resolv.conf", "etc/hosts", "etc/hostname")


def of_builder(root: Path = Path("/")) -> dict[str, bytes]:
    """Return the builder's files by path; those it does not have are left out."""
    found = {}
    for name in BUILDER_FILES:
        try:
            found[name] = (root / name).read_bytes()
        except OSError:
            continue
    return found


def with_hostname(names: dict[str, bytes], hostname: str) -> dict[str, bytes]:
    """Return the files for a host of another name, which can resolve itself."""
    hosts = names.get("etc/hosts", b"127.0.0.1\tlocalhost\n")
    if hosts and not hosts.endswith(b"\n"):
        hosts += b"\n"
    return {
        **names,
        "etc/hosts": hosts + f"127.0.0.1\t{hostname}\n".encode(),
        "etc/hostname": f"{hostname}\n".encode(),
    }


@contextmanager
def as_files(names: dict[str, bytes], directory: str) -> Iterator[dict[str, str]]:
    """Write the files below a directory for a while; yield their real paths."""
    Path(directory).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="names-", dir=directory) as place:
        paths = {}
        for name, content in names.items():
            file = Path(place) / name.rpartition("/")[2]
            file.write_bytes(content)
            file.chmod(0o644)
            paths[name] = str(file.resolve())
        yield paths


@contextmanager
def kept(root: Path = Path("/")) -> Iterator[None]:
    """Give the builder's files in its own root back what they held before a block.

    They may be mounts, which can be written to and not replaced. Symlinks are left
    alone.
    """
    found = of_builder(root)
    held = {name: found[name] for name in found if not (root / name).is_symlink()}
    try:
        yield
    finally:
        for name, content in held.items():
            with suppress(OSError):  # a RUN that removed /etc has no names to resolve
                _put_back(root / name, content)


def _put_back(path: Path, content: bytes) -> None:
    if path.is_symlink() or path.exists():
        if not stat.S_ISREG(path.lstat().st_mode):
            path.unlink()
        elif path.read_bytes() == content:
            return
    path.write_bytes(content)
