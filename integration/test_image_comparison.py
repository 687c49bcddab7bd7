"""The comparison tool goes red for every kind of difference, and for that alone."""

import gzip
import hashlib
import json
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.image_comparison.attributes import render_path, render_time
from integration.image_comparison.comparison import (
    Exceptions,
    FlatImage,
    compare_images,
    load_image,
)
from integration.image_comparison.differences import Difference
from integration.image_comparison.expectation import Expectation
from integration.image_comparison.stored_image import ImageNotFoundError
from integration.services.layouts import TarEntry, layer_tar, write_layout

APP = TarEntry(name="srv/app", content=b"app", mode=0o755, uid=7, gid=8)
TWIN = TarEntry(name="srv/twin", type="hardlink", link="srv/app", uid=7, gid=8)
LINK = TarEntry(name="srv/link", type="symlink", link="app")
NULL = TarEntry(name="srv/null", type="chardev", device=(1, 3))
CAPABLE = TarEntry(
    name="srv/capable",
    content=b"x",
    xattrs={"security.capability": b"\x01\x00\x00\x02\x00 \x00\x00" + bytes(12)},
)
FOLDER = TarEntry(name="srv", type="dir", mode=0o755)
ENTRIES = (FOLDER, APP, TWIN, LINK, NULL, CAPABLE)
CONFIG: dict[str, Any] = {
    "Env": ["PATH=/bin", "A=1"],
    "Cmd": ["sh"],
    "Labels": {"l": "1"},
    "ExposedPorts": {"80/tcp": {}},
    "WorkingDir": "/srv",
}


class Images:
    """Makes flat images of layers that a test spells out."""

    def __init__(self, scratch: Path) -> None:
        self._layout = scratch / "layout"
        self._scratch = scratch
        self._made = 0

    def source(
        self, *layers: Sequence[TarEntry], config: dict[str, Any] | None = None
    ) -> str:
        """Write an image and return it as the comparison's source."""
        self._made += 1
        name = f"image{self._made}"
        write_layout(
            self._layout, name, [layer_tar(layer) for layer in layers], config or CONFIG
        )
        return f"oci:{self._layout}:{name}"

    def flat(
        self, *layers: Sequence[TarEntry], config: dict[str, Any] | None = None
    ) -> FlatImage:
        """Write an image and flatten it."""
        return load_image(self.source(*layers, config=config), self._scratch)


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(tmp_path)


def kinds(differences: Sequence[Difference]) -> set[tuple[str, str]]:
    return {(difference.kind, difference.where) for difference in differences}


def without(entry: TarEntry) -> list[TarEntry]:
    return [other for other in ENTRIES if other is not entry]


def test_an_image_equals_itself(images: Images) -> None:
    assert compare_images(images.flat(ENTRIES), images.flat(ENTRIES)) == []


def test_the_same_files_in_other_layers_are_equal(images: Images) -> None:
    split = images.flat(ENTRIES[:3], ENTRIES[3:])
    assert compare_images(split, images.flat(ENTRIES), times=True) == []


