"""Layer indexes as blobs, so that the next build need not read the layer.

Two blobs: the skeleton is all that planning a COPY onto the layer asks for (every
name, and whatever is no file in full), the rows are what else is known of its files,
and are read when files of this very layer are copied or shown. Both are JSON behind
zstd; the digest that a manifest gives for a blob is its checksum.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import zstandard

from domain.errors import InvalidImage
from domain.image.digest import Digest
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import LayerIndex

FORMAT = "kanipy layer index 1"
MAXIMUM_BYTES = 1 << 30
"""Of an index that is read, uncompressed."""

_LEVEL = 9
T = TypeVar("T")


class EncodedIndex(NamedTuple):
    """An index as blobs."""

    skeleton: bytes
    rows: bytes


def encode_index(index: LayerIndex, diff_id: Digest) -> EncodedIndex:
    """Return the blobs of a full index.

    Args:
        index: The index.
        diff_id: Of the layer it describes; the blobs say so.
    """
    files = [row for row in index.entries.values() if row.type is FileType.FILE]
    skeleton = {
        "format": FORMAT,
        "layer": str(diff_id),
        "rows": [_skeleton_row(row) for row in index.entries.values()],
        "whiteouts": index.whiteouts,
        "opaques": index.opaques,
        "links": dict(index.links),
        "accounts": {path: _text(data) for path, data in index.accounts.items()},
    }
    rows = {
        "format": FORMAT,
        "layer": str(diff_id),
        "mode": [row.mode for row in files],
        "uid": [row.uid for row in files],
        "gid": [row.gid for row in files],
        "size": [row.size for row in files],
        "mtime": [row.mtime_ns for row in files],
        "xattrs": {
            number: _attributes(row.xattrs)
            for number, row in enumerate(files)
            if row.xattrs
        },
        "sha256": _text(b"".join(bytes.fromhex(row.sha256) for row in files)),
    }
    return EncodedIndex(_compressed(skeleton), _compressed(rows))


def decode_skeleton(data: bytes, diff_id: Digest) -> LayerIndex:
    """Return the thin index of a skeleton.

    Raises:
        InvalidImage: It is damaged, or that of another layer.
    """
    return _decoded(data, diff_id, _skeleton)


def decode_rows(data: bytes, thin: LayerIndex, diff_id: Digest) -> LayerIndex:
    """Return the full index of a thin one.

    Raises:
        InvalidImage: The rows are damaged, or those of another layer.
    """
    return _decoded(data, diff_id, lambda document: _full(document, thin))


def _skeleton(document: Mapping[str, Any]) -> LayerIndex:
    rows = [_entry(row) for row in document["rows"]]
    accounts = document["accounts"].items()
    return LayerIndex(
        entries={row.path: row for row in rows},
        whiteouts=tuple(map(_path, document["whiteouts"])),
        opaques=tuple(map(_path, document["opaques"])),
        links={_path(path): _path(to) for path, to in document["links"].items()},
        accounts={str(path): base64.b85decode(text) for path, text in accounts},
        is_thin=True,
    )


def _full(document: Mapping[str, Any], thin: LayerIndex) -> LayerIndex:
    entries = dict(thin.entries)
    files = [row for row in entries.values() if row.type is FileType.FILE]
    for row, more in zip(files, _files(document), strict=True):
        entries[row.path] = row._replace(**more)
    return LayerIndex(
        entries=entries,
        whiteouts=thin.whiteouts,
        opaques=thin.opaques,
        links=thin.links,
        accounts=thin.accounts,
    )


def _files(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what the rows say of each file, in the order of the skeleton."""
    digests = base64.b85decode(document["sha256"])
    attributes = document["xattrs"]
    names = ("mode", "uid", "gid", "size", "mtime")
    columns = [document[name] for name in names]
    for number, values in enumerate(zip(*columns, strict=True)):
        mode, uid, gid, size, mtime = map(int, values)
        yield {
            "mode": mode & 0o7777,
            "uid": uid,
            "gid": gid,
            "size": size,
            "mtime_ns": mtime,
            "xattrs": _pairs(attributes.get(str(number), ())),
            "sha256": digests[32 * number : 32 * (number + 1)].hex(),
        }


def _skeleton_row(row: FileEntry) -> list[object]:
    if row.type is FileType.FILE:
        return [row.path, row.link_group] if row.link_group else [row.path]
    return [
        row.path,
        row.link_group,
        row.type.value,
        row.mode,
        row.uid,
        row.gid,
        row.mtime_ns,
        row.link_target,
        row.device,
        _attributes(row.xattrs),
    ]


def _entry(row: list[Any]) -> FileEntry:
    path = _path(row[0])
    group = str(row[1]) if len(row) > 1 else ""
    if len(row) <= 2:  # noqa: PLR2004 - a file: its path and its group
        return FileEntry(path, FileType.FILE, link_group=group)
    _, _, type_, mode, uid, gid, mtime, target, device, xattrs = row
    return FileEntry(
        path,
        FileType(type_),
        mode=int(mode) & 0o7777,
        uid=int(uid),
        gid=int(gid),
        mtime_ns=int(mtime),
        link_target=str(target),
        link_group=group,
        device=(int(device[0]), int(device[1])) if device else None,
        xattrs=_pairs(xattrs),
    )


def _attributes(xattrs: tuple[tuple[str, bytes], ...]) -> list[tuple[str, str]]:
    return [(name, _text(value)) for name, value in xattrs]


def _pairs(found: Any) -> tuple[tuple[str, bytes], ...]:  # noqa: ANN401 - JSON
    return tuple((str(name), base64.b85decode(text)) for name, text in found)


def _text(data: bytes) -> str:
    return base64.b85encode(data).decode("ascii")


def _compressed(document: Mapping[str, object]) -> bytes:
    text = json.dumps(document, separators=(",", ":")).encode("ascii")
    return zstandard.ZstdCompressor(level=_LEVEL).compress(text)


def _decoded(data: bytes, diff_id: Digest, read: Callable[[Mapping[str, Any]], T]) -> T:
    try:
        return read(_document(data, diff_id))
    except (
        zstandard.ZstdError,
        ValueError,
        TypeError,
        LookupError,
        OverflowError,
        AttributeError,
        RecursionError,
    ) as error:
        raise InvalidImage(
            f"the index of the layer {diff_id} is damaged: {error}",
            hint="the layer is read instead; remove the damaged cache entry",
        ) from error


def _document(data: bytes, diff_id: Digest) -> Mapping[str, Any]:
    reader = zstandard.ZstdDecompressor().stream_reader(data)
    text = reader.read(MAXIMUM_BYTES + 1)
    if len(text) > MAXIMUM_BYTES:
        raise ValueError("it is too large")
    document: Mapping[str, Any] = json.loads(text)
    if document["format"] != FORMAT or document["layer"] != str(diff_id):
        raise ValueError("it describes something else")
    return document


def _path(text: object) -> str:
    """Return a path of an index; none leads out of the root."""
    path = str(text)
    if path and not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise ValueError(f"{path!r} is no path of a layer")
    return path
