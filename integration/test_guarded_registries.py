"""Builds with real registries that are guarded in all usual ways.

By tokens, by passwords, by TLS of a private authority (named by flag, or by a file in
the directory of certificates), by client certificates, and behind nginx: pushed to,
pulled from, used as layer cache, and as mirrors of other registries.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from integration import warmer
from integration.executor import ENVIRONMENT, Executor, Outcome, write_context
from integration.services.certificates import Authority, make_authority
from integration.services.connect_proxy import ConnectProxy
from integration.services.guarded_registries import (
    KINDS,
    GuardedRegistry,
    guarded_registry,
)
from integration.services.processes import free_port
from integration.services.registry import Registry, running_registry

PLAIN = "FROM scratch\nCOPY Dockerfile /copied\n"
REPOSITORIES = ("team/base", "one/team/base", "two/team/base", "hub/library/busybox")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=KINDS)
def place(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    authority: Authority,
    small_bases: Path,
) -> Iterator[GuardedRegistry]:
    """Offer each guarded registry, with base images in it."""
    directory = tmp_path_factory.mktemp(request.param)
    with guarded_registry(request.param, directory, authority) as running:
        for repository in REPOSITORIES:
            running.open.push_layout(small_bases, "busybox", repository)
        yield running


class Builds:
    """Builds of one context with one registry."""

    def __init__(self, executor: Executor, place: GuardedRegistry, path: Path) -> None:
        self.executor, self.place, self.path = executor, place, path

    def run(self, base: str, *flags: str, knows: bool = True) -> Outcome:
        """Build on a base, with or without what the registry wants to see."""
        text = f"FROM {base}\nCOPY file /file\nRUN echo hello > /made\n"
        context = write_context(self.path / "context", text, {"file": "1"})
        return self.executor.run(
            context,
            *(self.place.flags if knows else ()),
            *flags,
            environment=self.place.environment if knows else {},
        )


@pytest.fixture
def builds(executor: Executor, place: GuardedRegistry, tmp_path: Path) -> Builds:
    return Builds(executor, place, tmp_path)


def _layers(registry: Registry, repository: str, tag: str = "1") -> list[str]:
    manifest = registry.manifest(repository, tag)
    assert manifest is not None, f"{repository}:{tag} was not pushed"
    return [layer["digest"] for layer in manifest["layers"]]


def _asked(place: GuardedRegistry, repository: str) -> int:
    """Return how many requests there were for a repository's manifests."""
    pattern = rf'"(?:GET|HEAD) /v2/{repository}/manifests/'
    return len(re.findall(pattern, place.log.read_text()))


def test_an_image_is_pulled_pushed_and_rebuilt_from_the_cache(
    builds: Builds, place: GuardedRegistry
) -> None:
    base = f"{place.host}/team/base"
    flags = ("--cache", "--reproducible", f"--destination={place.host}/out/app:")
    builds.run(base, *flags[:2], f"{flags[2]}1").check()
    done = builds.run(base, *flags[:2], f"{flags[2]}2").check()
    assert _layers(place.open, "out/app") == _layers(place.open, "out/app", "2")
    below = _layers(place.open, "team/base", "latest")
    assert _layers(place.open, "out/app")[: len(below)] == below
    assert place.open.get("/v2/out/app/cache/tags/list")["tags"]
    assert "found" in done.log


def test_who_does_not_know_the_registry_is_told_what_is_missing(
    builds: Builds, place: GuardedRegistry
) -> None:
    to = f"--destination={place.host}/refused/app:1"
    done = builds.run("scratch", to, knows=False)
    assert done.status == 1
    assert re.search(place.refusal, done.error)
    assert place.host in done.error
    assert done.hint
    assert place.open.manifest("refused/app", "1") is None


