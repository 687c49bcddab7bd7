"""Unpacks a layer over a root."""

from __future__ import annotations

from typing import BinaryIO

from adapters.archive.layer_reader import LayerReader, verified_tar
from adapters.archive.layer_rows import Hide, HideChildren, Link, Put
from adapters.filesystem.disk_errors import translated
from adapters.filesystem.root_writer import RootWriter
from adapters.filesystem.umask import umask_zero
from domain.image.digest import Digest
from domain.snapshot.index import LayerIndex


def extract_layer(blob: BinaryIO, diff_id: Digest, writer: RootWriter) -> LayerIndex:
    """Unpack a layer, honouring its whiteouts; see `RootFilesystem.extract`."""
    with (
        translated("cannot unpack a layer"),
        umask_zero(),
        verified_tar(blob, diff_id) as chunks,
    ):
        reader = LayerReader(chunks)
        keeps, is_named = reader.rows.owns, reader.rows.names_directory
        for row in reader:
            match row:
                case Put(entry):
                    writer.put(entry, reader.content())
                case Link(path, target):
                    writer.link(path, target)
                case Hide(path):
                    writer.hide(path, keeps, is_named)
                case HideChildren(path):
                    writer.hide_children(path, keeps, is_named)
        writer.finish()
    return reader.rows.index()
