"""The build context as a file tree: what its ignore file leaves in."""

from __future__ import annotations

from application.errors import ContextUnavailable
from application.ports.context import BuildContext
from domain.dockerfile.ignore import IgnoreRules, Verdict
from domain.errors import DockerfileError
from domain.snapshot.entry import FileEntry, FileType, ancestors_of, parent_of
from domain.snapshot.tree import FileTree

IGNORE_FILE = ".dockerignore"
MOST_BYTES = 16 << 20


def read_context_tree(context: BuildContext, rules: IgnoreRules) -> FileTree:
    """List the context.

    Directories that are ignored but hold something that is not keep their own
    mode; an ignored directory in which nothing can be wanted is not entered.

    Raises:
        ContextUnavailable: A directory cannot be read.
    """
    listing = _Listing(rules)
    for entry in context.entries(listing.skips):
        listing.take(entry)
    return FileTree.of(listing.kept.values())


def own_ignore_rules(context: BuildContext) -> IgnoreRules:
    """Read the ignore file at the top of a context; no rules where there is none.

    Raises:
        DockerfileError: A pattern is malformed, or the file is too large.
    """
    try:
        with context.open(IGNORE_FILE) as file:
            text = file.read(MOST_BYTES + 1)
    except ContextUnavailable:
        return IgnoreRules()
    if len(text) > MOST_BYTES:
        message = f"{IGNORE_FILE} is larger than {MOST_BYTES >> 20} MiB"
        raise DockerfileError(message, hint="shorten it: patterns may have wildcards")
    return IgnoreRules.parse(text)


class _Listing:
    def __init__(self, rules: IgnoreRules) -> None:
        self.kept: dict[str, FileEntry] = {}
        self._rules = rules
        self._verdicts: dict[str, Verdict] = {}
        self._ignored: dict[str, FileEntry] = {}

    def skips(self, directory: FileEntry) -> bool:
        verdict = self._judge(directory)
        return self._rules.prunes(directory.path, verdict)

    def take(self, entry: FileEntry) -> None:
        is_directory = entry.type is FileType.DIRECTORY
        if entry.path and self._judge(entry).ignored:
            if is_directory:
                self._ignored[entry.path] = entry
            return
        for parent in ancestors_of(entry.path):
            if parent in self._ignored:
                self.kept[parent] = self._ignored.pop(parent)
        self.kept[entry.path] = entry

    def _judge(self, entry: FileEntry) -> Verdict:
        known = self._verdicts.get(entry.path)
        if known is not None:
            return known
        above = self._verdicts.get(parent_of(entry.path))
        verdict = self._rules.verdict(entry.path, above)
        if entry.type is FileType.DIRECTORY:
            self._verdicts[entry.path] = verdict
        return verdict
