"""A build in place that is stopped or killed: the next in the container is right."""

import os
from pathlib import Path

import pytest

from integration.both_places import IN_PLACE, BothPlaces, is_running
from integration.services.bases import wide_layout
from integration.services.executor_image import ExecutorImage
from integration.services.registry import Registry

SLEEP = 2_000_000 + os.getpid()
"""How long RUN would sleep: a number to find its process by, nobody else's."""

NEXT = """
FROM busybox
RUN test ! -e /left && test ! -e /wide && ! ({running})
COPY file /copied/
RUN cat /copied/file > /read
"""

IN_RUN = is_running(SLEEP)
IN_EXTRACTION = "test -e /wide/9/4567"

ENDING = """
$PUSH --destination={destination} --dockerfile=/workspace/first 2> /out/log &
until {moment}; do kill -0 $!; done
kill -{signal} $!
wait $! || echo $?
if test {signal} = TERM; then
    ! ls -d /kaniko/build-* 2> /dev/null && ! ({running}) || echo left
fi
while {running}; do sleep 0.1; done
$BUILD
ls -d /kaniko/build-* /kaniko/.build-* 2> /dev/null || true
"""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Offer a base of many files."""
    return wide_layout(tmp_path_factory.mktemp("wide"), 30_000)


@pytest.fixture
def places(executor_image: ExecutorImage, wide: Path, tmp_path: Path) -> BothPlaces:
    """Offer builds at both places."""
    return BothPlaces(image=executor_image, directory=tmp_path, bases={"wide": wide})


@pytest.mark.parametrize(
    ("moment", "dockerfile"),
    [
        (IN_RUN, "FROM busybox\nRUN mkdir /left; setsid sleep {sleep} & sleep {sleep}"),
        (IN_EXTRACTION, "FROM wide\nRUN sleep {sleep}"),
    ],
    ids=["in a RUN", "in extraction"],
)
@pytest.mark.parametrize(("signal", "status"), [("TERM", 143), ("KILL", 137)])
def test_the_next_build_is_right_and_nothing_of_the_dead_one_is_left(
    signal: str,
    status: int,
    moment: str,
    dockerfile: str,
    places: BothPlaces,
    registry: Registry,
) -> None:
    context = places.directory / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(NEXT.format(running=is_running(SLEEP)))
    (context / "first").write_text(dockerfile.format(sleep=SLEEP))
    (context / "file").write_text("content\n")
    repository = f"ended/{signal.lower()}"
    script = ENDING.format(
        destination=f"{registry.host}/{repository}",
        moment=moment,
        signal=signal,
        running=is_running(SLEEP),
    )
    outcome = places.job(script)
    assert outcome.output.split() == [str(status)]
    assert IN_PLACE in (places.directory / "out/log").read_text()
    assert registry.manifest(repository) is None
    places.check()
