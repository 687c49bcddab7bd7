"""Wires what `kanipy-warmer` needs; see `container`."""

from __future__ import annotations

from dependency_injector import containers, providers

from application.options import WarmOptions
from application.warm_cache import WarmCache
from entrypoints import (
    builders,
    cache_builders,
    context_builders,
    credential_builders,
    image_builders,
)


class WarmerContainer(containers.DeclarativeContainer):
    """Everything one run of the warmer needs, made of its options."""

    options: providers.Dependency[WarmOptions] = providers.Dependency(
        instance_of=WarmOptions
    )

    reporter = providers.Singleton(builders.reporter, options.provided.log)
    credentials = providers.Singleton(
        credential_builders.credentials, options, reporter
    )
    registry = providers.Singleton(
        image_builders.registry, options, credentials, reporter
    )
    warm_cache = providers.Singleton(
        WarmCache,
        options=options,
        registry=registry.provider,
        store=providers.Singleton(cache_builders.warmed_image_store, options, reporter),
        dockerfiles=providers.Singleton(
            context_builders.dockerfiles, options, reporter
        ),
        reader=providers.Singleton(builders.dockerfile_reader),
        reporter=reporter,
        host_platform=providers.Singleton(builders.host_platform),
        indexes=providers.Singleton(cache_builders.index_layers, options, reporter),
    )
