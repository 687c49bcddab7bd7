"""The composition root: one small function per adapter, imports inside.

Each returns the type of the port, so that the rest is checked against the port.
The adapters, and the packages behind them, are imported when they are wanted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO, Protocol, TextIO

from application.contents import Contents
from application.errors import (
    DigestMismatch,
    FilesystemError,
    RegistryError,
    SourceUnavailable,
)
from application.options import (
    BuildOptions,
    CacheOptions,
    Connecting,
    ImageOptions,
    InputOptions,
    LogFormat,
    LogOptions,
    NetworkOptions,
    OutputOptions,
    Progress,
    Publishing,
    RootOptions,
    SnapshotOptions,
    Verbosity,
    WarmOptions,
    is_address,
)
from application.ports.archives import Archives
from application.ports.cache_entries import CacheEntries
from application.ports.clock import Clock
from application.ports.credentials import CredentialSource
from application.ports.dockerfile import DockerfileReader
from application.ports.downloads import Downloads
from application.ports.filesystem import RootFilesystems
from application.ports.images import (
    ImageDestination,
    ImageLister,
    ImageRegistry,
    StoredImage,
)
from application.ports.kept_caches import KeptCaches
from application.ports.layer_cache import LayerIndexes
from application.ports.layers import LayerStore
from application.ports.process import ProcessRunner
from application.ports.repetition import Repetition
from application.ports.reporter import Log, Reporter
from application.ports.repositories import Repositories
from application.ports.results import ResultFiles
from application.ports.secrets import Secrets
from application.ports.step_results import StepResults
from application.ports.warmed_images import WarmedImageStore
from application.single_snapshot import SingleSnapshot
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import replace
from entrypoints.own_runtime import ssh_program

if TYPE_CHECKING:
    from adapters.credentials.chain import CredentialChain
    from adapters.filesystem.aside import Aside
    from adapters.http.client import HttpClient, HttpOptions
    from adapters.http.retries import Retries
    from adapters.isolation.choice import Choice
    from adapters.layer_cache import StoredLayerCache
    from adapters.registry.destination import RegistryImageDestination
    from adapters.registry.known_blobs import KnownBlobs
    from adapters.work_directory import WorkDirectory
    from application.contents import Contents
    from application.index_layers import IndexLayers
    from application.step_cache import StepCache
    from application.timeline import Timeline
    from application.warmed_bases import WarmedBases
    from application.write_report import WriteReport


QUIET = frozenset({Verbosity.ERROR, Verbosity.FATAL, Verbosity.PANIC})


def reporter(log: LogOptions) -> Log:
    """Return what tells the person what happens."""
    from adapters.reporting.loguru_reporter import LoguruReporter

    def make_log(
        lines: TextIO | None = None,
        stdout: BinaryIO | None = None,
        stderr: BinaryIO | None = None,
    ) -> Log:
        return LoguruReporter(
            verbosity=log.verbosity.value,
            log_format=log.format.value,
            timestamps=log.timestamps,
            log=lines,
            stdout=stdout,
            stderr=stderr,
        )

    if not _is_live(log):
        return make_log()
    from adapters.reporting.live_reporter import LiveReporter

    return LiveReporter(make_log)


def _is_live(log: LogOptions) -> bool:
    """Return whether lines may move: where a person looks at a terminal."""
    if log.format is LogFormat.JSON or log.verbosity in QUIET:
        return False
    if log.progress is Progress.AUTO:
        is_terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        return is_terminal and log.format is LogFormat.COLOR
    return log.progress is Progress.TTY


def clock(image: ImageOptions) -> Clock:
    """Return the clock: the machine's, the source's, or one that stands still."""
    from adapters.clock import ReproducibleClock, SourceDateEpochClock, SystemClock

    if image.reproducible:
        return ReproducibleClock(image.source_date_epoch or 0)
    if image.source_date_epoch is not None:
        return SourceDateEpochClock(image.source_date_epoch)
    return SystemClock()


def work_directory(parent: str) -> WorkDirectory:
    """Return the directory of our own files."""
    from adapters.work_directory import WorkDirectory

    return WorkDirectory(parent)


def host_platform() -> Platform:
    """Return the platform we run on."""
    import os

    return Platform.parse(f"linux/{os.uname().machine}")


def work_near_root(choice: Choice, work: WorkDirectory) -> WorkDirectory:
    """Return a work directory from which things can be renamed into a root."""
    if choice.isolation != "in-place":
        return work
    from adapters.isolation.probes import RUNTIME
    from adapters.work_directory import WorkDirectory

    return WorkDirectory(RUNTIME)


def isolation(root: RootOptions) -> Choice:
    """Find out how RUN can be isolated, and enter our namespaces if it can be so.

    To be called while the process has a single thread.
    """
    from adapters.isolation.choice import choose
    from adapters.isolation.entering import enter
    from adapters.isolation.probes import MachineProbes

    choice = choose(root.isolation, MachineProbes(force=root.force))
    enter(choice)
    return choice


def aside(
    options: BuildOptions, choice: Choice, work: WorkDirectory, reporter: Reporter
) -> Aside | None:
    """Return what makes room for images where contexts are, None if not in place.

    What a build that was killed has moved is brought back.
    """
    if choice.isolation != "in-place":
        return None
    from adapters.filesystem.aside import Aside
    from entrypoints.paths import paths_held, paths_read

    held = (*paths_held(options), work.path)
    found = Aside(paths_read(options), held, reporter.warning)
    found.repair()
    return found


def root_filesystems(
    options: BuildOptions,
    choice: Choice,
    work: WorkDirectory,
    aside: Aside | None,
    credentials: CredentialChain,
    reporter: Reporter,
) -> RootFilesystems:
    """Return what makes the root file systems of stages.

    Overlays tell what changed without a walk; they need a mount namespace of our
    own, and a work directory that does not itself lie on an overlay.
    """
    from domain.snapshot.exclusion import Exclusions

    directory = work.part("roots")
    exclusions = Exclusions.of(options.snapshot.ignore_paths)
    timeout = options.snapshot.timeout.total_seconds()
    if choice.isolation == "in-place":
        from adapters.filesystem.in_place_roots import InPlaceRoots
        from entrypoints.paths import paths_in_use

        return InPlaceRoots(
            directory,
            exclusions,
            (*paths_in_use(options), work.path),
            timeout=timeout,
            mode=options.snapshot.mode,
            cleanup=options.root.cleanup,
            preserve=options.root.preserve,
            warn=reporter.warning,
            aside=aside,
            before_first=credentials.settle,
        )
    if choice.isolation == "namespaces":
        from adapters.filesystem.mounts import overlay_works

        if overlay_works(directory):
            from adapters.filesystem.overlay_root import OverlayRoots

            return OverlayRoots(directory, exclusions)
    from adapters.filesystem.directory_root import DirectoryRoots

    return DirectoryRoots(directory, exclusions, timeout, options.snapshot.mode)


def mount_roots(
    choice: Choice, roots: RootFilesystems, work: WorkDirectory
) -> RootFilesystems:
    """Return what makes the trees that mounts show to a RUN."""
    if choice.isolation != "in-place":
        return roots
    from adapters.filesystem.directory_root import DirectoryRoots

    return DirectoryRoots(work.part("mounts"))


def kept_caches(cache: CacheOptions, reporter: Reporter) -> KeptCaches | None:
    """Return what keeps the caches of RUN, None where they last for one build."""
    if not (cache.enabled and cache.directory):
        return None
    from pathlib import Path

    from adapters.filesystem.kept_caches import KeptCacheDirectories

    directory = Path(cache.directory).absolute() / "mounts"
    return KeptCacheDirectories(str(directory), reporter)


def process_runner(choice: Choice, work: WorkDirectory) -> ProcessRunner:
    """Return what RUN's processes are started by."""
    from adapters.isolation.entering import runner_for

    return runner_for(choice, work.part("process"))


