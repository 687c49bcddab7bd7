"""Media types of manifests, indexes, configs and layers, in two families.

The families are docker's and OCI's; an image is of one of them. What is inside
a blob is not looked at here.
"""

from __future__ import annotations

from enum import StrEnum

from domain.errors import InvalidImage

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
OCI_FOREIGN_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar"
OCI_FOREIGN_LAYER_GZIP = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
OCI_FOREIGN_LAYER_ZSTD = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"

DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_LAYER_ZSTD = "application/vnd.docker.image.rootfs.diff.tar.zstd"
DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar"
DOCKER_FOREIGN_LAYER_GZIP = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"

INDEXES = frozenset({OCI_INDEX, DOCKER_INDEX})
MANIFESTS = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
SCHEMA1_MANIFESTS = frozenset({DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED})


class Vendor(StrEnum):
    """The family of an image's media types."""

    DOCKER = "docker"
    OCI = "oci"

    @property
    def manifest_type(self) -> str:
        """Media type of a manifest."""
        return DOCKER_MANIFEST if self is Vendor.DOCKER else OCI_MANIFEST

    @property
    def index_type(self) -> str:
        """Media type of an index."""
        return DOCKER_INDEX if self is Vendor.DOCKER else OCI_INDEX

    @property
    def config_type(self) -> str:
        """Media type of an image config."""
        return DOCKER_CONFIG if self is Vendor.DOCKER else OCI_CONFIG


class Compression(StrEnum):
    """How the tar of a layer is compressed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


_LAYERS = {
    OCI_LAYER: (Vendor.OCI, Compression.NONE, False),
    OCI_LAYER_GZIP: (Vendor.OCI, Compression.GZIP, False),
    OCI_LAYER_ZSTD: (Vendor.OCI, Compression.ZSTD, False),
    OCI_FOREIGN_LAYER: (Vendor.OCI, Compression.NONE, True),
    OCI_FOREIGN_LAYER_GZIP: (Vendor.OCI, Compression.GZIP, True),
    OCI_FOREIGN_LAYER_ZSTD: (Vendor.OCI, Compression.ZSTD, True),
    DOCKER_LAYER: (Vendor.DOCKER, Compression.NONE, False),
    DOCKER_LAYER_GZIP: (Vendor.DOCKER, Compression.GZIP, False),
    DOCKER_LAYER_ZSTD: (Vendor.DOCKER, Compression.ZSTD, False),
    DOCKER_FOREIGN_LAYER: (Vendor.DOCKER, Compression.NONE, True),
    DOCKER_FOREIGN_LAYER_GZIP: (Vendor.DOCKER, Compression.GZIP, True),
}
# Never written: some tools made zstd layers under docker's family, none reads them.
_UNWRITABLE = frozenset({DOCKER_LAYER_ZSTD})


def is_layer(media_type: str) -> bool:
    """Return whether this is a file system layer that we can read."""
    return media_type in _LAYERS


def is_foreign_layer(media_type: str) -> bool:
    """Return whether the layer's bytes are elsewhere and must not be pushed."""
    return media_type in _LAYERS and _LAYERS[media_type][2]


def vendor_of(media_type: str) -> Vendor:
    """Return the family of any media type; unknown ones count as OCI's."""
    is_docker = media_type.startswith("application/vnd.docker.")
    return Vendor.DOCKER if is_docker else Vendor.OCI


def compression_of(media_type: str) -> Compression:
    """Return the compression a layer's media type names.

    Raises:
        InvalidImage: It is no file system layer.
    """
    if media_type not in _LAYERS:
        raise InvalidImage(
            f"unknown layer media type {media_type[:200]!r}",
            hint="the image is no container file system (an artifact, perhaps)",
        )
    return _LAYERS[media_type][1]


def layer_media_type(vendor: Vendor, compression: Compression) -> str:
    """Return the media type of an ordinary layer.

    Raises:
        InvalidImage: zstd in docker's family.
    """
    return _find(vendor, compression, foreign=False)


def relabel_layer(media_type: str, vendor: Vendor) -> str:
    """Return the media type of the same layer bytes in another family.

    Raises:
        InvalidImage: It is no layer, or the family has no name for it.
    """
    compression = compression_of(media_type)
    return _find(vendor, compression, foreign=is_foreign_layer(media_type))


def _find(vendor: Vendor, compression: Compression, *, foreign: bool) -> str:
    for media_type, facts in _LAYERS.items():
        if facts == (vendor, compression, foreign) and media_type not in _UNWRITABLE:
            return media_type
    raise InvalidImage(
        f"{vendor} images have no {compression} layers",
        hint="use the OCI format, or gzip",
    )
