"""What people build again: packages, dates, checkouts that are never quite the same.

What kaniko's own tests of its cache build twice is built twice here as well.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.executor import Executor, named_base, write_context
from integration.image_comparison.comparison import load_image
from integration.layer_caches import BUSYBOX, SAME, Cache, cached, warnings
from integration.recorded_build import recorded_build
from integration.services.registry import Registry
from tests.support.git_repository import GitRepository


@pytest.fixture
def cache(registry: Registry, executor: Executor, tmp_path: Path) -> Cache:
    """Offer a cache in a folder."""
    return Cache(
        executor=executor,
        registry=registry,
        directory=tmp_path,
        name="unused",
        folder=tmp_path / "cache",
    )


CHAIN = """
FROM busybox AS first
RUN mkdir made && echo first > made/first
FROM first AS second
RUN echo second > made/second
FROM second
RUN echo third > made/third
RUN date +%s%N > /date
"""
MODES = """
FROM busybox
RUN mkdir sticky && chmod +t sticky
RUN touch special && chmod u+s,g+s special
"""
COPIES = "FROM busybox\nCOPY app /usr/bin/\nRUN date +%s%N > /date\n"


@pytest.mark.parametrize(("dockerfile", "steps"), [(CHAIN, 4), (MODES, 2), (COPIES, 2)])
def test_what_is_built_twice_is_the_same(
    cache: Cache, dockerfile: str, steps: int
) -> None:
    flags = ("--cache-copy-layers", SAME)
    assert cached(cache.build(dockerfile, *flags, app="1")) == 0
    first, files = cache.layers, cache.contents()
    again = cache.build(dockerfile, *flags, app="1")
    assert cached(again) == steps
    assert warnings(again) == []
    assert (cache.layers, cache.contents()) == (first, files)


def test_special_modes_are_those_of_the_first_build(cache: Cache) -> None:
    for _ in range(2):
        cache.build(MODES)
    files = load_image(f"oci:{cache.directory / 'image'}", cache.directory).files
    assert files["sticky"].mode == "1755"
    assert files["special"].mode == "6644"


PACKAGES = """
FROM debian
RUN apt-get update && apt-get install --yes --no-install-recommends make
RUN date +%s%N > /date
COPY app /srv/app
"""


def test_installed_packages_are_found(debian_base: Path, tmp_path: Path) -> None:
    """Nothing is executed or unpacked for them, and they are whole."""
    context = write_context(tmp_path / "context", PACKAGES, {"app": "1"})
    base = named_base("debian", debian_base, "debian")
    flags = (base, "--cache", f"--cache-repo=oci:{tmp_path / 'cache'}", "--no-push")
    images = []
    for number, app in enumerate(("1", "1", "2")):
        (context / "app").write_text(app)
        layout = tmp_path / f"image{number}"
        to = f"--oci-layout-path={layout}"
        record = recorded_build(context, tmp_path / "work", *flags, to, SAME)
        assert ("RunProcess" in record["effects"]) == (number == 0)
        assert bool(record["roots"]) == (number == 0)
        images.append(load_image(f"oci:{layout}", tmp_path))
    first, second, third = images
    assert "usr/bin/make" in first.files
    assert second.files == first.files
    changed = {"srv/app"}
    assert {path for path in first.files if third.files[path] != first.files[path]} == (
        changed
    )
    assert third.problems == ()


# -------------------------------------------------------------------- two checkouts

SOMEBODY = 1234
CHECKED_OUT = """
FROM busybox
COPY . /all
COPY --chmod=640 src/tool /tool
ADD src /added/
RUN --mount=source=src,target=/m cat /m/tool /m/d/f > /seen && date +%s%N > /date
"""


@pytest.fixture
def shared_directory() -> Iterator[Path]:
    """Offer a directory that every user can reach."""
    with tempfile.TemporaryDirectory(prefix="kanipy-test-") as directory:
        path = Path(directory)
        path.chmod(0o755)
        yield path


def test_two_checkouts_share_every_step(cache: Cache, shared_directory: Path) -> None:
    """One by root, one by somebody with another umask, at another time."""
    repository = GitRepository(cache.directory / "origin.git")
    repository.commit(
        {
            "Dockerfile": CHECKED_OUT,
            ".dockerignore": ".git\n",
            "src/tool": "#!/bin/sh\n",
            "src/d/f": "content",
            "README": "read me",
        },
        executable=("src/tool",),
        links={"src/link": "d/f", "src/nowhere": "../none"},
    )
    bundle = shared_directory / "bundle"
    repository.git("bundle", "create", "--quiet", str(bundle), "main")
    made = []
    for name, user, umask in (("one", 0, 0o022), ("two", SOMEBODY, 0o007)):
        folder = shared_directory / name
        folder.mkdir()
        os.chown(folder, user, user)
        subprocess.run(
            ["git", "clone", "--quiet", "--branch=main", bundle, folder / "checkout"],
            check=True,
            user=user,
            group=user,
            extra_groups=[],
            umask=umask,
            cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        )
        made.append(folder / "checkout")
    left, right = ((path / "src/d/f").stat() for path in made)
    assert (left.st_uid, left.st_mode & 0o777) == (0, 0o644)
    assert (right.st_uid, right.st_mode & 0o777) == (SOMEBODY, 0o660)
    assert left.st_mtime_ns != right.st_mtime_ns

    flags = (*cache.flags, "--cache-copy-layers", BUSYBOX)
    found = []
    for path in made:
        layout = path.parent / "image"
        found.append(cached(cache.executor.layout(path, layout, *flags)))
    assert found == [0, 4]
    first, second = (
        load_image(f"oci:{path.parent / 'image'}", cache.directory) for path in made
    )
    assert second.files == first.files
