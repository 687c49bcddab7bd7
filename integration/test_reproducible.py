"""`--reproducible`: builds of the same sources make the same image, to the byte."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.executor import Executor, named_base, write_context
from integration.image_comparison.layer_reading import open_layer
from integration.image_comparison.stored_image import read_layout
from integration.modes import CHROOT, OVERLAY, WALK, Mode
from integration.services.bases import SMALL_BASES
from integration.services.registry import Registry

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


# ------------------------------------------------------------ other days, other users

WITHOUT_RUN = r"""
FROM busybox
WORKDIR /work/here
COPY tree /srv/
ADD --chown=5:6 file /
COPY --link file /linked
ENV a=b
"""
STRANGER = 1234
AS_STRANGER = (
    "setpriv",
    f"--reuid={STRANGER}",
    f"--regid={STRANGER}",
    "--clear-groups",
    # The interpreter and the tests' directories may be below one that is private.
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
)
IN_A_YEAR = ("faketime", "-f", "+400d")
"""Not for builds with RUN: a program that waits for others cannot sleep under it."""
SEEN_TIME = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}


def own(place: Path, user: int) -> None:
    for path in (place, *place.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def build_as(
    place: Path, user: int, *flags: str, day: tuple[str, ...] = ()
) -> tuple[str, str]:
    """Build a checkout as a user, on a day; return its digest and time of the log."""
    write_context(place / "some" / "sources", WITHOUT_RUN, FILES)
    own(place, user)
    prefix = (*day, *(AS_STRANGER if user else ()))
    base = named_base("busybox", SMALL_BASES, "busybox")
    executor = Executor(work=place / "work", prefix=prefix, flags=(base,))
    done = executor.layout(
        place / "some" / "sources",
        place / "image",
        "--log-timestamp",
        f"--digest-file={place / 'digest'}",
        *flags,
        environment={**SEEN_TIME, "HOME": str(place), "USER": f"user{user}"},
    )
    return (place / "digest").read_text(), done.log


@pytest.mark.parametrize("flags", [(), ("--compression=zstd",)])
def test_another_user_on_another_day_makes_the_same_image(
    flags: tuple[str, ...], tmp_path: Path
) -> None:
    today = time.gmtime().tm_year
    ours, log = build_as(tmp_path / "ours", 0, "--reproducible", *flags)
    assert f"{today}-" in log
    theirs, log = build_as(
        tmp_path / "a" / "stranger's",
        STRANGER,
        "--reproducible",
        *flags,
        day=IN_A_YEAR,
    )
    assert f"{today}-" not in log
    assert (tmp_path / "a/stranger's/digest").stat().st_uid == STRANGER
    assert ours == theirs
    image = read_layout(tmp_path / "a/stranger's/image")
    base = read_layout(SMALL_BASES, "busybox")
    assert [layer.digest for layer in image.layers[: len(base.layers)]] == [
        layer.digest for layer in base.layers
    ]


def test_without_the_flag_another_day_is_seen(tmp_path: Path) -> None:
    """So it is the flag that hides it, not the tests."""
    ours, _ = build_as(tmp_path / "ours", 0)
    theirs, _ = build_as(tmp_path / "theirs", 0, day=IN_A_YEAR)
    assert ours != theirs


def test_a_reproducible_image_is_the_same_wherever_it_is_written(
    registry: Registry, tmp_path: Path
) -> None:
    """The digest file tells it, and the registry has it."""
    context = write_context(tmp_path / "sources", WITHOUT_RUN, FILES)
    base = named_base("busybox", SMALL_BASES, "busybox")
    executor = Executor(work=tmp_path / "work", flags=(base, "--reproducible"))
    found = set()
    for place in (f"--destination={registry.host}/reproducible/a", "--no-push"):
        file = tmp_path / "digest"
        flags = ("--image-format=oci", f"--digest-file={file}", place)
        executor.run(context, *flags).check()
        found.add(file.read_text())
    assert len(found) == 1
    manifest = registry.manifest("reproducible/a", found.pop())
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
