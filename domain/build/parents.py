"""COPY --parents: a source that keeps its directories.

`a/b/c` is laid at `destination/a/b/c`; with a pivot, `a/./b/c` at `destination/b/c`.
Behind the pivot `**` stands for any number of directories, as in ignore files; before
it the wildcards are those of COPY. Nothing is copied here.
"""

from __future__ import annotations

from domain.values import dataclass
from typing import Self

from domain.build.wildcard import clean_source, missing_source
from domain.dockerfile.glob import has_wildcard
from domain.dockerfile.ignore import IgnoreRules
from domain.errors import BuildRuleError
from domain.snapshot.entry import join
from domain.snapshot.tree import FileTree

_PIVOT = "/./"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentsSource:
    """A source of COPY --parents.

    Attributes:
        directory: Where the kept path begins; may hold wildcards.
        pattern: What is wanted below it, "" for everything.
    """

    directory: str
    pattern: str

    @classmethod
    def parse(cls, source: str) -> Self:
        """Split a source at its first pivot; without one everything is kept."""
        before, pivot, behind = source.partition(_PIVOT)
        if not pivot:
            before, behind = "", source
        return cls(directory=clean_source(before), pattern=clean_source(behind))

    def rules(self) -> IgnoreRules | None:
        """Return the rules whose matches are wanted, None for everything.

        Raises:
            DockerfileError: The pattern is malformed.
        """
        return IgnoreRules.of([self.pattern]) if self.pattern else None

    def check(self, tree: FileTree, description: str) -> None:
        """Make sure that a source without wildcards is there.

        Raises:
            BuildRuleError: It does not exist, or only behind a symlink.
        """
        if has_wildcard(self.directory) or has_wildcard(self.pattern):
            return
        base = tree.resolve(self.directory)
        path = _unescaped(self.pattern)
        if tree.get(join(base, path)) is not None:
            return
        if tree.get(tree.resolve(join(base, path))) is not None:
            raise BuildRuleError(
                f"'/{join(self.directory, path)}' lies behind a symlink in "
                f"{description}, and --parents follows none",
                hint="name the path that the symlink leads to",
            )
        raise missing_source(join(self.directory, path), description)


def _unescaped(path: str) -> str:
    """Take the backslashes away that keep characters from being wildcards."""
    kept = path.replace("\\\\", "\0")
    return kept.replace("\\", "").replace("\0", "\\")
