"""The composition root: one small function per adapter, imports inside.

Each returns the type of the port, so that the rest is checked against the port.
The adapters, and the packages behind them, are imported when they are wanted.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, TextIO

from application.contents import Contents
from application.errors import SourceUnavailable
from application.options import (
    BuildOptions,
    CacheOptions,
    ImageOptions,
    InputOptions,
    LogFormat,
    LogOptions,
    OutputOptions,
    Progress,
    Publishing,
    RootOptions,
    SnapshotOptions,
    Verbosity,
    is_address,
)
from application.ports.archives import Archives
from application.ports.clock import Clock
from application.ports.dockerfile import DockerfileReader
from application.ports.downloads import Downloads
from application.ports.filesystem import RootFilesystems
from application.ports.kept_caches import KeptCaches
from application.ports.layers import LayerStore
from application.ports.process import ProcessRunner
from application.ports.repetition import Repetition
from application.ports.reporter import Log, Reporter
from application.ports.repositories import Repositories
from application.ports.results import ResultFiles
from application.ports.secrets import Secrets
from application.ports.step_results import StepResults
from application.single_snapshot import SingleSnapshot
from domain.image.platform import Platform
from entrypoints.own_runtime import ssh_program
from entrypoints.transfer_builders import (
    http_client,
    http_options,
    repetition,
    transfer_retries,
)

if TYPE_CHECKING:
    from adapters.credentials.late import LateCredentials
    from adapters.filesystem.aside import Aside
    from adapters.isolation.choice import Choice
    from adapters.work_directory import WorkDirectory
    from application.contents import Contents
    from application.step_cache import StepCache
    from application.timeline import Timeline
    from application.turns import SideBySide, Turns
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
    credentials: LateCredentials,
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


def repositories(
    options: BuildOptions, work: WorkDirectory, reporter: Reporter
) -> Repositories:
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
        http_options(options),
        Path(work.part("repositories")),
        ssh=ssh_program(),
        retries=transfer_retries(0, reporter),
    )


def unpacking(root: RootOptions, reporter: Reporter) -> Repetition:
    """Return how fetching and unpacking layers is repeated."""
    return repetition(root.unpack_retries, reporter)


def dockerfile_reader() -> DockerfileReader:
    """Return the line splitter."""
    from adapters.dockerfile_parse_reader import DockerfileParseReader

    return DockerfileParseReader()


def side_by_side(
    root: RootOptions, turns: Turns, runner: ProcessRunner
) -> SideBySide | None:
    """Return what builds stages at once, None where one is built after the other."""
    from application.turns import SideBySide

    jobs = root.jobs or len(os.sched_getaffinity(0))
    return SideBySide(turns, jobs, runner.stop) if jobs > 1 else None


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
