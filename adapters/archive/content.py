"""Contents of planned files: exactly the planned bytes, or an error."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.archive.chunks import CHUNK
from application.errors import FilesystemError
from application.ports.layers import OpenContent
from domain.snapshot.layer_plan import LiteralContent, PlannedEntry


def planned_content(row: PlannedEntry, open_content: OpenContent) -> Iterator[bytes]:
    """Yield the content of a planned file: exactly `size` bytes.

    What a file has gained since it was planned is left out.

    Raises:
        FilesystemError: It cannot be read, or ends before its planned size.
    """
    left = row.entry.size
    if row.content is None or not left:
        return
    if isinstance(row.content, LiteralContent):
        yield row.content.data[:left]
        left -= len(row.content.data)
    else:
        try:
            with open_content(row.content) as stream:
                while left > 0 and (chunk := stream.read(min(CHUNK, left))):
                    left -= len(chunk)
                    yield chunk
        except OSError as error:
            raise FilesystemError(
                f"cannot read: {error.strerror or error}", place=row.content.path
            ) from error
    if left > 0:
        raise FilesystemError(
            f"{left} bytes shorter than when it was listed",
            place=f"/{row.entry.path}",
            hint="something still writes to it while the build runs",
        )