CHANGES = [
    (APP, replace(APP, mode=0o4755), {("mode", "srv/app"), ("mode", "srv/twin")}),
    (FOLDER, replace(FOLDER, mode=0o1777), {("mode", "srv")}),
    (CAPABLE, replace(CAPABLE, uid=1), {("owner", "srv/capable")}),
    (CAPABLE, replace(CAPABLE, gid=1), {("owner", "srv/capable")}),
    (CAPABLE, replace(CAPABLE, xattrs={}), {("xattrs", "srv/capable")}),
    (CAPABLE, replace(CAPABLE, content=b"y"), {("content", "srv/capable")}),
    (
        CAPABLE,
        replace(CAPABLE, content=b"xx"),
        {("content", "srv/capable"), ("size", "srv/capable")},
    ),
    (LINK, replace(LINK, link="twin"), {("target", "srv/link")}),
    (NULL, replace(NULL, device=(1, 5)), {("device", "srv/null")}),
    (NULL, replace(NULL, type="blockdev"), {("type", "srv/null")}),
    (
        TWIN,
        replace(APP, name="srv/twin"),
        {("hardlink", "srv/app"), ("hardlink", "srv/twin")},
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    CHANGES,
    ids=lambda value: value.name if isinstance(value, TarEntry) else "",
)
def test_goes_red_for_one_changed_attribute(
    images: Images, old: TarEntry, new: TarEntry, expected: set[tuple[str, str]]
) -> None:
    changed = images.flat([new if entry is old else entry for entry in ENTRIES])
    assert kinds(compare_images(changed, images.flat(ENTRIES))) == expected


def test_goes_red_for_a_missing_and_an_extra_file(images: Images) -> None:
    less, full = images.flat(without(NULL)), images.flat(ENTRIES)
    assert compare_images(less, full) == [
        Difference("missing", "srv/null", None, "chardev")
    ]
    assert compare_images(full, less) == [
        Difference("extra", "srv/null", "chardev", None)
    ]


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("Env", ["PATH=/bin", "A=2"], "Env.A"),
        ("Env", ["PATH=/bin"], "Env.A"),
        ("Env", ["PATH=/bin", "A=1", "B="], "Env.B"),
        ("Cmd", ["sh", ""], "Cmd"),
        ("Entrypoint", ["/x"], "Entrypoint"),
        ("User", "7", "User"),
        ("WorkingDir", "/", "WorkingDir"),
        ("Labels", {"l": ""}, "Labels.l"),
        ("ExposedPorts", {"81/tcp": {}}, "ExposedPorts"),
        ("Volumes", {"/v": {}}, "Volumes"),
        ("StopSignal", "9", "StopSignal"),
        ("Shell", ["/bin/ash"], "Shell"),
        ("OnBuild", ["RUN x"], "OnBuild"),
        ("Healthcheck", {"Test": ["NONE"]}, "Healthcheck"),
    ],
)
def test_goes_red_for_a_changed_field_of_the_configuration(
    images: Images, field: str, value: object, where: str
) -> None:
    changed = images.flat(ENTRIES, config={**CONFIG, field: value})
    found = compare_images(changed, images.flat(ENTRIES))
    assert kinds(found) == {("config", where)}


def test_unset_fields_env_order_and_slashes_do_not_count(images: Images) -> None:
    other = CONFIG | {
        "Env": ["A=1", "PATH=/bin"],
        "Volumes": None,
        "OnBuild": [],
        "User": "",
        "ArgsEscaped": True,
        "WorkingDir": "//srv/",
    }
    same = images.flat(ENTRIES, config=other)
    assert compare_images(same, images.flat(ENTRIES)) == []


def test_a_name_that_stands_twice_in_env_is_unsound(images: Images) -> None:
    twice = images.flat(ENTRIES, config={**CONFIG, "Env": ["PATH=/bin", "A=0", "A=1"]})
    found = compare_images(twice, images.flat(ENTRIES))
    assert kinds(found) == {("soundness", "Env.A")}


def test_whiteouts_hide_lower_layers_and_not_their_own(images: Images) -> None:
    lower = [*ENTRIES, TarEntry(name="srv/sub/deep", content=b"1")]
    upper = [
        TarEntry(name="srv/.wh.null"),
        TarEntry(name="srv/sub/new", content=b"2"),
        TarEntry(name="srv/sub/.wh..wh..opq"),
    ]
    expected = [*without(NULL), TarEntry(name="srv/sub/new", content=b"2")]
    merged = images.flat(lower, upper)
    assert compare_images(merged, images.flat(expected)) == []


def test_a_whiteout_and_a_new_folder_of_one_name_replace_the_folder(
    images: Images,
) -> None:
    new = [FOLDER, TarEntry(name="srv/.wh.app"), TarEntry(name="srv/app", content=b"2")]
    upper = [TarEntry(name=".wh.srv"), *new]
    merged = images.flat(ENTRIES, upper)
    assert set(merged.files) == {"", "srv", "srv/app"}


def test_an_opaque_folder_that_replaces_a_symlink_spares_its_target(
    images: Images,
) -> None:
    lower = [TarEntry(name="b/g"), TarEntry(name="a", type="symlink", link="/b")]
    upper = [
        TarEntry(name="a", type="dir", mode=0o755),
        TarEntry(name="a/.wh..wh..opq"),
        TarEntry(name="a/n"),
    ]
    assert set(images.flat(lower, upper).files) == {"", "a", "a/n", "b", "b/g"}


def test_a_file_over_a_folder_removes_what_was_in_it(images: Images) -> None:
    upper = [TarEntry(name="srv", content=b"now a file")]
    assert set(images.flat(ENTRIES, upper).files) == {"", "srv"}


