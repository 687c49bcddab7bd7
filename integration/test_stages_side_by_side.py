"""Stages that need nothing of each other are built at once, by the real program."""

import os
import signal
from pathlib import Path

import pytest

from integration.executor import Executor, write_context
from integration.modes import CHROOT, IN_PLACE, OVERLAY, USER_WALK, WALK, Mode
from integration.services.registry import Registry
from integration.stopping import begun, stop

ASLEEP = 2_000_000 + os.getpid()
"""How long RUN would sleep: a number to find its process by, nobody else's."""

TOGETHER = """
FROM busybox AS one
RUN {mount} touch /m/one && for i in $(seq 200); do \\
    [ -e /m/two ] && touch /a && exit; sleep 0.1; done; exit 1
FROM busybox AS two
RUN {mount} touch /m/two && for i in $(seq 200); do \\
    [ -e /m/one ] && touch /b && exit; sleep 0.1; done; exit 1
FROM scratch
COPY --from=one /a /a
COPY --from=two /b /b
""".replace("{mount}", "--mount=type=cache,id=meeting,target=/m")

ONE_ENDS_FIRST = """
FROM busybox AS one
RUN echo 1 > /a; sleep 1000 &
RUN rm /bin/vi; echo 2 > /b
FROM busybox AS two
RUN sleep 1; echo 3 > /c
RUN chmod 700 /etc; cat /c > /d
FROM one AS three
RUN cat /a /b > /e
FROM busybox
COPY --from=two /c /d /
COPY --from=three /e /e
"""

ONE_FAILS = """
FROM busybox AS one
RUN sleep 1; exit 7
FROM busybox AS two
RUN sleep {seconds}
FROM scratch
COPY --from=one /a /a
COPY --from=two /b /b
"""

BOTH_SLEEP = ONE_FAILS.replace("sleep 1; exit 7", "sleep {seconds}")


def processes() -> list[str]:
    """Return the processes of ours that sleep, in whatever namespace."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[-2:-1] == [str(ASLEEP).encode()]:
            found.append(path.parent.name)
    return found


@pytest.mark.parametrize("mode", [OVERLAY, WALK, USER_WALK], ids=lambda mode: mode.name)
def test_runs_meet(mode: Mode, builder: Executor, tmp_path: Path) -> None:
    assert mode.isolation == "namespaces"
    context = write_context(tmp_path / "context", TOGETHER)
    builder.run(context, "--no-push", "--jobs=2").check()


@pytest.mark.parametrize(
    "mode", [OVERLAY, WALK, USER_WALK, CHROOT, IN_PLACE], ids=lambda mode: mode.name
)
def test_the_image_is_the_one_of_one_after_the_other(
    builder: Executor, tmp_path: Path
) -> None:
    """What ends first ends nothing of the other."""
    context = write_context(tmp_path / "context", ONE_ENDS_FIRST)
    digests = []
    for jobs in (1, 3):
        layout = tmp_path / f"layout-{jobs}"
        builder.layout(context, layout, f"--jobs={jobs}", "--reproducible").check()
        digests.append((layout / "index.json").read_text())
    assert digests[0] == digests[1]


@pytest.mark.parametrize("mode", [OVERLAY, CHROOT], ids=lambda mode: mode.name)
def test_a_stage_that_fails_ends_the_other(builder: Executor, tmp_path: Path) -> None:
    context = write_context(tmp_path / "context", ONE_FAILS.format(seconds=ASLEEP))
    outcome = builder.run(context, "--no-push", "--jobs=2")
    assert outcome.status == 7
    assert outcome.error.startswith("Dockerfile:3: ")
    assert processes() == []


@pytest.mark.parametrize("mode", [OVERLAY, CHROOT], ids=lambda mode: mode.name)
def test_a_signal_ends_both(
    builder: Executor, registry: Registry, tmp_path: Path
) -> None:
    context = write_context(tmp_path / "context", BOTH_SLEEP.format(seconds=ASLEEP))
    destination = f"--destination={registry.host}/stopped/both:latest"
    command = builder.command(context, destination, "--jobs=2")
    process = begun(command, lambda: len(processes()) >= 2)
    log = stop(process, signal.SIGTERM)
    assert "Traceback" not in log
    assert processes() == []
    assert list(builder.work.iterdir()) == []
    assert registry.manifest("stopped/both") is None
