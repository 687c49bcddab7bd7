"""What builds in a container that may do less than docker's default."""

import gzip
import os
from pathlib import Path

import pytest

from integration.both_places import BothPlaces, is_running
from integration.image_comparison.stored_image import read_layout
from integration.services.bases import SMALL_BASES
from integration.services.executor_image import ExecutorImage
from integration.services.layouts import TarEntry, layer_tar, write_layout

SLEEP = 3_000_000 + os.getpid()
FEW = (
    "--cap-drop=ALL",
    *(
        f"--cap-add={n}"
        for n in ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID")
    ),
)
NOBODY = ("--cap-drop=ALL", "--user=1000:1000", "--security-opt=no-new-privileges")
CAPABILITY = {"security.capability": bytes.fromhex("0100000200200000" + "00" * 12)}
SPECIAL = (
    TarEntry(name="nodes", type="dir", mode=0o755),
    TarEntry(name="nodes/null", type="chardev", mode=0o666, device=(1, 3)),
    TarEntry(name="nodes/disk", type="blockdev", mode=0o660, device=(8, 1)),
    TarEntry(name="nodes/ping", content=b"ping", mode=0o755, xattrs=CAPABILITY),
    TarEntry(name="nodes/setuid", content=b"x", mode=0o4755, uid=7, gid=8),
)


@pytest.fixture(scope="module")
def special_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Offer a base with devices, file capabilities and foreign owners."""
    busybox = gzip.decompress(
        read_layout(SMALL_BASES, "busybox").layers[0].blob.read_bytes()
    )
    directory = tmp_path_factory.mktemp("special")
    directory.chmod(0o755)
    return write_layout(directory, "special", [busybox, layer_tar(SPECIAL)])


def places(
    image: ExecutorImage, base: Path, directory: Path, *powers: str
) -> BothPlaces:
    """Return builds in a container of some powers."""
    bases = {"special": base}
    return BothPlaces(image=image, directory=directory, bases=bases, powers=powers)


@pytest.mark.parametrize("powers", [(), FEW], ids=["default", "few"])
def test_what_the_disk_cannot_hold_is_in_the_image(
    powers: tuple[str, ...],
    executor_image: ExecutorImage,
    special_base: Path,
    tmp_path: Path,
) -> None:
    dockerfile = """
        FROM special AS first
        RUN echo > /done
        FROM special
        RUN mkdir /made && chown 5:6 /made && touch /nodes/new
        COPY --from=first /nodes /copied
        COPY --chown=1:2 --chmod=6755 file /file
        RUN touch /copied/new
        """
    here = places(executor_image, special_base, tmp_path, *powers)
    here.same(dockerfile, files={"file": "x"})
    files = here.built().files
    expected = {"security.capability": CAPABILITY["security.capability"].hex()}
    assert files["nodes/ping"].xattrs == files["copied/ping"].xattrs == expected
    assert files["copied/disk"].device == "8,1"


@pytest.mark.parametrize("powers", [(), FEW], ids=["default", "few"])
def test_what_another_user_left_running_is_ended(
    powers: tuple[str, ...],
    executor_image: ExecutorImage,
    special_base: Path,
    tmp_path: Path,
) -> None:
    """Though CAP_KILL may be missing: it could write when nobody looks."""
    dockerfile = f"""
        FROM special
        USER 1000:1000
        RUN setsid sleep {SLEEP} > /dev/null 2>&1 & sleep 0.2
        USER 0
        RUN ! ({is_running(SLEEP)}) && echo alone > /seen
        """
    here = places(executor_image, special_base, tmp_path, *powers)
    here.same(dockerfile)


def test_nobody_builds_what_needs_no_process(
    executor_image: ExecutorImage, special_base: Path, tmp_path: Path
) -> None:
    dockerfile = """
        FROM busybox AS first
        COPY --chown=3:4 file /a/file
        FROM special
        COPY --from=first /a /b
        COPY --from=special /nodes /more
        ADD --chmod=700 file /c/
        WORKDIR /w
        ENV X=1
        LABEL y=2
        """
    here = places(executor_image, special_base, tmp_path, *NOBODY)
    open_to_all(tmp_path / "out")
    here.in_place(dockerfile, files={"file": "x"}).check()
    here.check()


def test_nobody_is_told_why_there_is_no_run(
    executor_image: ExecutorImage, special_base: Path, tmp_path: Path
) -> None:
    here = places(executor_image, special_base, tmp_path, *NOBODY)
    open_to_all(tmp_path / "out")
    outcome = here.in_place("FROM special\nRUN true\n")
    assert outcome.status == 1
    assert outcome.error.startswith("Dockerfile:2: a RUN cannot be executed here")
    assert "in-place: not root" in outcome.error
    assert "runAsUser: 0" in outcome.hint
    assert not (tmp_path / "out/image").exists()


def open_to_all(directory: Path) -> None:
    """Make a directory that everybody may write to."""
    directory.mkdir()
    directory.chmod(0o777)
