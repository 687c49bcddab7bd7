"""`--single-snapshot`: the image of many layers, with one layer for each stage."""

import gzip
from pathlib import Path

import pytest

from integration.executor import Executor, named_base, write_context
from integration.image_comparison.comparison import compare_images, load_image
from integration.image_comparison.differences import report
from integration.image_comparison.layer_reading import open_layer
from integration.image_comparison.stored_image import StoredImage, read_layout
from integration.services.bases import SMALL_BASES
from integration.services.executor_image import ExecutorImage
from integration.services.layouts import TarEntry, layer_tar, write_layout
from integration.test_layers_of_steps import base_layer, layers

FLAG = "--single-snapshot"

FILES = {"tree/new": "new", "tree/sub/deep": "deep", "file": "file"}

STEPS = r"""
FROM old AS first
COPY tree /srv/
RUN mkdir -p /t/a && echo 1 > /t/a/one && ln /t/a/one /t/a/two
RUN rm -r /old/gone && echo 2 > /old/changed && chown 5:6 /old/owned && chmod 700 /old
RUN mknod /t/pipe p && ln -s ../old /t/link && touch /t/temporary
RUN rm /t/temporary /srv/new && rm -r /old/dir && echo file > /old/dir
COPY --chown=7:8 file /t/a/

FROM first AS second
ENV X=1
COPY --from=first /t /copied
RUN rm /t/a/two && cat /srv/sub/deep > /copied/deep
WORKDIR /work
RUN echo 3 > here

FROM busybox
COPY --from=second / /all/
COPY --link file /linked/file
"""


@pytest.fixture
def old(tmp_path: Path) -> str:
    """Make a base with files to change; return the flag that offers it as `old`."""
    entries = [
        TarEntry(name="old", type="dir", mode=0o755),
        TarEntry(name="old/gone", type="dir", mode=0o755),
        TarEntry(name="old/gone/a", content=b"1"),
        TarEntry(name="old/changed", content=b"1"),
        TarEntry(name="old/owned", content=b"1"),
        TarEntry(name="old/dir", type="dir", mode=0o755),
        TarEntry(name="old/dir/a", content=b"1"),
        TarEntry(name="nodes", type="dir", mode=0o755),
        TarEntry(name="nodes/null", type="chardev", mode=0o666, device=(1, 3)),
    ]
    tars = [gzip.decompress(base_layer().read_bytes()), layer_tar(entries)]
    return named_base("old", write_layout(tmp_path / "base", "old", tars), "old")


@pytest.mark.parametrize("target", ["first", "second", ""])
def test_the_image_is_the_one_of_many_layers(
    builder: Executor, old: str, tmp_path: Path, target: str
) -> None:
    context = write_context(tmp_path / "context", STEPS, FILES)
    flags = [old, f"--target={target}"]
    builder.layout(context, tmp_path / "many", *flags)
    builder.layout(context, tmp_path / "one", *flags, FLAG)
    many, one = (
        load_image(f"oci:{tmp_path / name}", tmp_path) for name in ("many", "one")
    )
    differences = compare_images(one, many)
    assert not differences, report(differences)
    stages = {"first": 1, "second": 2, "": 1}[target]
    image = read_layout(tmp_path / "one")
    base = 2 if target else 1
    assert len(image.layers) == base + stages
    assert entries_with_layers(image) == base + stages
    many_steps = read_layout(tmp_path / "many").config["history"]
    assert texts(image.config["history"]) == texts(many_steps)


def texts(history: list[dict[str, str]]) -> list[str]:
    return [entry.get("created_by", "") for entry in history]


def entries_with_layers(image: StoredImage) -> int:
    """Count the entries of the history that made a layer, those of the base too."""
    return sum(not each.get("empty_layer") for each in image.config["history"])


def test_the_layer_holds_what_is_other_than_in_the_base_and_nothing_else(
    builder: Executor, old: str, tmp_path: Path
) -> None:
    context = write_context(tmp_path / "context", STEPS, FILES)
    builder.layout(context, tmp_path / "image", old, FLAG, "--target=first")
    assert layers(tmp_path / "image")[1:] == [
        [
            "old/",
            "old/.wh.gone",
            "old/changed",
            "old/dir",
            "old/owned",
            "srv/",
            "srv/sub/",
            "srv/sub/deep",
            "t/",
            "t/a/",
            "t/a/file",
            "t/a/one",
            "t/a/two=",
            "t/link@",
            "t/pipe|",
        ]
    ]


