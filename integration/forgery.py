"""Entries of a layer cache that say something else, with all digests right.

What a build makes of them is for the tests.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from adapters.archive.index_codec import encode_index
from adapters.layer_cache import DIFF_ID, SEAL, entry_seal
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.snapshot.index import LayerIndex
from integration.services.layouts import write_blob

Json = dict[str, Any]


def forge_entry(layout: Path, index: LayerIndex, diff_id: Digest) -> None:
    """Make an entry say something else of its layer.

    Args:
        layout: The entry, of a step or of an index alone.
        index: What it is to say.
        diff_id: What it is to say the layer is.
    """
    manifest = manifest_of(layout)
    encoded = encode_index(index, diff_id)
    for number, data in ((-2, encoded.skeleton), (-1, encoded.rows)):
        media_type = manifest["layers"][number]["mediaType"]
        manifest["layers"][number] = write_blob(layout, media_type, data)
    parts = Manifest.parse(json.dumps(manifest).encode()).layers
    manifest["annotations"] |= {
        DIFF_ID: str(diff_id),
        SEAL: entry_seal(layout.name, diff_id, parts),
    }
    described = write_blob(layout, manifest["mediaType"], json.dumps(manifest).encode())
    document = {"schemaVersion": 2, "manifests": [described]}
    (layout / "index.json").write_text(json.dumps(document))


def manifest_of(layout: Path) -> Json:
    index = json.loads((layout / "index.json").read_bytes())
    [entry] = index["manifests"]
    path = layout / "blobs" / entry["digest"].replace(":", "/")
    manifest: Json = json.loads(path.read_bytes())
    return manifest
