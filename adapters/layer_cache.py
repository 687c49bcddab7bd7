"""Steps and layer indexes as images of a cache repository.

A step is an image whose tag is its key: one layer, and behind it the layer's index as
two blobs. The index of a layer of a base image is an artifact of those two blobs alone,
tagged by the layer's digest; what the last build of a stage was made of is one blob.
The seal of an entry is a digest over what it names: it tells damage and mixed up
parts, not ill will; whoever can write there is trusted.

Where the images lie is the business of `CacheEntries`: a registry, a folder of layouts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TypeVar

from adapters.archive.index_codec import (
    EncodedIndex,
    decode_rows,
    decode_skeleton,
    encode_index,
)
from application.errors import (
    DigestMismatch,
    Interrupted,
    ManifestUnknown,
    RegistryError,
    RegistryUnreachable,
    Unauthorized,
    is_out_of_order,
)
from application.ports.cache_entries import CacheEntries, EntryBlob
from application.ports.images import ResolvedImage
from application.ports.layer_cache import FoundLayer, FoundStep
from application.ports.layers import LayerStore, WrittenLayer
from application.ports.reporter import Reporter
from domain.build.cache_key import CacheKey, framed
from domain.build.explanation import StageRecord
from domain.errors import InvalidImage, KanipyError
from domain.image.config import History, ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.image.media_type import Vendor, relabel_layer
from domain.image.platform import Platform
from domain.snapshot.index import EMPTY_INDEX, LayerIndex

SKELETON_TYPE = "application/vnd.kanipy.layer-index.skeleton.v1+json"
ROWS_TYPE = "application/vnd.kanipy.layer-index.rows.v1+json"
RECORD_TYPE = "application/vnd.kanipy.stage-record.v1+json"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
CREATED = "org.opencontainers.image.created"
DIFF_ID = "dev.kanipy.cache.diff-id"
SEAL = "dev.kanipy.cache.seal"
SECONDS = "dev.kanipy.cache.seconds"

NO_LAYER = Digest.of(b"")
"""Stands for the diff ID of a step that changed nothing."""

_MAXIMUM_INDEX = 256 << 20
_MAXIMUM_RECORD = 64 << 20
_UPLOADS = 2
_ANY = Platform(os="linux", architecture="amd64")
_EMPTY = b"{}"

T = TypeVar("T")


class StoredLayerCache:
    """`LayerCache` and `LayerIndexes` over entries.

    Args:
        entries: Where they are kept.
        layers: Has the layers that are stored.
        ttl: How long a step is good for.
        reporter: Is told, once each, why the cache is not used.
        now: Returns seconds since the epoch.
    """

    def __init__(
        self,
        entries: CacheEntries,
        layers: LayerStore,
        ttl: timedelta,
        reporter: Reporter,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._entries = entries
        self._layers = layers
        self._ttl = ttl
        self._reporter = reporter
        self._now = now
        self._may_read = True
        self._may_write = True
        self._said: set[object] = set()
        self._rows: dict[Digest, tuple[str, Descriptor]] = {}
        self._thin: dict[Digest, tuple[Digest, LayerIndex]] = {}
        self._unknown: set[Digest] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._uploads: list[tuple[str, Future[None]]] = []

    def find(self, key: CacheKey) -> FoundStep | None:
        """Return a step; see the port."""
        return self._asking(lambda: self._find(key), f"the entry {key}")

    def store(
        self, key: CacheKey, layer: WrittenLayer | None, seconds: float = 0.0
    ) -> None:
        """Keep a step; see the port."""
        self._later(f"the entry {key}", lambda: self._store(key, layer, seconds))

    def last(self, name: str) -> StageRecord | None:
        """Return the record of a stage; see the port."""
        return self._asking(lambda: self._last(name), "the record of a stage")

    def remember(self, name: str, record: StageRecord) -> None:
        """Keep the record of a stage; see the port."""
        self._later("the record of a stage", lambda: self._remember(name, record))

    def finish(self) -> None:
        """Wait for the uploads; see the port."""
        for what, upload in self._uploads:
            error = upload.exception()
            if error is not None:
                self._warn(
                    f"{what} cannot be written to the layer cache {self._entries.name}",
                    error,
                )
        self._uploads.clear()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def find_index(self, layer: Descriptor, diff_id: Digest) -> LayerIndex | None:
        """Return a thin index; see the port."""
        if layer.digest in self._unknown:
            return None
        known, thin = self._thin.get(layer.digest, (None, None))
        if thin is not None and known == diff_id:
            return thin
        what = f"the index of {layer.digest}"
        found = self._asking(lambda: self._find_index(layer, diff_id), what)
        if found is None:
            self._unknown.add(layer.digest)
        return found

    def find_rows(
        self, layer: Descriptor, diff_id: Digest, thin: LayerIndex
    ) -> LayerIndex | None:
        """Return a full index; see the port."""
        known = self._rows.get(layer.digest)
        if known is None:
            return None
        tag, rows = known
        return self._asking(
            lambda: decode_rows(self._read(tag, rows), thin, diff_id),
            f"the index of {layer.digest}",
        )

    def store_index(
        self, layer: Descriptor, diff_id: Digest, index: LayerIndex
    ) -> None:
        """Keep an index; see the port."""
        if layer.digest in self._rows:
            return
        self._rows[layer.digest] = (_index_tag(layer), layer)
        self._later(
            f"the index of {layer.digest}",
            lambda: self._store_index(layer, diff_id, index),
        )

    def forget(self, layer: Digest) -> None:
        """Forget what was said of a layer; see the port."""
        self._rows.pop(layer, None)
        self._thin.pop(layer, None)
        self._unknown.add(layer)

    # ------------------------------------------------------------------ reading

    def _find(self, key: CacheKey) -> FoundStep | None:
        manifest = self._entries.fetch(key.hex)
        if self._is_expired(manifest):
            self._tell_of_age()
            return None
        diff_id = _diff_id(manifest)
        _check_seal(key.hex, diff_id, manifest)
        seconds = _seconds(manifest)
        if diff_id == NO_LAYER:
            return FoundStep(seconds=seconds)
        layer, skeleton, rows = _parts(manifest, 3)
        index = decode_skeleton(self._read(key.hex, skeleton), diff_id)
        self._know(layer, key.hex, rows, diff_id, index)
        reference, source = self._entries.image(key.hex)
        config = ImageConfig(platform=_ANY, diff_ids=(diff_id,))
        return FoundStep(
            layer=FoundLayer(
                descriptor=layer,
                diff_id=diff_id,
                index=index,
                image=ResolvedImage(
                    reference=reference,
                    digest=manifest.digest,
                    manifest=manifest,
                    config=config,
                ),
                source=source,
            ),
            seconds=seconds,
        )

    def _last(self, name: str) -> StageRecord:
        tag = _record_tag(name)
        (record,) = _parts(self._entries.fetch(tag), 1)
        return StageRecord.from_json(self._read(tag, record, _MAXIMUM_RECORD))

    def _find_index(self, layer: Descriptor, diff_id: Digest) -> LayerIndex:
        tag = _index_tag(layer)
        manifest = self._entries.fetch(tag)
        _check_seal(tag, diff_id, manifest)
        skeleton, rows = _parts(manifest, 2)
        index = decode_skeleton(self._read(tag, skeleton), diff_id)
        self._know(layer, tag, rows, diff_id, index)
        return index

    def _know(
        self,
        layer: Descriptor,
        tag: str,
        rows: Descriptor,
        diff_id: Digest,
        index: LayerIndex,
    ) -> None:
        """Remember an index, and where its rows are: stages share layers."""
        self._rows[layer.digest] = (tag, rows)
        self._thin[layer.digest] = (diff_id, index)

    def _read(
        self, tag: str, descriptor: Descriptor, most: int = _MAXIMUM_INDEX
    ) -> bytes:
        if descriptor.size > most:
            raise InvalidImage("its index is too large", place=tag)
        with self._entries.open_blob(tag, descriptor) as blob:
            data = blob.read(descriptor.size + 1)
        if not descriptor.digest.matches(data):
            raise DigestMismatch(f"its index is not {descriptor.digest}", place=tag)
        return data

    def _is_expired(self, manifest: Manifest) -> bool:
        try:
            created = datetime.fromisoformat(manifest.annotations[CREATED])
            age = self._now() - created.timestamp()
        except (KeyError, ValueError, OverflowError) as error:
            raise InvalidImage("it does not say when it was made") from error
        return age > self._ttl.total_seconds()

    def _tell_of_age(self) -> None:
        """Tell once that steps are too old."""
        if "age" not in self._said:
            self._said.add("age")
            self._reporter.info(
                f"the layer cache {self._entries.name} has steps that are older than "
                "--cache-ttl: they are carried out again"
            )

    def _asking(self, ask: Callable[[], T | None], what: str) -> T | None:
        """Ask, and take every failure for no answer; tell it once.

        Who may not read may write all the same: some registries answer so for a
        repository that is yet to be made.
        """
        if not self._may_read:
            return None
        try:
            return ask()
        except Interrupted:
            raise
        except ManifestUnknown:
            return None
        except RegistryError as error:
            self._may_read = not _concerns_all(error)
            self._may_write = self._may_write and not _is_down(error)
            self._warn(f"the layer cache {self._entries.name} is not used", error)
        except (KanipyError, OSError) as error:
            self._warn(f"{what} in {self._entries.name} is damaged and not used", error)
        return None

    # ------------------------------------------------------------------ writing

    def _store(self, key: CacheKey, layer: WrittenLayer | None, seconds: float) -> None:
        diff_id = NO_LAYER if layer is None else layer.diff_id
        index = EMPTY_INDEX if layer is None else layer.index
        blobs = _index_blobs(encode_index(index, diff_id))
        if layer is not None:
            media_type = relabel_layer(layer.descriptor.media_type, Vendor.OCI)
            described = _described(layer.descriptor, media_type)
            blobs.insert(
                0, EntryBlob(described, lambda: self._layers.open(layer.descriptor))
            )
        diff_ids = () if layer is None else (diff_id,)
        made = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")
        config = ImageConfig(
            platform=_ANY,
            diff_ids=diff_ids,
            created=made,
            history=tuple(
                History(created=made, created_by="kanipy cache") for _ in diff_ids
            ),
        ).to_json()
        annotations = {
            **_annotations(key.hex, diff_id, blobs, made),
            SECONDS: f"{seconds:.1f}",
        }
        self._push(key.hex, _blob(config, Vendor.OCI.config_type), blobs, annotations)

    def _store_index(
        self, layer: Descriptor, diff_id: Digest, index: LayerIndex
    ) -> None:
        tag = _index_tag(layer)
        blobs = _index_blobs(encode_index(index, diff_id))
        made = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")
        annotations = _annotations(tag, diff_id, blobs, made)
        self._push(tag, _blob(_EMPTY, EMPTY_TYPE), blobs, annotations)

    def _remember(self, name: str, record: StageRecord) -> None:
        blobs = [_blob(record.to_json(), RECORD_TYPE)]
        self._push(_record_tag(name), _blob(_EMPTY, EMPTY_TYPE), blobs, {})

    def _push(
        self,
        tag: str,
        config: EntryBlob,
        blobs: Sequence[EntryBlob],
        annotations: Mapping[str, str],
    ) -> None:
        layers = [blob.descriptor for blob in blobs]
        manifest = Manifest.create(
            Vendor.OCI, config.descriptor, layers, dict(annotations)
        )
        self._entries.push(tag, manifest, [*blobs, config])

    def _later(self, what: str, act: Callable[[], None]) -> None:
        if not self._may_write:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_UPLOADS, thread_name_prefix="cache")
        self._uploads.append((what, self._pool.submit(self._write, act)))

    def _write(self, act: Callable[[], None]) -> None:
        """Write, unless it was seen that nothing can be written."""
        if not self._may_write:
            return
        try:
            act()
        except RegistryError as error:
            if _concerns_all(error):
                self._may_write = False
            raise

    def _warn(self, what: str, error: BaseException) -> None:
        """Tell why the cache is not used, each reason once."""
        reason: object = str(error)
        if isinstance(error, RegistryError):
            reason = (type(error), error.status)
        if reason not in self._said:
            self._said.add(reason)
            self._reporter.warning(f"{what}: {error}")


def _concerns_all(error: RegistryError) -> bool:
    """Return whether what failed for one entry fails for all."""
    return isinstance(error, Unauthorized) or _is_down(error)


def _is_down(error: RegistryError) -> bool:
    return isinstance(error, RegistryUnreachable) or is_out_of_order(error.status)


def _index_tag(layer: Descriptor) -> str:
    return f"idx-{layer.digest.hex}"


def _record_tag(name: str) -> str:
    return f"why-{name}"


def _annotations(
    tag: str, diff_id: Digest, blobs: Sequence[EntryBlob], made: str
) -> dict[str, str]:
    parts = [blob.descriptor for blob in blobs]
    return {
        CREATED: made,
        DIFF_ID: str(diff_id),
        SEAL: entry_seal(tag, diff_id, parts),
    }


def _seconds(manifest: Manifest) -> float:
    """Return how long a step took; who wrote it is not trusted to say it right."""
    try:
        seconds = float(manifest.annotations.get(SECONDS, 0))
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _parts(manifest: Manifest, count: int) -> tuple[Descriptor, ...]:
    if len(manifest.layers) != count:
        raise InvalidImage(f"it has not the {count} parts of an entry")
    return manifest.layers


def _diff_id(manifest: Manifest) -> Digest:
    try:
        return Digest.parse(manifest.annotations[DIFF_ID])
    except KeyError as error:
        raise InvalidImage("it is no entry of a layer cache") from error


def entry_seal(tag: str, diff_id: Digest, parts: Sequence[Descriptor]) -> str:
    """Return the digest over what an entry names."""
    named = (field for part in parts for field in (str(part.digest), part.size))
    return framed("entry", (tag, str(diff_id), *named))


def _check_seal(tag: str, diff_id: Digest, manifest: Manifest) -> None:
    if manifest.annotations.get(SEAL) != entry_seal(tag, diff_id, manifest.layers):
        raise InvalidImage("its parts do not belong together", place=tag)


def _index_blobs(encoded: EncodedIndex) -> list[EntryBlob]:
    return [_blob(encoded.skeleton, SKELETON_TYPE), _blob(encoded.rows, ROWS_TYPE)]


def _blob(data: bytes, media_type: str) -> EntryBlob:
    descriptor = Descriptor(
        media_type=media_type, digest=Digest.of(data), size=len(data)
    )
    return EntryBlob(descriptor, lambda: BytesIO(data))


def _described(descriptor: Descriptor, media_type: str) -> Descriptor:
    return Descriptor(
        media_type=media_type, digest=descriptor.digest, size=descriptor.size
    )
