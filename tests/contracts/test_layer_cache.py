"""What every `LayerCache` and `LayerIndexes` does, and how the stored ones fail.

None of them ever raises: a step that cannot be read was not found, and the reason is
one line.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from adapters.archive.index_codec import encode_index
from adapters.http.client import HttpClient
from adapters.http.retries import Retries, RetryPolicy
from adapters.layer_cache import (
    CREATED,
    DIFF_ID,
    SEAL,
    StoredLayerCache,
    entry_seal,
)
from adapters.memory.ambient import FixedClock, RecordingReporter
from adapters.memory.credentials import MemoryCredentials
from adapters.memory.layer_cache import MemoryLayerCache
from adapters.memory.layers import MemoryLayers
from adapters.registry.cache_entries import RegistryEntries
from adapters.registry.connection import RegistryConnections
from adapters.storage.cache_layouts import LayoutEntries
from application.errors import Interrupted
from application.ports.layer_cache import LayerCache, LayerIndexes
from application.ports.layers import WrittenLayer
from domain.build.cache_key import CacheKey
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.image.media_type import OCI_MANIFEST
from domain.image.reference import Reference
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import LayerPlan, LiteralContent, PlannedEntry
from tests.support.registry_server import FakeRegistry, Fault

KEY, OTHER_KEY = CacheKey("a" * 64), CacheKey("b" * 64)
REPOSITORY = "app/cache"
DAY = timedelta(days=1)
NOW = 1_700_000_000.0


class Cache(LayerCache, LayerIndexes, Protocol):
    """Both ports, as every cache has them."""


class Place:
    """A place that caches share; each `cache` is that of a build of its own."""

    def __init__(self) -> None:
        self.layers = MemoryLayers(FixedClock())
        self.reporter = RecordingReporter()

    def cache(self, now: float = NOW) -> Cache:
        raise NotImplementedError

    def written(self, *paths: str) -> WrittenLayer:
        """Make a layer of files, and a directory."""
        entries = [FileEntry(path, FileType.FILE, 0o640, 1, 2, 3) for path in paths]
        rows = [PlannedEntry(row, LiteralContent(b"123")) for row in entries]
        top = PlannedEntry(FileEntry("top", FileType.DIRECTORY, 0o750))
        return self.layers.write(LayerPlan((top, *rows)), refuse)

    def stored(self, key: CacheKey, *paths: str) -> WrittenLayer:
        layer = self.written(*paths)
        self.keep(key, layer)
        return layer

    def keep(self, key: CacheKey, layer: WrittenLayer | None) -> None:
        cache = self.cache()
        cache.store(key, layer)
        cache.finish()

    @property
    def warnings(self) -> list[str]:
        return [text for level, text in self.reporter.messages if level == "warning"]


def refuse(content: object) -> Any:  # noqa: ANN401 - it never returns
    raise AssertionError(content)


class MemoryPlace(Place):
    def __init__(self) -> None:
        super().__init__()
        self._first = MemoryLayerCache(self.layers)

    def cache(self, now: float = NOW) -> Cache:
        made = MemoryLayerCache(self.layers)
        for name in ("steps", "blobs", "indexes"):
            setattr(made, name, getattr(self._first, name))
        return made


class StoredPlace(Place):
    """Entries that a test may damage."""

    def read(self, tag: str) -> dict[str, Any]:
        """Return the manifest of an entry."""
        raise NotImplementedError

    def write(self, tag: str, manifest: dict[str, Any]) -> None:
        """Put a manifest in its place."""
        raise NotImplementedError

    def put_blob(self, tag: str, data: bytes, digest: str = "") -> str:
        """Put a blob; under a digest that is not its own, if one is named."""
        raise NotImplementedError

    def remove_blob(self, tag: str, digest: str) -> None:
        raise NotImplementedError


class LayoutPlace(StoredPlace):
    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory

    def cache(self, now: float = NOW) -> Cache:
        entries = LayoutEntries(str(self.directory))
        return StoredLayerCache(entries, self.layers, DAY, self.reporter, lambda: now)

    def read(self, tag: str) -> dict[str, Any]:
        index = json.loads((self.directory / tag / "index.json").read_bytes())
        manifest: dict[str, Any] = json.loads(
            self.blob(tag, index["manifests"][0]["digest"]).read_bytes()
        )
        return manifest

    def write(self, tag: str, manifest: dict[str, Any]) -> None:
        raw = json.dumps(manifest).encode()
        digest = self.put_blob(tag, raw)
        entry = {"mediaType": OCI_MANIFEST, "digest": digest, "size": len(raw)}
        index = {"schemaVersion": 2, "manifests": [entry]}
        (self.directory / tag / "index.json").write_text(json.dumps(index))

    def put_blob(self, tag: str, data: bytes, digest: str = "") -> str:
        digest = digest or str(Digest.of(data))
        self.blob(tag, digest).write_bytes(data)
        return digest

    def remove_blob(self, tag: str, digest: str) -> None:
        self.blob(tag, digest).unlink()

    def blob(self, tag: str, digest: str) -> Path:
        return self.directory / tag / "blobs" / digest.replace(":", "/")


class RegistryPlace(StoredPlace):
    def __init__(self, server: FakeRegistry) -> None:
        super().__init__()
        self.server = server
        self._retries = Retries(RetryPolicy(attempts=2, jitter=0), sleep=lambda _: None)
        self._client = HttpClient(retries=self._retries)

    def close(self) -> None:
        self._client.close()

    def cache(self, now: float = NOW) -> Cache:
        connections = RegistryConnections(self._client, MemoryCredentials({}))
        entries = RegistryEntries(
            Reference.parse(f"{self.server.host}/{REPOSITORY}"),
            connections,
            connections,
            self._retries,
        )
        return StoredLayerCache(entries, self.layers, DAY, self.reporter, lambda: now)

    def read(self, tag: str) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads(
            self.server.manifests[REPOSITORY, tag].data
        )
        return manifest

    def write(self, tag: str, manifest: dict[str, Any]) -> None:
        raw = json.dumps(manifest).encode()
        self.server.put_manifest(REPOSITORY, tag, raw, OCI_MANIFEST)

    def put_blob(self, tag: str, data: bytes, digest: str = "") -> str:
        digest = digest or str(Digest.of(data))
        self.server.blobs[REPOSITORY, digest] = data
        return digest

    def remove_blob(self, tag: str, digest: str) -> None:
        del self.server.blobs[REPOSITORY, digest]


@pytest.fixture
def registry() -> Iterator[RegistryPlace]:
    with FakeRegistry() as server:
        place = RegistryPlace(server)
        yield place
        place.close()


@pytest.fixture(params=["memory", "layouts", "registry"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return made_place(request, tmp_path)


@pytest.fixture(params=["layouts", "registry"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> StoredPlace:
    made = made_place(request, tmp_path)
    assert isinstance(made, StoredPlace)
    return made


def made_place(request: pytest.FixtureRequest, directory: Path) -> Place:
    if request.param == "registry":
        found: RegistryPlace = request.getfixturevalue("registry")
        return found
    if request.param == "layouts":
        return LayoutPlace(directory / "cache")
    return MemoryPlace()


# ------------------------------------------------------------------------ all of them


def test_a_step_is_found_by_its_key(place: Place) -> None:
    layer = place.stored(KEY, "f")
    found = place.cache().find(KEY)
    assert found is not None
    assert found.layer is not None
    assert found.layer.descriptor == layer.descriptor
    assert found.layer.diff_id == layer.diff_id
    assert found.layer.index == layer.index.thin
    blob = found.layer.source.open_blob(found.layer.image, found.layer.descriptor)
    with blob:
        assert layer.descriptor.digest.matches(blob.read())
    assert place.warnings == []


def test_another_key_finds_nothing(place: Place) -> None:
    place.stored(KEY, "f")
    assert place.cache().find(OTHER_KEY) is None
    assert place.warnings == []


def test_a_step_that_changed_nothing_is_found(place: Place) -> None:
    place.keep(KEY, None)
    found = place.cache().find(KEY)
    assert found is not None
    assert found.layer is None


def test_a_step_is_replaced(place: Place) -> None:
    place.stored(KEY, "f")
    layer = place.stored(KEY, "g")
    found = place.cache().find(KEY)
    assert found is not None
    assert found.layer is not None
    assert found.layer.descriptor.digest == layer.descriptor.digest
    assert place.warnings == []


def test_the_rows_of_a_found_layer_are_found_too(place: Place) -> None:
    layer = place.stored(KEY, "f", "g")
    cache = place.cache()
    found = cache.find(KEY)
    assert found is not None
    assert found.layer is not None
    thin = found.layer.index
    full = cache.find_rows(found.layer.descriptor, found.layer.diff_id, thin)
    assert full == layer.index


def test_the_index_of_a_found_layer_is_known_to_other_stages(place: Place) -> None:
    layer = place.stored(KEY, "f")
    cache = place.cache()
    assert cache.find(KEY) is not None
    assert cache.find_index(layer.descriptor, layer.diff_id) == layer.index.thin


def test_indexes_of_base_layers_are_kept(place: Place) -> None:
    layer = place.written("f", "g")
    first = place.cache()
    assert first.find_index(layer.descriptor, layer.diff_id) is None
    first.store_index(layer.descriptor, layer.diff_id, layer.index)
    first.finish()
    second = place.cache()
    thin = second.find_index(layer.descriptor, layer.diff_id)
    assert thin == layer.index.thin
    assert second.find_rows(layer.descriptor, layer.diff_id, thin) == layer.index
    assert place.warnings == []


def test_what_is_forgotten_can_be_kept_anew(place: Place) -> None:
    layer = place.written("f")
    cache = place.cache()
    wrong = place.written("lie").index
    cache.store_index(layer.descriptor, layer.diff_id, wrong)
    cache.finish()
    cache.forget(layer.descriptor.digest)
    assert cache.find_index(layer.descriptor, layer.diff_id) is None
    cache.store_index(layer.descriptor, layer.diff_id, layer.index)
    cache.finish()
    thin = place.cache().find_index(layer.descriptor, layer.diff_id)
    assert thin == layer.index.thin


def test_builds_that_store_one_key_at_once_leave_one_of_them(place: Place) -> None:
    layers = [place.written(f"file{number}") for number in range(4)]
    caches = [place.cache() for _ in layers]
    ready = threading.Barrier(len(layers))

    def store(cache: Cache, layer: WrittenLayer) -> None:
        ready.wait()
        cache.store(KEY, layer)
        cache.finish()

    pairs = zip(caches, layers, strict=True)
    threads = [threading.Thread(target=store, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = place.cache().find(KEY)
    assert found is not None
    assert found.layer is not None
    [made] = [each for each in layers if each.diff_id == found.layer.diff_id]
    assert found.layer.index == made.index.thin
    assert place.warnings == []


def test_finishing_twice_is_fine(place: Place) -> None:
    cache = place.cache()
    cache.store(KEY, place.written("f"))
    cache.finish()
    cache.finish()
    cache.store(OTHER_KEY, None)
    cache.finish()
    assert place.cache().find(OTHER_KEY) is not None


# -------------------------------------------------------------------- the stored ones


def test_a_step_is_good_for_a_time(stored: StoredPlace) -> None:
    stored.stored(KEY, "f")
    end = NOW + DAY.total_seconds()
    assert stored.cache(end - 60).find(KEY) is not None
    assert stored.reporter.messages == []
    late = stored.cache(end + 1)
    assert late.find(KEY) is None
    assert late.find(KEY) is None
    [(level, line)] = stored.reporter.messages
    assert level == "info"
    assert "--cache-ttl" in line


def test_a_build_that_is_asked_to_stop_stops(tmp_path: Path) -> None:
    class Stopped(LayoutEntries):
        def fetch(self, tag: str) -> Manifest:
            raise Interrupted(len(tag))

    place = LayoutPlace(tmp_path)
    entries = Stopped(str(tmp_path))
    cache = StoredLayerCache(entries, place.layers, DAY, place.reporter)
    with pytest.raises(Interrupted):
        cache.find(KEY)


def test_a_layer_as_it_was_is_not_sent_again(registry: RegistryPlace) -> None:
    registry.stored(KEY, "f")
    sent = [line for line in registry.server.lines if line.startswith("POST")]
    registry.stored(KEY, "f")
    more = [line for line in registry.server.lines if line.startswith("POST")]
    # the config alone, which may say when; here the clock stands still
    assert more == sent


Damage = Callable[[StoredPlace, dict[str, Any]], None]


def annotate(name: str, value: str | None) -> Damage:
    def damage(place: StoredPlace, manifest: dict[str, Any]) -> None:
        manifest["annotations"].pop(name)
        if value is not None:
            manifest["annotations"][name] = value
        place.write(KEY.hex, manifest)

    return damage


def cut(part: int) -> Damage:
    def damage(place: StoredPlace, manifest: dict[str, Any]) -> None:
        digest = manifest["layers"][part]["digest"]
        place.put_blob(KEY.hex, b"cut", digest)

    return damage


def lose(part: int) -> Damage:
    def damage(place: StoredPlace, manifest: dict[str, Any]) -> None:
        place.remove_blob(KEY.hex, manifest["layers"][part]["digest"])

    return damage


def exchange(place: StoredPlace, manifest: dict[str, Any]) -> None:
    """Put the skeleton of another layer into the entry."""
    other = place.written("other")
    data = encode_index(other.index, other.diff_id).skeleton
    digest = place.put_blob(KEY.hex, data)
    manifest["layers"][1] |= {"digest": digest, "size": len(data)}
    place.write(KEY.hex, manifest)


def take_another_tag(place: StoredPlace, manifest: dict[str, Any]) -> None:
    """Put the whole entry of another key under this one."""
    place.stored(OTHER_KEY, "other")
    for layer in (other := place.read(OTHER_KEY.hex))["layers"]:
        if isinstance(place, LayoutPlace):
            source = place.blob(OTHER_KEY.hex, layer["digest"])
            place.put_blob(KEY.hex, source.read_bytes())
    place.write(KEY.hex, other)


def lose_a_part(place: StoredPlace, manifest: dict[str, Any]) -> None:
    del manifest["layers"][2]
    place.write(KEY.hex, manifest)


def be_no_manifest(place: StoredPlace, manifest: dict[str, Any]) -> None:
    place.write(KEY.hex, {"config": 1, "mediaType": OCI_MANIFEST})


def be_an_index(place: StoredPlace, manifest: dict[str, Any]) -> None:
    media_type = "application/vnd.oci.image.index.v1+json"
    place.write(KEY.hex, {"schemaVersion": 2, "mediaType": media_type, "manifests": []})


DAMAGES: dict[str, tuple[Damage, str]] = {
    "no time": (annotate(CREATED, None), "does not say when"),
    "no such time": (annotate(CREATED, "yesterday"), "does not say when"),
    "no diff ID": (annotate(DIFF_ID, None), "no entry of a layer cache"),
    "no digest": (annotate(DIFF_ID, "sha256:1"), "digest is not"),
    "another diff ID": (annotate(DIFF_ID, f"sha256:{'0' * 64}"), "do not belong"),
    "no seal": (annotate(SEAL, None), "do not belong"),
    "another seal": (annotate(SEAL, "0" * 64), "do not belong"),
    "cut skeleton": (cut(1), "its index is not"),
    "lost skeleton": (lose(1), ""),
    "exchanged skeleton": (exchange, "do not belong"),
    "entry of another key": (take_another_tag, "do not belong"),
    "a part is lost": (lose_a_part, "do not belong"),
    "no manifest": (be_no_manifest, "config"),
    "an index": (be_an_index, ""),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_entry_is_not_found_and_told_of_once(
    name: str, stored: StoredPlace
) -> None:
    damage, reason = DAMAGES[name]
    stored.stored(KEY, "f")
    damage(stored, stored.read(KEY.hex))
    cache = stored.cache()
    assert cache.find(KEY) is None
    assert cache.find(KEY) is None
    [warning] = stored.warnings
    assert reason in warning
    assert "not used" in warning


def test_other_entries_are_found_after_a_damaged_one(stored: StoredPlace) -> None:
    stored.stored(KEY, "f")
    stored.stored(OTHER_KEY, "g")
    cut(1)(stored, stored.read(KEY.hex))
    cache = stored.cache()
    assert cache.find(KEY) is None
    assert cache.find(OTHER_KEY) is not None


def test_a_damaged_entry_is_replaced(stored: StoredPlace) -> None:
    stored.stored(KEY, "f")
    annotate(SEAL, "0")(stored, stored.read(KEY.hex))
    stored.stored(KEY, "f")
    assert stored.cache().find(KEY) is not None


@pytest.mark.parametrize("damage", [cut(2), lose(2)], ids=["cut", "lost"])
def test_damaged_rows_are_not_found(damage: Damage, stored: StoredPlace) -> None:
    stored.stored(KEY, "f")
    damage(stored, stored.read(KEY.hex))
    cache = stored.cache()
    found = cache.find(KEY)
    assert found is not None
    assert found.layer is not None
    of = found.layer
    assert cache.find_rows(of.descriptor, of.diff_id, of.index) is None
    assert len(stored.warnings) == 1


def test_the_config_of_an_entry_does_not_matter(stored: StoredPlace) -> None:
    """Other programs want one; what is in it is in the manifest, sealed."""
    stored.stored(KEY, "f")
    stored.remove_blob(KEY.hex, stored.read(KEY.hex)["config"]["digest"])
    assert stored.cache().find(KEY) is not None


@pytest.mark.parametrize("part", [0, 1])
def test_the_damaged_index_of_a_base_layer_is_not_found(
    part: int, stored: StoredPlace
) -> None:
    layer = stored.written("f")
    first = stored.cache()
    first.store_index(layer.descriptor, layer.diff_id, layer.index)
    first.finish()
    tag = f"idx-{layer.descriptor.digest.hex}"
    digest = stored.read(tag)["layers"][part]["digest"]
    stored.put_blob(tag, b"cut", digest)
    cache = stored.cache()
    thin = cache.find_index(layer.descriptor, layer.diff_id)
    assert (thin is None) == (part == 0)
    if thin is not None:
        assert cache.find_rows(layer.descriptor, layer.diff_id, thin) is None
    assert len(stored.warnings) == 1


def test_an_index_with_parts_too_many_is_no_index(stored: StoredPlace) -> None:
    layer = stored.written("f")
    first = stored.cache()
    first.store_index(layer.descriptor, layer.diff_id, layer.index)
    first.finish()
    tag = f"idx-{layer.descriptor.digest.hex}"
    manifest = stored.read(tag)
    manifest["layers"].append(manifest["layers"][0])
    parts = Manifest.parse(json.dumps(manifest).encode()).layers
    manifest["annotations"][SEAL] = entry_seal(tag, layer.diff_id, parts)
    stored.write(tag, manifest)
    assert stored.cache().find_index(layer.descriptor, layer.diff_id) is None
    [warning] = stored.warnings
    assert "parts" in warning


# ------------------------------------------------------------------------ a registry


def refused(status: int, pattern: str = "") -> Fault:
    return Fault(pattern, status=status, body=b"{}", times=1000)


@pytest.mark.parametrize("status", [401, 403])
def test_who_may_not_read_is_told_once_and_may_write(
    status: int, registry: RegistryPlace
) -> None:
    """Some registries answer so for a repository that is yet to be made."""
    registry.stored(KEY, "f")
    registry.server.faults.append(refused(status, "^GET .*manifests"))
    cache = registry.cache()
    for key in (KEY, OTHER_KEY):
        assert cache.find(key) is None
    cache.store(OTHER_KEY, registry.written("g"))
    cache.finish()
    [warning] = registry.warnings
    assert str(status) in warning
    assert REPOSITORY in warning
    assert (REPOSITORY, OTHER_KEY.hex) in registry.server.manifests


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_are_told_once(status: int, registry: RegistryPlace) -> None:
    registry.server.faults.append(refused(status))
    cache = registry.cache()
    assert cache.find(KEY) is None
    for key in (KEY, OTHER_KEY):
        cache.store(key, registry.written(key.hex[0]))
    cache.finish()
    [warning] = registry.warnings
    assert str(status) in warning


def test_a_repository_that_is_not_there_is_an_empty_cache(
    registry: RegistryPlace,
) -> None:
    body = b'{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}'
    fault = Fault("^GET .*manifests", status=404, body=body)
    registry.server.faults.append(fault)
    assert registry.cache().find(KEY) is None
    assert fault.times == 0
    assert registry.warnings == []


def test_a_registry_out_of_order_is_told_once_and_left_alone(
    registry: RegistryPlace,
) -> None:
    registry.server.faults.append(refused(500))
    cache = registry.cache()
    assert cache.find(KEY) is None
    asked = len(registry.server.seen)
    assert cache.find(OTHER_KEY) is None
    cache.store(KEY, registry.written("f"))
    cache.finish()
    assert len(registry.server.seen) == asked
    [warning] = registry.warnings
    assert "500" in warning


def test_an_unreachable_registry_is_told_once(registry: RegistryPlace) -> None:
    registry.server.faults.append(Fault("", status=0, times=1000))
    cache = registry.cache()
    assert cache.find(KEY) is None
    assert cache.find(OTHER_KEY) is None
    cache.store(KEY, registry.written("f"))
    cache.finish()
    [warning] = registry.warnings
    assert "no answer" in warning


def test_a_registry_that_can_only_be_read_is_read(registry: RegistryPlace) -> None:
    registry.stored(KEY, "f")
    registry.server.faults.append(refused(403, "^(POST|PUT|PATCH)"))
    cache = registry.cache()
    assert cache.find(KEY) is not None
    for number in range(5):
        cache.store(CacheKey(f"{number}" * 64), registry.written(f"f{number}"))
    cache.finish()
    [warning] = registry.warnings
    assert "403" in warning
    assert cache.find(KEY) is not None


def test_a_skeleton_that_breaks_off_for_good_is_a_miss(registry: RegistryPlace) -> None:
    registry.stored(KEY, "f")
    digest = registry.read(KEY.hex)["layers"][1]["digest"]
    cut_off = Fault(f"GET .*{digest}", status=0, times=1000)
    registry.server.faults.append(cut_off)
    assert registry.cache().find(KEY) is None
    assert len(registry.warnings) == 1


# --------------------------------------------------------------------------- layouts


def test_a_folder_that_is_a_file_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    place = LayoutPlace(tmp_path / "cache")
    cache = place.cache()
    assert cache.find(KEY) is None
    cache.store(KEY, place.written("f"))
    cache.store(OTHER_KEY, None)
    cache.finish()
    [warning] = place.warnings
    assert str(tmp_path / "cache") in warning


@pytest.mark.parametrize("name", ["index.json", "blobs"])
def test_an_entry_without_its_files_is_not_found(name: str, tmp_path: Path) -> None:
    place = LayoutPlace(tmp_path / "cache")
    place.stored(KEY, "f")
    lost = tmp_path / "cache" / KEY.hex / name
    if lost.is_dir():
        shutil.rmtree(lost)
    else:
        lost.unlink()
    assert place.cache().find(KEY) is None
    [warning] = place.warnings
    assert "cannot be read" in warning
    place.stored(KEY, "f")
    assert place.cache().find(KEY) is not None


def test_nothing_but_entries_is_left_in_a_folder(tmp_path: Path) -> None:
    place = LayoutPlace(tmp_path / "cache")
    for name in ("f", "g"):
        place.stored(KEY, name)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [KEY.hex]
