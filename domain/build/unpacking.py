"""ADD of a local archive: its members laid over a directory.

Members meet what is there as `tar -x` in a chroot would have them: symlinks of
their parents are followed inside the root, a member that is in the way is
replaced, an existing directory takes the metadata of the archive's.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.build.accounts import Owner
from domain.build.draft import Draft
from domain.snapshot.entry import FileEntry, FileType, join, name_of, parent_of
from domain.snapshot.layer_plan import PlannedEntry


def unpack_members(
    members: Sequence[PlannedEntry],
    draft: Draft,
    directory: str,
    owner: Owner | None,
    template: FileEntry,
) -> None:
    """Put the members of an archive into a draft.

    Args:
        members: In the order of the archive, names relative to its root. The
            root's own member ("./") does not change the directory.
        draft: The layer under construction.
        directory: Resolved path of a directory that is there.
        owner: Owner of all members, None to keep the archive's.
        template: Row of directories that the archive does not name.

    Raises:
        BuildRuleError: A member lies below something that is no directory.
    """
    for member in members:
        entry = member.entry
        if not entry.path:
            continue
        parent = draft.resolve(join(directory, parent_of(entry.path)))
        if parent:
            draft.make_directories(parent, template)
        if owner is not None:
            entry = entry._replace(uid=owner.uid, gid=owner.gid)
        target = join(parent, name_of(entry.path))
        if entry.type is FileType.DIRECTORY and _leads_to_directory(draft, target):
            continue
        draft.put(entry._replace(path=target), member.content)


def _leads_to_directory(draft: Draft, target: str) -> bool:
    """Tell whether a symlink to a directory is there; it is kept, as tar does."""
    entry = draft.get(target)
    if entry is None or entry.type is not FileType.SYMLINK:
        return False
    return draft.is_directory(draft.resolve(target))
