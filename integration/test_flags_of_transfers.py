"""The flags of pulling and pushing, as builds use them, with a registry that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.executor import Executor, Outcome, write_context
from integration.services.fault_proxy import (
    ALWAYS,
    Fault,
    FaultProxy,
    answers,
    changes_the_answer,
)
from integration.services.registry import Registry, running_registry

GONE = answers(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
IMMUTABLE = answers(
    400,
    json.dumps(
        {"errors": [{"code": "TAG_INVALID", "message": "the tag is immutable"}]}
    ).encode(),
)
COPY = "FROM scratch\nCOPY Dockerfile /copied\n"


class Builds:
    """Builds with a registry behind a proxy that makes requests go wrong."""

    def __init__(
        self, registry: Registry, proxy: FaultProxy, executor: Executor, path: Path
    ) -> None:
        self.registry, self.proxy = registry, proxy
        self._executor, self._path = executor, path

    @property
    def base(self) -> str:
        return f"{self.proxy.host}/base"

    def to(self, repository: str) -> str:
        return f"--destination={self.proxy.host}/{repository}:1"

    def run(self, text: str, *flags: str) -> Outcome:
        return self._executor.run(write_context(self._path / "context", text), *flags)

    def pushed(self, repository: str) -> bool:
        return self.registry.manifest(repository, "1") is not None


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, small_bases: Path
) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("transfers")) as running:
        running.push_layout(small_bases, "busybox", "base")
        yield running


@pytest.fixture
def builds(server: Registry, executor: Executor, tmp_path: Path) -> Iterator[Builds]:
    with FaultProxy() as proxy:
        proxy.server = server.host
        yield Builds(server, proxy, executor, tmp_path)


def test_looking_an_image_up_is_repeated(builds: Builds) -> None:
    """As a registry that fetches the image itself may want it."""
    builds.proxy.begin(Fault("^GET /v2/base/manifests/latest", GONE, 2))
    text = f"FROM {builds.base}\n"
    failed = builds.run(text, "--no-push", "--image-download-retry=0")
    assert "MANIFEST_UNKNOWN" in failed.error
    builds.run(text, "--no-push", "--image-download-retry=1").check()
    assert builds.proxy.hit == 2


def test_fetching_and_unpacking_a_layer_is_repeated(builds: Builds) -> None:
    """A layer that was damaged on the way, which nothing else repeats."""
    (layer, *_) = builds.registry.manifest("base")["layers"]
    pattern = f"^GET /v2/base/blobs/{layer['digest']}"
    builds.proxy.begin(Fault(pattern, changes_the_answer, 2))
    text = f"FROM {builds.base}\nRUN true\n"
    failed = builds.run(text, "--no-push")
    assert failed.status == 1
    assert builds.base in failed.error
    builds.run(text, "--no-push", "--image-fs-extract-retry=1").check()
    assert builds.proxy.hit == 2


def test_a_whole_push_is_repeated(builds: Builds) -> None:
    builds.proxy.begin(Fault("^PUT /v2/repeated/manifests", answers(404), 2))
    assert builds.run(COPY, builds.to("repeated")).status == 1
    assert not builds.pushed("repeated")
    builds.run(COPY, builds.to("repeated"), "--push-retry=1").check()
    assert builds.pushed("repeated")


def test_an_immutable_tag_counts_as_pushed_where_that_was_said(builds: Builds) -> None:
    builds.proxy.begin(Fault("^PUT /v2/fixed/manifests", IMMUTABLE, ALWAYS))
    failed = builds.run(COPY, builds.to("fixed"))
    assert failed.status == 1
    assert "--push-ignore-immutable-tag-errors" in failed.hint
    done = builds.run(COPY, builds.to("fixed"), "--push-ignore-immutable-tag-errors")
    assert "stays what it was" in done.check().log


DENIED = Fault("^POST /v2/denied/blobs/uploads/", answers(403), ALWAYS)


def test_the_permission_is_checked_before_anything_is_done(builds: Builds) -> None:
    builds.proxy.begin(DENIED)
    text = f"FROM {builds.base}\nRUN exit 7\n"
    failed = builds.run(text, builds.to("denied"))
    assert "checked before the build" in failed.error
    assert not [line for line in builds.proxy.seen if "/v2/base/" in line]
    skipping = builds.run(text, builds.to("denied"), "--skip-push-permission-check")
    assert skipping.status == 7


def test_each_repository_is_checked_once(builds: Builds) -> None:
    to = (builds.to("once"), f"{builds.to('once')}-more", builds.to("twice"))
    builds.run(COPY, *to).check()
    cancelled = [line for line in builds.proxy.seen if line.startswith("DELETE")]
    assert len(cancelled) == 2
    tags = builds.registry.get("/v2/once/tags/list")["tags"]
    assert sorted(tags) == ["1", "1-more"]
    assert builds.pushed("twice")


def test_the_repository_of_the_cache_is_checked_where_nothing_else_is_pushed(
    builds: Builds,
) -> None:
    builds.proxy.begin(DENIED)
    cache = ("--cache", f"--cache-repo={builds.proxy.host}/denied")
    assert builds.run(COPY, "--no-push", *cache).status == 1
    builds.run(COPY, "--no-push", "--no-push-cache", *cache).check()
    builds.run(COPY, builds.to("beside-cache"), *cache).check()


def test_no_destination_gets_a_tag_when_one_cannot_get_its_blobs(
    builds: Builds,
) -> None:
    uploads = "^(POST|PATCH) /v2/second/"
    builds.proxy.begin(Fault(uploads, answers(400), ALWAYS, after=1))
    failed = builds.run(COPY, builds.to("first"), builds.to("second"))
    assert failed.status == 1
    assert f"{builds.proxy.host}/second" in failed.error
    assert not builds.pushed("first")
    assert not builds.pushed("second")


def test_what_one_repository_got_is_mounted_in_the_next(builds: Builds) -> None:
    builds.run(COPY, builds.to("source"), builds.to("mounted")).check()
    assert builds.pushed("mounted")
    assert "PATCH" in {line.split("/v2/")[0].strip() for line in builds.proxy.seen}
    assert not [line for line in builds.proxy.seen if "PATCH /v2/mounted/" in line]
