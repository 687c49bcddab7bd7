"""Writes the small files that a pipeline reads its results from, after success."""

from __future__ import annotations

import json

from application.options import OutputOptions
from application.ports.results import ResultFiles
from domain.image.digest import Digest
from domain.image.manifest import Index, Manifest

LIST_OF_IMAGES = "images"
"""Name of the list in the directory BUILDER_OUTPUT, as Cloud Build reads it."""


class WriteResults:
    """Writes the result files that were asked for, each whole.

    Args:
        output: Which files, and the names of the image.
        files: Writes them.
    """

    def __init__(self, *, output: OutputOptions, files: ResultFiles) -> None:
        self._output = output
        self._files = files

    def check(self) -> None:
        """Find out, before anything is built, whether they can be written.

        Raises:
            OutputError: One cannot.
        """
        for path in (*self._output.result_files, self._list_path()):
            if path:
                self._files.check(path)

    def write(self, document: Manifest | Index) -> None:
        """Write them for an image, or an index, that was published.

        Args:
            document: The manifest of the image, or the index.

        Raises:
            OutputError: One cannot be written.
        """
        for path, text in self._texts(document):
            if path:
                self._files.write(path, text)

    def _texts(self, document: Manifest | Index) -> list[tuple[str, str]]:
        digest, output = document.digest, self._output
        names = output.destinations
        return [
            (output.digest_file, str(digest)),
            (
                output.image_name_with_digest_file,
                "".join(f"{name.name}@{digest}\n" for name in names),
            ),
            (
                output.image_name_tag_with_digest_file,
                "".join(f"{name.name}:{name.tag}@{digest}\n" for name in names),
            ),
            (self._list_path(), self._list(digest)),
            *(self._of_image(document) if isinstance(document, Manifest) else ()),
        ]

    def _of_image(self, manifest: Manifest) -> list[tuple[str, str]]:
        """Return what is told of an image with a config alone."""
        output = self._output
        names = [str(name) for name in output.destinations]
        return [
            (output.image_id_file, str(manifest.config.digest)),
            (output.metadata_file, _metadata(manifest, names)),
        ]

    def _list_path(self) -> str:
        """Return where the list of pushed images goes, "" where nowhere."""
        directory = self._output.builder_output
        return (
            f"{directory}/{LIST_OF_IMAGES}" if directory and self._output.push else ""
        )

    def _list(self, digest: Digest) -> str:
        images = (
            {"name": str(name), "digest": str(digest)}
            for name in self._output.destinations
        )
        return "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in images)


def _metadata(manifest: Manifest, names: list[str]) -> str:
    """Return what `docker buildx build --metadata-file` writes."""
    document = {
        "containerimage.config.digest": str(manifest.config.digest),
        "containerimage.descriptor": manifest.descriptor.to_json(),
        "containerimage.digest": str(manifest.digest),
    }
    if names:
        document["image.name"] = ",".join(names)
    return json.dumps(document, indent=2) + "\n"
