"""Builds with a layer cache make what builds without one make, and move less.

Real RUNs, a real registry, two builds or more of each. What is wrong with a cache is
told in one line, and never in the image.
"""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.layer_cache import DIFF_ID
from domain.image.digest import Digest
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import LayerIndex
from integration.bench.inputs import make_base
from integration.executor import (
    COMMAND,
    ENVIRONMENT,
    Executor,
    Outcome,
    write_context,
)
from integration.forgery import forge_entry
from integration.image_comparison.comparison import load_image
from integration.layer_caches import BUSYBOX, SAME, Cache, cached, warnings
from integration.recorded_build import recorded_build
from integration.services.counting_proxy import CountingProxy, counting_proxy
from integration.services.registry import Account, Registry, running_registry

FILES = 100_000
FILE_SIZE = 4_500
MEGABYTE = 1_000_000
RANDOM = "head -c 16 /dev/urandom | od -An -tx1"
LINE = 3 * 16 + 1
"""Bytes of what it writes."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Run a registry whose storage these tests may damage."""
    with running_registry(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def repository(
    shared: Registry, executor: Executor, tmp_path: Path, request: pytest.FixtureRequest
) -> Cache:
    """Offer a cache in a repository of its own."""
    name = f"test{abs(hash(request.node.nodeid))}"
    return Cache(executor=executor, registry=shared, directory=tmp_path, name=name)


@pytest.fixture(params=["repository", "folder"])
def cache(request: pytest.FixtureRequest, repository: Cache, tmp_path: Path) -> Cache:
    """Offer a cache in a repository, and one in a folder."""
    if request.param == "repository":
        return repository
    return Cache(
        executor=repository.executor,
        registry=repository.registry,
        directory=tmp_path,
        name=repository.name,
        folder=tmp_path / "cache",
    )


# --------------------------------------------------------------- what is not moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Wide:
    """A base of many files and many bytes, in a registry that counts."""

    registry: Registry
    proxy: CountingProxy


@pytest.fixture(scope="module")
def wide(shared: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wide]:
    """Push the base: busybox, and 100,000 files that no codec makes fewer bytes of."""
    layout = tmp_path_factory.mktemp("wide") / "layout"
    make_base(layout, "wide", files=FILES, size=FILE_SIZE, incompressible=1)
    shared.push_layout(layout, "wide", "wide:1")
    shutil.rmtree(layout)
    with counting_proxy(shared.host) as proxy:
        yield Wide(registry=shared, proxy=proxy)


def blobs(registry: Registry) -> set[str]:
    folder = registry.storage / "docker/registry/v2/blobs/sha256"
    return {path.parent.name for path in folder.glob("*/*/data")}


def test_rebuilds_on_a_wide_base_move_no_layers(wide: Wide, tmp_path: Path) -> None:
    """One that finds all, and one in which only the last COPY is another."""
    host = wide.proxy.host
    dockerfile = f"""
        FROM {host}/wide:1 AS tools
        RUN cat /wide/1/* > /copied && rm -r /wide/3
        WORKDIR /srv/app
        RUN chmod 700 /wide/1
        FROM tools
        COPY app /srv/app/
        """
    context = write_context(tmp_path / "context", dockerfile, {"app": b"one"})
    common = ("--insecure", "--insecure-pull", "--reproducible")
    caching = (*common, "--cache", f"--cache-repo={host}/wide/cache")
    builds = (context, tmp_path / "work")
    first = recorded_build(*builds, *caching, f"--destination={host}/made:1")
    assert len(first["roots"]) == 1
    assert wide.proxy.received > FILES * FILE_SIZE
    assert wide.proxy.sent < 10 * MEGABYTE  # the base is mounted

    for tag, content in (("2", "one"), ("3", "two")):
        (context / "app").write_text(content)
        before = blobs(wide.registry)
        wide.proxy.reset()
        record = recorded_build(*builds, *caching, f"--destination={host}/made:{tag}")
        assert record["roots"] == []
        assert wide.proxy.received < MEGABYTE
        assert wide.proxy.sent < MEGABYTE / 2
        manifest = wide.registry.manifest("made", tag)
        new = {manifest["config"]["digest"], manifest["layers"][-1]["digest"]}
        added = {f"sha256:{digest}" for digest in blobs(wide.registry) - before}
        if tag == "2":
            assert added == set()
            assert manifest == wide.registry.manifest("made", "1")
            continue
        assert new < added
        assert len(added - new) == 1  # the manifest

    recorded_build(*builds, *common, f"--destination={host}/made:fresh")
    fresh = wide.registry.manifest("made", "fresh")
    assert wide.registry.manifest("made", "3") == fresh


# ------------------------------------------------------------- what is not mixed up

CHAIN = f"""
FROM busybox
RUN {RANDOM} > /one
RUN cp /one /two
RUN cat /one /two > /three
"""


def is_of_one_build(contents: dict[str, str | None], cache: Cache) -> bool:
    """Return whether each step was made on the one before it."""
    image = load_image(f"oci:{cache.directory / 'image'}", cache.directory)
    sizes = [image.files[name].size for name in ("one", "three")]
    return contents["one"] == contents["two"] and sizes[1] == 2 * sizes[0]  # type: ignore[operator]


def test_nothing_of_a_step_made_on_another_is_used(cache: Cache) -> None:
    """Step 1 of 3 is not deterministic, and lost."""
    cache.build(CHAIN)
    old = cache.layers
    first = cache.contents()
    cache.remove(cache.entry_of(old[1]))
    second = cache.build(CHAIN)
    assert cached(second) == 0
    assert not set(cache.layers[1:]) & set(old)
    contents = cache.contents()
    assert contents["one"] != first["one"]
    assert is_of_one_build(contents, cache)


def test_an_expired_cache_is_made_anew(cache: Cache) -> None:
    cache.build(CHAIN)
    old = cache.layers
    second = cache.build(CHAIN, "--cache-ttl=0s")
    assert cached(second) == 0
    assert second.log.count("older than --cache-ttl") == 1
    assert not set(cache.layers[1:]) & set(old)
    assert is_of_one_build(cache.contents(), cache)
    assert warnings(second) == []


KEEPING = CHAIN + "RUN --mount=type=cache,target=/m cat /one >> /m/all && cp /m/all /\n"


def test_builds_at_once_share_a_cache(cache: Cache) -> None:
    """Whoever is last to store a step, no image is made of both builds' layers.

    The directory with what RUNs keep is one, too; it has what those executed wrote.
    """
    context = cache.context(KEEPING)
    kept = cache.directory / "kept"
    kept.mkdir()
    flags = (BUSYBOX, *cache.flags, f"--cache-dir={kept}")
    running = []
    for name in ("left", "right"):
        words = (f"--context={context}", f"--kaniko-dir={cache.directory / name}-work")
        output = ("--no-push", f"--oci-layout-path={cache.directory / name}")
        command = [*COMMAND, *words, *output, *flags]
        running.append(
            subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE)
        )
    for process in running:
        _, log = process.communicate()
        assert process.returncode == 0, log.decode()
        assert b"WARN" not in log, log.decode()
    for name in ("left", "right"):
        shutil.rmtree(cache.directory / "image", ignore_errors=True)
        shutil.copytree(cache.directory / name, cache.directory / "image")
        assert is_of_one_build(cache.contents(), cache)
        image = load_image(f"oci:{cache.directory / 'image'}", cache.directory)
        assert image.files["all"].size in {LINE, 2 * LINE}
    [list_] = kept.glob("mounts/*/*/tree/all")
    assert list_.stat().st_size in {LINE, 2 * LINE}
    cache.build(KEEPING, flags[-1])
    assert is_of_one_build(cache.contents(), cache)
    assert cached(cache.build(KEEPING, flags[-1])) == 4
    assert is_of_one_build(cache.contents(), cache)