def test_parents_that_are_symlinks_are_followed_within_the_root(
    images: Images,
) -> None:
    lower = [
        TarEntry(name="usr/bin", type="dir", mode=0o755),
        TarEntry(name="bin", type="symlink", link="usr/bin"),
        TarEntry(name="up", type="symlink", link="../../usr"),
    ]
    upper = [
        TarEntry(name="bin/one", content=b"1"),
        TarEntry(name="up/two", content=b"2"),
    ]
    flat = images.flat(lower, upper)
    assert {"usr/bin/one", "usr/two"} < set(flat.files)
    assert "bin/one" not in flat.files


def test_a_hardlink_to_a_lower_layer_is_unsound(images: Images) -> None:
    found = images.flat([FOLDER, APP], [TWIN]).problems
    assert kinds(found) == {("soundness", "hardlink srv/twin")}


def test_an_entry_that_leaves_the_root_is_unsound(images: Images) -> None:
    flat = images.flat([TarEntry(name="../../etc/passwd", content=b"x")])
    assert [problem.ours for problem in flat.problems] == ["leaves"]
    assert set(flat.files) == {""}


@pytest.mark.parametrize("damage", ["blob", "diff_ids", "history", "family"])
def test_an_image_that_contradicts_itself_is_unsound(
    images: Images, tmp_path: Path, damage: str
) -> None:
    source = images.source(ENTRIES)
    layout = tmp_path / "layout"
    blobs = layout / "blobs" / "sha256"
    index = json.loads((layout / "index.json").read_bytes())
    manifest_path = blobs / index["manifests"][0]["digest"].removeprefix("sha256:")
    manifest = json.loads(manifest_path.read_bytes())
    config_path = blobs / manifest["config"]["digest"].removeprefix("sha256:")
    if damage == "blob":
        blob = blobs / manifest["layers"][0]["digest"].removeprefix("sha256:")
        blob.write_bytes(gzip.compress(gzip.decompress(blob.read_bytes()), 9))
    elif damage == "family":
        manifest["layers"][0]["mediaType"] = "application/vnd.docker.image.rootfs.tar"
        manifest_path.write_text(json.dumps(manifest))
    else:
        config = json.loads(config_path.read_bytes())
        config["history"] = [{"created_by": "RUN", "empty_layer": True}]
        if damage == "diff_ids":
            config["rootfs"]["diff_ids"] = [f"sha256:{'0' * 64}"]
        config_path.write_text(json.dumps(config))
    where = {where for _, where in kinds(load_image(source, tmp_path).problems)}
    expected = {
        "blob": "blob digest",
        "diff_ids": "diff ID",
        "history": "number of history",
        "family": "media types",
    }
    assert expected[damage] in where


def test_times_are_compared_only_in_the_stricter_grade(images: Images) -> None:
    later = [replace(CAPABLE, mtime=1_500_000_001)]
    older = [replace(CAPABLE, mtime=1_500_000_000)]
    ours, theirs = images.flat(later), images.flat(older)
    assert compare_images(ours, theirs) == []
    assert kinds(compare_images(ours, theirs, times=True)) == {("mtime", "srv/capable")}


def test_any_time_within_the_build_is_now() -> None:
    assert render_time(1_700_000_000.5) == render_time(1_800_000_000) == "now"
    assert render_time(1_500_000_000.9) == 1_500_000_000


def test_what_a_container_runtime_leaves_is_not_compared(images: Images) -> None:
    runtime = [
        TarEntry(name=name)
        for name in ("etc/hosts", "dev/null", ".dockerenv", "run/.containerenv")
    ]
    folders = [TarEntry(name=name, type="dir", mode=0o755) for name in ("etc", "dev")]
    secrets = TarEntry(name="run/secrets", type="dir", mode=0o755)
    ours = images.flat([*ENTRIES, *folders])
    theirs = images.flat([*ENTRIES, *folders, *runtime, secrets])
    assert compare_images(ours, theirs) == compare_images(theirs, ours) == []


def test_a_run_folder_with_content_is_compared(images: Images) -> None:
    ours = images.flat([*ENTRIES, TarEntry(name="run/lock", content=b"x")])
    found = compare_images(ours, images.flat(ENTRIES))
    assert kinds(found) == {("extra", "run"), ("extra", "run/lock")}


def test_exceptions_are_by_name_and_no_wider_than_asked(images: Images) -> None:
    other = replace(CAPABLE, content=b"other", mode=0o600)
    ours = images.flat([*without(CAPABLE), other, TarEntry(name="var/log/x")])
    theirs = images.flat(ENTRIES)
    named = Exceptions(content=("srv/cap*",), presence=("var", "var/*"))
    found = compare_images(ours, theirs, exceptions=named)
    assert kinds(found) == {("mode", "srv/capable")}


