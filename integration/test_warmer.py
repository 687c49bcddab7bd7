"""Base images are warmed, and builds on them need no registry and give the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.archive.layer_reader import read_index
from adapters.layer_cache import DIFF_ID
from adapters.storage.docker_tar import DockerTarImageDestination
from adapters.storage.oci_layout import LayoutLocation, OciLayoutImageSource
from application.ports.images import BuiltImage
from domain.image.digest import Digest
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.snapshot.index import LayerIndex
from domain.values import replace
from integration.executor import ENVIRONMENT, Executor, named_base, write_context
from integration.forgery import forge_entry, manifest_of
from integration.image_comparison.comparison import compare_images, load_image
from integration.services.executor_image import ExecutorImage
from integration.services.layouts import TarEntry, layer_tar, write_layout
from integration.services.registry import Account
from integration.warmer import LAYERS, Warmth, warmth

AMD64 = Platform(os="linux", architecture="amd64")


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[Warmth]:
    with warmth(tmp_path) as found:
        yield found


def _layers(warm: Warmth) -> list[Path]:
    """Return the files of the entry's layers, lowest first."""
    blobs = warm.entry / "blobs" / "sha256"
    layers = manifest_of(warm.entry)["layers"]
    return [blobs / layer["digest"][7:] for layer in layers]


def test_a_digest_that_is_warmed_is_built_on_without_a_registry(warm: Warmth) -> None:
    pinned = f"{warm.name}@{warm.digest}"
    expected, _ = warm.plain_build(pinned)
    warm.warm(f"--image={pinned}").check()
    before = warm.requests
    assert warm.build(pinned)[0] == expected
    assert warm.requests == before
    warm.stop()
    digest, log = warm.build(pinned)
    assert digest == expected
    assert "which is warmed" in log


def test_of_a_tag_the_registry_is_asked_for_the_digest_alone(warm: Warmth) -> None:
    expected, _ = warm.plain_build(warm.tag)
    warm.warm("-i", warm.tag).check()
    before = len(warm.requests)
    assert warm.build(warm.tag)[0] == expected
    asked = {request.partition(" ")[0] for request in warm.requests[before:]}
    assert asked == {"HEAD"}


def test_without_a_registry_a_tag_is_what_it_was_until_it_expires(
    warm: Warmth,
) -> None:
    expected, _ = warm.plain_build(warm.tag)
    warm.warm("-i", warm.tag).check()
    warm.stop()
    digest, log = warm.build(warm.tag)
    assert digest == expected
    (told,) = [line for line in log.splitlines() if line.startswith("WARN")]
    assert "ago, when it was warmed" in told
    failed = warm.try_build(
        warm.tag,
        *warm.flags,
        "--cache-ttl=0",
    )
    assert failed.status == 1
    assert warm.registry.host in failed.error


def test_an_index_leads_to_the_image_of_each_platform(warm: Warmth) -> None:
    other = layer_tar([TarEntry(name="etc/first", content=b"other")])
    layout = write_layout(warm.scratch / "other", "other", [other])
    warm.registry.push_layout(layout, "other", "team/base:other")
    index = warm.put_index("many", {"amd64": "latest", "arm64": "other"})
    pinned, arm64 = f"{warm.name}@{index}", "--custom-platform=linux/arm64"
    expected = [warm.plain_build(pinned)[0], warm.plain_build(pinned, arm64)[0]]
    assert expected[0] != expected[1]
    warm.warm("-i", pinned).check()
    warm.warm("-i", f"{warm.name}:many", "--customPlatform=linux/arm64").check()
    assert len(list(warm.cache.glob("sha256:*"))) == 2
    warm.stop()
    assert [warm.build(pinned)[0], warm.build(pinned, arm64)[0]] == expected


def test_the_bases_of_a_dockerfile_are_warmed_with_its_arguments(
    warm: Warmth,
) -> None:
    dockerfile = warm.scratch / "Dockerfile"
    dockerfile.write_text(
        "ARG NAME=nothing\nARG AT\nFROM ${NAME}@${AT} AS a\nFROM a\nFROM scratch\n"
    )
    pinned = f"{warm.name}@{warm.digest}"
    arguments = (f"--build-arg=NAME={warm.name}", "--build-arg=AT")
    warm.warm(
        f"--dockerfile={dockerfile}", *arguments, environment={"AT": warm.digest}
    ).check()
    warm.stop()
    warm.build(pinned)


