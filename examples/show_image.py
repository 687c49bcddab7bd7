"""Print what an OCI layout holds: digest, layers with sizes, config.

Usage: python examples/show_image.py LAYOUT
"""

import json
import sys
from pathlib import Path


def read_blob(layout: Path, digest: str) -> dict:
    """Return a JSON blob of the layout."""
    algorithm, _, name = digest.partition(":")
    return json.loads((layout / "blobs" / algorithm / name).read_bytes())


def main(layout: Path) -> None:
    """Print the first image of the layout."""
    index = json.loads((layout / "index.json").read_bytes())
    digest = index["manifests"][0]["digest"]
    manifest = read_blob(layout, digest)
    config = read_blob(layout, manifest["config"]["digest"])
    made_by = [e for e in config["history"] if not e.get("empty_layer")]
    print(f"image   {digest}")
    print(f"config  {manifest['config']['digest']}")
    for layer, entry in zip(manifest["layers"], made_by, strict=True):
        instruction = entry["created_by"].splitlines()[0][:60]
        print(
            f"layer   {layer['digest'][:19]}… {layer['size']:>9,} bytes  {instruction}"
        )
    print(f"total   {sum(layer['size'] for layer in manifest['layers']):,} bytes")
    for key, value in config["config"].items():
        print(f"        {key}: {json.dumps(value)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
