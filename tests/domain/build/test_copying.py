"""COPY, and ADD of plain files: what lands where, whose it is, what is refused.

The expected rows are what docker (BuildKit) makes of the same instruction.
"""

from dataclasses import replace

import pytest

from domain.build.copying import absolute_destination
from domain.errors import BuildRuleError
from domain.snapshot.entry import FileType
from domain.snapshot.layer_plan import PlannedEntry
from domain.snapshot.tree import FileTree
from tests.support.planning import NOW_NS, after, copied, stage
from tests.support.trees import draw, row

SOURCE = """
    a.txt         0644 7:8  @100
    b.txt         0640
    d/            0750 7:8  @200
    d/empty/      0700
    d/sub/        0755 7:8
    d/sub/y       0600 7:8  @300
    d/x           0644
    e/            0711
    links/abs -> /a.txt
    links/dangling -> nowhere
    links/dir/in
    links/f
    links/loop1 -> loop2
    links/loop2 -> loop1
    links/todir -> dir
    links/tofile -> f
    up -> ../../../d/x
"""
ROOT = """
    etc/          0755
    etc/conf      0600 1:1
    ex/           0700 5:5
    ex/keep       0600
    ex/sub/       0711 6:6
    ex/taken/in
    real
    lnk -> /real
    lnkdir -> ex
    lnknew -> ex/made
    lost -> /deep/er/file
    root.txt
"""


def lines(plan_of: str, root: str = ROOT) -> list[str]:
    return draw(copied(plan_of, SOURCE, root))


# ------------------------------------------------------------------- destinations


@pytest.mark.parametrize(
    ("word", "working_directory", "expected"),
    [
        ("/a", "/w", "/a"),
        ("a", "/w", "/w/a"),
        ("a/", "/w", "/w/a/"),
        ("/", "/w", "/"),
        (".", "/w", "/w/"),
        ("./", "/w", "/w/"),
        ("", "/w", "/w/"),
        ("..", "/w/x", "/w/"),
        ("../../..", "/w", "/"),
        ("/a/./b/../c", "/w", "/a/c"),
        ("/a/.", "/w", "/a/"),
        ("//a", "/w", "/a"),
    ],
)
def test_destination_path(word: str, working_directory: str, expected: str) -> None:
    assert absolute_destination(word, working_directory) == expected


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("COPY a.txt /new", ["f 0644 0:0 new <context:a.txt"]),
        ("COPY a.txt new", ["f 0644 0:0 new <context:a.txt"]),
        (
            "COPY a.txt /p/q/",
            ["d 0755 0:0 p", "d 0755 0:0 p/q", "f 0644 0:0 p/q/a.txt <context:a.txt"],
        ),
        ("COPY a.txt /p/q", ["d 0755 0:0 p", "f 0644 0:0 p/q <context:a.txt"]),
        (
            "COPY a.txt /ex",
            ["d 0700 5:5 ex", "f 0644 0:0 ex/a.txt <context:a.txt"],
        ),
        ("COPY a.txt .", ["f 0644 0:0 a.txt <context:a.txt"]),
        ("COPY /../a.txt/ /new", ["f 0644 0:0 new <context:a.txt"]),
        (
            "COPY a.txt b.txt /ex",
            [
                "d 0700 5:5 ex",
                "f 0644 0:0 ex/a.txt <context:a.txt",
                "f 0640 0:0 ex/b.txt <context:b.txt",
            ],
        ),
        ("COPY a.txt b.txt /new", ["f 0640 0:0 new <context:b.txt"]),
        ("COPY a.* /single", ["f 0644 0:0 single <context:a.txt"]),
        ("COPY none* /new/", []),
    ],
)
def test_files(text: str, rows: list[str]) -> None:
    assert lines(text) == rows