def test_what_is_made_and_removed_is_in_no_byte_of_the_image(
    builder: Executor, tmp_path: Path
) -> None:
    dockerfile = """\
FROM busybox
COPY file /secret
RUN cp /secret /used && echo 1 > /kept
RUN rm /secret /used
"""
    context = write_context(tmp_path / "context", dockerfile, {"file": "passw0rd"})
    builder.layout(context, tmp_path / "image", FLAG)
    image = read_layout(tmp_path / "image")
    assert layers(tmp_path / "image") == [["kept"]]
    for layer in image.layers:
        with open_layer(layer.blob) as opened:
            names = [member.name for member in opened.tar]
        assert "secret" not in names
        assert b"passw0rd" not in gzip.decompress(layer.blob.read_bytes())


def test_a_stage_that_undoes_what_it_did_makes_no_layer(
    builder: Executor, tmp_path: Path
) -> None:
    dockerfile = "FROM busybox\nRUN touch /a\nRUN rm /a\n"
    context = write_context(tmp_path / "context", dockerfile)
    builder.layout(context, tmp_path / "image", FLAG)
    assert layers(tmp_path / "image") == []


def test_with_a_cache_each_stage_is_one_step(
    builder: Executor, old: str, tmp_path: Path
) -> None:
    context = write_context(tmp_path / "context", STEPS + RANDOM, FILES)
    flags = [old, FLAG, "--cache", f"--cache-repo=oci:{tmp_path / 'cache'}"]
    for name in ("first", "second"):
        builder.layout(context, tmp_path / name, *flags)
    first, second = (read_layout(tmp_path / name) for name in ("first", "second"))
    assert layers(tmp_path / "second") == layers(tmp_path / "first")
    ids = [image.config["rootfs"]["diff_ids"] for image in (first, second)]
    assert ids[0] == ids[1]
    assert texts(second.config["history"]) == texts(first.config["history"])
    assert entries_with_layers(second) == entries_with_layers(first)
    write_context(context, STEPS + RANDOM + "RUN true\n", FILES)
    builder.layout(context, tmp_path / "third", *flags)
    third = read_layout(tmp_path / "third")
    assert third.config["rootfs"]["diff_ids"][:-1] == ids[0][:-1]
    assert third.config["rootfs"]["diff_ids"][-1] != ids[0][-1]


RANDOM = "RUN head -c 16 /dev/urandom > /random\n"

IN_PLACE = """\
FROM busybox AS first
COPY tree /srv/
COPY file /etc/resolv.conf
RUN mkdir /t && echo 1 > /t/one && ln /t/one /t/two && rm /srv/new
RUN echo 2 > /t/one && touch /t/gone
RUN rm /t/gone
FROM first
COPY --from=first /t /etc/resolv.conf /copied/
RUN echo 3 > /copied/three
"""


def test_in_place_copied_files_are_as_copied(
    executor_image: ExecutorImage, tmp_path: Path
) -> None:
    """The container's /etc/resolv.conf stays its own, so RUN does not see the copy."""
    context = write_context(tmp_path / "context", IN_PLACE, FILES)
    for name, flags in (("many", ()), ("one", (FLAG,))):
        executor_image.run(
            "--context=/workspace",
            "--no-push",
            "--isolation=in-place",
            f"--oci-layout-path=/workspace/{name}",
            named_base("busybox", Path("/bases"), "busybox"),
            *flags,
            flags=(f"--volume={context}:/workspace", f"--volume={SMALL_BASES}:/bases"),
        )
    many, one = (
        load_image(f"oci:{context / name}", tmp_path) for name in ("many", "one")
    )
    differences = compare_images(one, many)
    assert not differences, report(differences)
    assert layers(context / "one") == [
        ["etc/", "etc/resolv.conf", *SERVED, "t/", "t/one", "t/two="],
        ["copied/", "copied/one", "copied/resolv.conf", "copied/three", "copied/two="],
    ]
    assert one.files["etc/resolv.conf"] == many.files["etc/resolv.conf"]
    assert one.files["copied/resolv.conf"].size == len("file")


SERVED = ["srv/", "srv/sub/", "srv/sub/deep"]
