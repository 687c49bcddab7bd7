"""What each step's layer holds, to the entry, in every isolation."""

import gzip
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

from integration.executor import Executor, named_base, write_context
from integration.image_comparison.comparison import load_image
from integration.image_comparison.layer_reading import open_layer
from integration.image_comparison.stored_image import read_layout
from integration.services.bases import SMALL_BASES
from integration.services.disks import memory_disk, overlay_disk
from integration.services.layouts import TarEntry, layer_tar, write_layout

KINDS = {
    tarfile.REGTYPE: "",
    tarfile.DIRTYPE: "/",
    tarfile.SYMTYPE: "@",
    tarfile.LNKTYPE: "=",
    tarfile.CHRTYPE: "%",
    tarfile.BLKTYPE: "#",
    tarfile.FIFOTYPE: "|",
}
"""What is written behind a name for each type of entry."""


class Disk(Protocol):
    """A file system for work files."""

    def __call__(self, directory: Path, size: str) -> AbstractContextManager[Path]:
        """Mount it for a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A way to execute RUN and to find what it changed.

    Attributes:
        name: Its name in the test's.
        told: Part of the line in which the executor tells how RUN is isolated.
        disk: Where work files lie; decides between overlay and walk.
        isolation: What is asked for.
        without: Capability that the executor does not have.
    """

    name: str
    told: str
    disk: Disk
    isolation: str = "namespaces"
    without: str = ""

    @property
    def has_overlay(self) -> bool:
        """Whether a RUN sees an overlay that the executor mounted."""
        return self.isolation == "namespaces" and self.disk is memory_disk

    def executor(self, work: Path) -> Executor:
        """Return the executor in this mode."""
        flags = (
            f"--isolation={self.isolation}",
            named_base("busybox", SMALL_BASES, "busybox"),
        )
        return Executor(work=work, flags=flags, prefix=lacking(self.without))


def lacking(capability: str) -> tuple[str, ...]:
    """Return the words that start a program without a capability."""
    if not capability:
        return ()
    drop = f"-{capability}"
    return ("setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}")


OVERLAY = Mode(name="overlay", told="namespaces (CAP_SYS_ADMIN)", disk=memory_disk)
WALK = replace(OVERLAY, name="walk", disk=overlay_disk)
USER_OVERLAY = Mode(
    name="user namespace, overlay",
    told="namespaces (user namespace)",
    disk=memory_disk,
    without="sys_admin",
)
USER_WALK = replace(USER_OVERLAY, name="user namespace, walk", disk=overlay_disk)
CHROOT = Mode(
    name="chroot", told="chroot (no /proc)", disk=memory_disk, isolation="chroot"
)
MODES = (OVERLAY, WALK, USER_OVERLAY, USER_WALK, CHROOT)

MODES_WITHOUT_NODES = (
    replace(OVERLAY, without="mknod"),
    replace(WALK, without="mknod"),
    USER_OVERLAY,
    USER_WALK,
    replace(CHROOT, without="mknod", told="mknod is refused"),
)


@pytest.fixture(params=MODES, ids=lambda mode: mode.name)
def mode(request: pytest.FixtureRequest) -> Mode:
    """Offer each of the modes."""
    chosen: Mode = request.param
    return chosen


@pytest.fixture
def builder(mode: Mode, tmp_path: Path) -> Iterator[Executor]:
    """Offer the executor in a mode."""
    with mode.disk(tmp_path / "disk", "512m") as disk:
        yield mode.executor(disk / "kanipy")


def layers(layout: Path) -> list[list[str]]:
    """Return the entries of each layer but the base's, types marked as in `KINDS`."""
    found = []
    for layer in read_layout(layout).layers[1:]:
        with open_layer(layer.blob) as opened:
            found.append([entry(member) for member in opened.tar])
    return found


def entry(member: tarfile.TarInfo) -> str:
    return member.name.rstrip("/") + KINDS[member.type]


def test_each_mode_is_what_it_is_called(
    mode: Mode, builder: Executor, tmp_path: Path
) -> None:
    """Or else the other tests would test one mode several times."""
    # The options of an overlay of ours name directories among the work files.
    command = "RUN grep -s 'lowerdir=[^,]*/kanipy/[^,]*,' /proc/mounts | wc -l"
    context = write_context(tmp_path / "context", f"FROM busybox\n{command}\n")
    outcome = builder.run(context, "--no-push").check()
    assert mode.told in outcome.log
    assert outcome.output.strip() == ("1" if mode.has_overlay else "0")


