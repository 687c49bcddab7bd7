"""The cases of `integration/cases` in a container: in place, and in namespaces.

Many builds follow each other in one container, each over the root of the one before.
The images are those that this machine makes, to the byte, and those that were measured.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.case_builds import (
    Built,
    build_here,
    build_in_container,
    prepared,
)
from integration.image_comparison.comparison import compare_images, load_image
from integration.image_comparison.differences import report
from integration.oracle_cases import all_cases, live_cases
from integration.services.executor_image import ExecutorImage
from integration.test_oracle_cases import ACCEPTED, OURS

MEASURED = {case.name: case for case in all_cases()}
CASES = {**MEASURED, **{case.name: case for case in live_cases()}}
RUNS = sorted(name for name, case in CASES.items() if case.has_run)
HERE = sorted({*RUNS, *(CASES.keys() - MEASURED.keys())})

DIFFERENT_ON_DISK: Mapping[str, str] = {
    # A name of a file is written to: on an overlay it is a file of its own then. Where
    # changes are found by a walk there is no overlay, and all names show the change.
    "hardlinks-run": "d/h3",
}
"""Cases in which the place matters: a part of the difference, or of the error."""

DIFFERENT_IN_PLACE: Mapping[str, str] = {
    **DIFFERENT_ON_DISK,
    "measured-network-none": "RUN --network=none cannot be had in place",
    # It looks for a tmpfs among the mounts, where none can be.
    "measured-mount-variables": "ended with exit status 1",
    # The host name is the container's.
    "live-run-hostname": "content o:",
    # So is /dev: what a RUN leaves there, the next one sees.
    "live-run-system-files": "size p:",
}

DIFFERENT_IN_NAMESPACES: Mapping[str, str] = {
    **DIFFERENT_ON_DISK,
    # Nobody makes device nodes in a user namespace.
    "measured-copy-devices": "mknod: /n/null: Operation not permitted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Builds:
    """What the cases came to at each place, by name of the case."""

    here: Mapping[str, Built]
    in_place: Mapping[str, Built]
    in_namespaces: Mapping[str, Built]


@pytest.fixture(scope="module")
def builds(
    executor_image: ExecutorImage, tmp_path_factory: pytest.TempPathFactory
) -> Builds:
    """Build all cases, at two places at a time."""
    places = [tmp_path_factory.mktemp(name) for name in ("here", "place", "names")]
    runs = [CASES[name] for name in RUNS]
    own = "--security-opt=seccomp=unconfined"
    with (
        prepared(CASES.values(), tmp_path_factory.mktemp("inputs")) as inputs,
        ThreadPoolExecutor(2) as pool,
    ):
        in_place = pool.submit(
            build_in_container,
            list(CASES.values()),
            inputs,
            places[1],
            executor_image,
        )
        in_namespaces = pool.submit(
            build_in_container, runs, inputs, places[2], executor_image, own
        )
        here = pool.submit(
            build_here, [CASES[name] for name in HERE], inputs, places[0]
        )
        return Builds(
            here=here.result(),
            in_place=in_place.result(),
            in_namespaces=in_namespaces.result(),
        )


@pytest.mark.parametrize("name", sorted(CASES))
def test_in_place_the_image_is_the_same(
    name: str, builds: Builds, tmp_path: Path
) -> None:
    built = builds.in_place[name]
    check_isolation(built, "in-place (container: /.dockerenv)")
    check(name, built, builds.here.get(name), DIFFERENT_IN_PLACE, tmp_path)


@pytest.mark.parametrize("name", RUNS)
def test_in_namespaces_of_a_container_the_image_is_the_same(
    name: str, builds: Builds, tmp_path: Path
) -> None:
    built = builds.in_namespaces[name]
    check_isolation(built, "namespaces (user namespace)")
    check(name, built, builds.here[name], DIFFERENT_IN_NAMESPACES, tmp_path)


def check_isolation(built: Built, told: str) -> None:
    """Require that a build was isolated as told, unless it ended before."""
    assert built.status or f"isolation: {told}" in built.log


def check(
    name: str,
    built: Built,
    here: Built | None,
    different: Mapping[str, str],
    directory: Path,
) -> None:
    """Compare what was built with this machine's image, and with the measured one."""
    if name in different:
        assert different[name] in (
            as_measured(name, built, directory)
            if name in MEASURED
            else differences(built, here, directory)
        )
        return
    if here is not None:
        assert (built.status, built.index) == (here.status, here.index), differences(
            built, here, directory
        )
    if name in MEASURED:
        assert not as_measured(name, built, directory)


def as_measured(name: str, built: Built, directory: Path) -> str:
    """Return how what was built differs from what was measured, or why it was not."""
    case = MEASURED[name]
    if name in ACCEPTED:
        return "" if built.index else built.log
    if case.expectation.refused or name in OURS:
        return "" if (built.status, built.index) == (1, b"") else "not refused"
    if not built.index:
        return built.log
    image = load_image(f"oci:{built.layout}", directory)
    return report(case.expectation.compare(image, case.base(directory)))


def differences(one: Built, other: Built | None, directory: Path) -> str:
    """Return how two images differ, or why there are not two."""
    if other is None or not one.index or not other.index:
        return one.log
    images = [load_image(f"oci:{each.layout}", directory) for each in (one, other)]
    return report(compare_images(images[0], images[1]))
