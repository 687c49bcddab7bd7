"""What is told of a build that succeeded: the image, its layers, where time went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import zip_longest

from application.layered_filesystem import StageLayer
from application.ports.report_page import (
    BuildReport,
    LayerOrigin,
    LayerReport,
    SizedFile,
)
from application.publish_image import PublishedImage
from application.timeline import Timeline
from domain.image.digest import Digest
from domain.snapshot.entry import FileType
from domain.snapshot.index import LayerIndex

BIGGEST = 8
"""How many files of a layer are named."""


def build_report(
    published: PublishedImage,
    timeline: Timeline,
    names: Sequence[str],
    explanation: Sequence[str],
) -> BuildReport:
    """Put together what is told of a build.

    Args:
        published: What came of it.
        timeline: What took how long.
        names: References and paths the image was written to.
        explanation: What the layer cache tells.
    """
    return BuildReport(
        names=tuple(names),
        digest=published.manifest.digest,
        config_digest=published.manifest.config.digest,
        platform=str(published.config.platform),
        config=published.config.to_json(),
        layers=tuple(_layers(published)),
        steps=tuple(timeline.steps),
        activities=tuple(timeline.activities),
        seconds=timeline.elapsed,
        explanation=tuple(explanation),
    )


def _layers(published: PublishedImage) -> Iterator[LayerReport]:
    made = [each for each in published.config.history if not each.empty_layer]
    for layer, entry in zip_longest(published.layers, made[: len(published.layers)]):
        yield _layer(layer, entry.created_by if entry else "", published.indexes)


def _layer(
    layer: StageLayer, created_by: str, indexes: Mapping[Digest, LayerIndex]
) -> LayerReport:
    origin = LayerOrigin.BUILT if layer.base is None else LayerOrigin.BASE
    index = indexes.get(layer.diff_id)
    return LayerReport(
        digest=layer.descriptor.digest,
        size=layer.descriptor.size,
        origin=LayerOrigin.CACHE if layer.is_found else origin,
        created_by=created_by,
        files=None if index is None else len(index.entries),
        biggest=() if index is None else _biggest(index),
    )


def _biggest(index: LayerIndex) -> tuple[SizedFile, ...]:
    files = [
        SizedFile(path=path, size=row.size)
        for path, row in index.entries.items()
        if row.type is FileType.FILE and row.size
    ]
    return tuple(nlargest(BIGGEST, files, key=lambda file: file.size))
