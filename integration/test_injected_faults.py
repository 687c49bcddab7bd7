"""A real registry behind a proxy that makes requests go wrong, one case at a time.

Each ends with the right digest or with an error that says what was wrong. No failure
leaves a tag, and no host but the registry and its token service sees a credential.
Nothing waits: what would have been waited is recorded.
"""

from __future__ import annotations

import io
import json
import os
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries, RetryPolicy
from adapters.memory.ambient import RecordingReporter
from adapters.memory.credentials import MemoryCredentials
from adapters.registry.cache_entries import RegistryEntries
from adapters.registry.connection import RegistryConnections
from adapters.registry.destination import PushRules, RegistryImageDestination
from adapters.registry.source import RegistryImageSource
from adapters.storage.layer_spool import LayerSpool
from application.layered_filesystem import BaseImage, LayerFetcher, StageLayer
from application.ports.cache_entries import EntryBlob
from application.ports.credentials import Credential
from application.ports.images import BuiltImage, ResolvedImage
from domain.errors import KanipyError
from domain.image.digest import Digest
from domain.image.manifest import Index
from domain.image.media_type import Vendor
from domain.image.reference import Reference
from integration.executor import Executor, write_context
from integration.fault_cases import CASES, LEAD_AWAY, Case
from integration.services.blob_storage import BlobStorage
from integration.services.certificates import self_signed
from integration.services.fault_proxy import (
    Fault,
    FaultProxy,
    cuts_the_answer,
    cuts_the_request,
    leads_to,
)
from integration.services.registry import (
    MANIFEST_TYPES,
    Account,
    Registry,
    running_registry,
)
from integration.services.token_server import TokenServer
from tests.support.clocks import KeepingClock
from tests.support.images import AMD64, SmallImage, make_image, make_tar

ACCOUNT = Account(user="builder", password="correct horse")
BASE = make_image(make_tar({"small": b"1"}), make_tar({"big": os.urandom(2_500_000)}))
INDEX = Index.create(Vendor.OCI, [replace(BASE.manifest.descriptor, platform=AMD64)])
MADE = make_image(make_tar({"made": os.urandom(2_500_000)}))


@dataclass
class World:
    """The registry, what is before it, and what is around.

    Attributes:
        proxy: What a build takes for the registry.
        storage: Another host that has the same blobs.
        tokens: The registry's token service.
        open: The same registry without tokens and proxy, to look into.
        waits: Seconds that would have been waited.
        scratch: Where layers are put.
    """

    proxy: FaultProxy
    storage: BlobStorage
    tokens: TokenServer
    open: Registry
    scratch: Path
    waits: list[float] = field(default_factory=list)

    def begin(self, case: Case, image: SmallImage) -> None:
        self.waits.clear()
        self.storage.begin(*case.storage)
        self.proxy.begin(*(self._fault(case, image, *each) for each in case.faults))

    def connections(self, http: HttpClient) -> RegistryConnections:
        known = Credential(
            username=ACCOUNT.user, password=ACCOUNT.password, source="the test"
        )
        return RegistryConnections(http, MemoryCredentials({self.proxy.host: known}))

    def digest(self, repository: str) -> str | None:
        """Return what the tag of a repository stands for, None for nothing."""
        url = f"http://{self.open.host}/v2/{repository}/manifests/1"
        request = urllib.request.Request(url, method="HEAD")
        request.add_header("Accept", MANIFEST_TYPES)
        try:
            with urllib.request.urlopen(request) as answer:
                told: str = answer.headers["Docker-Content-Digest"]
                return told
        except urllib.error.HTTPError as error:
            error.close()
            return None

    def _fault(
        self, case: Case, image: SmallImage, pattern: str, action: object, times: int
    ) -> Fault:
        layer = image.manifest.layers[-1].digest
        for name, digest in (
            ("CONFIG", image.manifest.config.digest),
            ("LAYER", layer),
            ("MANIFEST", image.manifest.digest),
        ):
            pattern = pattern.replace(name, str(digest))
        # the check before the push begins an upload, too
        is_begin = case.operation == "push" and "check" not in case.name
        after = 1 if is_begin and pattern.endswith("uploads/$") else 0
        if action == LEAD_AWAY:
            action = leads_to(lambda: self.storage.url)
        return Fault(pattern, action, times, after)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("faults")
    signed = self_signed(directory / "tokens", "tokens")
    with (
        running_registry(directory / "open") as plain,
        TokenServer(ACCOUNT, signed) as tokens,
        BlobStorage() as storage,
        FaultProxy() as proxy,
        running_registry(
            directory / "guarded",
            storage=plain.storage,
            authentication=tokens.configuration(f"{proxy.url}/token"),
        ) as registry,
    ):
        proxy.server, proxy.token_server = registry.host, f"127.0.0.1:{tokens.port}"
        storage.root = plain.storage
        made = World(proxy, storage, tokens, plain, directory / "layers")
        _fill(plain)
        yield made