def test_mirrors_are_asked_in_order(builds: Builds, place: GuardedRegistry) -> None:
    """The first has nothing, the second has the image, the third is not asked."""
    mirrors = (f"127.0.0.1:{free_port()}", f"{place.host}/one", f"{place.host}/two")
    maps = ";".join(f"registry.example.com={mirror}" for mirror in mirrors)
    before = _asked(place, "two/team/base")
    done = builds.run(
        "registry.example.com/team/base",
        f"--registry-map={maps}",
        f"--destination={place.host}/mirrored/app:1",
    ).check()
    assert f"{mirrors[0]}/team/base:latest cannot be used" in done.log
    assert _asked(place, "one/team/base") > 0
    assert _asked(place, "two/team/base") == before
    below = _layers(place.open, "team/base", "latest")
    assert _layers(place.open, "mirrored/app")[: len(below)] == below


def test_a_mirror_of_docker_hub_has_its_own_images_below_library(
    builds: Builds, place: GuardedRegistry
) -> None:
    builds.run(
        "busybox",
        f"--registry-mirror={place.host}/hub",
        f"--destination={place.host}/hubbed/app:1",
    ).check()
    assert _asked(place, "hub/library/busybox") > 0
    assert _layers(place.open, "hubbed/app")


def test_the_registry_itself_is_asked_after_its_mirrors_and_pushed_to(
    builds: Builds, place: GuardedRegistry
) -> None:
    builds.run(
        f"{place.host}/team/base",
        f"--registry-map={place.host}=127.0.0.1:{free_port()}",
        f"--destination={place.host}/fallback/app:1",
    ).check()
    assert _layers(place.open, "fallback/app")


def test_the_registry_itself_is_not_asked_where_that_is_forbidden(
    builds: Builds, place: GuardedRegistry
) -> None:
    before = _asked(place, "team/base")
    mirror = f"127.0.0.1:{free_port()}"
    done = builds.run(
        f"{place.host}/team/base",
        f"--registry-map={place.host}={mirror}",
        "--skip-default-registry-fallback",
        f"--destination={place.host}/forbidden/app:1",
    )
    assert done.status == 1
    assert mirror in done.error
    assert "--skip-default-registry-fallback" in done.hint
    assert _asked(place, "team/base") == before
    assert place.open.manifest("forbidden/app", "1") is None


# ------------------------------------------------------------------ one at a time


def test_a_client_certificate_is_shown_to_its_registry_alone(
    authority: Authority, executor: Executor, tmp_path: Path, small_bases: Path
) -> None:
    """A registry that wants one, and one that is given none: each as it is."""
    with ExitStack() as stack:
        strict, other = (
            stack.enter_context(guarded_registry(kind, tmp_path / kind, authority))
            for kind in ("client-certificate", "tls")
        )
        strict.open.push_layout(small_bases, "busybox", "team/base")
        builds = Builds(executor, strict, tmp_path)
        base, to = f"{strict.host}/team/base", f"--destination={other.host}/app:1"
        done = builds.run(base, *strict.flags[:1], *other.flags, to, knows=False)
        assert done.status == 1
        assert strict.host in done.error
        builds.run(base, *other.flags, to).check()
        assert _layers(other.open, "app")


@pytest.mark.parametrize(
    ("flag", "pushes", "pulls"),
    [
        ("--skip-tls-verify", True, False),
        ("--skip-tls-verify-pull", False, True),
        ("--skip-tls-verify-registry=HOST", True, True),
        ("--skip-tls-verify-registry=other:5000", False, False),
        ("--insecure-registry=HOST", False, False),
    ],
)
def test_verification_is_skipped_for_what_was_said_alone(  # noqa: PLR0913
    flag: str,
    *,
    pushes: bool,
    pulls: bool,
    authority: Authority,
    executor: Executor,
    tmp_path: Path,
    small_bases: Path,
) -> None:
    with guarded_registry("tls", tmp_path / "tls", authority) as place:
        place.open.push_layout(small_bases, "busybox", "team/base")
        word = flag.replace("HOST", place.host)
        pushed = executor.run(
            write_context(tmp_path / "push", PLAIN),
            *(word, f"--destination={place.host}/app:1"),
        )
        pulled = executor.run(
            write_context(tmp_path / "pull", f"FROM {place.host}/team/base\n"),
            *(word, "--no-push"),
        )
    assert (pushed.status == 0, pulled.status == 0) == (pushes, pulls)


