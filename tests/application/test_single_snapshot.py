"""`--single-snapshot`: a stage makes one layer of all it changed, or none."""

from __future__ import annotations

import pytest

from adapters.memory.filesystem import MemoryRoot, MemoryRoots
from application.errors import FilesystemError
from domain.build.effect import Materialise, ReadLayers, RunProcess, WriteLayer
from domain.build.process import ProcessSpec
from domain.image.config import ContainerConfig
from domain.image.digest import Digest
from domain.image.media_type import Compression, compression_of
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.layer_plan import StoredContent
from tests.support.archives import directory, file, hard_link, layer, layer_of_tar
from tests.support.memory_build import BASE_LAYERS, Command, MemoryBuild, writes


def built(dockerfile: str, **parts: object) -> MemoryBuild:
    build = MemoryBuild(dockerfile, single_snapshot=True, **parts)  # type: ignore[arg-type]
    build.run()
    return build


def removes(path: str) -> Command:
    return lambda root, process: root.remove(path)


def empty_layers(build: MemoryBuild) -> list[bool]:
    """Return, of each instruction, whether its history says it made no layer."""
    added = build.config.history[len(BASE_LAYERS) :]
    return [entry.empty_layer for entry in added]


def test_all_steps_of_a_stage_make_one_layer() -> None:
    build = built(
        "FROM base\nCOPY a /srv/\nRUN make b\nENV X=1\nWORKDIR /w\nCMD x",
        context={"a": b"1"},
        commands={"make b": writes("srv/b")},
    )
    assert build.new_rows() == [
        ["d 0711 0:0 srv", "f 0644 0:0 srv/a", "f 0644 0:0 srv/b", "d 0755 0:0 w"]
    ]
    assert build.performed == [Materialise, WriteLayer, RunProcess, WriteLayer]


def test_the_layer_belongs_to_the_last_instruction_that_changed_files() -> None:
    build = built(
        "FROM base\nCOPY a /a\nRUN make b\nENV X=1",
        context={"a": b"1"},
        commands={"make b": writes("b")},
    )
    assert build.history[0] == "COPY a /a # buildkit"
    assert empty_layers(build) == [True, False, True]
    assert len(build.config.diff_ids) == len(BASE_LAYERS) + 1


def test_what_a_stage_makes_and_removes_is_nowhere() -> None:
    build = built(
        "FROM base\nCOPY a /a\nRUN make t\nRUN rm t\nRUN rm a",
        context={"a": b"1"},
        commands={"make t": writes("t"), "rm t": removes("t"), "rm a": removes("a")},
    )
    assert build.new_rows() == []
    assert empty_layers(build) == [True] * 4
    assert len(build.config.diff_ids) == len(BASE_LAYERS)


def test_a_stage_without_files_makes_no_layer_and_reads_none() -> None:
    build = MemoryBuild("FROM damaged\nENV X=1", single_snapshot=True)
    build.add_base("damaged", [layer_of_tar(b"no tar")])
    build.run()
    assert len(build.published.manifest.layers) == 1


def test_a_file_of_the_base_that_is_as_it_was_is_not_in_the_layer() -> None:
    kept: list[FileEntry] = []

    def remove(root: MemoryRoot, process: ProcessSpec) -> None:
        row = root.tree.get("srv/data")
        assert row is not None
        kept.append(row)
        root.remove("srv/data")

    def restore(root: MemoryRoot, process: ProcessSpec) -> None:
        root.make(kept[0])

    build = built(
        "FROM base\nRUN remove\nRUN restore\nRUN make a",
        commands={"remove": remove, "restore": restore, "make a": writes("a")},
    )
    assert build.new_rows() == [["f 0644 0:0 a"]]


def test_what_is_gone_is_hidden_by_its_topmost_path_alone() -> None:
    build = built(
        "FROM base\nRUN rm srv\nRUN rm etc\nCOPY a /etc/passwd",
        context={"a": b"1"},
        commands={"rm srv": removes("srv"), "rm etc": removes("etc")},
    )
    assert build.new_rows() == [
        ["d 0755 0:0 etc", "f 0644 0:0 etc/passwd", "- srv", "- etc/group"]
    ]


def test_a_stage_without_run_needs_no_root() -> None:
    build = built("FROM base\nCOPY a /a\nCOPY b /a", context={"a": b"1", "b": b"22"})
    assert build.new_rows() == [["f 0644 0:0 a"]]
    assert build.performed == [ReadLayers, WriteLayer, WriteLayer]
    row = build.tree().get("a")
    assert row is not None
    assert row.size == 2


def test_linked_copies_are_put_on_the_base_as_each_layer_would_be() -> None:
    build = built(
        "FROM base\nCOPY --link a /www/x\nADD --link a /b", context={"a": b""}
    )
    assert build.new_rows() == [["f 0644 0:0 b", "d 0755 0:0 www", "f 0644 0:0 www/x"]]


