"""Random Dockerfiles, each a small change of the last, built with a cache and without.

The RUNs are real, and what they make depends on all there is in the root but times.
"""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from integration.executor import Executor, named_base, write_context
from integration.services.bases import CONFIG, SMALL_BASES
from integration.services.layouts import TarEntry, layer_tar, write_layout
from tests.support.random_builds import Case, random_cases

SEEDS = range(8)
BUILDS = 3

SKIPPED = ("proc", "sys", "dev", "etc/resolv.conf", "etc/hosts", "etc/hostname")
PRUNED = " -o ".join(f"-path /{path} -prune" for path in SKIPPED)
SCRIPTS = {
    "mix": f"""
seen=$(find / {PRUNED} -o -print | sort | while read -r path; do
  stat -c '%n %f %u %g' "$path"
  if [ -L "$path" ]; then readlink "$path"; fi
  if [ -f "$path" ]; then md5sum < "$path"; fi
done | md5sum; env | sort; id)
mkdir -p "/${{1%/*}}" && echo "$seen" > "/$1"
""",
    "write": 'case $1 in */*) mkdir -p "/${1%/*}";; esac; echo written > "/$1"',
    "remove": 'rm -rf "/$1"',
    "mkdir": '/bin/busybox mkdir -p "/$1" && chmod "$2" "/$1"',
    "link": 'ln -sfn "$2" "/$1"',
    "nothing": "true",
}
SCRIPTS["mix"] = SCRIPTS["mix"].replace(
    'mkdir -p "/${1%/*}"', 'case $1 in */*) /bin/busybox mkdir -p "/${1%/*}";; esac'
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make busybox with the commands and the paths; return the flag that names it."""
    rows = [TarEntry(name=name, type="dir", mode=0o755) for name in ("d", "new", "srv")]
    rows += [
        TarEntry(name=path, content=path.encode())
        for path in ("a", "b", "d/a", "d/e/b", "srv/data", "srv/new")
    ]
    rows.append(TarEntry(name="www", type="symlink", link="srv"))
    rows += [
        TarEntry(
            name=f"usr/local/sbin/{name}",
            content=f"#!/bin/sh\n{script}\n".encode(),
            mode=0o755,
        )
        for name, script in SCRIPTS.items()
    ]
    layout = tmp_path_factory.mktemp("base") / "layout"
    write_layout(layout, "base", [busybox(), layer_tar(rows)], CONFIG)
    return named_base("base", layout, "base")


def busybox() -> bytes:
    """Return the only layer of busybox."""
    index = json.loads((SMALL_BASES / "index.json").read_bytes())
    [entry] = [
        each
        for each in index["manifests"]
        if each["annotations"]["org.opencontainers.image.ref.name"] == "busybox"
    ]
    [layer] = json.loads(blob(entry["digest"]))["layers"]
    return gzip.decompress(blob(layer["digest"]))


def blob(digest: str) -> bytes:
    return (SMALL_BASES / "blobs" / digest.replace(":", "/")).read_bytes()


def outcome(executor: Executor, case: Case, directory: Path, *flags: str) -> str:
    """Build; return the digest of the image, or the failure."""
    shutil.rmtree(directory, ignore_errors=True)
    files = {path: data.decode() for path, data in case.context.items()}
    context = write_context(directory / "context", case.dockerfile, files)
    given = (f"--build-arg={name}={value}" for name, value in case.arguments)
    to = ("--no-push", f"--oci-layout-path={directory / 'image'}", "--reproducible")
    done = executor.run(context, *to, *given, *flags)
    assert "building again" not in done.log, done.log
    if done.status:
        return done.error
    index = json.loads((directory / "image" / "index.json").read_bytes())
    digest: str = index["manifests"][0]["digest"]
    return digest


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cache_changes_no_image(
    seed: int, base: str, executor: Executor, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    flags = [base, "--cache", f"--cache-repo=oci:{folder}"]
    if seed % 2:
        flags.append("--cache-copy-layers")
    for number, case in enumerate(random_cases(seed, BUILDS)):
        if case.lost and folder.exists():
            for entry in sorted(folder.iterdir())[:: number + 1]:
                shutil.rmtree(entry)
        expected = outcome(executor, case, tmp_path / "fresh", base)
        found = outcome(executor, case, tmp_path / "cached", *flags)
        assert found == expected, case.dockerfile