def test_relative_destinations_start_in_the_working_directory() -> None:
    state = after("WORKDIR /etc")
    assert draw(copied("COPY a.txt sub/", SOURCE, ROOT, state)) == [
        "d 0755 0:0 etc",
        "d 0755 0:0 etc/sub",
        "f 0644 0:0 etc/sub/a.txt <context:a.txt",
    ]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("COPY a.txt /lnk", ["f 0644 0:0 real <context:a.txt"]),
        (
            "COPY a.txt /lnkdir",
            ["d 0700 5:5 ex", "f 0644 0:0 ex/a.txt <context:a.txt"],
        ),
        (
            "COPY a.txt /lnkdir/sub/n",
            [
                "d 0700 5:5 ex",
                "d 0711 6:6 ex/sub",
                "f 0644 0:0 ex/sub/n <context:a.txt",
            ],
        ),
        (
            "COPY a.txt /lnknew/",
            [
                "d 0700 5:5 ex",
                "d 0755 0:0 ex/made",
                "f 0644 0:0 ex/made/a.txt <context:a.txt",
            ],
        ),
        (
            "COPY a.txt /lost",
            [
                "d 0755 0:0 deep",
                "d 0755 0:0 deep/er",
                "f 0644 0:0 deep/er/file <context:a.txt",
            ],
        ),
    ],
)
def test_symlinks_of_the_destination_are_followed(text: str, rows: list[str]) -> None:
    """The last component too: `COPY f /link` replaces what the link leads to."""
    assert lines(text) == rows


def test_directories_a_dangling_symlink_needs_are_made_like_all_others() -> None:
    made = lines("COPY --chown=3:4 a.txt /lost")
    assert made[:2] == ["d 0755 3:4 deep", "d 0755 3:4 deep/er"]
    with pytest.raises(BuildRuleError, match="/f is not a directory"):
        copied("COPY a.txt /lnk", SOURCE, "f\nlnk -> f/below")


def test_a_symlink_in_the_destination_directory_is_replaced() -> None:
    root = "dir/\ndir/a.txt -> /etc/passwd\netc/passwd"
    assert lines("COPY a.txt /dir/", root) == [
        "d 0755 0:0 dir",
        "f 0644 0:0 dir/a.txt <context:a.txt",
    ]


# -------------------------------------------------------------------- directories


def test_a_directory_gives_its_contents() -> None:
    assert lines("COPY d /new") == [
        "d 0755 0:0 new",
        "d 0700 0:0 new/empty",
        "d 0755 0:0 new/sub",
        "f 0600 0:0 new/sub/y <context:d/sub/y",
        "f 0644 0:0 new/x <context:d/x",
    ]


@pytest.mark.parametrize("text", ["COPY e /e", "COPY e/ /e/", "COPY d/empty /e"])
def test_the_directory_made_for_the_contents_has_a_mode_of_its_own(text: str) -> None:
    assert lines(text) == ["d 0755 0:0 e"]


def test_an_existing_destination_keeps_owner_and_mode_but_not_its_subdirectories() -> (
    None
):
    assert lines("COPY d /ex") == [
        "d 0700 5:5 ex",
        "d 0700 0:0 ex/empty",
        "d 0755 0:0 ex/sub",
        "f 0600 0:0 ex/sub/y <context:d/sub/y",
        "f 0644 0:0 ex/x <context:d/x",
    ]


@pytest.mark.parametrize("destination", ["/ex", "/new"])
def test_the_destination_takes_the_time_of_the_source_directory(
    destination: str,
) -> None:
    top = copied(f"COPY d {destination}", SOURCE, ROOT).rows[0]
    assert isinstance(top, PlannedEntry)
    assert top.entry.mtime_ns == 200 * 10**9


def test_a_whole_tree_is_copied_over_the_root() -> None:
    source = stage("etc/ 0711\netc/a 0600 1:1\ntmp/ 1777")
    assert draw(copied("COPY --from=s / /", source, "etc/b")) == [
        "d 0711 0:0 etc",
        "f 0600 1:1 etc/a <stage:0:etc/a",
        "d 1777 0:0 tmp",
    ]


def test_later_sources_meet_what_earlier_ones_made() -> None:
    assert lines("COPY d e a.txt /new") == [
        "d 0755 0:0 new",
        "f 0644 0:0 new/a.txt <context:a.txt",
        "d 0700 0:0 new/empty",
        "d 0755 0:0 new/sub",
        "f 0600 0:0 new/sub/y <context:d/sub/y",
        "f 0644 0:0 new/x <context:d/x",
    ]


def test_a_very_deep_tree_is_copied() -> None:
    depths = range(1, 600)
    deep = "\n".join("/".join("d" * depth) + "/" for depth in depths)
    assert len(draw(copied("COPY . /new", deep))) == len(depths) + 1


# ---------------------------------------------------------------------- conflicts


