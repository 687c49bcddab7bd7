"""Manifests and indexes: bytes verbatim, shapes checked, the right entry chosen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import (
    MAXIMUM_MANIFEST_SIZE,
    Index,
    Manifest,
    parse_document,
)
from domain.image.media_type import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_MANIFEST,
    Vendor,
)
from domain.image.platform import Platform
from domain.image.selection import find_manifest

DIGEST = Digest.of(b"x")
AMD64 = Platform(os="linux", architecture="amd64")
CONFIG = Descriptor(media_type=Vendor.OCI.config_type, digest=DIGEST, size=1)
LAYER = Descriptor(media_type=OCI_LAYER_GZIP, digest=Digest.of(b"y"), size=2)


def _document(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    document = {
        "schemaVersion": 2,
        "config": CONFIG.to_json(),
        "layers": [LAYER.to_json()],
    }
    return document | changes


def test_received_bytes_are_kept_verbatim() -> None:
    raw = json.dumps(_document(unknown={"a": [1]}), indent=3).encode() + b"\n"
    manifest = Manifest.parse(raw, OCI_MANIFEST)
    assert manifest.raw == raw
    assert manifest.digest == Digest.of(raw)
    assert manifest.layers == (LAYER,)


def test_a_made_manifest_can_be_parsed_and_is_always_the_same() -> None:
    first = Manifest.create(Vendor.OCI, CONFIG, [LAYER], {"b": "2", "a": "1"})
    second = Manifest.create(Vendor.OCI, CONFIG, [LAYER], {"a": "1", "b": "2"})
    assert first == second == Manifest.parse(first.raw)
    assert first.descriptor.size == len(first.raw)
    assert first.descriptor.digest == first.digest


def test_docker_manifests_have_no_annotations() -> None:
    manifest = Manifest.create(Vendor.DOCKER, CONFIG, [], {"a": "1"})
    assert manifest.media_type == DOCKER_MANIFEST
    assert b"annotations" not in manifest.raw


@pytest.mark.parametrize(
    ("own", "named", "expected"),
    [
        (DOCKER_MANIFEST, OCI_MANIFEST, DOCKER_MANIFEST),
        (None, DOCKER_MANIFEST, DOCKER_MANIFEST),
        (None, f"{DOCKER_MANIFEST}; charset=utf-8", DOCKER_MANIFEST),
        (None, "application/json", OCI_MANIFEST),
        (None, "", OCI_MANIFEST),
    ],
)
def test_the_document_s_own_media_type_comes_first(
    own: str | None, named: str, expected: str
) -> None:
    raw = json.dumps(_document(mediaType=own)).encode()
    assert Manifest.parse(raw, named).media_type == expected


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "not a JSON object"),
        (_document(schemaVersion=1), "schema 1"),
        (_document(fsLayers=[]), "schema 1"),
        (_document(manifests=[]), "both"),
        (_document(config=None), "'config' is missing"),
        (_document(config=[]), "'config' is not of type"),
        (_document(layers={}), "'layers' is not of type"),
        (_document(layers=[1]), "'layers' is not made of objects"),
        (_document(layers=[LAYER.to_json() | {"size": -1}]), "'size'"),
        (_document(layers=[LAYER.to_json() | {"size": True}]), "'size'"),
        (_document(layers=[LAYER.to_json() | {"size": "1"}]), "'size'"),
        (_document(layers=[LAYER.to_json() | {"digest": "sha256:../x"}]), "'digest'"),
        (_document(mediaType="application/vnd.example"), "not an image manifest"),
        (_document(annotations={"a": 1}), "'annotations' is not made of strings"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong(
    document: bytes | dict[str, Any], message: str
) -> None:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(InvalidImage, match=message):
        parse_document(raw, OCI_MANIFEST)


def test_a_huge_manifest_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InvalidImage, match="larger than"):
        Manifest.parse(b" " * (MAXIMUM_MANIFEST_SIZE + 1))


def _entry(
    number: int, platform: Platform | None, media_type: str = OCI_MANIFEST
) -> Descriptor:
    digest = Digest.of(str(number).encode())
    return Descriptor(media_type=media_type, digest=digest, size=1, platform=platform)


def test_an_index_keeps_platforms_and_annotations() -> None:
    windows = Platform(
        os="windows", architecture="amd64", os_version="10", os_features=("win32k",)
    )
    index = Index.create(Vendor.OCI, [_entry(1, windows)], {"a": "b"})
    parsed = parse_document(index.raw)
    assert parsed == index
    assert isinstance(parsed, Index)
    assert parsed.platforms == (windows,)


def test_a_docker_list_is_an_index() -> None:
    index = Index.create(Vendor.DOCKER, [_entry(1, AMD64)])
    assert index.media_type == DOCKER_INDEX
    assert isinstance(parse_document(index.raw), Index)


def test_a_manifest_is_no_index() -> None:
    with pytest.raises(InvalidImage, match="not an image index"):
        Index.parse(Manifest.create(Vendor.OCI, CONFIG, []).raw)


def test_the_only_entry_without_a_platform_is_taken_when_nothing_else_fits() -> None:
    index = Index.create(Vendor.OCI, [_entry(1, None, OCI_INDEX)])
    assert index.select(AMD64) == index.manifests[0]
    index = Index.create(Vendor.OCI, [_entry(1, None), _entry(2, AMD64)])
    assert index.select(AMD64) == index.manifests[1]
    index = Index.create(Vendor.OCI, [_entry(1, None), _entry(2, None)])
    assert index.select(AMD64) is None


def test_of_equal_entries_the_first_is_taken() -> None:
    index = Index.create(Vendor.OCI, [_entry(1, AMD64), _entry(2, AMD64)])
    assert index.select(AMD64) == index.manifests[0]


def test_endless_indexes_are_refused() -> None:
    index = Index.create(Vendor.OCI, [_entry(1, None)])
    with pytest.raises(InvalidImage, match="too deeply"):
        find_manifest(index, AMD64, lambda _: index)


def test_attestations_do_not_count_as_platforms() -> None:
    unknown = Platform(os="unknown", architecture="unknown")
    marked = Descriptor(
        media_type=OCI_MANIFEST,
        digest=DIGEST,
        size=1,
        platform=AMD64,
        annotations={"vnd.docker.reference.type": "attestation-manifest"},
    )
    index = Index.create(Vendor.OCI, [_entry(1, unknown), marked])
    assert index.platforms == ()
    assert index.select(AMD64) is None