def test_an_expired_entry_is_left_until_it_is_renewed(warm: Warmth) -> None:
    expected, _ = warm.plain_build(warm.tag)
    warm.warm("-i", warm.tag).check()
    os.utime(warm.entry, (1_600_000_000, 1_600_000_000))
    digest, log = warm.build(warm.tag)
    assert digest == expected
    assert "--cache-ttl: it comes from the registry" in log
    before = len(warm.requests)
    warm.warm("-i", warm.tag).check()
    asked = warm.requests[before:]
    assert not [line for line in asked if "blobs" in line and "GET" in line][1:]
    assert "which is warmed" in warm.build(warm.tag)[1]


@pytest.mark.parametrize("kind", ["other bytes", "truncated", "missing", "config"])
def test_a_damaged_entry_is_told_once_and_the_image_is_right(
    warm: Warmth, kind: str
) -> None:
    expected, _ = warm.plain_build(warm.tag)
    warm.warm("-i", warm.tag).check()
    layer = _layers(warm)[1]
    match kind:
        case "other bytes":
            layer.write_bytes(bytes(layer.stat().st_size))
        case "truncated":
            layer.write_bytes(layer.read_bytes()[:-1])
        case "missing":
            layer.unlink()
        case _:
            layers = {path.name for path in _layers(warm)}
            for path in layer.parent.iterdir():
                if path.name not in layers:
                    path.write_bytes(b"{}")
    digest, log = warm.build(warm.tag)
    assert digest == expected
    assert log.count("is damaged") == 1
    warm.warm("-i", warm.tag, "--force").check()
    digest, log = warm.build(warm.tag)
    assert digest == expected
    assert "WARN" not in log


def _lie_about(layer: Path, diff_id: Digest) -> LayerIndex:
    """Return the index of a layer in which modes and owners are others."""
    with layer.open("rb") as blob:
        index = read_index(blob, diff_id)
    rows = [row._replace(mode=0o4777, uid=7) for row in index.entries.values()]
    return replace(index, entries={row.path: row for row in rows})


PLANNED = "FROM {base}\nCOPY f /srv/\nWORKDIR /etc/app\n"


def _planned(warm: Warmth, base: str, *flags: str) -> tuple[str, str]:
    """Build what needs to know the base, and none of its layers."""
    context = write_context(
        warm.scratch / "planned", PLANNED.replace("{base}", base), {"f": "content"}
    )
    digest = warm.scratch / "planned-digest"
    words = ("--no-push", "--reproducible", f"--digest-file={digest}")
    executor = Executor(work=warm.scratch / "work")
    done = executor.run(context, *words, *flags).check()
    return digest.read_text(), done.log


def test_what_warmed_layers_hold_is_known_without_layers_and_registry(
    warm: Warmth,
) -> None:
    pinned = f"{warm.name}@{warm.digest}"
    expected, _ = _planned(warm, pinned)
    warm.warm("-i", pinned).check()
    warm.stop()
    for layer in _layers(warm):
        layer.write_bytes(bytes(layer.stat().st_size))
    digest, log = _planned(warm, pinned, *warm.flags)
    assert digest == expected
    assert "WARN" not in log


@pytest.mark.parametrize("kind", ["other bytes", "missing", "lies"])
def test_a_damaged_index_of_a_layer_is_told_and_the_layer_is_read(
    warm: Warmth, kind: str
) -> None:
    """One that lies is found out where the layer is read, here for the COPY."""
    expected, _ = warm.plain_build(warm.tag)
    warm.warm("-i", warm.tag).check()
    for name in _layers(warm):
        entry = warm.cache / ".kanipy" / "layers" / f"idx-{name.name}"
        manifest = manifest_of(entry)
        [skeleton, _] = [layer["digest"][7:] for layer in manifest["layers"]]
        path = entry / "blobs" / "sha256" / skeleton
        match kind:
            case "other bytes":
                path.write_bytes(b"nothing of an index")
            case "missing":
                path.unlink()
            case _:
                diff_id = Digest.parse(manifest["annotations"][DIFF_ID])
                forge_entry(entry, _lie_about(name, diff_id), diff_id)
    digest, log = warm.build(warm.tag)
    assert digest == expected
    told = [line for line in log.splitlines() if line.startswith("WARN")]
    assert told
    assert all("index" in line for line in told)
    warm.warm("-i", warm.tag, "--force").check()
    digest, log = warm.build(warm.tag)
    assert digest == expected
    assert "WARN" not in log


def test_what_is_not_warmed_comes_from_the_registry(warm: Warmth) -> None:
    warm.cache.mkdir()
    expected, _ = warm.plain_build(warm.tag)
    digest, log = warm.build(warm.tag)
    assert digest == expected
    assert log.count("is not among the warmed images") == 1


