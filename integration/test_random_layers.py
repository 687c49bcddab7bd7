"""Random stacks of layers come out as umoci, an independent tool, unpacks them."""

import subprocess
from pathlib import Path

import pytest

from adapters.filesystem.directory_root import DirectoryRoots
from integration.executor import Executor, named_base, write_context
from integration.services.layouts import write_layout
from tests.support.archives import layer, tar
from tests.support.disk_rows import disk_rows
from tests.support.union_model import Row, random_layers, union

SEEDS = range(12)


def unpacked_by_umoci(layers: list[bytes], directory: Path) -> list[Row]:
    layout = write_layout(directory / "layout", "image", layers)
    bundle = directory / "bundle"
    command = ["umoci", "unpack", "--image", f"{layout}:image", str(bundle)]
    subprocess.run(command, check=True, capture_output=True)
    return disk_rows(bundle / "rootfs")


@pytest.mark.parametrize("seed", SEEDS)
def test_roots_are_what_umoci_unpacks(seed: int, tmp_path: Path) -> None:
    """So is the model the unit tests compare with, over many more stacks."""
    layers = random_layers(seed)
    theirs = unpacked_by_umoci([tar(*members) for members in layers], tmp_path)
    assert theirs == union(layers)
    root = DirectoryRoots(str(tmp_path)).create("root")
    for members in layers:
        made = layer(*members)
        root.extract(made.open(), "", made.diff_id)
    assert disk_rows(Path(root.path)) == theirs
    root.discard()


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_copy_of_a_whole_base_is_what_umoci_unpacks(
    seed: int, executor: Executor, tmp_path: Path
) -> None:
    """Built without a root: the files come straight out of the layers."""
    layers = [tar(*members) for members in random_layers(seed)]
    base = write_layout(tmp_path / "base", "random", layers)
    context = write_context(
        tmp_path / "context", "FROM random AS one\nFROM scratch\nCOPY --from=one / /\n"
    )
    image = tmp_path / "image"
    executor.layout(context, image, named_base("random", base, "random"))
    bundle = tmp_path / "copy"
    command = ["umoci", "unpack", "--image", f"{image}:latest", str(bundle)]
    subprocess.run(command, check=True, capture_output=True)
    assert disk_rows(bundle / "rootfs") == unpacked_by_umoci(layers, tmp_path)
