"""What each step's layer holds, to the entry, in every isolation."""

import gzip
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from integration.executor import Executor, named_base, write_context
from integration.image_comparison.comparison import load_image
from integration.image_comparison.layer_reading import open_layer
from integration.image_comparison.stored_image import read_layout
from integration.modes import (
    CHROOT,
    IN_PLACE,
    OVERLAY,
    USER_OVERLAY,
    USER_WALK,
    WALK,
    Mode,
)
from integration.services.bases import SMALL_BASES
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


MODES_WITHOUT_NODES = (
    replace(OVERLAY, without="mknod"),
    replace(WALK, without="mknod"),
    USER_OVERLAY,
    USER_WALK,
    replace(CHROOT, without="mknod", told="mknod is refused"),
    replace(IN_PLACE, without="mknod"),
)


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
    assert outcome.said.strip() == ("1" if mode.has_overlay else "0")


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