def secrets(given: InputOptions) -> Secrets:
    """Return secrets and agents, all of them read before anything is built."""
    from adapters.secrets import LocalSecrets

    return LocalSecrets(given.secrets, given.agents)


def layer_store(image: ImageOptions, work: WorkDirectory, clock: Clock) -> LayerStore:
    """Return where layers are made and kept."""
    from adapters.archive.compression import Codec
    from adapters.storage.layer_spool import LayerSpool
    from domain.image.media_type import Compression

    codec = Codec(
        compression=Compression(image.compression or "gzip"),
        level=image.compression_level,
        reproducible=image.reproducible,
    )
    return LayerSpool(work.part("layers"), clock, codec)


def single_snapshot(
    snapshot: SnapshotOptions,
    layers: LayerStore,
    contents: Contents,
    reporter: Reporter,
) -> SingleSnapshot | None:
    """Return what makes one layer of a stage, None where each step has its own."""
    if not snapshot.single:
        return None
    return SingleSnapshot(layers=layers, contents=contents, reporter=reporter)


def archives(work: WorkDirectory) -> Archives:
    """Return what unpacks the archives of ADD."""
    from pathlib import Path

    from adapters.storage.unpacked_archives import UnpackedArchives

    return UnpackedArchives(Path(work.part("archives")))


def downloads(
    options: BuildOptions, work: WorkDirectory, reporter: Reporter
) -> Downloads:
    """Return what downloads the files of ADD.

    The flags that are about all registries do not loosen it; those that name a host
    hold for that host.
    """
    from pathlib import Path

    from adapters.downloads.http_downloads import HttpDownloads

    retries = transfer_retries(0, reporter)
    client = http_client(options, retries, plain_http=False, skip_verify=False)
    return HttpDownloads(client, retries, Path(work.part("downloads")))


def repositories(options: BuildOptions, work: WorkDirectory) -> Repositories:
    """Return what checks out the repositories of ADD.

    Raises:
        SourceUnavailable: There is no git.
    """
    from pathlib import Path

    try:
        from adapters.context.git_repositories import GitRepositories
    except ImportError as error:  # GitPython looks for git when it is imported
        raise SourceUnavailable(
            "the program git cannot be found", hint="install git, and have it in PATH"
        ) from error

    return GitRepositories(
        http_options(options), Path(work.part("repositories")), ssh=ssh_program()
    )


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


