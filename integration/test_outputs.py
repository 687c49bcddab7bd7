"""Where results go: files to the byte, formats as others read them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from integration.executor import Executor, named_base, write_context
from integration.image_comparison.comparison import compare_images, load_image
from integration.services.bases import SMALL_BASES
from integration.services.docker import Docker
from integration.services.registry import Registry
from tests.support.loopback_server import TLS
from tests.support.registry_server import FakeRegistry, Fault

BUSYBOX = named_base("busybox", SMALL_BASES, "busybox")
DOCKERFILE = (
    "FROM busybox\nLABEL made=dockerfile kept=yes\nCOPY file /file\nCMD cat /file\n"
)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    return write_context(tmp_path / "context", DOCKERFILE, {"file": "content\n"})


def skopeo(*words: str | Path) -> bytes:
    return subprocess.run(["skopeo", *words], check=True, capture_output=True).stdout


def digest_of(registry: Registry, repository: str, tag: str) -> str:
    """Return the digest of the manifest that the registry has, by its bytes."""
    reference = f"docker://{registry.host}/{repository}:{tag}"
    raw = skopeo("inspect", "--raw", "--tls-verify=false", reference)
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


@contextmanager
def mounted(source: Path, target: Path) -> Iterator[None]:
    """Mount a file on another, as Kubernetes does."""
    subprocess.run(["mount", "--bind", source, target], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", target], check=True)


# --------------------------------------------------------------------- result files


def test_result_files_are_as_kaniko_s_users_read_them(
    registry: Registry, executor: Executor, context: Path, tmp_path: Path
) -> None:
    one, two = f"{registry.host}/outputs/one", f"{registry.host}/outputs/two"
    out = tmp_path / "made" / "for" / "it"
    executor.run(
        context,
        BUSYBOX,
        f"--destination={one}:1.0",
        f"--destination={two}",
        f"--digest-file={out / 'digest'}",
        f"--image-name-with-digest-file={out / 'names'}",
        f"--image-name-tag-with-digest-file={out / 'tags'}",
        environment={"BUILDER_OUTPUT": str(out)},
    ).check()
    digest = digest_of(registry, "outputs/one", "1.0")
    assert digest == digest_of(registry, "outputs/two", "latest")
    assert {path.name: path.read_bytes().decode() for path in out.iterdir()} == {
        "digest": digest,
        "names": f"{one}@{digest}\n{two}@{digest}\n",
        "tags": f"{one}:1.0@{digest}\n{two}:latest@{digest}\n",
        "images": (
            f'{{"name":"{one}:1.0","digest":"{digest}"}}\n'
            f'{{"name":"{two}:latest","digest":"{digest}"}}\n'
        ),
    }
    assert (out.stat().st_mode & 0o777, (out / "digest").stat().st_mode & 0o777) == (
        0o700,
        0o644,
    )


@pytest.mark.parametrize("isolation", ["namespaces", "chroot"])
def test_a_mounted_file_is_written_in_place(
    executor: Executor, context: Path, tmp_path: Path, isolation: str
) -> None:
    """As /dev/termination-log is: nothing can be renamed there."""
    source, target = tmp_path / "termination-log", tmp_path / "digest"
    source.write_text("something that is longer than a digest " * 9)
    target.touch()
    before = source.stat().st_ino
    with mounted(source, target):
        executor.run(
            context,
            BUSYBOX,
            f"--isolation={isolation}",
            "--no-push",
            f"--oci-layout-path={tmp_path / 'layout'}",
            f"--digest-file={target}",
        ).check()
    entry = json.loads((tmp_path / "layout/index.json").read_bytes())["manifests"][0]
    assert source.read_text() == entry["digest"]
    assert source.stat().st_ino == before
    assert target.read_text() == ""
    assert not list(tmp_path.glob(".digest*"))


def test_a_failed_build_leaves_result_files_as_they_were(
    registry: Registry, executor: Executor, context: Path, tmp_path: Path
) -> None:
    (context / "Dockerfile").write_text(DOCKERFILE + "RUN exit 3\n")
    old = tmp_path / "digest"
    old.write_text("old")
    failed = executor.run(
        context,
        BUSYBOX,
        f"--destination={registry.host}/outputs/failed",
        f"--digest-file={old}",
        f"--image-name-with-digest-file={tmp_path / 'names'}",
        environment={"BUILDER_OUTPUT": str(tmp_path / "builder")},
    )
    assert failed.status == 3
    assert old.read_text() == "old"
    assert not (tmp_path / "names").exists()
    assert not (tmp_path / "builder").exists()


def test_a_result_file_that_cannot_be_written_is_told_before_the_build(
    executor: Executor, context: Path, tmp_path: Path
) -> None:
    (context / "Dockerfile").write_text("FROM busybox\nRUN echo built\n")
    (tmp_path / "file").touch()
    path = tmp_path / "file/digest"
    failed = executor.run(context, BUSYBOX, "--no-push", f"--digest-file={path}")
    assert failed.status == 1
    assert failed.error == f"{path}: {tmp_path / 'file'} is not a directory"
    assert "built" not in failed.output


def test_a_failed_push_writes_no_result(
    registry: Registry, executor: Executor, context: Path, tmp_path: Path
) -> None:
    with FakeRegistry() as broken:
        broken.faults.append(Fault("PUT /v2/app/manifests", status=400, times=99))
        failed = executor.run(
            context,
            BUSYBOX,
            f"--destination={registry.host}/outputs/half",
            f"--destination={broken.host}/app:1",
            f"--digest-file={tmp_path / 'digest'}",
        )
    assert failed.status == 1
    assert "400" in failed.error
    assert not (tmp_path / "digest").exists()


def test_results_are_sent_to_an_address(
    executor: Executor, context: Path, tmp_path: Path
) -> None:
    with FakeRegistry(tls=True) as server:
        server.faults.append(Fault("PUT /bucket", status=200, times=2))
        address = f"https://{server.host}/bucket"
        layout = tmp_path / "layout"
        executor.layout(
            context,
            layout,
            BUSYBOX,
            "--destination=team/app:1",
            f"--digest-file={address}/digest?sig=s3cret",
            f"--image-name-tag-with-digest-file={address}/tags",
            environment={"SSL_CERT_FILE": str(TLS / "ca.pem")},
        )
        puts = {seen.path: seen for seen in server.seen}
    digest = json.loads((layout / "index.json").read_bytes())["manifests"][0]["digest"]
    assert puts["/bucket/digest"].body.decode() == digest
    assert puts["/bucket/digest"].query == {"sig": ["s3cret"]}
    assert puts["/bucket/tags"].body.decode() == (
        f"index.docker.io/team/app:1@{digest}\n"
    )


def test_an_address_that_refuses_fails_the_build_and_shows_no_secret(
    executor: Executor, context: Path
) -> None:
    with FakeRegistry(tls=True) as server:
        server.faults.append(Fault("PUT /bucket", status=403))
        failed = executor.run(
            context,
            BUSYBOX,
            "--no-push",
            f"--digest-file=https://{server.host}/bucket/digest?sig=s3cret",
            environment={"SSL_CERT_FILE": str(TLS / "ca.pem")},
        )
    assert failed.status == 1
    assert "403 Forbidden to PUT" in failed.error
    assert "s3cret" not in failed.log


# ------------------------------------------------------------------- formats, labels


def media_types(layout: Path) -> list[str]:
    """Return the media types of the manifest, the config and each layer."""
    entry = json.loads((layout / "index.json").read_bytes())["manifests"][0]
    blob = layout / "blobs" / entry["digest"].replace(":", "/")
    manifest: dict[str, Any] = json.loads(blob.read_bytes())
    layers = [layer["mediaType"] for layer in manifest["layers"]]
    return [manifest["mediaType"], manifest["config"]["mediaType"], *layers]


@pytest.mark.parametrize(
    ("flags", "ends"),
    [
        ((), ("tar+gzip", "tar+gzip")),
        (("--compression=zstd",), ("tar+gzip", "tar+zstd")),
        (("--compression=zstd", "--compression-level=19"), ("tar+gzip", "tar+zstd")),
        (("--compression=gzip", "--compression-level=9"), ("tar+gzip", "tar+gzip")),
        (("--reproducible", "--compression=zstd"), ("tar+gzip", "tar+zstd")),
    ],
    ids=" ".join,
)
def test_layers_have_the_compression_that_was_asked_for(
    executor: Executor,
    context: Path,
    tmp_path: Path,
    flags: tuple[str, ...],
    ends: tuple[str, ...],
) -> None:
    """Others unpack them, so their bytes are what their types say."""
    layout, bundle = tmp_path / "layout", tmp_path / "bundle"
    executor.layout(context, layout, BUSYBOX, *flags)
    types = media_types(layout)
    assert all(one.startswith("application/vnd.oci.image.") for one in types)
    assert tuple(one.rpartition(".")[2] for one in types[2:]) == ends
    skopeo("copy", f"oci:{layout}", f"dir:{tmp_path / 'copied'}")
    image = load_image(f"oci:{layout}", tmp_path)
    assert (image.files["file"].size, image.problems) == (len("content\n"), ())
    if "zstd" not in ends[1]:  # Debian's umoci knows no zstd
        subprocess.run(
            ["umoci", "unpack", "--image", f"{layout}:latest", bundle],
            check=True,
            capture_output=True,
        )
        assert (bundle / "rootfs/file").read_text() == "content\n"


def test_a_format_is_pushed_and_docker_runs_it(
    registry: Registry, executor: Executor, context: Path, docker: Docker
) -> None:
    for form, flags in {
        "docker": ("--image-format=docker",),
        "oci": ("--image-format=oci",),
        "annotated": ("--annotation=org.example.a=b",),
    }.items():
        reference = f"{registry.host}/outputs/format:{form}"
        executor.run(context, BUSYBOX, *flags, f"--destination={reference}").check()
        manifest = registry.manifest("outputs/format", form)
        family = "docker" if form == "docker" else "oci"
        assert family in manifest["mediaType"]
        wanted = {"org.example.a": "b"} if form == "annotated" else None
        assert manifest.get("annotations") == wanted
        docker.run("pull", reference)
        assert docker.run("run", "--rm", reference).stdout == "content\n"


def test_a_docker_image_does_not_take_zstd(executor: Executor, context: Path) -> None:
    failed = executor.run(
        context, "--no-push", "--image-format=docker", "--compression=zstd"
    )
    assert failed.error.startswith("--image-format=docker and --compression=zstd")


def test_labels_of_the_command_line_are_last(
    executor: Executor, context: Path, tmp_path: Path
) -> None:
    layout = tmp_path / "layout"
    executor.layout(context, layout, BUSYBOX, "--label=made=flag", "--label", "new=a=b")
    config = json.loads(skopeo("inspect", "--config", f"oci:{layout}"))
    assert config["config"]["Labels"] == {"made": "flag", "kept": "yes", "new": "a=b"}


# ------------------------------------------------------------------- tar and layout


def test_the_archive_the_layout_and_the_push_hold_one_image(
    registry: Registry,
    executor: Executor,
    context: Path,
    docker: Docker,
    tmp_path: Path,
) -> None:
    """With destinations and without --no-push a tar is written and pushed, too."""
    reference = f"{registry.host}/outputs/all:1"
    archive, layout = tmp_path / "image.tar", tmp_path / "layout"
    executor.run(
        context,
        BUSYBOX,
        f"--destination={reference}",
        f"--tar-path={archive}",
        f"--oci-layout-path={layout}",
    ).check()
    entry = json.loads((layout / "index.json").read_bytes())["manifests"][0]
    assert entry["digest"] == digest_of(registry, "outputs/all", "1")
    loaded = load_image(f"oci:{layout}", tmp_path)
    assert (
        compare_images(loaded, load_image(f"docker-archive:{archive}", tmp_path)) == []
    )
    assert reference in docker.run("load", "--input", archive).stdout
    assert docker.run("run", "--rm", reference).stdout == "content\n"


def test_relative_paths_are_of_the_working_directory(
    executor: Executor, context: Path, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    words = executor.command(
        context,
        BUSYBOX,
        "--no-push",
        f"-f={context / 'Dockerfile'}",
        "--tar-path=out/image.tar",
        "--oci-layout-path=out/layout",
        "--digest-file=out/digest",
    )
    environment = {**os.environ, "HOME": "/nonexistent"}
    subprocess.run(words, cwd=here, env=environment, check=True, capture_output=True)
    assert sorted(path.name for path in (here / "out").iterdir()) == [
        "digest",
        "image.tar",
        "layout",
    ]
    entry = json.loads((here / "out/layout/index.json").read_bytes())["manifests"][0]
    assert (here / "out/digest").read_text() == entry["digest"]


def test_a_layout_is_written_again_over_another_image(
    executor: Executor, context: Path, tmp_path: Path
) -> None:
    """As with kaniko the index names the new image alone, and old blobs stay."""
    layout = tmp_path / "layout"
    executor.layout(context, layout, BUSYBOX, "--destination=app:1")
    first = {path.name for path in (layout / "blobs/sha256").iterdir()}
    (context / "file").write_text("other\n")
    executor.layout(context, layout, BUSYBOX, "--destination=app:2")
    entries = json.loads((layout / "index.json").read_bytes())["manifests"]
    assert [one["annotations"] for one in entries] == [
        {"org.opencontainers.image.ref.name": "2"}
    ]
    assert first < {path.name for path in (layout / "blobs/sha256").iterdir()}
    subprocess.run(
        ["umoci", "stat", "--image", f"{layout}:2"], check=True, capture_output=True
    )


# ---------------------------------------------------------------- SOURCE_DATE_EPOCH


@pytest.mark.parametrize("where", ["variable", "argument"])
def test_times_are_no_later_than_the_source_s(
    executor: Executor, context: Path, tmp_path: Path, where: str
) -> None:
    """Times that are earlier stay what they are; the base is left alone."""
    write_context(context, DOCKERFILE + "COPY old /old\nRUN touch /made\n", {"old": ""})
    os.utime(context / "old", (1000, 1000))
    layout = tmp_path / "layout"
    epoch = "1000000000"
    executor.layout(
        context,
        layout,
        BUSYBOX,
        *((f"--build-arg=SOURCE_DATE_EPOCH={epoch}",) if where == "argument" else ()),
        environment={"SOURCE_DATE_EPOCH": epoch if where == "variable" else "5"},
    )
    image = load_image(f"oci:{layout}", tmp_path)
    config = json.loads(skopeo("inspect", "--config", f"oci:{layout}"))
    assert config["created"] == "2001-09-09T01:46:40Z"
    base = json.loads(skopeo("inspect", "--config", f"oci:{SMALL_BASES}:busybox"))
    own = config["history"][len(base["history"]) :]
    assert {entry["created"] for entry in own} == {"2001-09-09T01:46:40Z"}
    assert config["history"][: len(base["history"])] == base["history"]
    assert (
        config["rootfs"]["diff_ids"][: len(base["rootfs"]["diff_ids"])]
        == (base["rootfs"]["diff_ids"])
    )
    times = {path: image.files[path].mtime for path in ("file", "made", "old")}
    assert times == {"file": 10**9, "made": 10**9, "old": 1000}


@pytest.mark.parametrize(
    "value", ["yesterday", "-1", "1.5", "0x10", "\uff11", "9" * 15]
)
def test_a_time_of_the_source_that_is_none_is_an_error(
    executor: Executor, context: Path, value: str
) -> None:
    failed = executor.run(
        context, "--no-push", environment={"SOURCE_DATE_EPOCH": value}
    )
    assert failed.status == 1
    assert failed.error == f'invalid value "{value}" of SOURCE_DATE_EPOCH'
    assert "seconds since 1970" in failed.hint
