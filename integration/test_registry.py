"""The registry, layout and archive adapters against the programs of others.

Debian's docker-registry, skopeo, umoci, docker and nginx: what we write they read,
what they write we read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries, RetryPolicy
from adapters.registry.connection import RegistryConnections
from adapters.registry.destination import PushRules, RegistryImageDestination
from adapters.registry.source import RegistryImageSource
from adapters.storage.docker_tar import DockerTarImageDestination
from adapters.storage.oci_layout import (
    LayoutLocation,
    OciLayoutImageDestination,
    OciLayoutImageSource,
)
from application.errors import (
    DigestMismatch,
    ManifestUnknown,
    RegistryError,
    Unauthorized,
)
from application.ports.images import (
    BuiltImage,
    ImageDestination,
    ImageSource,
    OpenLayer,
    ResolvedImage,
)
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.image.media_type import Vendor, relabel_layer
from domain.image.platform import Platform
from domain.image.reference import Reference
from integration.services.docker import Docker
from integration.services.nginx import running_nginx
from integration.services.processes import free_port
from integration.services.registry import Account, Registry
from tests.support.credential_helpers import docker_config
from tests.support.images import check_image, make_image, make_tar

AMD64 = Platform(os="linux", architecture="amd64")
RANDOM = make_image(make_tar({"random": os.urandom(3_000_000)}))
RETRIES = Retries(RetryPolicy(attempts=3, first_delay=0.01))


def _connections(http: HttpClient, **environment: str) -> RegistryConnections:
    return RegistryConnections(http, docker_config(environment))


@pytest.fixture
def http() -> Iterator[HttpClient]:
    with HttpClient(retries=RETRIES) as client:
        yield client


@pytest.fixture
def source(http: HttpClient) -> RegistryImageSource:
    return RegistryImageSource(_connections(http), RETRIES)


def _destination(
    http: HttpClient, reference: str, **environment: str
) -> RegistryImageDestination:
    connections = _connections(http, **environment)
    return RegistryImageDestination(Reference.parse(reference), connections, RETRIES)


def _base(layout: Path, name: str) -> tuple[ImageSource, ResolvedImage]:
    layouts = OciLayoutImageSource(LayoutLocation(path=str(layout), tag=name))
    return layouts, layouts.resolve(Reference.parse(name), AMD64)


def _publish(
    source: ImageSource, image: ResolvedImage, destination: ImageDestination
) -> BuiltImage:
    """Publish an image of a source as docker's family, as if it had been built."""
    layers = [
        replace(layer, media_type=relabel_layer(layer.media_type, Vendor.DOCKER))
        for layer in image.manifest.layers
    ]
    raw = image.config.to_json()
    config = Descriptor(
        media_type=Vendor.DOCKER.config_type, digest=Digest.of(raw), size=len(raw)
    )
    manifest = Manifest.create(Vendor.DOCKER, config, layers)
    built = BuiltImage(manifest=manifest, config=raw, origins={})
    destination.publish(built, lambda layer: source.open_blob(image, layer))
    return built


def _skopeo(*arguments: str | Path) -> bytes:
    return subprocess.run(
        ["skopeo", *arguments], check=True, capture_output=True
    ).stdout


def _requests(registry: Registry, repository: str) -> list[str]:
    """Return method, path and status of the requests for a repository."""
    pattern = rf'"([A-Z]+) (/v2/{repository}/\S*) HTTP/1\.[01]" (\d+)'
    return [" ".join(found) for found in re.findall(pattern, registry.log.read_text())]


def test_what_skopeo_pushed_is_pulled_with_all_invariants(
    registry: Registry, small_bases: Path, source: RegistryImageSource
) -> None:
    reference = registry.push_layout(small_bases, "busybox", "pull/busybox")
    image = source.resolve(Reference.parse(reference), AMD64)

    def read(descriptor: Descriptor) -> bytes:
        with source.open_blob(image, descriptor) as stream:
            return stream.read()

    check_image(image, read)
    layer = image.manifest.layers[0]
    with source.open_blob(image, layer, 1000) as stream:
        assert stream.read() == read(layer)[1000:]