# ------------------------------------------------------------------- what is found

DATED = """
FROM busybox AS tools
RUN date +%s%N > /dated
COPY other /other
FROM busybox
COPY --from=tools /dated /tools/
RUN date +%s%N > /now && mkdir /empty
COPY app /app
"""


def test_what_ran_is_the_same_in_the_second_build(cache: Cache) -> None:
    first = cache.build(DATED, SAME, app="1", other="1")
    layers = cache.layers
    assert cached(first) == 0
    second = cache.build(DATED, SAME, app="1", other="1")
    assert cached(second) == 2
    assert cache.layers == layers
    third = cache.build(DATED, SAME, app="2", other="2")
    assert cached(third) == 2
    assert cache.layers[:-1] == layers[:-1]
    assert cache.layers[-1] != layers[-1]


def test_programs_that_installers_run_are_found(cache: Cache) -> None:
    """Links, removed and replaced files, special modes: what a package leaves."""
    dockerfile = """
        FROM busybox
        RUN mkdir -p /opt/p/bin && cp /bin/busybox /opt/p/bin/p && ln /opt/p/bin/p /q \\
            && ln -s p /opt/p/bin/s && chmod 4755 /q && rm /etc/group \\
            && rm -r /opt/none /usr/sbin; mkfifo /pipe; mkdir -m 1777 /t
        RUN rm /q && mkdir /q && touch /q/x && mv /opt/p /opt/moved
        RUN test ! -e /etc/group && test ! -e /usr/sbin && test -d /q && rm -r /opt
        COPY app /opt
        """
    cache.build(dockerfile, SAME, app="1")
    layers = cache.layers
    second = cache.build(dockerfile, SAME, app="1")
    assert cached(second) == 3
    assert cache.layers == layers
    # the last RUN is another: it runs on what was found
    changed = dockerfile.replace("rm -r /opt\n", "rm -r /opt && touch /done\n")
    third = cache.build(changed, SAME, app="1")
    assert cached(third) == 2
    expected = cache.fresh(changed, SAME, app="1")
    assert len(expected["layers"]) == len(cache.layers)
    left = load_image(f"oci:{cache.directory / 'image'}", cache.directory)
    right = load_image(f"oci:{cache.directory / 'fresh'}", cache.directory)
    assert left.files == right.files
    assert left.problems == right.problems == ()