@pytest.mark.parametrize(
    ("text", "root", "message"),
    [
        ("COPY d /etc/conf", ROOT, "cannot copy to non-directory: /etc/conf"),
        ("COPY d /n", "n/\nn/sub", "cannot copy to non-directory: /n/sub"),
        ("COPY d /n", "n/\nn/sub -> x\nn/x/", "cannot copy to non-directory: /n/sub"),
        ("COPY d /n", "n/\nn/x/", "cannot replace directory /n/x by a file"),
        ("COPY a.txt /n/", "n/\nn/a.txt/", "cannot replace directory /n/a.txt"),
        ("COPY a.txt /real/", ROOT, "/real is not a directory"),
        ("COPY a.txt /real/x", ROOT, "/real is not a directory"),
        ("COPY d /lnk", ROOT, "cannot copy to non-directory: /real"),
        ("COPY <<x /n/\n1\nx", "n/x/in", "cannot replace directory /n/x by a file"),
    ],
)
def test_a_file_and_a_directory_do_not_replace_each_other(
    text: str, root: str, message: str
) -> None:
    with pytest.raises(BuildRuleError) as caught:
        copied(text, SOURCE, root)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_a_file_replaces_a_file_or_symlink_inside_the_tree() -> None:
    assert lines("COPY d /n", "n/\nn/x -> /etc/passwd\nn/sub/y 0400 3:3") == [
        "d 0755 0:0 n",
        "d 0700 0:0 n/empty",
        "d 0755 0:0 n/sub",
        "f 0600 0:0 n/sub/y <context:d/sub/y",
        "f 0644 0:0 n/x <context:d/x",
    ]


def test_symlinks_that_lead_in_circles_are_an_error() -> None:
    with pytest.raises(BuildRuleError, match="too many symlinks"):
        copied("COPY a.txt /loop/x", SOURCE, "loop -> pool\npool -> loop")


# ------------------------------------------------------------------------ sources


@pytest.mark.parametrize("path", ["nope", "d/nope", "links/dangling", "a.txt/x"])
def test_a_source_that_does_not_exist_is_an_error(path: str) -> None:
    with pytest.raises(BuildRuleError) as caught:
        lines(f"COPY {path} /new")
    assert caught.value.message == f"'/{path}' not found in the build context"
    assert "ignore file" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("COPY links/tofile /new", ["f 0644 0:0 new <context:links/f"]),
        ("COPY links/tofile /etc/", ["f 0644 0:0 etc/tofile <context:links/f"]),
        ("COPY links/abs /new", ["f 0644 0:0 new <context:a.txt"]),
        ("COPY up /new", ["f 0644 0:0 new <context:d/x"]),
        (
            "COPY links/todir /new",
            ["d 0755 0:0 new", "f 0644 0:0 new/in <context:links/dir/in"],
        ),
    ],
)
def test_a_named_symlink_is_followed_within_its_root(
    text: str, rows: list[str]
) -> None:
    found = [line for line in lines(text) if line != "d 0755 0:0 etc"]
    assert found == rows


def test_symlinks_further_down_are_copied_as_they_are() -> None:
    assert lines("COPY links /new") == [
        "d 0755 0:0 new",
        "l 0:0 new/abs -> /a.txt",
        "l 0:0 new/dangling -> nowhere",
        "d 0755 0:0 new/dir",
        "f 0644 0:0 new/dir/in <context:links/dir/in",
        "f 0644 0:0 new/f <context:links/f",
        "l 0:0 new/loop1 -> loop2",
        "l 0:0 new/loop2 -> loop1",
        "l 0:0 new/todir -> dir",
        "l 0:0 new/tofile -> f",
    ]


def test_what_is_no_file_is_copied_without_content() -> None:
    fifo = row("dev/pipe")._replace(type=FileType.FIFO)
    source = replace(stage(""), tree=FileTree.of([fifo]))
    assert draw(copied("COPY --from=s dev/pipe /p", source)) == ["s 0644 0:0 p"]


def test_times_and_attributes_come_with_the_file() -> None:
    xattrs = (("security.capability", b"\x01"),)
    capable = row("f 0755 @123")._replace(xattrs=xattrs)
    source = replace(stage(""), tree=FileTree.of([capable]))
    (made,) = copied("COPY --from=s f /g", source).rows
    assert made == (capable._replace(path="g"), ("stage:0", "f"))