def steps(builder: Executor, tmp_path: Path, *lines: str) -> list[list[str]]:
    """Build steps on busybox, with a tree to copy; return the entries they made."""
    files = {"tree/new": "new", "tree/sub/deep": "deep", "file": "file"}
    dockerfile = "\n".join(("FROM busybox", *lines, ""))
    context = write_context(tmp_path / "context", dockerfile, files)
    builder.layout(context, tmp_path / "image")
    return layers(tmp_path / "image")


def test_a_copy_between_two_runs_is_in_its_own_layer_alone(
    builder: Executor, tmp_path: Path
) -> None:
    assert steps(
        builder,
        tmp_path,
        "RUN mkdir /a && echo 1 > /a/one",
        "COPY tree /a/",
        "COPY file /usr/bin/file",
        "RUN echo 2 > /a/two",
    ) == [
        ["a/", "a/one"],
        ["a/", "a/new", "a/sub/", "a/sub/deep"],
        ["usr/", "usr/bin/", "usr/bin/file"],
        ["a/", "a/two"],
    ]


def test_a_run_that_changes_nothing_makes_no_layer(
    builder: Executor, tmp_path: Path
) -> None:
    made = steps(builder, tmp_path, "RUN true", "COPY tree /a", "RUN cat /a/new")
    assert made == [["a/", "a/new", "a/sub/", "a/sub/deep"]]


def test_what_a_run_removes_is_hidden_and_nothing_else(
    builder: Executor, tmp_path: Path
) -> None:
    assert steps(
        builder,
        tmp_path,
        "COPY tree /a",
        "RUN rm /a/new && echo x > /gone && rm /gone && rm -r /var/spool",
        "RUN rm -r /a/sub && mkdir /a/sub && echo 2 > /a/sub/other",
        "RUN rm -r /a && ln -s /etc /a",
    ) == [
        ["a/", "a/new", "a/sub/", "a/sub/deep"],
        ["a/", "a/.wh.new", "var/", "var/.wh.spool"],
        ["a/", "a/sub/", "a/sub/.wh.deep", "a/sub/other"],
        ["a@"],
    ]


def test_attributes_alone_bring_the_whole_file(
    builder: Executor, tmp_path: Path
) -> None:
    assert steps(
        builder,
        tmp_path,
        "COPY tree /a",
        "RUN chmod 600 /a/new && chown 5:6 /a/sub",
        "RUN touch -d '2001-02-03 04:05:06' /a/new",
        "RUN chmod 600 /a/new && chown 5:6 /a/sub",
    ) == [
        ["a/", "a/new", "a/sub/", "a/sub/deep"],
        ["a/", "a/new", "a/sub/"],
        ["a/", "a/new"],
    ]


def test_a_write_with_the_old_time_and_size_is_found(
    builder: Executor, tmp_path: Path
) -> None:
    assert steps(
        builder,
        tmp_path,
        "RUN mkdir /a && echo old > /a/f && touch -d '2001-02-03 04:05:06' /a/f",
        "RUN echo new > /a/f && touch -d '2001-02-03 04:05:06' /a/f",
    ) == [["a/", "a/f"], ["a/", "a/f"]]


def test_hard_links_are_links_within_a_layer(builder: Executor, tmp_path: Path) -> None:
    assert steps(
        builder,
        tmp_path,
        "RUN mkdir /a && echo 1 > /a/x && ln /a/x /a/y && mkfifo /a/z",
        "RUN ln /a/x /a/w",
    )[0] == ["a/", "a/x", "a/y=", "a/z|"]


def test_a_user_made_by_a_run_can_own_a_copy(builder: Executor, tmp_path: Path) -> None:
    steps(
        builder,
        tmp_path,
        "RUN adduser -D -u 1234 x",
        "COPY --chown=x tree /a",
        "USER x",
        "RUN id -un > /tmp/me && cat /a/new >> /tmp/me",
    )
    files = load_image(f"oci:{tmp_path / 'image'}", tmp_path).files
    assert files["a/new"].owner == files["a"].owner == "1234:1234"
    assert files["tmp/me"].size == len("x\nnew")