def test_a_checkout_as_somebody_else_finds_its_steps(cache: Cache) -> None:
    """Times, owners and the umask are not git's to keep."""
    dockerfile = "FROM busybox\nCOPY tree /tree\nCOPY app /\nRUN date +%s%N > /now\n"
    files = {"tree/a": "a", "tree/d/b": "b", "app": "1"}
    cache.build(dockerfile, "--cache-copy-layers", **files)
    context = cache.context(dockerfile, **files)
    for path in (context, *context.rglob("*")):
        path.chmod(0o775 if path.is_dir() else 0o664)
        os.chown(path, 1234, 1234)
        os.utime(path, (10**9, 10**9))
    image = cache.directory / "other"
    flags = (BUSYBOX, *cache.flags, "--cache-copy-layers")
    second = cache.executor.layout(context, image, *flags)
    assert cached(second) == 3
    (context / "app").chmod(0o775)
    third = cache.executor.layout(context, cache.directory / "third", *flags)
    assert cached(third) == 1


def test_arguments_matter_to_those_who_see_them(cache: Cache) -> None:
    dockerfile = """
        FROM busybox AS first
        RUN date +%s%N > /first
        ARG X
        RUN echo $X > /x
        FROM busybox
        RUN date +%s%N > /second
        COPY --from=first /x /first /copied/
        """
    assert cached(cache.build(dockerfile, "--build-arg=X=1")) == 0
    assert cached(cache.build(dockerfile, "--build-arg=X=2")) == 2
    assert cached(cache.build(dockerfile, "--build-arg=X=2")) == 3
    proxy = "--build-arg=HTTP_PROXY=http://127.0.0.1:1"
    assert cached(cache.build(dockerfile, "--build-arg=X=2", proxy)) == 3


def test_every_output_is_made_of_what_was_found(
    repository: Cache, tmp_path: Path
) -> None:
    dockerfile = DATED.replace("COPY app", "FROM busybox AS end\nCOPY app")
    repository.build(dockerfile, "--target=tools", SAME, app="1", other="1")
    layers = repository.layers
    assert cached(repository.build(dockerfile, SAME, app="1", other="1")) == 0
    again = repository.build(dockerfile, "--target=tools", SAME, app="1", other="1")
    assert cached(again) == 1
    assert repository.layers == layers
    context = repository.context(dockerfile, app="1", other="1")
    tar = tmp_path / "image.tar"
    to = ("--no-push", f"--tar-path={tar}", "--target=tools", "--destination=a:1", SAME)
    third = repository.executor.run(context, BUSYBOX, *repository.flags, *to).check()
    assert cached(third) == 1
    files = load_image(f"docker-archive:{tar}", tmp_path).files
    assert files["dated"].content == repository.contents()["dated"]