def test_two_warmers_of_one_directory_fetch_a_layer_once(warm: Warmth) -> None:
    large = layer_tar([TarEntry(name="large", content=os.urandom(30_000_000))])
    for name, layers in {"one": [large], "two": [large, *LAYERS]}.items():
        layout = write_layout(warm.scratch / name, name, layers)
        warm.registry.push_layout(layout, name, f"team/base:{name}")
    names = [f"--image={warm.name}:{tag}" for tag in ("one", "two", "latest")]
    warmers = [
        subprocess.Popen(
            warm.command(*chosen, "--strict"),
            env=ENVIRONMENT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for chosen in (names, list(reversed(names)))
    ]
    logs = [warmer.communicate()[1] for warmer in warmers]
    assert [warmer.returncode for warmer in warmers] == [0, 0], logs
    assert len(list(warm.cache.glob("sha256:*"))) == 3
    blobs = list(warm.cache.glob("sha256:*/blobs/sha256/*"))
    (name,) = {path.name for path in blobs if path.stat().st_size > 20_000_000}
    assert warm.requests.count(f"GET /v2/team/base/blobs/sha256:{name}") == 1
    for path in warm.cache.glob("sha256:*"):
        pinned = f"{warm.name}@{path.name}"
        assert warm.warm(f"--image={pinned}").check().log.count("is warm: ") == 1
    assert list((warm.cache / ".kanipy" / "making").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "status", "left"), [(signal.SIGTERM, 143, 0), (signal.SIGKILL, -9, 1)]
)
def test_a_warmer_that_is_ended_leaves_no_entry_and_nothing_for_good(
    warm: Warmth, number: signal.Signals, status: int, left: int
) -> None:
    large = layer_tar([TarEntry(name="large", content=os.urandom(60_000_000))])
    layout = write_layout(warm.scratch / "one", "one", [large])
    warm.registry.push_layout(layout, "one", "team/base:one")
    image = f"--image={warm.name}:one"
    making = warm.cache / ".kanipy" / "making"
    partial = "*/entry/blobs/sha256/.partial*"
    with subprocess.Popen(warm.command(image), env=ENVIRONMENT) as warmer:
        while warmer.poll() is None and not list(making.glob(partial)):
            time.sleep(0.001)
        warmer.send_signal(signal.SIGSTOP)
        assert list(making.glob(partial))
        warmer.send_signal(number)
        warmer.send_signal(signal.SIGCONT)
    assert warmer.returncode == status
    assert len(list(making.iterdir())) == left
    assert list(warm.cache.glob("sha256:*")) == []
    warm.warm(image).check()
    assert list(making.iterdir()) == []
    assert warm.warm(image).check().log.count("is warm: ") == 1


def test_builds_read_a_directory_that_cannot_be_written(warm: Warmth) -> None:
    pinned = f"{warm.name}@{warm.digest}"
    expected, _ = warm.plain_build(pinned)
    warm.warm("-i", pinned).check()
    warm.stop()
    subprocess.run(["mount", "--bind", warm.cache, warm.cache], check=True)
    try:
        read_only = ["mount", "-o", "remount,bind,ro", str(warm.cache)]
        subprocess.run(read_only, check=True)
        assert warm.build(pinned)[0] == expected
    finally:
        subprocess.run(["umount", warm.cache], check=True)


def _skopeo(*arguments: str | Path) -> bytes:
    return subprocess.run(
        ["skopeo", *arguments], check=True, capture_output=True
    ).stdout


def test_kanikos_entries_are_used_where_they_hold_the_layers_of_the_registry(
    warm: Warmth,
) -> None:
    pinned = f"{warm.name}@{warm.digest}"
    expected, _ = warm.plain_build(pinned)
    layout = warm.scratch / "pulled"
    _skopeo("copy", "--src-tls-verify=false", f"docker://{warm.tag}", f"oci:{layout}:x")
    source = OciLayoutImageSource(LayoutLocation(path=str(layout), tag="x"))
    image = source.resolve(Reference.parse(warm.tag), AMD64)
    assert str(image.digest) == warm.digest
    with source.open_blob(image, image.manifest.config) as stream:
        config = stream.read()
    warm.cache.mkdir()
    path = warm.cache / warm.digest
    DockerTarImageDestination(str(path)).publish(
        BuiltImage(manifest=image.manifest, config=config, origins={}),
        lambda layer: source.open_blob(image, layer),
    )
    path.with_name(f"{path.name}.json").write_bytes(image.manifest.raw)
    warm.stop()
    digest, log = warm.build(pinned)
    assert digest == expected
    assert "which is warmed" in log


