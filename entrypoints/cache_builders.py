"""Builders of the layer cache, and of the directory of warmed images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from application.contents import Contents
from application.options import BuildOptions, CacheOptions, WarmOptions
from application.ports.cache_entries import CacheEntries
from application.ports.credentials import CredentialSource
from application.ports.images import ImageRegistry
from application.ports.layer_cache import LayerIndexes
from application.ports.layers import LayerStore
from application.ports.reporter import Reporter
from application.ports.warmed_images import WarmedImageStore
from domain.image.reference import Reference
from entrypoints.transfer_builders import http_client, repetition, transfer_retries

if TYPE_CHECKING:
    from adapters.layer_cache import StoredLayerCache
    from adapters.registry.known_blobs import KnownBlobs
    from application.index_layers import IndexLayers
    from application.step_cache import StepCache
    from application.warmed_bases import WarmedBases


def warmed_bases(
    cache: CacheOptions, registry: Callable[[], ImageRegistry], reporter: Reporter
) -> WarmedBases | None:
    """Return what finds warmed base images, None where none are to be looked for."""
    if not (cache.enabled and cache.directory):
        return None
    from pathlib import Path

    from adapters.storage.warmed_images import WarmedImageDirectory
    from application.warmed_bases import WarmedBases

    path = Path(cache.directory).absolute()
    if not path.is_dir():
        tell = reporter.debug
        if cache.directory != CacheOptions().directory:
            tell = reporter.warning
        tell(f"there is no directory {path} of warmed images")
        return None
    return WarmedBases(
        images=WarmedImageDirectory(str(path)),
        ttl=cache.ttl,
        registry=registry,
        reporter=reporter,
    )


def warmed_image_store(options: WarmOptions, reporter: Reporter) -> WarmedImageStore:
    """Return the directory that the warmer fills."""
    from pathlib import Path

    from adapters.storage.warmed_image_store import DirectoryWarmedImageStore

    directory = str(Path(options.directory).absolute())
    return DirectoryWarmedImageStore(directory, announce=reporter.info)


def index_layers(options: WarmOptions, reporter: Reporter) -> IndexLayers:
    """Return what keeps the indexes of warmed layers."""
    from adapters.archive.layer_reader import read_index
    from application.index_layers import IndexLayers

    indexes = warmed_indexes(options.directory, reporter)
    return IndexLayers(indexes=indexes, read=read_index, reporter=reporter)


def warmed_indexes(directory: str, reporter: Reporter) -> StoredLayerCache:
    """Return the indexes of layers that lie beside the warmed images."""
    from datetime import timedelta
    from pathlib import Path

    from adapters.layer_cache import StoredLayerCache
    from adapters.storage.cache_layouts import LayoutEntries
    from adapters.storage.warmed_images import OWN_FOLDER
    from adapters.storage.warmer_folder import LAYERS
    from application.plan_only import UnreadLayers

    path = Path(directory).absolute() / OWN_FOLDER / LAYERS
    entries = LayoutEntries(str(path))
    return StoredLayerCache(entries, UnreadLayers(), timedelta.max, reporter)


def further_checks(
    options: BuildOptions, entries: Callable[[], CacheEntries | None]
) -> tuple[Callable[[], None], ...]:
    """Return what is to be checked before a build besides its destinations.

    As for kaniko, that is the repository of the layer cache where nothing else is
    pushed; what a cache refuses otherwise does not end a build.
    """
    cache = options.cache
    if options.output.push or not (cache.enabled and cache.push):
        return ()
    from adapters.registry.cache_entries import RegistryEntries

    found = entries() if options.registry.check_push_permission else None
    return (found.check,) if isinstance(found, RegistryEntries) else ()


def layer_cache(
    options: BuildOptions,
    entries: Callable[[], CacheEntries | None],
    layers: LayerStore,
    reporter: Reporter,
) -> StoredLayerCache | None:
    """Return where steps of earlier builds are kept, None where none are wanted."""
    asked = options.cache
    if not asked.enabled:
        return None
    from adapters.layer_cache import StoredLayerCache

    found = entries()
    if found is None:
        reporter.warning(
            "steps are not cached: name a repository for them by --cache-repo"
        )
        return None
    return StoredLayerCache(found, layers, asked.ttl, reporter)


def cache_entries(
    options: BuildOptions,
    found: CredentialSource,
    known: KnownBlobs,
    reporter: Reporter,
) -> CacheEntries | None:
    """Return the place of the layer cache, None where none is named."""
    named = options.cache.repository
    if named.startswith("oci:"):
        from pathlib import Path

        from adapters.storage.cache_layouts import LayoutEntries

        return LayoutEntries(str(Path(named.removeprefix("oci:")).absolute()))
    from adapters.registry.cache_entries import RegistryEntries
    from adapters.registry.connection import RegistryConnections

    if named:
        repository = Reference.parse(named)
    elif options.output.destinations:
        first = options.output.destinations[0]
        repository = Reference.parse(f"{first.name}/cache")
    else:
        return None
    asked = options.registry
    reading = http_client(
        options,
        transfer_retries(0, reporter),
        plain_http=asked.insecure_pull or asked.insecure_push,
        skip_verify=asked.skip_tls_verify_pull or asked.skip_tls_verify_push,
    )
    writing = http_client(
        options,
        transfer_retries(0, reporter),
        plain_http=asked.insecure_push,
        skip_verify=asked.skip_tls_verify_push,
    )
    return RegistryEntries(
        repository,
        RegistryConnections(reading, found),
        RegistryConnections(writing, found),
        transfer_retries(0, reporter),
        repetition(asked.push_retries, reporter),
        known,
    )


def step_cache(
    options: BuildOptions,
    cache: StoredLayerCache | None,
    contents: Contents,
    reporter: Reporter,
) -> StepCache | None:
    """Return what looks steps up, None where there is no cache."""
    if cache is None:
        return None
    from application.nearest_indexes import NearestIndexes
    from application.step_cache import StepCache

    image, snapshot = options.image, options.snapshot
    salt = (
        snapshot.mode.value,
        *sorted(snapshot.ignore_paths),
        None,
        image.reproducible,
        image.source_date_epoch,
        image.compression.value if image.compression else None,
    )
    given = options.input
    indexes: LayerIndexes = cache
    if options.cache.directory:
        near = warmed_indexes(options.cache.directory, reporter)
        indexes = NearestIndexes(near, cache)
    return StepCache(
        cache=cache,
        indexes=indexes,
        contents=contents,
        options=options.cache,
        salt=salt,
        place=f"{given.context_sub_path} {given.dockerfile} {given.platform or ''}",
    )
