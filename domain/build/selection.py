"""Which paths below a source a COPY takes: what `--parents` and `--exclude` say.

Patterns are those of ignore files, relative to the directory that is walked. A
directory that is left out is walked nevertheless, for the sake of what a pattern
takes back; it comes along where something of it does. Nothing is copied here.
"""

from __future__ import annotations

from collections.abc import Iterator
from domain.values import dataclass
from itertools import islice
from typing import NamedTuple

from domain.dockerfile.ignore import IgnoreRules, Verdict
from domain.snapshot.entry import FileEntry, FileType, parent_of
from domain.snapshot.tree import FileTree


class Selected(NamedTuple):
    """A row to be copied.

    Attributes:
        entry: The row in the source.
        path: Its path relative to the directory that is walked.
        is_way: Whether it is a directory that is needed only for what lies in it.
    """

    entry: FileEntry
    path: str
    is_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is wanted of a directory.

    Attributes:
        include: Rules whose matches are wanted, None for everything.
        exclude: Rules whose matches are left out, None for nothing.
    """

    include: IgnoreRules | None = None
    exclude: IgnoreRules | None = None

    def below(self, directory: str, tree: FileTree) -> Iterator[Selected]:
        """Yield what is wanted below a directory, parents first."""
        skipped = len(directory) + 1 if directory else 0
        rows = islice(tree.walk(directory), 1, None)
        found = (Selected(entry, entry.path[skipped:]) for entry in rows)
        if self.include is None and self.exclude is None:
            return found
        return self._filtered(found)

    def _filtered(self, rows: Iterator[Selected]) -> Iterator[Selected]:
        judge = _Judge(self)
        passed: list[Selected] = []  # directories on the way that are not wanted yet
        for row in rows:
            while passed and not row.path.startswith(f"{passed[-1].path}/"):
                passed.pop()
            if judge.wants(row):
                yield from (each._replace(is_way=True) for each in passed)
                passed.clear()
                yield row
            elif row.entry.type is FileType.DIRECTORY:
                passed.append(row)


class _Judge:
    """Applies the rules to the rows of one walk."""

    def __init__(self, selection: Selection) -> None:
        self._include = selection.include
        self._exclude = selection.exclude
        self._verdicts: dict[tuple[bool, str], Verdict] = {}

    def wants(self, row: Selected) -> bool:
        # Both are asked of every directory: what lies below inherits the answers.
        left_out = self._exclude is not None and self._matches(self._exclude, row)
        included = self._include is None or self._matches(self._include, row)
        return included and not left_out

    def _matches(self, rules: IgnoreRules, row: Selected) -> bool:
        side = rules is self._include
        above = self._verdicts.get((side, parent_of(row.path)))
        verdict = rules.verdict(row.path, above)
        if row.entry.type is FileType.DIRECTORY:
            self._verdicts[side, row.path] = verdict
        return verdict.ignored