def test_what_is_pushed_is_there_to_the_byte_and_pulls_into_skopeo(
    registry: Registry, http: HttpClient, tmp_path: Path
) -> None:
    reference = f"{registry.host}/push/random:1"
    destination = _destination(http, reference)
    destination.check()
    destination.publish(RANDOM.built, RANDOM.open_layer)
    destination.publish(RANDOM.built, RANDOM.open_layer)
    raw = _skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{reference}")
    assert raw == RANDOM.manifest.raw
    _skopeo(
        "copy", "--src-tls-verify=false", f"docker://{reference}", f"dir:{tmp_path}"
    )
    for digest in RANDOM.blobs():
        data = (tmp_path / digest.hex).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest.hex
    requests = _requests(registry, "push/random")
    assert sum(line.startswith("PUT") for line in requests) == len(RANDOM.blobs()) + 1
    assert any(line.startswith("DELETE") for line in requests)


def test_docker_runs_what_was_pushed(
    registry: Registry, small_bases: Path, http: HttpClient, docker: Docker
) -> None:
    reference = f"{registry.host}/push/busybox:1"
    layouts, image = _base(small_bases, "busybox")
    _publish(layouts, image, _destination(http, reference))
    docker.run("pull", reference)
    assert docker.run("run", "--rm", reference, "echo", "hello").stdout == "hello\n"


def test_layers_are_mounted_from_another_repository(
    registry: Registry,
    small_bases: Path,
    http: HttpClient,
    source: RegistryImageSource,
) -> None:
    base = registry.push_layout(small_bases, "busybox", "mount/base")
    image = source.resolve(Reference.parse(base), AMD64)
    built = BuiltImage(
        manifest=image.manifest,
        config=image.config.to_json(),
        origins={layer.digest: image for layer in image.manifest.layers},
    )
    raw = built.config
    config = replace(image.manifest.config, digest=Digest.of(raw), size=len(raw))
    manifest = Manifest.create(Vendor.OCI, config, image.manifest.layers)

    def never(_: Descriptor) -> object:
        raise AssertionError

    open_layer: OpenLayer = never  # type: ignore[assignment]
    destination = _destination(http, f"{registry.host}/mount/app:1")
    destination.publish(replace(built, manifest=manifest), open_layer)
    requests = _requests(registry, "mount/app")
    mounts = [line for line in requests if "mount=" in line]
    assert len(mounts) == len(set(image.manifest.layers))
    assert all(line.endswith(" 201") for line in mounts)


def _docker_config(directory: Path, registry: Registry, account: Account) -> str:
    entry = {"username": account.user, "password": account.password}
    document = {"auths": {registry.host: entry}}
    (directory / "config.json").write_text(json.dumps(document))
    return str(directory)


def test_a_private_registry_is_pushed_to_and_pulled_from_with_docker_s_config(
    private_registry: Registry, http: HttpClient, tmp_path: Path
) -> None:
    assert private_registry.account is not None
    config = _docker_config(tmp_path, private_registry, private_registry.account)
    reference = f"{private_registry.host}/private/random:1"
    destination = _destination(http, reference, DOCKER_CONFIG=config)
    destination.check()
    destination.publish(RANDOM.built, RANDOM.open_layer)
    connections = _connections(http, DOCKER_CONFIG=config)
    image = RegistryImageSource(connections).resolve(Reference.parse(reference), AMD64)
    assert image.digest == RANDOM.manifest.digest


def test_a_private_registry_refuses_strangers_and_wrong_passwords(
    private_registry: Registry, http: HttpClient, tmp_path: Path
) -> None:
    reference = f"{private_registry.host}/private/refused:1"
    with pytest.raises(Unauthorized, match="401") as stranger:
        _destination(http, reference).check()
    assert private_registry.host in str(stranger.value.hint)
    wrong = Account(user="builder", password="wrong horse")
    config = _docker_config(tmp_path, private_registry, wrong)
    with pytest.raises(Unauthorized) as refused:
        _destination(http, reference, DOCKER_CONFIG=config).check()
    assert "'builder'" in str(refused.value.hint)
    assert "wrong horse" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("name", ["absent/app:1", "pull/absent:1"])
