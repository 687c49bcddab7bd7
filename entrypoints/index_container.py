"""Wires what `kanipy index` needs; see `container`."""

from __future__ import annotations

from dependency_injector import containers, providers

from application.create_index import CreateIndex
from application.options import IndexOptions
from application.write_results import WriteResults
from entrypoints import builders, credential_builders, image_builders


class IndexContainer(containers.DeclarativeContainer):
    """Everything one `kanipy index create` needs, made of its options."""

    options: providers.Dependency[IndexOptions] = providers.Dependency(
        instance_of=IndexOptions
    )

    reporter = providers.Singleton(builders.reporter, options.provided.log)
    credentials = providers.Singleton(
        credential_builders.credentials, options, reporter
    )
    destinations = providers.Singleton(
        image_builders.registry_destination,
        options,
        credentials,
        providers.Singleton(image_builders.known_blobs),
        reporter,
    )
    create_index = providers.Singleton(
        CreateIndex,
        options=options,
        images=providers.Singleton(
            image_builders.image_lister, options, credentials, reporter
        ),
        copies=destinations,
        names=destinations,
        results=providers.Singleton(
            WriteResults,
            output=options.provided.output,
            files=providers.Singleton(builders.result_files, options, reporter),
        ),
        reporter=reporter,
    )