# ------------------------------------------------------------- owners and modes


def test_files_of_the_context_belong_to_root_and_those_of_a_stage_to_their_owner() -> (
    None
):
    drawing = "f 0644 7:8\nl -> x"
    assert draw(copied("COPY . /", drawing)) == [
        "f 0644 0:0 f <context:f",
        "l 0:0 l -> x",
    ]
    from_stage = draw(copied("COPY --from=0 f /g", stage(drawing)))
    assert from_stage == ["f 0644 7:8 g <stage:0:f"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (
            "COPY --chown=3:4 a.txt /p/q",
            ["d 0755 3:4 p", "f 0644 3:4 p/q <context:a.txt"],
        ),
        ("COPY --chown=app a.txt /p", ["f 0644 1000:1001 p <context:a.txt"]),
        ("COPY --chown=app:extra a.txt /p", ["f 0644 1000:50 p <context:a.txt"]),
        (
            "COPY --chmod=4755 a.txt /p/q",
            ["d 4755 0:0 p", "f 4755 0:0 p/q <context:a.txt"],
        ),
        (
            "COPY --chmod=644 --chown=3:4 a.txt /new/3",
            ["d 0644 3:4 new", "f 0644 3:4 new/3 <context:a.txt"],
        ),
        (
            "COPY --chmod=u=rwX,go=rX d /p",
            [
                "d 0755 0:0 p",
                "d 0755 0:0 p/empty",
                "d 0755 0:0 p/sub",
                "f 0644 0:0 p/sub/y <context:d/sub/y",
                "f 0644 0:0 p/x <context:d/x",
            ],
        ),
        (
            "COPY --chmod=0700 --chown=9 d /p",
            [
                "d 0700 9:9 p",
                "d 0700 9:9 p/empty",
                "d 0700 9:9 p/sub",
                "f 0700 9:9 p/sub/y <context:d/sub/y",
                "f 0700 9:9 p/x <context:d/x",
            ],
        ),
        (
            "COPY --chown=3:4 --chmod=700 links/dir /ex",
            ["d 0700 5:5 ex", "f 0700 3:4 ex/in <context:links/dir/in"],
        ),
    ],
)
def test_chown_and_chmod(text: str, rows: list[str]) -> None:
    """Directories made on the way take the owner, and an octal mode, too."""
    assert lines(text) == rows


def test_owner_and_mode_are_expanded() -> None:
    state = after("ARG who=3 mode=640")
    plan = copied("COPY --chown=$who:4 --chmod=${mode} a.txt /p", SOURCE, "", state)
    assert draw(plan) == ["f 0640 3:4 p <context:a.txt"]


def test_chmod_leaves_symlinks_alone_and_chown_does_not() -> None:
    assert draw(copied("COPY --chown=1:2 --chmod=700 . /", "l -> x")) == [
        "l 1:2 l -> x"
    ]


def test_an_unknown_owner_is_refused() -> None:
    with pytest.raises(BuildRuleError, match="unable to find user ghost"):
        lines("COPY --chown=ghost a.txt /p")


def test_the_active_user_does_not_matter() -> None:
    state = after("USER app")
    assert draw(copied("COPY a.txt /p", SOURCE, ROOT, state)) == [
        "f 0644 0:0 p <context:a.txt"
    ]


# --------------------------------------------------------------------- hard links

LINKED = stage("h/a &1\nh/b &1\nout &1\nother &2\nlonely &3")


def test_hard_links_within_a_source_are_kept() -> None:
    assert draw(copied("COPY --from=s /h /h", LINKED)) == [
        "d 0755 0:0 h",
        "f 0644 0:0 h/a & <stage:0:h/b",
        "f 0644 0:0 h/b &",
    ]


def test_hard_links_across_sources_are_not() -> None:
    assert draw(copied("COPY --from=s /h/a /h/b /n/", LINKED)) == [
        "d 0755 0:0 n",
        "f 0644 0:0 n/a <stage:0:h/a",
        "f 0644 0:0 n/b <stage:0:h/b",
    ]


def test_files_linked_in_two_sources_do_not_become_one() -> None:
    rows = copied("COPY --from=s /h /other /n/", LINKED).rows
    groups = {row[0].link_group for row in rows if isinstance(row, PlannedEntry)}
    assert len(groups - {""}) == 1