def test_a_cache_that_is_not_to_be_written_is_not(cache: Cache) -> None:
    cache.build(CHAIN, "--no-push-cache")
    if cache.folder is not None:
        assert not cache.folder.exists()
    else:
        assert f"{cache.name}/cache" not in cache.registry.repositories()
    cache.build(CHAIN)
    before = set(cache.entries())
    more = CHAIN + "RUN touch /four\n"
    assert cached(cache.build(more, "--no-push-cache")) == 3
    assert set(cache.entries()) == before


def test_the_repository_is_that_of_the_destination(repository: Cache) -> None:
    context = repository.context(CHAIN)
    to = f"--destination={repository.registry.host}/{repository.name}:1"
    flags = (BUSYBOX, "--cache", "--insecure", "--insecure-pull", to)
    repository.executor.run(context, *flags).check()
    first = repository.registry.manifest(repository.name, "1")
    assert cached(repository.executor.run(context, *flags).check()) == 3
    assert len(repository.entries()) == 3
    second = repository.registry.manifest(repository.name, "1")
    assert second["layers"] == first["layers"]


# ------------------------------------------------------------- what is wrong with it


Damage = Callable[[Cache, str, str], None]
"""Does harm to an entry, given its key and the digest of its layer."""


def damage_layer(cache: Cache, key: str, layer: str) -> None:
    path = cache.blob(layer, key)
    path.write_bytes(path.read_bytes()[:-20])


def lose_layer(cache: Cache, key: str, layer: str) -> None:
    cache.blob(layer, key).unlink()


def damage_index(cache: Cache, key: str, layer: str) -> None:
    skeleton = cache.entries()[key]["layers"][1]["digest"]
    cache.blob(skeleton, key).write_bytes(b"nothing of an index")


def lose_index(cache: Cache, key: str, layer: str) -> None:
    cache.blob(cache.entries()[key]["layers"][1]["digest"], key).unlink()


@pytest.mark.parametrize("damage", [damage_layer, lose_layer, damage_index, lose_index])
def test_a_damaged_cache_is_told_of_and_not_used(cache: Cache, damage: Damage) -> None:
    """The damaged layer is needed: the next RUN is another."""
    cache.build(CHAIN)
    key = cache.entry_of(cache.layers[1])
    damage(cache, key, cache.layers[1])
    changed = CHAIN.replace("/one /two > /three", "/two /one > /three")
    second = cache.build(changed)
    [warning] = warnings(second)
    assert "cache" in warning
    assert is_of_one_build(cache.contents(), cache)
    image = load_image(f"oci:{cache.directory / 'image'}", cache.directory)
    assert image.problems == ()


STEADY = "FROM busybox\nRUN echo {name} > /one\nRUN cp /one /two\n"


def other_bytes(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def fewer_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("spoil", "changed"),
    [
        (other_bytes, "RUN cp /one /three\n"),
        (fewer_bytes, "RUN cp /one /three\n"),
        (fewer_bytes, ""),
    ],
)
def test_what_a_registry_damaged_is_in_no_image(
    spoil: Callable[[Path], None], changed: str, repository: Cache, tmp_path: Path
) -> None:
    """The registry keeps the damaged blob and takes no other; the RUN is executed.

    Of what is found and not needed, the size alone is looked at.
    """
    place = f"{repository.registry.host}/{repository.name}"
    dockerfile = STEADY.format(name=repository.name)

    def build(dockerfile: str, tag: str) -> Outcome:
        context = repository.context(dockerfile)
        flags = (BUSYBOX, *repository.flags, SAME)
        to = f"--destination={place}:{tag}"
        return repository.executor.run(context, *flags, to).check()

    build(dockerfile, "1")
    layer = repository.registry.manifest(repository.name, "1")["layers"][1]["digest"]
    spoil(repository.blob(layer, ""))
    second = build(dockerfile + changed, "2")
    [warning] = warnings(second)
    assert layer in warning
    image = load_image(f"docker://{place}:2", tmp_path)
    assert image.problems == ()
    size = len(repository.name) + 1
    assert image.files["one"].size == image.files["two"].size == size
    third = build(dockerfile + changed, "3")
    assert cached(third) == STEADY.count("RUN") + bool(changed)
    assert warnings(third) == []
    assert load_image(f"docker://{place}:3", tmp_path).files == image.files