def _fill(registry: Registry) -> None:
    """Push the base image, an index of it, and the entry of a cache."""
    with HttpClient() as http:
        connections = RegistryConnections(http, MemoryCredentials())
        for repository in ("base", "index", "cached"):
            reference = Reference.parse(f"{registry.host}/{repository}:1")
            RegistryImageDestination(reference, connections).publish(
                BASE.built, BASE.open_layer
            )
    request = urllib.request.Request(
        f"http://{registry.host}/v2/index/manifests/1",
        data=INDEX.raw,
        method="PUT",
        headers={"Content-Type": INDEX.media_type},
    )
    urllib.request.urlopen(request).close()


class Client:
    """What a build does with a registry, without waiting for anything."""

    def __init__(self, world: World, http: HttpClient, retries: Retries) -> None:
        self._world, self._retries = world, retries
        self._host = world.proxy.host
        self._connections = world.connections(http)
        self._source = RegistryImageSource(self._connections, retries)

    def run(self, case: Case, repository: str) -> None:
        """Carry out the operation of a case."""
        match case.operation:
            case "pull":
                self._pull("base")
            case "pull index":
                self._pull("index")
            case "look up":
                found = self._source.current_digest(self._name("base"))
                assert found == BASE.manifest.digest
            case "push":
                self._push(repository, MADE.built, MADE, case.piece)
            case "push mounted":
                built = replace(BASE.built, origins=self._origins())
                self._push(repository, built, BASE, case.piece)
            case "cache":
                blobs = [
                    EntryBlob(layer, partial(MADE.open_layer, layer))
                    for layer in MADE.manifest.layers
                ]
                config = MADE.config_bytes
                blobs.append(
                    EntryBlob(MADE.manifest.config, lambda: io.BytesIO(config))
                )
                self._entries(repository).push("1", MADE.manifest, blobs)
            case _:
                self._fetch_cached()

    def _name(self, repository: str) -> Reference:
        return Reference.parse(f"{self._host}/{repository}:1")

    def _pull(self, repository: str) -> None:
        image = self._source.resolve(self._name(repository), AMD64)
        assert image.digest == BASE.manifest.digest
        self._fetch(image)

    def _fetch(self, image: ResolvedImage) -> None:
        spool = LayerSpool(
            str(self._world.scratch / os.urandom(8).hex()), KeepingClock()
        )
        fetcher = LayerFetcher(spool, RecordingReporter())
        base = BaseImage(image=image, source=self._source)
        pairs = zip(image.manifest.layers, image.config.diff_ids, strict=True)
        for layer, diff_id in pairs:
            with fetcher.open(
                StageLayer(descriptor=layer, diff_id=diff_id, base=base)
            ) as blob:
                assert blob.read() == BASE.layers[layer.digest]

    def _origins(self) -> dict[Digest, ResolvedImage]:
        resolved = ResolvedImage(
            reference=self._name("base"),
            digest=BASE.manifest.digest,
            manifest=BASE.manifest,
            config=BASE.config,
        )
        return {layer.digest: resolved for layer in BASE.manifest.layers}

    def _push(
        self, repository: str, built: BuiltImage, image: SmallImage, piece: int
    ) -> None:
        destination = RegistryImageDestination(
            self._name(repository),
            self._connections,
            self._retries,
            PushRules(piece=piece),
        )
        destination.check()
        destination.send(built, image.open_layer)
        destination.publish(built, image.open_layer)

    def _entries(self, repository: str) -> RegistryEntries:
        return RegistryEntries(
            self._name(repository), self._connections, self._connections, self._retries
        )

    def _fetch_cached(self) -> None:
        entries = self._entries("cached")
        manifest = entries.fetch("1")
        assert manifest.digest == BASE.manifest.digest
        for layer in manifest.layers:
            with entries.open_blob("1", layer) as blob:
                assert blob.read() == BASE.layers[layer.digest]


