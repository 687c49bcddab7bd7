"""The use case of the warmer: fetch base images into a directory, before builds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

from application.errors import (
    ContextUnavailable,
    DigestMismatch,
    DockerfileUnavailable,
    Interrupted,
)
from application.froms import Froms, global_arguments
from application.index_layers import IndexLayers
from application.options import WarmOptions
from application.ports.context import DockerfileSource
from application.ports.dockerfile import DockerfileReader
from application.ports.images import ImageRegistry
from application.ports.reporter import Reporter
from application.ports.warmed_images import ENTRY_FAULTS, Added, WarmedImageStore
from domain.dockerfile.parse import parse_dockerfile
from domain.errors import DockerfileError, KanipyError
from domain.image.digest import Digest
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.snapshot.entry import FileEntry
from domain.values import dataclass

SCRATCH = "scratch"
_MEGABYTE = 1_000_000

Failed = Callable[[KanipyError], None]
"""Is told why an image is not warm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmed:
    """What became of the images.

    Attributes:
        done: How many are warm.
        failed: How many are not.
    """

    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    platform: Platform
    line: int | None = None


class WarmCache:
    """Makes the images of a command line and a Dockerfile warm."""

    def __init__(  # noqa: PLR0913 - a service is given all its ports
        self,
        *,
        options: WarmOptions,
        registry: Callable[[], ImageRegistry],
        store: WarmedImageStore,
        dockerfiles: DockerfileSource,
        reader: DockerfileReader,
        reporter: Reporter,
        host_platform: Platform,
        indexes: IndexLayers | None = None,
    ) -> None:
        self._options = options
        self._registry = registry
        self._store = store
        self._dockerfiles = dockerfiles
        self._reader = reader
        self._reporter = reporter
        self._host = host_platform
        self._indexes = indexes

    def run(self, failed: Failed) -> Warmed:
        """Warm the images, one after the other; one that fails stops no other.

        Args:
            failed: Is told of each that fails, when it fails.

        Raises:
            DockerfileUnavailable: The Dockerfile cannot be read.
            DockerfileError: It is none.
        """
        failures = 0

        def count(error: KanipyError) -> None:
            nonlocal failures
            failures += 1
            failed(error)

        wanted: dict[tuple[str, Platform], _Wanted] = {}
        for each in self._wanted(count):
            wanted.setdefault((each.name, each.platform), each)
        done = sum(self._is_warmed(each, count) for each in wanted.values())
        return Warmed(done=done, failed=failures)

    def _wanted(self, failed: Failed) -> Iterator[_Wanted]:
        platform = self._options.platform or self._host
        for name in self._options.images:
            yield _Wanted(name, platform)
        if self._options.dockerfile:
            yield from self._bases(platform, failed)

    def _bases(self, platform: Platform, failed: Failed) -> Iterator[_Wanted]:
        """Yield the base images of the Dockerfile; its own stages are none."""
        dockerfile = parse_dockerfile(self._read(), self._reader.split)
        given = dict(self._options.build_args)
        arguments = global_arguments(dockerfile, given, platform, self._host)
        froms = Froms(arguments, dockerfile, platform)
        for stage in dockerfile.stages:
            try:
                base = froms.expand_base(stage)
                is_stage = dockerfile.base_stage(stage, base) is not None
                if not is_stage and base != SCRATCH:
                    line = stage.start.location.first
                    yield _Wanted(base, froms.platform(stage), line)
            except DockerfileError as error:
                failed(error)

    def _read(self) -> bytes:
        try:
            return self._dockerfiles.read(self._options.dockerfile, _NoContext()).data
        except DockerfileUnavailable as error:
            hint = "give the path of a Dockerfile with --dockerfile"
            raise DockerfileUnavailable(
                error.message, place=error.place, hint=hint
            ) from error

    def _is_warmed(self, wanted: _Wanted, failed: Failed) -> bool:
        try:
            self._warm(wanted)
        except Interrupted:
            raise
        except KanipyError as error:
            if isinstance(error, DigestMismatch) and error.place is None:
                error.place = wanted.name
                error.hint = "the registry or a proxy damages it: try again"
            if wanted.line is not None:
                error.at_line(wanted.line)
            failed(error)
            return False
        return True

    def _warm(self, wanted: _Wanted) -> None:
        reference, platform = Reference.parse(wanted.name), wanted.platform
        found = None if self._options.force else self._find(reference, platform)
        if found is None:
            found = self._add(reference, platform)
        self._keep_indexes(found, reference, platform)
        if reference.digest is None:
            self._store.tag(reference, platform, found)

    def _find(self, reference: Reference, platform: Platform) -> Digest | None:
        """Return the manifest's digest of an image that is warm and young enough."""
        digest = reference.digest or self._registry().current_digest(reference)
        entry = self._store.find(digest, platform) if digest else None
        if entry is None or entry.age > self._options.ttl:
            return None
        try:
            entry.source.resolve(reference, platform)
        except ENTRY_FAULTS as error:
            self._reporter.warning(f"{error}: {reference} is fetched again")
            return None
        self._reporter.info(f"{reference} is warm: {entry.digest}")
        return entry.digest

    def _keep_indexes(
        self, digest: Digest, reference: Reference, platform: Platform
    ) -> None:
        """Keep what the layers of an entry hold."""
        entry = self._store.find(digest, platform)
        if self._indexes is not None and entry is not None:
            image = entry.source.resolve(reference, platform)
            self._indexes.keep(image, entry.source, anew=self._options.force)

    def _add(self, reference: Reference, platform: Platform) -> Digest:
        registry = self._registry()
        self._reporter.info(f"Warming {reference} for {platform}")
        image = registry.resolve(reference, platform)
        image.manifest.require_layers()
        added = self._store.add(image, registry, anew=self._options.force)
        self._reporter.info(f"Warmed {reference}: {image.digest} ({_describe(added)})")
        return image.digest


class _NoContext:
    """A build context without files: the warmer has none."""

    def entries(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:  # noqa: ARG002 - the port's
        return iter(())

    def open(self, path: str) -> NoReturn:
        raise ContextUnavailable("there is no build context", place=path)


def _describe(added: Added) -> str:
    if not added.fetched:
        return "all of it was here"
    fetched = f"{added.fetched / _MEGABYTE:.1f} MB fetched"
    if not added.present:
        return fetched
    return f"{fetched}, {added.present / _MEGABYTE:.1f} MB were here"
