"""ADD of a local archive: members laid over the destination.

The expected rows are what docker makes of the same archive.
"""

import pytest

from domain.errors import BuildRuleError
from domain.snapshot.entry import FileType
from domain.snapshot.layer_plan import PlannedEntry, StoredContent
from tests.support.planning import copied
from tests.support.trees import draw, rows


def members(drawing: str) -> list[PlannedEntry]:
    """Return the members of a drawn archive, in its order."""
    return [
        PlannedEntry(
            entry,
            StoredContent("archive:1", str(number))
            if entry.type is FileType.FILE
            else None,
        )
        for number, entry in enumerate(rows(drawing))
    ]


def added(text: str, archive: str, root: str = "") -> list[str]:
    return draw(copied(text, "a.tar", root, archives={"a.tar": members(archive)}))


ARCHIVE = """
    t/    0750 10:20
    t/f   0640 10:20 &t/f
    t/l -> f
    t/h   0640 10:20 &t/f
    t/su  4755
"""
UNPACKED = [
    "d 0750 10:20 n/t",
    "f 0640 10:20 n/t/f & <archive:1:1",
    "f 0640 10:20 n/t/h &",
    "l 0:0 n/t/l -> f",
    "f 4755 0:0 n/t/su <archive:1:4",
]


@pytest.mark.parametrize("text", ["ADD a.tar /n/", "ADD a.tar /n", "ADD *.tar n"])
def test_the_destination_is_a_directory_whatever_its_name(text: str) -> None:
    assert added(text, ARCHIVE) == ["d 0755 0:0 n", *UNPACKED]


def test_members_keep_owner_and_mode_and_chown_overrides_the_owner() -> None:
    made = added("ADD --chown=9:9 --chmod=777 a.tar /n/", ARCHIVE)
    assert made == [
        "d 0755 9:9 n",
        "d 0750 9:9 n/t",
        "f 0640 9:9 n/t/f & <archive:1:1",
        "f 0640 9:9 n/t/h &",
        "l 9:9 n/t/l -> f",
        "f 4755 9:9 n/t/su <archive:1:4",
    ]


def test_directories_the_archive_does_not_name_are_made() -> None:
    assert added("ADD a.tar /n/", "p/q/r 0600 1:2") == [
        "d 0755 0:0 n",
        "d 0755 0:0 n/p",
        "d 0755 0:0 n/p/q",
        "f 0600 1:2 n/p/q/r <archive:1:0",
    ]


def test_directories_the_archive_does_not_name_are_roots_whatever_the_owner() -> None:
    assert added("ADD --chown=3:4 --chmod=700 a.tar /n/", "p/f 0600 1:2") == [
        "d 0755 3:4 n",
        "d 0755 0:0 n/p",
        "f 0600 3:4 n/p/f <archive:1:0",
    ]


def test_members_of_the_root_need_no_directory() -> None:
    assert added("ADD a.tar /", "f") == ["f 0644 0:0 f <archive:1:0"]


def test_the_archives_own_root_does_not_change_the_destination() -> None:
    assert added("ADD a.tar /n", "/ 0700 5:5\nf", "n/ 0711 1:1") == [
        "d 0711 1:1 n",
        "f 0644 0:0 n/f <archive:1:1",
    ]


def test_existing_directories_take_what_the_archive_says() -> None:
    root = "o/ 0700\no/t/ 0711\no/t/f 0600\no/t/keep"
    assert added("ADD a.tar /o", "t/ 0750 10:20\nt/f 0640", root) == [
        "d 0700 0:0 o",
        "d 0750 10:20 o/t",
        "f 0640 0:0 o/t/f <archive:1:1",
    ]