@pytest.mark.parametrize("lies", ["index", "diff ID"])
def test_a_cache_that_lies_is_found_out(
    lies: str, repository: Cache, tmp_path: Path
) -> None:
    """As soon as the layer it lies about is read: here for the last RUN."""
    folder = tmp_path / "cache"
    cache = replace(repository, folder=folder)
    cache.build(CHAIN)
    key = cache.entry_of(cache.layers[1])
    diff_id = Digest.parse(cache.entries()[key]["annotations"][DIFF_ID])
    if lies == "diff ID":
        diff_id = Digest.of(b"another")
    wrong = LayerIndex(entries={"lie": FileEntry("lie", FileType.DIRECTORY)})
    forge_entry(folder / key, wrong, diff_id)
    changed = CHAIN.replace("/one /two > /three", "/two /one > /three")
    second = cache.build(changed + "COPY app /lie\n", app="1")
    [warning] = warnings(second)
    assert "building again without it" in warning
    contents = cache.contents()
    assert is_of_one_build(contents, cache)
    assert "lie/app" not in contents
    assert contents["lie"] is not None


ASIDE = ("--no-push-cache", "--skip-push-permission-check")
"""Flags by which a cache repository is not what a build is there to write."""


@pytest.mark.parametrize("flag", ASIDE)
def test_a_cache_that_is_down_is_told_of_once(
    flag: str, repository: Cache, tmp_path: Path
) -> None:
    at = "--cache-repo=127.0.0.1:9/none/cache"
    flags = ("--cache", at, "--insecure", flag)
    context = repository.context(CHAIN)
    image = tmp_path / "image"
    outcome = repository.executor.layout(context, image, BUSYBOX, *flags)
    [warning] = warnings(outcome)
    assert "127.0.0.1:9/none/cache" in warning
    assert is_of_one_build(repository.contents(), repository)


def test_an_image_is_pushed_where_its_cache_is_down(repository: Cache) -> None:
    place = f"{repository.registry.host}/{repository.name}:1"
    at = "--cache-repo=127.0.0.1:9/none/cache"
    flags = ("--cache", at, "--insecure", f"--destination={place}")
    context = repository.context(CHAIN)
    [warning] = warnings(repository.executor.run(context, BUSYBOX, *flags).check())
    assert "127.0.0.1:9/none/cache" in warning
    assert load_image(f"docker://{place}", repository.directory).problems == ()


@pytest.mark.parametrize("flag", ASIDE)
def test_wrong_credentials_are_told_of_once(
    flag: str, private_registry: Registry, executor: Executor, tmp_path: Path
) -> None:
    environment = wrong_credentials(private_registry, tmp_path)
    context = write_context(tmp_path / "context", CHAIN)
    outcome = executor.layout(
        context,
        tmp_path / "image",
        BUSYBOX,
        *("--cache", f"--cache-repo={private_registry.host}/app/cache", "--insecure"),
        flag,
        environment=environment,
    )
    [warning] = warnings(outcome)
    assert f"{private_registry.host}/app/cache" in warning
    assert "401" in warning
    assert "wrong password" not in outcome.log


def test_where_nothing_but_the_cache_is_pushed_it_must_be_possible(
    private_registry: Registry, executor: Executor, tmp_path: Path
) -> None:
    """It is an error before anything is built, as for kaniko."""
    environment = wrong_credentials(private_registry, tmp_path)
    context = write_context(tmp_path / "context", CHAIN)
    at = f"{private_registry.host}/app/cache"
    flags = ("--no-push", "--cache", f"--cache-repo={at}", "--insecure")
    outcome = executor.run(context, BUSYBOX, *flags, environment=environment)
    assert outcome.status == 1
    assert f"{at}: cannot push" in outcome.error
    assert outcome.hint
    assert "Building" not in outcome.log


def wrong_credentials(registry: Registry, directory: Path) -> dict[str, str]:
    """Return the environment of somebody whom a registry refuses."""
    account = Account(user="builder", password="wrong password")
    config = {"auths": {registry.host: {"auth": encoded(account)}}}
    (directory / "config.json").write_text(json.dumps(config))
    return {"DOCKER_CONFIG": str(directory)}


def encoded(account: Account) -> str:
    return b64encode(f"{account.user}:{account.password}".encode()).decode()