def _writes(case: Case) -> bool:
    return case.operation in ("push", "push mounted", "cache")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_ends_with_the_right_digest_or_a_precise_error(
    case: Case, world: World
) -> None:
    image = MADE if case.operation in ("push", "cache") else BASE
    repository = re.sub("[^a-z0-9]+", "-", case.name.lower())
    world.begin(case, image)
    retries = Retries(RetryPolicy(jitter=0), sleep=world.waits.append)
    error: KanipyError | None = None
    with HttpClient(retries=retries) as http:
        try:
            Client(world, http, retries).run(case, repository)
        except KanipyError as caught:
            error = caught
    assert world.proxy.hit > 0, "the fault was not met"
    _check_outcome(case, error, world)
    if _writes(case):
        expected = str(image.manifest.digest) if error is None else None
        assert world.digest(repository) == expected
    _check_secrets(error, world)
    if case.waited:
        assert max(world.waits) >= case.waited


def _check_outcome(case: Case, error: KanipyError | None, world: World) -> None:
    if case.fails is None:
        if error is not None:
            raise error
        return
    assert type(error) is case.fails.kind, repr(error)
    said = f"{error} {error.hint}"
    for word in (*case.fails.words, world.proxy.host):
        assert word in said


def _check_secrets(error: KanipyError | None, world: World) -> None:
    """Neither other hosts nor people see a credential."""
    for shown in world.storage.shown:
        assert not {"authorization", "cookie"} & {name.lower() for name in shown}
    said = f"{error} {error.hint}" if error else ""
    assert ACCOUNT.password not in said
    assert "signature" not in said
    assert "Bearer" not in said


def test_enough_different_cases_are_injected() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 60


def test_the_other_host_was_asked_where_downloads_are_led_there(world: World) -> None:
    """Otherwise the check that it saw no credential would say nothing."""
    case = next(each for each in CASES if each.name == "pull: layer led away")
    test_a_fault_ends_with_the_right_digest_or_a_precise_error(case, world)
    assert len(world.storage.shown) == 1


def test_a_token_that_ran_out_before_it_came_is_renewed(world: World) -> None:
    world.proxy.begin()
    world.tokens.expired = 1
    retries = Retries(RetryPolicy(jitter=0), sleep=world.waits.append)
    case = Case(name="expired", operation="push", faults=())
    with HttpClient(retries=retries) as http:
        Client(world, http, retries).run(case, "expired")
    assert world.tokens.expired == 0
    assert world.digest("expired") == str(MADE.manifest.digest)


def test_a_whole_build_outlives_broken_connections(
    world: World, executor: Executor, tmp_path: Path
) -> None:
    world.proxy.begin(
        Fault("^GET /v2/base/blobs/", cuts_the_answer(200), times=2),
        Fault("^PATCH /v2/whole/", cuts_the_request(10)),
    )
    entry = {"username": ACCOUNT.user, "password": ACCOUNT.password}
    config = {"auths": {world.proxy.host: entry}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    text = f"FROM {world.proxy.host}/base:1\nCOPY Dockerfile /copied\n"
    executor.run(
        write_context(tmp_path / "context", text),
        f"--destination={world.proxy.host}/whole:1",
        environment={"DOCKER_CONFIG": str(tmp_path)},
    ).check()
    assert world.proxy.hit >= 2
    manifest = world.open.manifest("whole", "1")
    digests = [layer["digest"] for layer in manifest["layers"]]
    assert digests[:2] == [str(layer.digest) for layer in BASE.manifest.layers]
