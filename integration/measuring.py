"""Measure cases with docker: write `expected.json` beside each.

    python -m integration.measuring --oracle "docker 28.5.2" NAME…

The daemon is that of `KANIPY_DOCKER_HOST`, or Debian's own; `KANIPY_DOCKER_CLIENT`
is a client that knows the flags of the cases. What is written is to be read before
it is believed: where docker is wrong, the file says so by hand.
"""

import argparse
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from integration.docker_oracle import load_bases
from integration.image_comparison.comparison import (
    Files,
    FlatImage,
    inspect_image,
    is_compared,
    load_image,
)
from integration.image_comparison.details import read_details
from integration.image_comparison.expectation import SCRATCH, SCRATCH_FILES
from integration.image_comparison.stored_image import (
    StoredImage,
    read_image,
    read_layout,
)
from integration.oracle_cases import CASES, OracleCase
from integration.services.bases import SMALL_BASES
from integration.services.docker import Docker, running_docker
from integration.web_sources import served

Document = dict[str, Any]
TAG = "measured"


def measure(case: OracleCase, docker: Docker, scratch: Path) -> Document:
    """Return what `expected.json` has to say of a case, but for the oracle's name.

    Args:
        case: What to build.
        docker: Builds; has the base images.
        scratch: Empty directory.
    """
    context = case.unpack_context(scratch / "context")
    archive = scratch / "image.tar"
    named = {n: f"docker-image://base/{b}" for n, b in case.named_bases.items()}
    if case.docker_output:  # a loaded image has lost its manifest
        layouts = {n: f"oci-layout://{SMALL_BASES}:{b}" for n, b in case.images.items()}
        named |= layouts
    with served(case, scratch / "web") as web:
        outcome = docker.build(
            context,
            TAG,
            flags=[
                *(f"--build-context={name}={place}" for name, place in named.items()),
                f"--file={context / case.dockerfile}",
                *_output(case, archive),
                *case.given(context, web),
            ],
            check=False,
            environment=case.environment,
        )
    if outcome.returncode:
        message = outcome.stderr.strip().splitlines()[-1]
        return {"status": "refused", "message": message}
    stored = _read(case, docker, archive)
    image = inspect_image(stored)
    base, files = _nearest_base(case, image, scratch)
    config = {**(stored.config.get("config") or {})}
    config["author"] = stored.config.get("author")
    return {
        "status": "ok",
        "config": {name: value for name, value in sorted(config.items()) if value},
        "filesystem": {"base": base, **_changes(image, files)},
        "volatile": [],
        "details": read_details(stored, case.details),
    }


def _output(case: OracleCase, archive: Path) -> list[str]:
    if not case.docker_output:
        return []
    return [f"--output={case.docker_output},dest={archive}", "--provenance=false"]


def _read(case: OracleCase, docker: Docker, archive: Path) -> StoredImage:
    if not case.docker_output:
        return read_image(docker.save(TAG, archive), archive.parent)
    layout = archive.with_suffix("")
    with tarfile.open(archive) as tar:
        tar.extractall(layout, filter="data")
    return read_layout(layout)


def _nearest_base(
    case: OracleCase, image: FlatImage, scratch: Path
) -> tuple[str, Files]:
    """Return the base with which an image has most files in common."""
    known: dict[str, Files] = {SCRATCH: SCRATCH_FILES}
    for name in {*case.images.values(), *case.named_bases.values()}:
        known[name] = load_image(f"oci:{SMALL_BASES}:{name}", scratch).files
    return min(known.items(), key=lambda item: _distance(image.files, item[1]))


def _distance(files: Files, base: Files) -> int:
    return sum(files.get(path) != base.get(path) for path in files.keys() | base.keys())


def _changes(image: FlatImage, base: Files) -> Document:
    """Return what an image has added to a base, changed and removed."""
    ours = {path: found for path, found in image.files.items() if is_compared(path)}
    changed = {path for path in ours.keys() & base.keys() if ours[path] != base[path]}
    return {
        "added": {p: ours[p].to_json() for p in sorted(ours.keys() - base.keys())},
        "changed": {
            path: {**ours[path].to_json(), "was": base[path].to_json()}
            for path in sorted(changed)
        },
        "removed": sorted(
            path for path in base.keys() - ours.keys() if is_compared(path)
        ),
    }


def main() -> None:
    """Measure the cases that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", required=True, help="name and version of docker")
    parser.add_argument("names", nargs="+", metavar="NAME")
    arguments = parser.parse_args()
    cases = [OracleCase.load(CASES / name) for name in arguments.names]
    with running_docker() as docker:
        load_bases(docker, [case for case in cases if not case.docker_output])
        for case in cases:
            with tempfile.TemporaryDirectory() as scratch:
                found = measure(case, docker, Path(scratch))
            document = {"oracle": f"{arguments.oracle}, linux/amd64", **found}
            text = json.dumps(document, indent=1, ensure_ascii=False)
            (case.directory / "expected.json").write_text(text + "\n")
            told = (case.name, found["status"], found.get("message", ""))
            sys.stdout.write(" ".join(told).strip() + "\n")


if __name__ == "__main__":
    main()
