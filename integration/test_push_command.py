"""`kanipy push`: what we and others wrote to disk gets into a registry, unchanged."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from integration.executor import (
    COMMAND,
    ENVIRONMENT,
    Executor,
    named_base,
    write_context,
)
from integration.image_comparison.comparison import compare_images, load_image
from integration.services.bases import SMALL_BASES
from integration.services.docker import Docker
from integration.services.registry import Registry

BUSYBOX = named_base("busybox", SMALL_BASES, "busybox")
DOCKERFILE = "FROM busybox\nCOPY file /file\nCMD cat /file\n"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    return write_context(tmp_path / "context", DOCKERFILE, {"file": "content\n"})


def push(*words: str | Path, work: Path, status: int = 0) -> str:
    """Run the command; return what it said."""
    done = subprocess.run(
        [*COMMAND, "push", *words, f"--kaniko-dir={work}", "--log-format=text"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=ENVIRONMENT,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert not work.exists() or list(work.iterdir()) == []
    return done.stderr


def digest_of(registry: Registry, repository: str) -> str:
    reference = f"docker://{registry.host}/{repository}"
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false", reference]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def pushed_at_once(registry: Registry, executor: Executor, context: Path) -> str:
    """Return the digest of the image where the build pushes it."""
    reference = f"{registry.host}/push/at-once:1"
    executor.run(context, BUSYBOX, "--reproducible", f"-d={reference}").check()
    return digest_of(registry, "push/at-once:1")


@pytest.mark.parametrize("form", ["docker", "oci"])
def test_a_layout_is_pushed_as_it_is(
    registry: Registry, executor: Executor, context: Path, tmp_path: Path, form: str
) -> None:
    layout, digest_file = tmp_path / "layout", tmp_path / "digest"
    flags = (f"--image-format={form}", f"--digest-file={digest_file}")
    executor.layout(context, layout, BUSYBOX, *flags)
    built = digest_file.read_text()
    names = [f"-d={registry.host}/push/layout-{form}:{tag}" for tag in ("1", "2")]
    push(layout, *names, f"--digest-file={digest_file}-2", work=tmp_path / "w")
    assert Path(f"{digest_file}-2").read_text() == built
    for tag in ("1", "2"):
        assert digest_of(registry, f"push/layout-{form}:{tag}") == built


def test_an_archive_of_a_build_becomes_the_image_that_the_build_would_push(
    registry: Registry, executor: Executor, context: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "image.tar"
    flags = (BUSYBOX, "--reproducible", "--image-format=docker")
    executor.run(context, *flags, "--no-push", f"--tar-path={archive}").check()
    name = f"{registry.host}/push/archive:1"
    push(archive, f"-d={name}", work=tmp_path / "w")
    executor.run(context, *flags, f"-d={registry.host}/push/at-once:1").check()
    assert digest_of(registry, "push/archive:1") == digest_of(
        registry, "push/at-once:1"
    )


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_what_docker_saved_is_pushed_and_runs(
    registry: Registry,
    executor: Executor,
    context: Path,
    docker: Docker,
    tmp_path: Path,
    *,
    compressed: bool,
) -> None:
    """Its layers are not compressed; ours in the registry are, as docker's would be."""
    loaded, saved = tmp_path / "loaded.tar", tmp_path / "saved.tar"
    name = f"push/saved-{compressed}:1".lower()
    executor.run(
        context, BUSYBOX, "--no-push", f"--tar-path={loaded}", f"-d={name}"
    ).check()
    docker.run("load", "--input", loaded)
    docker.run("save", "--output", saved, name)
    if compressed:
        saved.write_bytes(gzip.compress(saved.read_bytes()))
    reference = f"{registry.host}/{name}"
    push(saved, f"-d={reference}", work=tmp_path / "w")
    manifest = registry.manifest(*name.split(":"))
    assert all(layer["mediaType"].endswith("gzip") for layer in manifest["layers"])
    here = load_image(f"docker-archive:{loaded}", tmp_path)
    there = load_image(f"docker://{reference}", tmp_path)
    assert compare_images(there, here) == []
    docker.run("rmi", name)
    assert docker.run("run", "--rm", reference).stdout == "content\n"


@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive", "oci"])
def test_what_skopeo_wrote_is_pushed(
    registry: Registry, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "image"
    source = f"oci:{SMALL_BASES}:busybox"
    command = ["skopeo", "copy", "--quiet", source, f"{kind}:{path}"]
    subprocess.run(command, check=True)
    reference = f"{registry.host}/push/skopeo-{kind}:1"
    push(path, f"-d={reference}", work=tmp_path / "w")
    base = load_image(source, tmp_path)
    assert compare_images(load_image(f"docker://{reference}", tmp_path), base) == []
    if kind != "docker-archive":
        entries = json.loads((SMALL_BASES / "index.json").read_bytes())["manifests"]
        (digest,) = (
            entry["digest"]
            for entry in entries
            if "busybox" in str(entry.get("annotations"))
        )
        assert digest_of(registry, f"push/skopeo-{kind}:1") == digest


def test_a_damaged_archive_is_not_pushed(
    registry: Registry, executor: Executor, context: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "image.tar"
    (context / "file").write_bytes(os.urandom(100_000))
    executor.run(context, BUSYBOX, "--no-push", f"--tar-path={archive}").check()
    data = bytearray(archive.read_bytes())
    data[-60_000] ^= 1
    archive.write_bytes(data)
    said = push(
        archive, f"-d={registry.host}/push/damaged:1", work=tmp_path / "w", status=1
    )
    assert f"Error: {archive}" in said
    assert registry.manifest("push/damaged", "1") is None


def test_a_damaged_blob_of_a_layout_is_told_with_its_place(
    registry: Registry, executor: Executor, context: Path, tmp_path: Path
) -> None:
    layout = tmp_path / "layout"
    executor.layout(context, layout, BUSYBOX)
    largest = max((layout / "blobs/sha256").iterdir(), key=lambda p: p.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[-1] ^= 1
    largest.write_bytes(data)
    reference = f"{registry.host}/push/damaged-layout:1"
    said = push(layout, f"-d={reference}", work=tmp_path / "w", status=1)
    assert f"Error: {layout}: the bytes of sha256:{largest.name} are not" in said
    assert registry.manifest("push/damaged-layout", "1") is None


def test_several_images_are_not_one(registry: Registry, tmp_path: Path) -> None:
    said = push(
        SMALL_BASES, f"-d={registry.host}/push/several:1", work=tmp_path / "w", status=1
    )
    assert "images, not one" in said
    assert registry.manifest("push/several", "1") is None