@pytest.mark.parametrize(
    ("host", "flag", "pushes", "pulls"),
    [
        ("registry.example.com", "--insecure", True, False),
        ("registry.example.com", "--insecure-pull", False, True),
        ("registry.example.com", "--insecure-registry=HOST", True, True),
        ("registry.example.com", "--skip-tls-verify", False, False),
        ("registry.local", "--log-timestamp=false", True, True),
    ],
)
def test_plain_http_is_spoken_with_whom_was_said_alone(  # noqa: PLR0913
    host: str,
    flag: str,
    *,
    pushes: bool,
    pulls: bool,
    executor: Executor,
    tmp_path: Path,
    small_bases: Path,
) -> None:
    """A name that is not loopback's, which the proxy leads to the registry."""
    name = f"{host}:80"
    word = flag.replace("HOST", name)
    with (
        running_registry(tmp_path / "registry") as registry,
        ConnectProxy({name: registry.host}) as proxy,
    ):
        registry.push_layout(small_bases, "busybox", "team/base")
        environment = {"HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url}
        push = executor.run(
            write_context(tmp_path / "push", PLAIN),
            *(word, f"--destination={name}/app:1"),
            environment=environment,
        )
        pull = executor.run(
            write_context(tmp_path / "pull", f"FROM {name}/team/base\n"),
            *(word, "--no-push"),
            environment=environment,
        )
    assert (push.status == 0, pull.status == 0) == (pushes, pulls), push.log + pull.log


def test_copies_and_the_warmer_ask_mirrors_too(
    authority: Authority, executor: Executor, tmp_path: Path, small_bases: Path
) -> None:
    kind = "client-certificate"
    with guarded_registry(kind, tmp_path / kind, authority) as place:
        place.open.push_layout(small_bases, "busybox", "one/team/base")
        name = "registry.example.com/team/base"
        mirror = f"--registry-map=registry.example.com={place.host}/one"
        text = f"FROM scratch\nCOPY --from={name} /bin/busybox /\n"
        executor.run(
            write_context(tmp_path / "context", text),
            *(mirror, *place.flags, "--no-push"),
        ).check()
        cache = tmp_path / "cache"
        words = (f"--cache-dir={cache}", f"--image={name}", mirror, *place.flags)
        subprocess.run([*warmer.COMMAND, *words], check=True, env=ENVIRONMENT)
    executor.run(
        write_context(tmp_path / "warmed", f"FROM {name}\nCOPY Dockerfile /\n"),
        *("--cache", f"--cache-dir={cache}", "--no-push", "--no-push-cache"),
    ).check()


def test_a_registry_is_reached_through_a_proxy_and_verified(
    authority: Authority, executor: Executor, tmp_path: Path
) -> None:
    with (
        guarded_registry("tls", tmp_path / "tls", authority) as place,
        ConnectProxy({"registry.example.com:443": place.host}) as proxy,
    ):
        context = write_context(
            tmp_path / "context", "FROM scratch\nCOPY Dockerfile /\n"
        )
        flags = (
            "--destination=registry.example.com/app:1",
            f"--registry-certificate=registry.example.com={authority.own.certificate}",
        )
        executor.run(
            context, *flags, environment={"https_proxy": proxy.url, "HTTPS_PROXY": ""}
        ).check()
        assert _layers(place.open, "app")
        assert set(proxy.asked) == {"CONNECT registry.example.com:443"}
        unknown = executor.run(
            context, flags[0], environment={"HTTPS_PROXY": proxy.url}
        )
        count = len(proxy.asked)
        direct = executor.run(
            context,
            *flags,
            environment={"HTTPS_PROXY": proxy.url, "NO_PROXY": ".example.com"},
        )
    assert "certificate is not trusted" in unknown.error
    assert direct.status == 1
    assert len(proxy.asked) == count
