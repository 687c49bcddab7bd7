"""ADD of a local archive: its members laid over a directory.

Members meet what is there as if they were unpacked in a chroot of the directory:
symlinks of their parents are followed, and never lead out of it. What is in the
way of a member is replaced, a symlink to a directory too (docker does the same);
an existing directory takes the metadata of the archive's.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.build.accounts import Owner
from domain.build.draft import Draft
from domain.snapshot.entry import FileEntry, FileType, join, name_of, parent_of
from domain.snapshot.layer_plan import Content, PlannedEntry
from domain.snapshot.tree import resolve_path


def unpack_members(
    members: Sequence[PlannedEntry],
    draft: Draft,
    directory: str,
    owner: Owner | None,
    now_ns: int,
) -> None:
    """Put the members of an archive into a draft.

    Args:
        members: In the order of the archive, names relative to its root. The
            root's own member ("./") does not change the directory.
        draft: The layer under construction.
        directory: Resolved path of a directory that is there.
        owner: Owner of all members, None to keep the archive's.
        now_ns: Time of directories that the archive does not name; they are
            root's, whatever the owner.

    Raises:
        BuildRuleError: A member lies below something that is no directory.
    """
    template = FileEntry("", FileType.DIRECTORY, mtime_ns=now_ns)
    linked: dict[str, Content | None] = {}
    for entry, content in members:
        if not entry.path:
            continue
        parent = _resolve_within(directory, parent_of(entry.path), draft)
        draft.make_directories(parent, template)
        row = entry._replace(path=join(parent, name_of(entry.path)))
        if owner is not None:
            row = row._replace(uid=owner.uid, gid=owner.gid)
        if not entry.link_group:
            draft.put(row, content)
            continue
        # A later member may replace the name that came with the content.
        draft.put(row, linked.setdefault(entry.link_group, content))


def _resolve_within(directory: str, path: str, draft: Draft) -> str:
    """Resolve the symlinks of a path as if the directory were the root."""

    def get(inside: str) -> FileEntry | None:
        return draft.get(join(directory, inside))

    return join(directory, resolve_path(get, path))
