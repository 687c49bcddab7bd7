"""The part of the composition root that is about contexts and their Dockerfile.

As in `entrypoints.builders`, whose settings of transfers these use: each function
imports the adapter that it returns.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from application.errors import SourceUnavailable
from application.options import (
    STANDARD_INPUT,
    BuildOptions,
    Connecting,
    ContextAddress,
    ContextScheme,
    DirectoryContext,
    ImageContext,
    InputOptions,
    LayoutContext,
)
from application.ports.context import ContextSource, DockerfileSource
from application.ports.images import ImageSource
from application.ports.reporter import Reporter
from domain.build.remote_source import context_repository
from domain.image.digest import Digest
from domain.values import dataclass, replace
from entrypoints.own_runtime import ssh_program
from entrypoints.transfer_builders import (
    http_client,
    http_options,
    sdk_certificates,
    transfer_retries,
)

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from adapters.context.archive_context import Archive
    from adapters.context.azure_address import BlobAddress
    from adapters.filesystem.aside import Aside
    from adapters.http.client import HttpClient
    from adapters.work_directory import WorkDirectory

DEFAULT_OBJECT = "context.tar.gz"
"""What is fetched of a bucket where no object is named."""


_KEEP_GIT = "BUILDKIT_CONTEXT_KEEP_GIT_DIR"
"""Build argument: whether `.git` is in a context that is a repository; it is unless
this says no, as for kaniko."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What every source needs: the options, and where it may put its files.

    In place no program of the root may be run: it may be that of an image.
    """

    options: BuildOptions
    directory: Path
    reporter: Reporter
    sub_path: str = ""
    may_run: bool = True


def context(
    options: BuildOptions, aside: Aside | None, work: WorkDirectory, reporter: Reporter
) -> ContextSource:
    """Return the build context."""
    from adapters.context.directory import DirectorySource

    address, sub_path = options.input.context, options.input.context_sub_path
    if address.scheme is ContextScheme.DIRECTORY:
        locate = aside.actual if aside else str
        return DirectorySource(address.location, sub_path, locate)
    directory = Path(work.part("context"))
    place = _Place(
        options=options,
        directory=directory,
        reporter=reporter,
        sub_path=sub_path,
        may_run=aside is None,
    )
    return _remote_context(address, place)


def named_contexts(
    options: BuildOptions, aside: Aside | None, work: WorkDirectory, reporter: Reporter
) -> dict[str, ContextSource]:
    """Return the additional build contexts that are no images, by name."""
    from adapters.context.directory import DirectorySource

    locate = aside.actual if aside else str
    found: dict[str, ContextSource] = {}
    for number, named in enumerate(options.input.named_contexts):
        if isinstance(named.source, DirectoryContext):
            found[named.name] = DirectorySource(named.source.path, locate=locate)
        elif isinstance(named.source, ContextAddress):
            directory = Path(work.part(f"context-{number}"))
            place = _Place(
                options=options,
                directory=directory,
                reporter=reporter,
                may_run=aside is None,
            )
            found[named.name] = _remote_context(named.source, place)
    return found


def named_images(
    given: InputOptions, registry: Callable[[], ImageSource]
) -> dict[str, ImageSource]:
    """Return the additional build contexts that are images, by name."""
    found: dict[str, ImageSource] = {}
    for named in given.named_contexts:
        if isinstance(named.source, LayoutContext):
            found[named.name] = _layout(named.source)
        elif isinstance(named.source, ImageContext):
            from adapters.registry.named_image import NamedImageSource

            found[named.name] = NamedImageSource(registry(), named.source.reference)
    return found


def _layout(source: LayoutContext) -> ImageSource:
    from adapters.storage.oci_layout import LayoutLocation, OciLayoutImageSource

    digest = Digest.parse(source.digest) if source.digest else None
    tag = source.tag or None
    return OciLayoutImageSource(
        LayoutLocation(path=source.path, tag=tag, digest=digest)
    )


def dockerfiles(options: Connecting, reporter: Reporter) -> DockerfileSource:
    """Return what finds the Dockerfile."""
    from adapters.context.dockerfile_location import DockerfileLocation

    def download(url: str) -> bytes:
        from adapters.context.remote_dockerfile import download_dockerfile

        return download_dockerfile(url, _client(options, reporter))

    return DockerfileLocation(standard_input=sys.stdin.buffer, download=download)


def _remote_context(address: ContextAddress, place: _Place) -> ContextSource:
    from adapters.context.archive_context import ArchiveSource

    if address.scheme is ContextScheme.GIT:
        return _repository(address.location, place)
    return ArchiveSource(
        _archive(address, place),
        place.directory,
        place.sub_path,
        place.options.input.context_limit,
        place.reporter.warning,
    )


def _archive(address: ContextAddress, place: _Place) -> Archive:
    from adapters.context.local_archive import LocalArchive, StandardInput

    match address.scheme:
        case ContextScheme.S3:
            return _s3(address.location, place)
        case ContextScheme.GCS:
            return _gcs(address.location, place)
        case ContextScheme.HTTPS:
            return _https(address.location, place)
        case _ if address.location == STANDARD_INPUT:
            return StandardInput(sys.stdin.buffer)
        case _:
            return LocalArchive(address.location.removeprefix("tar://"))


def _https(url: str, place: _Place) -> Archive:
    from adapters.context.azure_address import blob_address
    from adapters.context.https_archive import HttpsArchive

    blob = blob_address(url)
    if blob is None:
        retries = transfer_retries(0, place.reporter)
        return HttpsArchive(url, _client(place.options, place.reporter), retries)
    return _azure_blob(blob, place)


def _azure_blob(address: BlobAddress, place: _Place) -> Archive:
    from adapters.context.azure_blob import STORAGE, AzureBlob
    from adapters.context.ranges import RangedArchive

    storage = place.options.input.storage
    trusted = sdk_certificates(place.options)

    def identity() -> TokenCredential | None:
        from adapters.credentials.azure_identity import azure_identity

        variables = dict(place.options.credentials.variables)
        return azure_identity(variables, address.authority, STORAGE, trusted)

    found = AzureBlob(
        address, storage.azure_key, identity, storage.azure_endpoint, trusted
    )
    retries = transfer_retries(0, place.reporter)
    return RangedArchive(found.place, found.fetch, retries)


def _s3(address: str, place: _Place) -> Archive:
    from adapters.context.ranges import RangedArchive
    from adapters.context.s3 import S3Object, S3Options

    storage = place.options.input.storage
    store = S3Options(
        endpoint=storage.s3_endpoint,
        path_style=storage.s3_path_style,
        ca_file=sdk_certificates(place.options),
        may_run=place.may_run,
    )
    found = S3Object(*_object(address), store)
    return RangedArchive(found.place, found.fetch, transfer_retries(0, place.reporter))


def _gcs(address: str, place: _Place) -> Archive:
    from adapters.context.gcs import GcsObject
    from adapters.context.ranges import RangedArchive

    found = GcsObject(*_object(address), sdk_certificates(place.options))
    return RangedArchive(found.place, found.fetch, transfer_retries(0, place.reporter))


def _object(address: str) -> tuple[str, str]:
    """Split `scheme://BUCKET[/OBJECT]`."""
    bucket, _, name = address.partition("://")[2].partition("/")
    return bucket, name or DEFAULT_OBJECT


def _repository(address: str, place: _Place) -> ContextSource:
    given = place.options.input
    try:
        from adapters.context.git_context import GitContextSource, access_to
        from adapters.context.git_repositories import GitRepositories
    except ImportError as error:  # GitPython looks for git when it is imported
        raise SourceUnavailable(
            "the program git cannot be found", hint="install git, and have it in PATH"
        ) from error
    source = context_repository(
        address,
        branch=given.git.branch,
        submodules=given.git.recurse_submodules,
        plain_http=given.git.plain_http,
    )
    if source.keep_git_dir is None:
        asked = dict(given.build_args).get(_KEEP_GIT, "")
        source = replace(source, keep_git_dir=asked.lower() not in ("0", "false"))
    trust = http_options(place.options, skip_verify=given.git.insecure_skip_tls)
    repositories = GitRepositories(
        trust,
        place.directory,
        ssh=ssh_program(),
        depth=given.git.depth,
        retries=transfer_retries(0, place.reporter),
    )
    agents = {agent.id: agent.path for agent in given.agents}
    access = access_to(
        source,
        given.git.user,
        given.git.password,
        agents.get("default", given.git.agent),
    )
    return GitContextSource(repositories, source, access, place.sub_path)


def _client(options: Connecting, reporter: Reporter) -> HttpClient:
    """Return a client that no flag about all registries loosens."""
    retries = transfer_retries(0, reporter)
    return http_client(options, retries, plain_http=False, skip_verify=False)