def test_a_volatile_file_must_still_be_empty_or_not(images: Images) -> None:
    ours = images.flat([*without(CAPABLE), replace(CAPABLE, content=b"")])
    volatile = Exceptions(content=("srv/capable",))
    found = compare_images(ours, images.flat(ENTRIES), exceptions=volatile)
    assert ("size", "srv/capable") in kinds(found)


def test_names_that_are_not_utf8_are_written_in_hex() -> None:
    assert render_path("a\\b\udcff") == r"a\\b\xff"


def test_names_that_are_not_utf8_are_read(images: Images) -> None:
    assert r"odd\xff" in images.flat([TarEntry(name="odd\udcff")]).files


def test_a_docker_archive_equals_the_layout_it_was_made_from(
    images: Images, tmp_path: Path
) -> None:
    source = images.source(ENTRIES)
    layout = tmp_path / "layout"
    blobs = layout / "blobs" / "sha256"
    index = json.loads((layout / "index.json").read_bytes())
    manifest_path = blobs / index["manifests"][0]["digest"].removeprefix("sha256:")
    manifest = json.loads(manifest_path.read_bytes())
    config = manifest["config"]["digest"].removeprefix("sha256:")
    layer = manifest["layers"][0]["digest"].removeprefix("sha256:")
    (tmp_path / "manifest.json").write_text(
        json.dumps([{"Config": f"{config}.json", "Layers": ["first/layer.tar"]}])
    )
    (tmp_path / "layer.tar").write_bytes(gzip.decompress((blobs / layer).read_bytes()))
    archive = tmp_path / "saved.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(tmp_path / "manifest.json", "manifest.json")
        tar.add(blobs / config, f"{config}.json")
        tar.add(tmp_path / "layer.tar", "first/layer.tar")
    saved = load_image(f"docker-archive:{archive}", tmp_path)
    assert compare_images(saved, load_image(source, tmp_path), times=True) == []


def test_an_image_that_is_not_there_is_an_error(images: Images, tmp_path: Path) -> None:
    images.source(ENTRIES)
    with pytest.raises(ImageNotFoundError):
        load_image(f"oci:{tmp_path}/layout:nobody", tmp_path)


EXPECTED = {
    "status": "ok",
    "config": {**CONFIG, "ExposedPorts": ["80/tcp"]},
    "filesystem": {
        "base": "some",
        "added": {
            "new": {
                "type": "file",
                "mode": "0644",
                "uid": 0,
                "gid": 0,
                "size": 1,
                "sha256": hashlib.sha256(b"1").hexdigest(),
                "mtime": 1500000000,
            }
        },
        "changed": {"srv": {"type": "dir", "mode": "0711", "uid": 0, "gid": 0}},
        "removed": ["srv/null"],
    },
    "volatile": [],
}
UPPER = (
    TarEntry(name="new", content=b"1"),
    replace(FOLDER, mode=0o711),
    TarEntry(name="srv/.wh.null"),
)


@pytest.fixture
def expectation(tmp_path: Path) -> Expectation:
    path = tmp_path / "expected.json"
    path.write_text(json.dumps(EXPECTED))
    return Expectation.load(path)


def test_an_image_that_meets_its_expectation_is_equal(
    images: Images, expectation: Expectation
) -> None:
    ours = images.flat(ENTRIES, UPPER)
    assert expectation.compare(ours, images.flat(ENTRIES), times=True) == []


@pytest.mark.parametrize(
    ("missing", "difference"),
    [
        (0, ("missing", "new")),
        (1, ("mode", "srv")),
        (2, ("extra", "srv/null")),
    ],
)
def test_goes_red_for_each_part_of_an_expectation(
    images: Images,
    expectation: Expectation,
    missing: int,
    difference: tuple[str, str],
) -> None:
    upper = [entry for number, entry in enumerate(UPPER) if number != missing]
    found = expectation.compare(images.flat(ENTRIES, upper), images.flat(ENTRIES))
    assert kinds(found) == {difference}


def test_a_path_that_the_expectation_does_not_name_must_be_as_in_the_base(
    images: Images, expectation: Expectation
) -> None:
    upper = [*UPPER, replace(CAPABLE, mode=0o600)]
    found = expectation.compare(images.flat(ENTRIES, upper), images.flat(ENTRIES))
    assert kinds(found) == {("mode", "srv/capable")}