def transfer_retries(more: int, reporter: Reporter) -> Retries:
    """Return how transfers are repeated, `more` times than usual.

    Single requests are repeated as usual whatever the flags say.
    """
    from adapters.http.retries import Retries, RetryPolicy

    attempts = RetryPolicy().attempts + max(more, 0)
    return Retries(RetryPolicy(attempts=attempts), announce=reporter.debug)


def repetition(more: int, reporter: Reporter) -> Repetition:
    """Return how whole operations are repeated: `more` times, as kaniko waits."""
    from adapters.http.retries import Repeating, Retries, RetryPolicy

    policy = RetryPolicy(attempts=1 + max(more, 0), factor=2.0)
    kinds = (RegistryError, DigestMismatch, FilesystemError)
    return Repeating(Retries(policy, announce=reporter.warning), kinds)


def unpacking(root: RootOptions, reporter: Reporter) -> Repetition:
    """Return how fetching and unpacking layers is repeated."""
    return repetition(root.unpack_retries, reporter)


def http_client(
    options: Connecting,
    retries: Retries,
    *,
    plain_http: bool,
    skip_verify: bool,
) -> HttpClient:
    """Return a client with the TLS, the proxies and the name that were asked for."""
    from adapters.http.client import HttpClient

    given = http_options(options, plain_http=plain_http, skip_verify=skip_verify)
    return HttpClient(given, retries)


def http_options(
    options: Connecting,
    *,
    plain_http: bool = False,
    skip_verify: bool = False,
) -> HttpOptions:
    """Return the settings of such a client."""
    from adapters.http.client import HttpOptions
    from adapters.http.tls import HostOptions
    from domain.image.reference import normalise_registry
    from entrypoints.version import VERSION

    asked = options.registry
    agent = f"kanipy/{VERSION}"
    if asked.client_type:
        agent += f",{asked.client_type}"
    plain = {normalise_registry(host) for host in asked.insecure_registries}
    unverified = {normalise_registry(host) for host in asked.skip_tls_verify_registries}
    authorities: dict[str, list[str]] = {}
    for host, path in asked.certificates:
        authorities.setdefault(normalise_registry(host), []).append(path)
    shown = {host: (cert, key) for host, cert, key in asked.client_certificates}
    hosts = {
        host: HostOptions(
            plain_http=plain_http or host in plain,
            skip_verify=skip_verify or host in unverified,
            ca_files=tuple(authorities.get(host, ())),
            client_certificate=shown.get(host),
        )
        for host in plain | unverified | set(authorities) | set(shown)
    }
    return HttpOptions(
        user_agent=agent,
        environment=_network_variables(options.network),
        hosts=hosts,
        other_hosts=HostOptions(plain_http=plain_http, skip_verify=skip_verify),
    )


def sdk_certificates(options: Connecting) -> str:
    """Return the path of a bundle that SDKs have to trust, "" for their own roots.

    It is there as long as we run.
    """
    from adapters.http.tls import added_certificates, certificate_file

    trust = http_options(options)
    host = replace(trust.other_hosts, ca_files=options.network.sdk_ca_files)
    bundle = added_certificates(host, trust.environment)
    return certificate_file(bundle) if bundle else ""


def _network_variables(network: NetworkOptions) -> dict[str, str]:
    return _set_variables(
        {
            "SSL_CERT_FILE": network.ca_file,
            "SSL_CERT_DIR": network.ca_directories,
            "HTTP_PROXY": network.http_proxy,
            "HTTPS_PROXY": network.https_proxy,
            "NO_PROXY": network.no_proxy,
        }
    )


def _set_variables(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value}


def dockerfile_reader() -> DockerfileReader:
    """Return the line splitter."""
    from adapters.dockerfile_parse_reader import DockerfileParseReader

    return DockerfileParseReader()


def write_report(
    output: OutputOptions,
    files: ResultFiles,
    timeline: Timeline,
    cache: StepCache | None,
) -> WriteReport:
    """Return what writes the report and the timings."""
    from adapters.reporting.html_page import HtmlPage
    from application.write_report import WriteReport

    return WriteReport(
        output=output,
        page=HtmlPage(),
        files=files,
        timeline=timeline,
        explanations=None if cache is None else cache.explanations,
    )


def result_files(options: Publishing, reporter: Reporter) -> ResultFiles:
    """Return what writes digest files and the like.

    The flags that are about all registries do not loosen it; those that name a host
    hold for that host.
    """
    from adapters.results import LocalResultFiles

    output = options.output
    if not any(is_address(path) for path in output.result_files):
        return LocalResultFiles()
    from adapters.uploaded_results import AddressedResultFiles, UploadedResultFiles

    retries = transfer_retries(0, reporter)
    client = http_client(options, retries, plain_http=False, skip_verify=False)
    return AddressedResultFiles(LocalResultFiles(), UploadedResultFiles(client))


def step_results() -> StepResults:
    """Return what writes the results of a step."""
    from adapters.step_results import LocalStepResults

    return LocalStepResults()