def test_hard_links_of_several_steps_stay_links() -> None:
    def link(root: MemoryRoot, process: ProcessSpec) -> None:
        root.write_file("x", b"1")
        root.link("y", "x")

    build = built(
        "FROM base\nRUN link\nRUN make z",
        commands={"link": link, "make z": writes("z")},
    )
    assert build.new_rows() == [["f 0644 0:0 x &", "f 0644 0:0 y &", "f 0644 0:0 z"]]


def test_linked_names_of_the_base_are_left_alone() -> None:
    build = MemoryBuild(
        "FROM linked\nRUN make c",
        commands={"make c": writes("c")},
        single_snapshot=True,
    )
    base = layer(file("a", b"1"), hard_link("b", "a"))
    build.add_base("linked", [base])
    build.run()
    assert build.rows(-1) == ["f 0644 0:0 c"]


def test_extended_attributes_are_kept() -> None:
    def give(root: MemoryRoot, process: ProcessSpec) -> None:
        row = FileEntry("d", FileType.DIRECTORY, xattrs=(("user.a", b"1"),))
        root.make(row)

    build = built(
        "FROM base\nRUN give\nCOPY a /a", context={"a": b""}, commands={"give": give}
    )
    row = build.tree().get("d")
    assert row is not None
    assert row.xattrs == (("user.a", b"1"),)


def test_a_layer_of_another_stage_is_a_base_like_any_other() -> None:
    build = built(
        "FROM base AS one\nRUN make a\nRUN make b\n"
        "FROM one\nRUN make c\nCOPY --from=one a b /d/",
        commands={name: writes(name[-1]) for name in ("make a", "make b", "make c")},
    )
    assert build.new_rows() == [
        ["f 0644 0:0 a", "f 0644 0:0 b"],
        ["f 0644 0:0 c", "d 0755 0:0 d", "f 0644 0:0 d/a", "f 0644 0:0 d/b"],
    ]
    assert empty_layers(build) == [True, False, True, False]


def test_files_of_a_stage_without_a_root_come_out_of_its_one_layer() -> None:
    build = built(
        "FROM base AS one\nCOPY a /a\nCOPY b /b\nRUN make c\n"
        "FROM one AS two\nCOPY a /d\nCOPY b /e\n"
        "FROM scratch\nCOPY --from=two /a /b /c /d /e /srv/data /",
        context={"a": b"1", "b": b"2"},
        commands={"make c": writes("c", b"3")},
    )
    hashes = {name: Digest.of(data).hex for name, data in CONTENTS.items()}
    assert {row.path: row.sha256 for row in build.tree() if row.path} == hashes


CONTENTS = {"a": b"1", "b": b"2", "c": b"3", "d": b"1", "e": b"2", "data": b"data"}


@pytest.mark.parametrize("exclusive", [False, True])
def test_copied_files_are_as_copied_whatever_is_on_disk(exclusive: bool) -> None:  # noqa: FBT001
    """A RUN may write where changes are left out, or the disk refuse a COPY."""

    def scribble(root: MemoryRoot, process: ProcessSpec) -> None:
        root.write_file("kept/a", b"scribbled")
        root.write_file("b", b"made")

    build = MemoryBuild(
        "FROM scratch\nCOPY a /kept/\nRUN scribble",
        context={"a": b"copied"},
        commands={"scribble": scribble},
        single_snapshot=True,
    )
    build.roots = MemoryRoots(Exclusions.of(["/kept"]), exclusive=exclusive)
    build.run()
    files = {row.path: row.sha256 for row in build.tree() if row.sha256}
    assert files == {
        "kept/a": Digest.of(b"copied").hex,
        "b": Digest.of(b"made").hex,
    }
    for digest in build.layers.blobs:  # what a RUN left is read from the root
        with pytest.raises(FilesystemError):
            build.layers.open_file(StoredContent(f"layer:{digest}", "b"))


def test_triggers_of_a_base_belong_to_the_stage() -> None:
    build = MemoryBuild(
        "FROM onbuild\nRUN make b",
        context={"a": b"1"},
        commands={"make b": writes("b")},
        single_snapshot=True,
    )
    config = ContainerConfig(on_build=("COPY a /a",))
    build.add_base("onbuild", [layer(directory("etc"))], config)
    build.run()
    assert build.rows(-1) == ["f 0644 0:0 a", "f 0644 0:0 b"]
    assert len(build.published.manifest.layers) == 2


def test_layers_of_steps_are_not_compressed_and_that_of_the_stage_is() -> None:
    build = built("FROM scratch\nCOPY a /a\nCOPY a /b", context={"a": b"1" * 9000})
    (descriptor,) = build.published.manifest.layers
    assert compression_of(descriptor.media_type) is Compression.GZIP
    assert descriptor.size < 1000
    sizes = sorted(len(blob) for blob in build.layers.blobs.values())
    assert [size > 9000 for size in sizes] == [False, True, True]


def test_steps_report_no_layer_and_the_stage_does() -> None:
    build = built("FROM scratch\nCOPY a /a", context={"a": b"1"})
    sizes = [result.layer_size for _, result in build.reporter.finished]
    assert sizes == [None]
    assert any("one layer" in text for _, text in build.reporter.messages)
