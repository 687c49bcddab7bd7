"""Stages that take turns on the one root of a container, and large layers there."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from integration.both_places import BothPlaces
from integration.image_comparison.stored_image import read_layout
from integration.services.executor_image import ExecutorImage

MIB = 1 << 20


@pytest.fixture
def places(executor_image: ExecutorImage, tmp_path: Path) -> BothPlaces:
    """Offer builds at both places."""
    return BothPlaces(image=executor_image, directory=tmp_path)


def test_three_stages_hand_on_files_links_and_targets(places: BothPlaces) -> None:
    places.same(r"""
        FROM busybox AS one
        RUN mkdir -p /made/deep /real && echo 1 > /made/a && ln /made/a /made/deep/b \
         && ln -s deep/b /made/relative && ln -s /real/target /made/absolute \
         && echo target > /real/target && ln -s /made /way && chown -R 3:4 /made \
         && mkfifo /made/pipe && chmod 1777 /made/deep && printf '\351' > /made/odd
        FROM busybox AS two
        RUN test ! -e /made && echo 2 > /two
        COPY --from=one /made /from/one/
        COPY --from=one /way/relative /from/way
        COPY --from=one /made/absolute /from/absolute
        RUN test /from/one/a -ef /from/one/deep/b && cat /from/absolute >> /two \
         && rm /from/one/a && echo 3 > /from/again && ln /from/again /from/more
        FROM one AS three
        RUN test ! -e /two && cat /made/a /way/relative > /three && rm -r /real
        COPY --from=two /from /from
        COPY --from=two /two /made/
        RUN test /from/more -ef /from/again && cat /made/two >> /three
        FROM busybox
        COPY --from=three / /all
        RUN --mount=from=two,source=/from,target=/m cat /m/way > /seen
        """)


def test_a_stage_that_waits_for_another_gets_its_root_back(places: BothPlaces) -> None:
    places.same("""
        FROM busybox AS never
        RUN echo never > /never
        FROM busybox AS base
        RUN echo base > /base
        FROM base AS left
        RUN cat /base > /left && rm /base
        FROM base AS right
        RUN cat /base > /right && test ! -e /left
        FROM base
        COPY --from=left /left /
        RUN cat /base /left > /both
        COPY --from=right /right /
        RUN cat /right >> /both && test ! -e /never
        """)


LARGE = """
FROM busybox
RUN head -c {random} /dev/urandom > /random; head -c {zeros} /dev/zero > /zeros
RUN chmod 600 /random && ls -l /zeros
"""


def test_a_layer_may_be_larger_than_the_memory(places: BothPlaces) -> None:
    limited = replace(places, powers=["-m=128m", "--memory-swap=128m"])
    sizes = {"random": 200 * MIB, "zeros": 200 * MIB}
    limited.in_place(LARGE.format(**sizes)).check()
    first, second = read_layout(places.directory / "out/image").layers[1:]
    with gzip.open(first.blob) as tar:
        assert tar.seek(1 << 40) > 400 * MIB
    assert second.blob.stat().st_size > 200 * MIB
