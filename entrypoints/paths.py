"""The paths a build reads and writes, which building in place must not remove."""

from __future__ import annotations

from pathlib import Path

from application.options import (
    BuildOptions,
    ContextScheme,
    CredentialOptions,
    DirectoryContext,
    LayoutContext,
    NetworkOptions,
    OutputOptions,
)
from domain.values import replace

_HOME_DIRECTORIES = (".docker", ".aws", ".azure", ".config/gcloud")
"""Where clients of registries and clouds keep credentials."""


def with_absolute_outputs(options: BuildOptions) -> BuildOptions:
    """Return the options with outputs that do not depend on the working directory."""
    given = options.output
    output = replace(
        given,
        tar_path=_absolute(given.tar_path),
        oci_layout_path=_absolute(given.oci_layout_path),
        digest_file=_absolute(given.digest_file),
        image_name_with_digest_file=_absolute(given.image_name_with_digest_file),
        image_name_tag_with_digest_file=_absolute(
            given.image_name_tag_with_digest_file
        ),
        image_id_file=_absolute(given.image_id_file),
        metadata_file=_absolute(given.metadata_file),
        report_file=_absolute(given.report_file),
        timings_file=_absolute(given.timings_file),
        profile_file=_absolute(given.profile_file),
        builder_output=_absolute(given.builder_output),
        step=given.step
        and replace(given.step, directory=_absolute(given.step.directory)),
    )
    return replace(options, output=output)


def paths_in_use(options: BuildOptions) -> tuple[str, ...]:
    """Return the absolute paths that are the builder's while it builds in place.

    What is kept by a mount is kept anyway; these may be no mounts.
    """
    found = (
        *paths_read(options),
        *_of_outputs(options.output),
        *paths_held(options),
        *options.snapshot.ignore_paths,
    )
    return tuple(_absolute(path) for path in found if path)


def paths_held(options: BuildOptions) -> tuple[str, ...]:
    """Return the absolute paths that must be where they are all the time."""
    layouts = (
        named.source.path
        for named in options.input.named_contexts
        if isinstance(named.source, LayoutContext)
    )
    found = (
        *layouts,
        *(agent.path for agent in options.input.agents),
        *_of_network(options.network),
        *_of_credentials(options.credentials),
        *(path for _, path in options.registry.certificates),
        options.cache.directory,
        options.root.work_directory,
    )
    return tuple(_absolute(path) for path in found if path)


def _absolute(path: str) -> str:
    """Return an absolute path; an address, or none, stays as it is."""
    return path if not path or "://" in path else str(Path(path).absolute())


def paths_read(options: BuildOptions) -> tuple[str, ...]:
    """Return the absolute paths of the contexts that are local directories."""
    given = options.input
    paths = [
        named.source.path
        for named in given.named_contexts
        if isinstance(named.source, DirectoryContext)
    ]
    if given.context.scheme is ContextScheme.DIRECTORY:
        paths.append(given.context.location)
    return tuple(_absolute(path) for path in paths)


def _of_outputs(output: OutputOptions) -> tuple[str, ...]:
    return (
        output.tar_path,
        output.oci_layout_path,
        output.digest_file,
        output.image_name_with_digest_file,
        output.image_name_tag_with_digest_file,
        output.image_id_file,
        output.metadata_file,
        output.report_file,
        output.timings_file,
        output.profile_file,
        output.builder_output,
        output.step.directory if output.step else "",
    )


def _of_network(network: NetworkOptions) -> list[str]:
    return [network.ca_file, *network.ca_directories.split(":")]


def _of_credentials(found: CredentialOptions) -> list[str]:
    home = found.home
    return [
        found.docker_config,
        found.registry_auth_file,
        *found.files,
        *(f"{home}/{name}" for name in _HOME_DIRECTORIES if home),
        *(
            f"{directory}/containers"
            for directory in (found.xdg_runtime_dir, found.xdg_config_home)
            if directory
        ),
    ]
