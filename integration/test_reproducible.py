"""`--reproducible`: builds of the same sources make the same image, to the byte."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.executor import write_context
from integration.image_comparison.layer_reading import open_layer
from integration.image_comparison.stored_image import read_layout
from integration.modes import CHROOT, OVERLAY, WALK, Mode
from integration.services.bases import SMALL_BASES

FILES = {"tree/new": "new", "tree/sub/deep": "deep", "file": "file"}
DOCKERFILE = r"""
FROM busybox AS first
RUN mkdir -p /made/by && echo 1 > /made/by/run && ln /made/by/run /made/by/link
RUN chmod 700 /root && touch -d 2020-01-01 /made/old && ln -s run /made/by/symlink
FROM first
WORKDIR /work/here
COPY tree /srv/
ADD --chown=5:6 file /
COPY --from=first /made /copied
RUN echo 2 > here && rm /srv/new && touch /srv
"""
SINGLE = ("--single-snapshot",)
YEAR = 365 * 24 * 3600


def checkout(directory: Path, *, age: int) -> Path:
    """Check the sources out, long ago and as somebody else the older they are."""
    context = write_context(directory, DOCKERFILE, FILES)
    for path in (context, *context.rglob("*")):
        then = time.time() - age
        os.utime(path, (then, then))
        os.chown(path, age, age)
    return context


@contextmanager
def umask(mask: int) -> Iterator[None]:
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def build(mode: Mode, place: Path, *flags: str, age: int = 0, epoch: str = "") -> str:
    """Build a checkout into `place/image`; return the digest of the image."""
    context = checkout(place / "checkout", age=age)
    environment = {"SOURCE_DATE_EPOCH": epoch} if epoch else {}
    digest = place / "digest"
    with mode.disk(place / "disk", "512m") as disk, umask(0o077 if age else 0o022):
        mode.executor(disk / f"work-{age}").layout(
            context,
            place / "image",
            "--reproducible",
            f"--digest-file={digest}",
            *flags,
            environment=environment,
        )
    return digest.read_text()


@pytest.mark.parametrize(
    ("one", "other", "flags"),
    [
        (OVERLAY, OVERLAY, ()),
        (WALK, WALK, ()),
        (OVERLAY, WALK, ()),
        (OVERLAY, CHROOT, ()),
        (OVERLAY, OVERLAY, SINGLE),
        (WALK, OVERLAY, SINGLE),
        (OVERLAY, WALK, ("--compression=zstd",)),
        (OVERLAY, WALK, ("--compression-level=9",)),
    ],
    ids=lambda each: each.name if isinstance(each, Mode) else " ".join(each) or "-",
)
def test_two_builds_make_the_same_image(
    one: Mode, other: Mode, flags: tuple[str, ...], tmp_path: Path
) -> None:
    young = build(one, tmp_path / "young", *flags)
    old = build(other, tmp_path / "old", *flags, age=2 * YEAR)
    assert young == old


@pytest.mark.parametrize(
    ("epoch", "seconds", "written"),
    [("", 0, "1970-01-01T00:00:00Z"), ("1000000000", 10**9, "2001-09-09T01:46:40Z")],
)
@pytest.mark.parametrize("flags", [(), SINGLE, ("--compression=zstd",)])
def test_all_times_are_the_epoch_and_the_base_is_left_alone(
    flags: tuple[str, ...], epoch: str, seconds: int, written: str, tmp_path: Path
) -> None:
    build(WALK, tmp_path, *flags, epoch=epoch)
    image = read_layout(tmp_path / "image")
    base = read_layout(SMALL_BASES, "busybox")
    count = len(base.layers)
    assert [layer.digest for layer in image.layers[:count]] == [
        layer.digest for layer in base.layers
    ]
    assert image.config["created"] == written
    history = image.config["history"][len(base.config["history"]) :]
    assert {entry["created"] for entry in history} == {written}
    for layer in image.layers[count:]:
        assert layer.media_type.endswith("zstd" if "zstd" in str(flags) else "gzip")
        with open_layer(layer.blob) as opened:
            times = {m.mtime for m in opened.tar if ".wh." not in m.name}
        assert times == {seconds}
