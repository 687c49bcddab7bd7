"""What the disk refused to make: in the model, not on disk, not a deletion."""

from __future__ import annotations

from domain.snapshot.entry import parent_of

Xattrs = tuple[tuple[str, bytes], ...]


class Refusals:
    """Paths and attributes that could not be made.

    Owners and modes need no entry here: what the disk had before is compared
    with what it has now (see `observer`).

    Attributes:
        absent: Paths that are not on disk.
        xattrs: Attributes that are not on disk, by path.
    """

    def __init__(self) -> None:
        self.absent: set[str] = set()
        self.xattrs: dict[str, Xattrs] = {}

    def path(self, path: str) -> None:
        """Record that a path could not be made."""
        self.absent.add(path)

    def xattr(self, path: str, name: str, value: bytes) -> None:
        """Record that an attribute could not be set."""
        self.xattrs[path] = (*self.xattrs.get(path, ()), (name, value))

    def forget(self, path: str) -> None:
        """Forget what was recorded of a path: it is made anew, or appeared."""
        self.absent.discard(path)
        self.xattrs.pop(path, None)

    def forget_below(self, path: str) -> None:
        """Forget a directory and all below it."""
        below = path + "/"
        self.absent = {n for n in self.absent if not n.startswith(below)}
        self.xattrs = {n: x for n, x in self.xattrs.items() if not n.startswith(below)}
        self.forget(path)

    def absent_in(self, directory: str) -> list[str]:
        """Return the absent paths directly in a directory."""
        return [path for path in self.absent if parent_of(path) == directory]
