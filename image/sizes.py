"""Prints what takes the space in an image that docker saves, read from standard input.

`docker save IMAGE | python3 -m image.sizes`; sizes are those of the files,
in millions of bytes, not compressed.
"""

import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from typing import IO

_MILLION = 10**6
_LEAST = 100_000
_DEEP = ("kaniko/packages/", "kaniko/bin/", "kaniko/git-core/")


def sizes(archive: IO[bytes]) -> Counter[str]:
    """Return the bytes of each part of an image.

    Args:
        archive: What `docker save` writes; it is read once, from the beginning.
    """
    found: Counter[str] = Counter()
    with tarfile.open(fileobj=archive, mode="r|") as images:
        for member in images:
            stream = images.extractfile(member)
            if stream is not None:
                found.update(dict(_files(stream)))
    return found


def _files(stream: IO[bytes]) -> Iterator[tuple[str, int]]:
    parts: Counter[str] = Counter()
    try:
        with tarfile.open(fileobj=stream, mode="r|*") as layer:
            for member in layer:
                parts[_part(member.name)] += member.size
    except tarfile.ReadError:
        return  # a document of the image, not a layer
    yield from parts.items()


def _part(path: str) -> str:
    """Return what a file belongs to: a package, a program, a folder."""
    words = path.split("/")
    if path.startswith("kaniko/lib/python"):
        return "/".join(words[: 4 if "lib-dynload" in words else 3])
    if path.startswith(_DEEP):
        return "/".join(words[:3])
    return "/".join(words[:2])


def main() -> None:
    """Print the table of the archive on standard input."""
    found = sizes(sys.stdin.buffer)
    for part, size in found.most_common():
        if size >= _LEAST:
            sys.stdout.write(f"{size / _MILLION:7.1f}  {part}\n")
    sys.stdout.write(f"{found.total() / _MILLION:7.1f}  all\n")


if __name__ == "__main__":
    main()