@pytest.mark.parametrize(
    ("archive", "root", "made"),
    [
        ("x", "o/x -> /etc", "f 0644 0:0 o/x <archive:1:0"),
        ("x/", "o/x", "d 0755 0:0 o/x"),
        ("x/ 0700", "o/x -> y\no/y/", "d 0700 0:0 o/x"),
        ("x", "o/x/below", "f 0644 0:0 o/x <archive:1:0"),
        ("x -> z", "o/x/below", "l 0:0 o/x -> z"),
    ],
)
def test_what_is_in_the_way_of_a_member_is_replaced(
    archive: str, root: str, made: str
) -> None:
    assert added("ADD a.tar /o", archive, root) == ["d 0755 0:0 o", made]


def test_a_later_member_replaces_an_earlier_one() -> None:
    assert added("ADD a.tar /", "f 0600\nf 0644") == ["f 0644 0:0 f <archive:1:1"]


def test_a_hard_link_keeps_its_content_when_its_first_name_is_replaced() -> None:
    archive = members("f &1\nh &1\nf 0600")
    archive[1] = archive[1]._replace(content=None)
    plan = copied("ADD a.tar /", "a.tar", archives={"a.tar": archive})
    assert draw(plan) == [
        "f 0600 0:0 f <archive:1:2",
        "f 0644 0:0 h <archive:1:0",
    ]


def test_symlinks_of_parents_are_followed() -> None:
    root = "o/lnk -> real/in\no/real/in/"
    assert added("ADD a.tar /o", "lnk/f", root) == [
        "d 0755 0:0 o",
        "d 0755 0:0 o/real",
        "d 0755 0:0 o/real/in",
        "f 0644 0:0 o/real/in/f <archive:1:0",
    ]


@pytest.mark.parametrize("target", ["/etc", "../etc", "../../../etc", "/../etc"])
def test_no_symlink_leads_out_of_the_destination(target: str) -> None:
    """An archive that brings a link and then writes through it stays confined."""
    made = added("ADD a.tar /safe/", f"x -> {target}\nx/passwd", "etc/passwd")
    assert made == [
        "d 0755 0:0 safe",
        "d 0755 0:0 safe/etc",
        "f 0644 0:0 safe/etc/passwd <archive:1:1",
        f"l 0:0 safe/x -> {target}",
    ]


def test_the_destination_itself_may_be_reached_by_a_symlink() -> None:
    root = "lnk -> /o\no/ 0711"
    assert added("ADD a.tar /lnk", "f", root) == [
        "d 0711 0:0 o",
        "f 0644 0:0 o/f <archive:1:0",
    ]


@pytest.mark.parametrize("archive", ["f\nf/below", "l -> f\nf\nl/below"])
def test_a_member_below_a_file_is_refused(archive: str) -> None:
    with pytest.raises(BuildRuleError, match="/o/f is not a directory"):
        added("ADD a.tar /o", archive)


def test_a_file_at_the_destination_is_refused() -> None:
    with pytest.raises(BuildRuleError, match="/o is not a directory"):
        added("ADD a.tar /o", "f", "o")


def test_links_of_two_archives_stay_apart() -> None:
    archives = {"a.tar": members("f &1\ng &1"), "b.tar": members("h &1\ni &1")}
    plan = copied("ADD a.tar b.tar /", "a.tar\nb.tar", archives=archives)
    groups = [row[0].link_group for row in plan.rows if isinstance(row, PlannedEntry)]
    assert groups[0] == groups[1] != groups[2] == groups[3]


def test_a_source_reached_by_a_symlink_is_unpacked() -> None:
    archives = {"a.tar": members("f")}
    plan = copied("ADD lnk /", "a.tar\nlnk -> a.tar", archives=archives)
    assert draw(plan) == ["f 0644 0:0 f <archive:1:0"]


def test_files_that_are_no_archives_are_copied() -> None:
    assert draw(copied("ADD plain.gz /y/", "plain.gz")) == [
        "d 0755 0:0 y",
        "f 0644 0:0 y/plain.gz <context:plain.gz",
    ]


def test_copy_unpacks_nothing() -> None:
    assert draw(copied("COPY a.tar /y/", "a.tar")) == [
        "d 0755 0:0 y",
        "f 0644 0:0 y/a.tar <context:a.tar",
    ]