def test_times_of_directories_that_a_copy_set_stay(
    builder: Executor, tmp_path: Path
) -> None:
    """A RUN sees them as planned, and its layer does not bring them again."""
    made = steps(
        builder,
        tmp_path,
        "COPY tree /a",
        "RUN stat -c %Y /a /a/sub > /seen",
        "RUN stat -c %Y /a /a/sub | cmp - /seen",
    )
    assert made[1:] == [["seen"]]
    with open_layer(read_layout(tmp_path / "image").layers[1].blob) as opened:
        times = [int(opened.tar.getmember(name).mtime) for name in ("a", "a/sub")]
    with open_layer(read_layout(tmp_path / "image").layers[2].blob) as opened:
        stream = opened.tar.extractfile("seen")
        assert stream is not None
        assert [int(line) for line in stream] == times


@pytest.mark.parametrize("mode", MODES_WITHOUT_NODES, ids=lambda mode: mode.name)
def test_device_nodes_that_cannot_be_made_stay_in_the_image(
    mode: Mode, builder: Executor, tmp_path: Path
) -> None:
    nodes = [
        TarEntry(name="nodes", type="dir", mode=0o755),
        TarEntry(name="nodes/null", type="chardev", mode=0o666, device=(1, 3)),
        TarEntry(name="nodes/disk", type="blockdev", mode=0o660, device=(8, 1)),
        TarEntry(name="more", type="dir", mode=0o755),
        TarEntry(name="more/null", type="chardev", mode=0o666, device=(1, 3)),
    ]
    tars = [gzip.decompress(base_layer().read_bytes()), layer_tar(nodes)]
    base = write_layout(tmp_path / "base", "nodes", tars)
    dockerfile = """
        FROM nodes AS first
        RUN ! test -e /nodes/null && echo 1 > /nodes/file
        RUN rm -r /more
        FROM nodes
        RUN echo "no device" > /nodes/disk
        FROM busybox
        COPY --from=0 /nodes /zero
        COPY --from=1 /nodes /one
        RUN true
        """
    context = write_context(tmp_path / "context", dockerfile)
    flag = named_base("nodes", base, "nodes")
    builder.layout(context, tmp_path / "zero", flag, "--target=first")
    assert layers(tmp_path / "zero")[1:] == [["nodes/", "nodes/file"], [".wh.more"]]
    builder.layout(context, tmp_path / "last", flag)
    assert layers(tmp_path / "last") == [
        ["zero/", "zero/disk#", "zero/file", "zero/null%"],
        ["one/", "one/disk", "one/null%"],
    ]
    files = load_image(f"oci:{tmp_path / 'last'}", tmp_path).files
    assert files["zero/null"].device == files["one/null"].device == "1,3"
    assert files["zero/disk"].mode == "0660"


def base_layer() -> Path:
    """Return the blob of the base `busybox`."""
    [layer] = read_layout(SMALL_BASES, "busybox").layers
    return layer.blob


SETTING_A_CAPABILITY = """\
FROM debian
RUN touch /f && perl <<'END'
    # As setcap(8): setxattr(2), revision 2, cap_net_raw permitted and effective.
    my ($path, $name) = ("/f", "security.capability");
    my $value = pack("V5", 0x02000001, 1 << 13, 0, 0, 0);
    exit(syscall(188, $path, $name, $value, 20, 0) != 0);
END
RUN touch /other
"""


def test_capabilities_that_a_run_sets_are_in_its_layer(
    builder: Executor, debian_base: Path, tmp_path: Path
) -> None:
    """In the form that every machine understands, not tied to a user namespace."""
    context = write_context(tmp_path / "context", SETTING_A_CAPABILITY)
    flag = named_base("debian", debian_base, "debian")
    builder.layout(context, tmp_path / "image", flag)
    assert layers(tmp_path / "image") == [["f"], ["other"]]
    files = load_image(f"oci:{tmp_path / 'image'}", tmp_path).files
    expected = {"security.capability": "0100000200200000000000000000000000000000"}
    assert files["f"].xattrs == expected