# ----------------------------------------------------------------------- heredocs


def test_a_heredoc_is_a_file_of_roots() -> None:
    plan = copied("COPY <<EOT /etc/motd\nhi\nEOT", "", ROOT)
    assert draw(plan) == ["d 0755 0:0 etc", "f 0644 0:0 etc/motd ='hi\\n'"]
    (_, made) = plan.rows
    assert isinstance(made, PlannedEntry)
    assert (made.entry.size, made.entry.mtime_ns) == (3, NOW_NS)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("COPY <<E /f\nhi $who\nE", ["f 0644 0:0 f ='hi world\\n'"]),
        ("COPY <<'E' /f\nhi $who\nE", ["f 0644 0:0 f ='hi $who\\n'"]),
        ("COPY <<-E /f\n\t\thi\n\tE", ["f 0644 0:0 f ='hi\\n'"]),
        ("COPY <<E /f\nE", ["f 0644 0:0 f =''"]),
        (
            "COPY --chmod=750 --chown=1:2 <<E /sub/f\nx\nE",
            ["d 0750 1:2 sub", "f 0750 1:2 sub/f ='x\\n'"],
        ),
        ("COPY <<E /f\n\\$who\\\\\nE", ["f 0644 0:0 f ='$who\\\\\\n'"]),
        ("COPY <<'E' /f\n\\$who\\\\\nE", ["f 0644 0:0 f ='\\\\$who\\\\\\\\\\n'"]),
        ("COPY <<-'E' /f\n\t$who\n \tx\n\tE", ["f 0644 0:0 f ='$who\\n \\tx\\n'"]),
        ("COPY <</f /d/\nE\n/f", ["d 0755 0:0 d", "f 0644 0:0 d/f ='E\\n'"]),
        ("COPY <<'a b' /d/\nE\na b", ["d 0755 0:0 d", "f 0644 0:0 d/a b ='E\\n'"]),
        ("COPY <<$who /d/\nE\n$who", ["d 0755 0:0 d", "f 0644 0:0 d/$who ='E\\n'"]),
        ("ADD --unpack=true --exclude=* <<E /f\nx\nE", ["f 0644 0:0 f ='x\\n'"]),
        ("ADD --chmod=u+x <<E /f\nx\nE", ["f 0744 0:0 f ='x\\n'"]),
        (
            "ADD --chown=app --chmod=600 <<-E /f\n\tx\n\tE",
            ["f 0600 1000:1001 f ='x\\n'"],
        ),
        ("COPY --link <<E /lnk/f\nE", ["d 0755 0:0 lnk", "f 0644 0:0 lnk/f =''"]),
        (
            "COPY <<one <<one /dir/\n1\none\n2\none",
            ["d 0755 0:0 dir", "f 0644 0:0 dir/one ='2\\n'"],
        ),
        (
            "COPY a.txt <<one <<two /dir/\n1\none\n2\ntwo",
            [
                "d 0755 0:0 dir",
                "f 0644 0:0 dir/a.txt <context:a.txt",
                "f 0644 0:0 dir/one ='1\\n'",
                "f 0644 0:0 dir/two ='2\\n'",
            ],
        ),
    ],
)
def test_heredocs(text: str, rows: list[str]) -> None:
    state = after("ARG who=world")
    assert draw(copied(text, SOURCE, "", state)) == rows


@pytest.mark.parametrize("name", ["a/b", "../f", "/../f", "/", "..", "//f"])
@pytest.mark.parametrize("destination", ["/d/", "/f"])
def test_a_heredoc_is_named_like_a_file(name: str, destination: str) -> None:
    with pytest.raises(BuildRuleError, match="a file cannot be named") as caught:
        lines(f"COPY <<{name} {destination}\nx\n{name}")
    assert caught.value.hint


# --------------------------------------------------------------------------- link


def test_link_looks_at_nothing_below_it() -> None:
    """All directories on the way are new, no symlink of the root is followed."""
    assert lines("COPY --link a.txt /lnkdir/x") == [
        "d 0755 0:0 lnkdir",
        "f 0644 0:0 lnkdir/x <context:a.txt",
    ]
    assert lines("COPY --link --chown=1:1 e /ex") == ["d 0755 1:1 ex"]