def test_an_image_the_registry_does_not_have_is_unknown(
    registry: Registry, source: RegistryImageSource, name: str
) -> None:
    with pytest.raises(ManifestUnknown) as caught:
        source.resolve(Reference.parse(f"{registry.host}/{name}"), AMD64)
    assert caught.value.status == 404
    assert caught.value.code in ("MANIFEST_UNKNOWN", "NAME_UNKNOWN")


def test_a_damaged_blob_in_the_registry_s_storage_is_found(
    registry: Registry, http: HttpClient, source: RegistryImageSource
) -> None:
    image = make_image(make_tar({"a": b"damaged"}))
    reference = f"{registry.host}/damaged/app:1"
    _destination(http, reference).publish(image.built, image.open_layer)
    digest = image.manifest.config.digest.hex
    blobs = registry.storage / "docker/registry/v2/blobs/sha256"
    path = blobs / digest[:2] / digest / "data"
    path.write_bytes(path.read_bytes().replace(b"amd64", b"amd46"))
    with pytest.raises(DigestMismatch, match=digest):
        source.resolve(Reference.parse(reference), AMD64)


def test_a_proxy_that_limits_requests_is_pushed_through_in_pieces(
    registry: Registry, http: HttpClient, source: RegistryImageSource, tmp_path: Path
) -> None:
    with running_nginx(tmp_path, registry.host, largest="1m") as host:
        destination = RegistryImageDestination(
            Reference.parse(f"{host}/limited/app:1"),
            _connections(http),
            RETRIES,
            PushRules(piece=1 << 20),
        )
        destination.publish(RANDOM.built, RANDOM.open_layer)
    reference = Reference.parse(f"{registry.host}/limited/app:1")
    assert source.resolve(reference, AMD64).digest == RANDOM.manifest.digest
    requests = _requests(registry, "limited/app")
    assert sum(line.startswith("PATCH") for line in requests) >= 4


def test_a_proxy_without_a_registry_behind_it_is_an_error_with_its_status(
    registry: Registry, http: HttpClient, tmp_path: Path
) -> None:
    gone = replace(registry, host=f"127.0.0.1:{free_port()}")
    with (
        running_nginx(tmp_path, gone.host, largest="1m") as host,
        pytest.raises(RegistryError, match="502") as caught,
    ):
        _destination(http, f"{host}/app:1").check()
    assert caught.value.status == 502


def test_docker_loads_and_runs_the_archive(
    small_bases: Path, docker: Docker, tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    names = tuple(map(Reference.parse, ("archive/app:1", "archive/other:2")))
    layouts, image = _base(small_bases, "busybox")
    _publish(layouts, image, DockerTarImageDestination(str(path), names))
    loaded = docker.run("load", "--input", path).stdout
    assert "archive/app:1" in loaded
    assert "archive/other:2" in loaded
    outcome = docker.run("run", "--rm", "archive/app:1", "echo", "hello")
    assert outcome.stdout == "hello\n"


def test_skopeo_and_umoci_read_the_layout(tmp_path: Path) -> None:
    layout, bundle = tmp_path / "layout", tmp_path / "bundle"
    names = (Reference.parse("app:1"),)
    OciLayoutImageDestination(str(layout), names).publish(
        RANDOM.built, RANDOM.open_layer
    )
    for name in (f"oci:{layout}", f"oci:{layout}:1"):
        assert json.loads(_skopeo("inspect", name))["Digest"] == str(
            RANDOM.manifest.digest
        )
    subprocess.run(
        ["umoci", "unpack", "--image", f"{layout}:1", bundle],
        check=True,
        capture_output=True,
    )
    assert (bundle / "rootfs" / "random").stat().st_size == 3_000_000


def test_a_layout_that_skopeo_wrote_is_read(small_bases: Path, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    _skopeo("copy", f"oci:{small_bases}:busybox", f"oci:{layout}:again")
    _, original = _base(small_bases, "busybox")
    _, copied = _base(layout, "again")
    assert copied.digest == original.digest
    assert copied.config == original.config
