"""Media types of one family have their names in the other."""

from __future__ import annotations

import pytest

from domain.errors import InvalidImage
from domain.image.media_type import (
    DOCKER_FOREIGN_LAYER_GZIP,
    DOCKER_LAYER,
    DOCKER_LAYER_GZIP,
    DOCKER_LAYER_ZSTD,
    OCI_FOREIGN_LAYER_GZIP,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    Compression,
    Vendor,
    compression_of,
    is_foreign_layer,
    is_layer,
    layer_media_type,
    relabel_layer,
    vendor_of,
)


@pytest.mark.parametrize(
    ("docker", "oci"),
    [
        (DOCKER_LAYER, OCI_LAYER),
        (DOCKER_LAYER_GZIP, OCI_LAYER_GZIP),
        (DOCKER_FOREIGN_LAYER_GZIP, OCI_FOREIGN_LAYER_GZIP),
    ],
)
def test_layers_are_relabelled_both_ways(docker: str, oci: str) -> None:
    for media_type in (docker, oci):
        assert relabel_layer(media_type, Vendor.OCI) == oci
        assert relabel_layer(media_type, Vendor.DOCKER) == docker


def test_zstd_exists_in_oci_images_only() -> None:
    assert relabel_layer(DOCKER_LAYER_ZSTD, Vendor.OCI) == OCI_LAYER_ZSTD
    with pytest.raises(InvalidImage, match="zstd") as caught:
        layer_media_type(Vendor.DOCKER, Compression.ZSTD)
    assert caught.value.hint


@pytest.mark.parametrize("vendor", list(Vendor))
def test_compression_and_family_can_be_read_back(vendor: Vendor) -> None:
    for compression in (Compression.NONE, Compression.GZIP):
        media_type = layer_media_type(vendor, compression)
        assert compression_of(media_type) is compression
        assert vendor_of(media_type) is vendor
        assert is_layer(media_type)
        assert not is_foreign_layer(media_type)


def test_an_unknown_type_is_no_layer() -> None:
    assert not is_layer("application/json")
    assert not is_foreign_layer("application/json")
    with pytest.raises(InvalidImage, match="application/json"):
        compression_of("application/json")


def test_configs_and_manifests_belong_to_their_family() -> None:
    for vendor in Vendor:
        for name in (vendor.manifest_type, vendor.index_type, vendor.config_type):
            assert vendor_of(name) is vendor
