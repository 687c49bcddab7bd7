"""Wires what `kanipy push` needs; see `container`."""

from __future__ import annotations

from dependency_injector import containers, providers

from application.options import PushOptions
from application.push_image import PushImage
from application.write_results import WriteResults
from entrypoints import builders, credential_builders, image_builders


class PushContainer(containers.DeclarativeContainer):
    """Everything one `kanipy push` needs, made of its options."""

    options: providers.Dependency[PushOptions] = providers.Dependency(
        instance_of=PushOptions
    )

    reporter = providers.Singleton(builders.reporter, options.provided.log)
    work_directory = providers.Singleton(
        builders.work_directory, options.provided.work_directory
    )
    credentials = providers.Singleton(
        credential_builders.credentials, options, reporter
    )
    push_image = providers.Singleton(
        PushImage,
        image=providers.Singleton(
            image_builders.stored_image, options.provided.image, work_directory
        ),
        destinations=providers.Singleton(
            image_builders.destinations,
            options,
            credentials,
            providers.Singleton(image_builders.known_blobs).provider,
            reporter,
        ),
        results=providers.Singleton(
            WriteResults,
            output=options.provided.output,
            files=providers.Singleton(builders.result_files, options, reporter),
        ),
        reporter=reporter,
    )
