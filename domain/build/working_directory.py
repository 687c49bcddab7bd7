"""WORKDIR: the directory of later instructions, made where it does not exist."""

from __future__ import annotations

import posixpath

from domain.build.accounts import Owner
from domain.build.draft import Draft
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import LayerPlan
from domain.snapshot.tree import FileTree


def absolute_working_directory(word: str, current: str) -> str:
    """Return the directory a WORKDIR names; relative ones go on from `current`."""
    path = posixpath.normpath(posixpath.join("/", current, word))
    return "/" + path.lstrip("/")


def plan_working_directory(
    path: str, owner: Owner, tree: FileTree, now_ns: int
) -> LayerPlan:
    """Plan the directories a WORKDIR makes: 0755, each owned by the current USER.

    What exists stays as it is; the plan is empty when everything does.

    Raises:
        BuildRuleError: A component is no directory.
    """
    draft = Draft(tree)
    template = FileEntry(
        "",
        FileType.DIRECTORY,
        uid=owner.uid,
        gid=owner.gid,
        mtime_ns=now_ns,
    )
    draft.make_directories(draft.resolve(path), template)
    return draft.plan()