def test_an_archive_of_uncompressed_layers_is_left_with_one_line(
    warm: Warmth,
) -> None:
    expected, _ = warm.plain_build(warm.tag)
    warm.cache.mkdir()
    path = warm.cache / warm.digest
    source = f"docker://{warm.tag}"
    _skopeo(
        "copy", "--src-tls-verify=false", source, f"docker-archive:{warm.scratch}/a"
    )
    shutil.move(warm.scratch / "a", path)
    raw = _skopeo("inspect", "--raw", "--tls-verify=false", source)
    path.with_name(f"{path.name}.json").write_bytes(raw)
    digest, log = warm.build(warm.tag)
    assert digest == expected
    assert log.count("holds layers in another form than the registry") == 1
    assert "WARN" not in log


def test_layouts_of_the_fork_are_read_and_ours_are_layouts_to_others(
    warm: Warmth,
) -> None:
    pinned = f"{warm.name}@{warm.digest}"
    expected, _ = warm.plain_build(pinned)
    layout = warm.scratch / "pulled"
    _skopeo("copy", "--src-tls-verify=false", f"docker://{warm.tag}", f"oci:{layout}")
    digest, theirs = warm.digest, warm.scratch / "ours"
    warm.warm("-i", warm.tag).check()
    theirs.symlink_to(warm.entry)
    assert _skopeo("inspect", "--raw", f"oci:{theirs}") == _skopeo(
        "inspect", "--raw", f"oci:{layout}"
    )
    shutil.rmtree(warm.cache)
    warm.cache.mkdir()
    shutil.move(layout, warm.cache / digest)
    warm.stop()
    assert warm.build(pinned)[0] == expected


def test_a_run_finds_the_warmed_files(warm: Warmth, small_bases: Path) -> None:
    reference = warm.registry.push_layout(small_bases, "busybox", "team/busybox")
    warm.warm("-i", reference, "--strict").check()
    pinned = f"{reference.rpartition(':')[0]}@{warm.entry.name}"
    context = write_context(
        warm.scratch / "run", f"FROM {pinned}\nRUN echo done > /made\n"
    )
    executor = Executor(work=warm.scratch / "work")
    base = named_base(pinned, small_bases, "busybox")
    for name in ("expected", "found"):
        (warm.scratch / name).mkdir()
    expected = executor.image(context, warm.scratch / "expected", base)
    warm.stop()
    found = executor.image(context, warm.scratch / "found", *warm.flags)
    assert not compare_images(found, expected)


def test_the_products_images_warm_and_build_over_the_root(
    warm: Warmth, small_bases: Path, executor_image: ExecutorImage
) -> None:
    reference = warm.registry.push_layout(small_bases, "busybox", "team/busybox")
    warm.cache.mkdir()
    volume = f"--volume={warm.cache}:/cache"
    executor_image.run(
        f"--image={reference}", flags=[volume], image=executor_image.warmer
    )
    pinned = f"{reference.rpartition(':')[0]}@{warm.entry.name}"
    context = write_context(
        warm.scratch / "run", f"FROM {pinned}\nRUN echo done > /made\n"
    )
    warm.stop()
    for name in ("expected", "found"):
        (warm.scratch / name).mkdir()
    told = executor_image.run(
        *("--cache", "--no-push-cache", "--cache-repo=oci:/out/steps", "--no-push"),
        "--oci-layout-path=/out/image",
        flags=[
            f"{volume}:ro",
            f"--volume={context}:/workspace",
            f"--volume={warm.scratch / 'found'}:/out",
        ],
    )
    assert "in-place" in told.stderr
    found = load_image(f"oci:{warm.scratch / 'found' / 'image'}", warm.scratch)
    executor = Executor(work=warm.scratch / "work")
    base = named_base(pinned, small_bases, "busybox")
    expected = executor.image(context, warm.scratch / "expected", base)
    assert not compare_images(found, expected)


def test_who_may_not_ask_the_registry_builds_on_what_is_warmed(tmp_path: Path) -> None:
    account = Account(user="builder", password="correct horse")
    with warmth(tmp_path, account) as warm:
        auths = {warm.registry.host: {"username": account.user}}
        auths[warm.registry.host]["password"] = account.password
        config = json.dumps({"auths": auths})
        warm.warm("-i", warm.tag, environment={"DOCKER_AUTH_CONFIG": config}).check()
        _, log = warm.build(warm.tag)
        assert "ago, when it was warmed" in log
        assert "401" in log
        warm.cache.rename(tmp_path / "elsewhere")
        failed = warm.warm("-i", warm.tag)
        assert failed.status == 1
        assert f"{warm.registry.host}/team/base" in failed.error
        assert failed.hint
