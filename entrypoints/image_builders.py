"""Builders of where images are read from, and written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from application.options import Connecting, Publishing
from application.ports.credentials import CredentialSource
from application.ports.images import (
    ImageDestination,
    ImageLister,
    ImageRegistry,
    StoredImage,
)
from application.ports.reporter import Reporter
from domain.image.reference import Reference
from domain.values import replace
from entrypoints.transfer_builders import http_client, repetition, transfer_retries

if TYPE_CHECKING:
    from adapters.registry.destination import RegistryImageDestination
    from adapters.registry.known_blobs import KnownBlobs
    from adapters.work_directory import WorkDirectory


def registry(
    options: Connecting, found: CredentialSource, reporter: Reporter
) -> ImageRegistry:
    """Return the registries that base images are pulled from, and their mirrors."""
    from adapters.registry.connection import RegistryConnections
    from adapters.registry.mirrors import MirroredImageSource
    from adapters.registry.source import RegistryImageSource

    again = options.registry.download_retries
    retries = transfer_retries(again, reporter)
    client = http_client(
        options,
        transfer_retries(0, reporter),
        plain_http=options.registry.insecure_pull,
        skip_verify=options.registry.skip_tls_verify_pull,
    )
    return MirroredImageSource(
        RegistryImageSource(
            RegistryConnections(client, found, reporter.debug), retries
        ),
        options.registry.mirrors,
        reporter.warning,
        repetition(again, reporter),
    )


def known_blobs() -> KnownBlobs:
    """Return what remembers the blobs that were pushed, so that they are mounted."""
    from adapters.registry.known_blobs import KnownBlobs

    return KnownBlobs()


def destinations(
    options: Publishing,
    found: CredentialSource,
    known: Callable[[], KnownBlobs],
    reporter: Reporter,
) -> tuple[ImageDestination, ...]:
    """Return everything the image is written to, registries last."""
    output = options.output
    places: list[ImageDestination] = []
    if output.tar_path:
        from adapters.storage.docker_tar import DockerTarImageDestination

        places.append(DockerTarImageDestination(output.tar_path, output.destinations))
    if output.oci_layout_path:
        from adapters.storage.oci_layout import OciLayoutImageDestination

        path = output.oci_layout_path
        places.append(OciLayoutImageDestination(path, output.destinations))
    if output.push:
        places.extend(_registry_destinations(options, found, known(), reporter))
    return tuple(places)


def _registry_destinations(
    options: Publishing,
    found: CredentialSource,
    known: KnownBlobs,
    reporter: Reporter,
) -> list[RegistryImageDestination]:
    destination = registry_destination(options, found, known, reporter)
    references = options.output.destinations
    first = {reference.name: reference for reference in reversed(references)}
    return [
        # each repository is asked once, however many tags it gets
        destination(reference, checks=first[reference.name] is reference)
        for reference in references
    ]


class RegistryDestinations(Protocol):
    """Makes the destinations of references."""

    def __call__(
        self, reference: Reference, *, checks: bool = True
    ) -> RegistryImageDestination:
        """Return a destination, whose `check` may ask the registry."""


def registry_destination(
    options: Connecting,
    found: CredentialSource,
    known: KnownBlobs,
    reporter: Reporter,
) -> RegistryDestinations:
    """Return what makes the destinations of references; they share connections."""
    from adapters.registry.connection import RegistryConnections
    from adapters.registry.destination import PushRules, RegistryImageDestination

    asked = options.registry
    retries = transfer_retries(0, reporter)
    client = http_client(
        options,
        transfer_retries(0, reporter),
        plain_http=asked.insecure_push,
        skip_verify=asked.skip_tls_verify_push,
    )
    connections = RegistryConnections(client, found)
    rules = PushRules(
        keeps_immutable_tags=asked.keep_immutable_tags,
        warn=reporter.warning,
        repetition=repetition(asked.push_retries, reporter),
        known=known,
    )

    def make(reference: Reference, *, checks: bool = True) -> RegistryImageDestination:
        own = replace(rules, checks=checks and asked.check_push_permission)
        return RegistryImageDestination(reference, connections, retries, own)

    return make


def image_lister(
    options: Connecting, found: CredentialSource, reporter: Reporter
) -> ImageLister:
    """Return the registries that images are copied from: those named, no mirrors."""
    from adapters.registry.connection import RegistryConnections
    from adapters.registry.source import RegistryImageSource

    asked = options.registry
    client = http_client(
        options,
        transfer_retries(0, reporter),
        plain_http=asked.insecure_pull,
        skip_verify=asked.skip_tls_verify_pull,
    )
    retries = transfer_retries(asked.download_retries, reporter)
    return RegistryImageSource(
        RegistryConnections(client, found, reporter.debug), retries
    )


def stored_image(path: str, work: WorkDirectory) -> StoredImage:
    """Return what reads the one image that a path holds."""
    from pathlib import Path

    from adapters.storage.stored_image import stored_image

    return stored_image(Path(path), Path(work.part("image")))
