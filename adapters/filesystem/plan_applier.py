"""Carries out a layer plan on a root."""

from __future__ import annotations

from adapters.archive.content import planned_content
from adapters.filesystem.disk_errors import translated
from adapters.filesystem.root_writer import RootWriter
from adapters.filesystem.umask import umask_zero
from application.ports.layers import OpenContent
from domain.snapshot.entry import FileType, ancestors_of
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry, PlannedWhiteout


def apply_plan(plan: LayerPlan, open_content: OpenContent, writer: RootWriter) -> None:
    """Make on disk what the plan says; see `RootFilesystem.apply`."""
    own = {row.entry.path for row in plan.rows if isinstance(row, PlannedEntry)}
    kept = own.union(*map(ancestors_of, own))
    first_names: dict[str, str] = {}
    with translated("cannot write to the root file system"), umask_zero():
        for row in plan.rows:
            if isinstance(row, PlannedWhiteout):
                writer.hide(row.path, kept.__contains__, own.__contains__)
                continue
            entry = row.entry
            group = entry.link_group if entry.type is FileType.FILE else ""
            if group and group in first_names:
                writer.link(entry.path, first_names[group])
                continue
            if group:
                first_names[group] = entry.path
            writer.put(entry, planned_content(row, open_content))
        writer.finish()
