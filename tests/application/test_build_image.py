"""Whole builds, every port in memory: stages, their bases, what they copy."""

from __future__ import annotations

import threading

import pytest

from adapters.memory.context import MemoryBuildContext, MemoryContextSource
from adapters.memory.filesystem import MemoryRoot, MemoryRoots
from adapters.memory.images import MemoryImageDestination, MemoryImageSource
from application.errors import (
    CommandFailed,
    ContextUnavailable,
    DigestMismatch,
    DockerfileUnavailable,
    FilesystemError,
    IsolationUnavailable,
    ManifestUnknown,
    SourceUnavailable,
    Unauthorized,
)
from application.options import DirectoryContext, NamedContext
from application.ports.images import BuiltImage, OpenLayer
from domain.build.effect import Materialise, ReadLayers, RunProcess, WriteLayer
from domain.build.process import ProcessSpec
from domain.errors import (
    BuildRuleError,
    DockerfileError,
    InvalidReference,
    KanipyError,
)
from domain.image.config import ContainerConfig
from domain.image.digest import Digest
from domain.image.media_type import Vendor
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.exclusion import Exclusions
from tests.support.archives import file, layer
from tests.support.memory_build import (
    BASE_CONFIG,
    BASE_LAYERS,
    MemoryBuild,
    fails,
    inputs,
    writes,
)

ARM = "linux/arm64"


def built(dockerfile: str, **parts: object) -> MemoryBuild:
    """Build a Dockerfile that is good."""
    build = MemoryBuild(dockerfile, **parts)  # type: ignore[arg-type]
    build.run()
    return build


def failed(build: MemoryBuild) -> KanipyError:
    """Build what cannot be built; whatever it is, nothing may come out of it."""
    with pytest.raises(KanipyError) as caught:
        build.run()
    assert build.destination.published == []
    assert build.results.files == {}
    assert all(root.discarded for root in build.roots.created.values())
    return caught.value


# ------------------------------------------------------------------- a single stage


def test_metadata_alone_touches_no_layer_of_the_base() -> None:
    build = built("FROM base\nENV A=1\nLABEL l=1\nUSER 5\nCMD x")
    assert build.performed == []
    assert build.roots.created == {}
    layers = [each.digest for each in build.published.manifest.layers]
    assert layers == [each.descriptor.digest for each in BASE_LAYERS]
    assert build.config.config.env == (("PATH", "/bin"), ("A", "1"))
    assert build.config.config.user == "5"


def test_a_stage_without_run_reads_its_base_and_never_unpacks_it() -> None:
    text = "FROM base\nCOPY f /srv/\nWORKDIR /new\nADD f /www/g"
    build = built(text, context={"f": b"1"})
    assert build.performed == [ReadLayers, *[WriteLayer] * 3]
    assert build.roots.created == {}
    assert build.new_rows() == [
        ["d 0711 0:0 srv", "f 0644 0:0 srv/f"],
        ["d 0755 0:0 new"],
        ["d 0711 0:0 srv", "f 0644 0:0 srv/g"],
    ]


def test_copy_link_needs_nothing_of_the_base() -> None:
    build = built("FROM base\nCOPY --link f /srv/f", context={"f": b"1"})
    assert build.performed == [WriteLayer]
    assert build.new_rows() == [["d 0755 0:0 srv", "f 0644 0:0 srv/f"]]


def test_copy_after_copy_link_knows_what_it_made() -> None:
    text = "FROM base\nCOPY --link f /srv/x/f\nCOPY f /srv/x/g"
    build = built(text, context={"f": b"1"})
    assert build.new_rows()[1] == [
        *("d 0755 0:0 srv", "d 0755 0:0 srv/x"),
        "f 0644 0:0 srv/x/g",
    ]


def test_copy_link_is_there_for_a_later_run() -> None:
    seen = {}

    def look(root: MemoryRoot, process: ProcessSpec) -> None:
        seen.update({entry.path: entry for entry in root.tree})

    text = "FROM base\nCOPY --link f /srv/x\nRUN look"
    build = built(text, context={"f": b"1"}, commands={"look": look})
    assert build.performed == [WriteLayer, Materialise, RunProcess]
    assert "srv/x" in seen


def test_scratch_starts_with_a_path_and_no_layer() -> None:
    build = built("FROM scratch\nCOPY f /f", context={"f": b"1"})
    assert build.rows(0) == ["f 0644 0:0 f"]
    assert len(build.config.diff_ids) == 1
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    assert build.config.config.env == (("PATH", path),)
    assert str(build.config.platform) == "linux/amd64"


def test_a_run_makes_a_layer_of_its_changes() -> None:
    def change(root: MemoryRoot, process: ProcessSpec) -> None:
        root.write_file("srv/new", b"1", 0o600)
        root.remove("bin/sh")
        root.make(FileEntry("tmp/l", FileType.SYMLINK, link_target="x"))

    build = built("FROM base\nRUN change", commands={"change": change})
    assert build.performed == [Materialise, RunProcess]
    assert build.new_rows() == [
        [
            "d 0755 0:0 bin",
            "d 0711 0:0 srv",
            "f 0600 0:0 srv/new",
            "d 1777 0:0 tmp",
            "l 0:0 tmp/l -> x",
            "- bin/sh",
        ]
    ]
    assert build.tree().get("bin/sh") is None


def test_a_run_to_come_is_reason_enough_to_unpack_at_once() -> None:
    commands = {"x": writes("x")}
    build = built("FROM base\nCOPY f /f\nRUN x", context={"f": b""}, commands=commands)
    assert build.performed == [Materialise, WriteLayer, RunProcess]


def test_copy_between_two_runs_enters_its_own_layer_only() -> None:
    text = "FROM base\nCOPY a /srv/\nRUN one\nCOPY b /srv/\nWORKDIR /w\nRUN two"
    commands = {"one": writes("srv/one"), "two": writes("srv/b", b"changed")}
    build = built(text, context={"a": b"1", "b": b"2"}, commands=commands)
    assert build.new_rows() == [
        ["d 0711 0:0 srv", "f 0644 0:0 srv/a"],
        ["d 0711 0:0 srv", "f 0644 0:0 srv/one"],
        ["d 0711 0:0 srv", "f 0644 0:0 srv/b"],
        ["d 0755 0:0 w"],
        ["d 0711 0:0 srv", "f 0644 0:0 srv/b"],
    ]
    assert len(build.roots.created) == 1
    assert build.performed.count(Materialise) == 1


def test_a_user_made_by_run_owns_what_is_copied_after_it() -> None:
    def useradd(root: MemoryRoot, process: ProcessSpec) -> None:
        known = b"root:x:0:0::/root:\napp:x:1000:1001::/home/app:\n"
        root.write_file("etc/passwd", known)

    text = "FROM base\nRUN useradd app\nCOPY --chown=app f /f\nUSER app\nRUN id"
    ran: list[ProcessSpec] = []
    commands = {
        "useradd app": useradd,
        "id": lambda root, process: ran.append(process),
    }
    build = built(text, context={"f": b"1"}, commands=commands)
    assert build.new_rows()[1] == ["f 0644 1000:1001 f"]
    (process,) = ran
    assert (process.uid, process.gid) == (1000, 1001)
    assert dict(process.environment)["HOME"] == "/home/app"


def test_accounts_are_those_the_account_files_resolve_to() -> None:
    def move(root: MemoryRoot, process: ProcessSpec) -> None:
        root.write_file("srv/users", b"other:x:7:8:::\n")
        root.make(FileEntry("etc/passwd", FileType.SYMLINK, link_target="../srv/users"))

    text = "FROM base\nRUN move\nCOPY --chown=other f /f"
    build = built(text, context={"f": b"1"}, commands={"move": move})
    assert build.new_rows()[-1] == ["f 0644 7:8 f"]


def test_a_run_that_changes_nothing_makes_no_layer_but_a_history_entry() -> None:
    build = built("FROM base\nRUN true", commands={"true": lambda root, process: 0})
    assert build.new_rows() == []
    entry = build.config.history[-1]
    assert entry.created_by == "RUN /bin/sh -c true # buildkit"
    assert entry.empty_layer


def test_as_many_history_entries_with_a_layer_as_layers() -> None:
    text = "FROM base\nENV a=1\nCOPY f /f\nWORKDIR /tmp\nWORKDIR /n\nRUN true"
    commands = {"true": lambda root, process: 0}
    build = built(text, context={"f": b"1"}, commands=commands)
    filled = [entry for entry in build.config.history if not entry.empty_layer]
    assert len(filled) == len(build.config.diff_ids) == len(BASE_LAYERS) + 2
    assert build.history == [
        "ENV a=1",
        "COPY f /f # buildkit",
        "WORKDIR /tmp",
        "WORKDIR /n",
        "RUN /bin/sh -c true # buildkit",
    ]


def test_history_and_config_have_the_time_of_the_build() -> None:
    build = built("FROM base\nENV a=1")
    assert build.config.created == "2023-11-14T22:13:20Z"
    assert build.config.history[-1].created == build.config.created
    assert build.config.history[-1].comment == "kanipy"


def test_the_same_build_twice_gives_the_same_digest() -> None:
    text = "FROM base\nCOPY . /x/\nRUN touch"
    first, second = (
        built(text, context={"f": b"1"}, commands={"touch": writes("new")})
        for _ in range(2)
    )
    assert first.published.manifest.digest == second.published.manifest.digest


# ------------------------------------------------------------------------ COPY, ADD


def test_an_ignored_file_counts_as_missing() -> None:
    context = {"drop.log": b"", "keep": b""}
    error = failed(
        MemoryBuild("FROM base\nCOPY drop.log /x", context=context, ignore="*.log")
    )
    assert error.message == "'/drop.log' not found in the build context"
    assert error.place == "Dockerfile:2"
    assert error.hint


def test_ignored_files_are_left_out_of_a_directory() -> None:
    context = {"d/drop.log": b"", "d/keep": b""}
    build = built("FROM base\nCOPY d /d", context=context, ignore="**/*.log")
    assert build.new_rows() == [["d 0755 0:0 d", "f 0644 0:0 d/keep"]]


def test_contents_are_those_of_the_context() -> None:
    build = built("FROM base\nCOPY f g /n/", context={"f": b"1", "g": b"22"})
    entry = build.tree().get("n/g")
    assert entry is not None
    assert entry.sha256 == Digest.of(b"22").hex


def test_a_heredoc_is_written() -> None:
    build = built("FROM base\nARG who=world\nCOPY <<E /f\nhi $who\nE")
    entry = build.tree().get("f")
    assert entry is not None
    assert entry.sha256 == Digest.of(b"hi world\n").hex


def test_copy_from_a_stage_that_ran_something() -> None:
    text = """\
FROM base AS Builder
RUN make
FROM scratch
COPY --from=builder /srv/out /out
COPY --from=0 /srv/data /data
"""
    commands = {"make": writes("srv/out", b"made", 0o755)}
    build = built(text, commands=commands)
    assert build.new_rows() == [["f 0755 0:0 out"], ["f 0644 5:6 data"]]
    out = build.tree().get("out")
    assert out is not None
    assert out.sha256 == Digest.of(b"made").hex
    assert all(root.discarded for root in build.roots.created.values())


def test_copy_from_a_stage_that_ran_nothing_unpacks_nothing() -> None:
    text = """\
FROM base AS a
COPY f /srv/f
FROM scratch
COPY --from=a /www/f /www/data /
"""
    build = built(text, context={"f": b"1"})
    assert build.new_rows() == [["f 0644 5:6 data", "f 0644 0:0 f"]]
    assert build.roots.created == {}


def test_copy_from_an_image() -> None:
    build = MemoryBuild(
        "FROM scratch\nCOPY --from=other /f /g\nCOPY --from=other /f /h"
    )
    build.add_base("other", [layer(file("f", b"other", uid=3))])
    build.run()
    assert build.new_rows() == [["f 0644 3:0 g"], ["f 0644 3:0 h"]]
    assert len(build.layers.fetched) == 1
    assert build.roots.created == {}


def test_copy_from_an_image_whose_layer_links_to_a_lower_one() -> None:
    lower = layer(file("a", b"linked"))
    upper = layer(file("pad"), *[])
    build = MemoryBuild("FROM scratch\nCOPY --from=other /a /b")
    build.add_base("other", [lower, upper])
    build.run()
    entry = build.tree().get("b")
    assert entry is not None
    assert entry.sha256 == Digest.of(b"linked").hex


def test_copy_from_a_named_context() -> None:
    build = MemoryBuild("FROM scratch\nCOPY --from=extra f /g\nCOPY --from=extra f /h")
    extra = MemoryBuildContext({"f": b"extra"})
    build.named_contexts["extra"] = MemoryContextSource(extra)
    build.run()
    assert build.new_rows() == [["f 0644 0:0 g"], ["f 0644 0:0 h"]]
    assert extra.opened == [".dockerignore", "f", "f"]


def test_a_named_context_has_an_ignore_file_of_its_own() -> None:
    build = MemoryBuild("FROM scratch\nCOPY --from=extra . /", ignore="kept")
    files = {".dockerignore": b"left\n", "left": b"", "kept": b""}
    build.named_contexts["extra"] = MemoryContextSource(MemoryBuildContext(files))
    build.run()
    assert build.new_rows() == [["f 0644 0:0 .dockerignore", "f 0644 0:0 kept"]]


def test_an_ignore_file_of_a_named_context_is_bounded() -> None:
    build = MemoryBuild("FROM scratch\nCOPY --from=extra . /")
    files = {".dockerignore": b"#" * ((16 << 20) + 1)}
    build.named_contexts["extra"] = MemoryContextSource(MemoryBuildContext(files))
    assert "larger than 16 MiB" in failed(build).message


def test_a_named_context_stands_for_the_stage_of_its_name() -> None:
    directory = DirectoryContext(path="/extra")
    options = inputs(named_contexts=(NamedContext(name="Extra", source=directory),))
    text = "FROM scratch AS extra\nCOPY no /f\nFROM base\nCOPY --from=extra f /g"
    build = MemoryBuild(text, options=options)
    build.named_contexts["extra"] = MemoryContextSource(MemoryBuildContext({"f": b""}))
    build.run()
    assert build.new_rows() == [["f 0644 0:0 g"]]


def test_a_target_that_a_named_context_replaces_is_refused() -> None:
    directory = DirectoryContext(path="/extra")
    named = (NamedContext(name="extra", source=directory),)
    build = MemoryBuild(
        "FROM scratch AS extra", options=inputs(named_contexts=named, target="extra")
    )
    assert "is replaced by --build-context" in failed(build).message


def test_what_is_missing_in_a_source_names_the_source() -> None:
    text = "FROM base AS one\nFROM scratch\nCOPY --from={} /none /x"
    build = MemoryBuild(text.format("one"))
    assert failed(build).message == "'/none' not found in stage one"
    build = MemoryBuild(text.format("base"))
    assert failed(build).message == "'/none' not found in image base"
    build = MemoryBuild(text.format("extra"))
    build.named_contexts["extra"] = MemoryContextSource(MemoryBuildContext())
    assert failed(build).message == "'/none' not found in the build context extra"


# --------------------------------------------------------------------------- stages


def test_from_a_stage_goes_on_where_that_one_ended() -> None:
    text = """\
FROM base AS a
ARG A=inbase
ENV E=$A
CMD ["inherited"]
COPY f /f
RUN one
FROM a
RUN two
ENTRYPOINT ["start"]
LABEL seen=$A
"""
    seen: list[FileEntry | None] = []
    ran: list[ProcessSpec] = []

    def two(root: MemoryRoot, process: ProcessSpec) -> None:
        seen.append(root.tree.get("one"))
        ran.append(process)

    commands = {"one": writes("one"), "two": two}
    build = built(text, context={"f": b"1"}, commands=commands)
    assert seen[0] is not None
    assert dict(ran[0].environment)["A"] == "inbase"
    assert build.new_rows() == [["f 0644 0:0 f"], ["f 0644 0:0 one"]]
    assert build.config.config.labels == {"seen": "inbase"}
    assert build.config.config.cmd is None
    assert build.history[-2:] == [
        'ENTRYPOINT ["start"]',
        "LABEL seen=inbase",
    ]


def test_only_stages_the_target_needs_are_built() -> None:
    text = """\
FROM missing/image AS broken
RUN exit 1
FROM base AS wanted
COPY f /f
FROM base
RUN exit 1
"""
    build = built(text, context={"f": b"1"}, options=inputs(target="Wanted"))
    assert build.new_rows() == [["f 0644 0:0 f"]]


def test_a_stage_needed_twice_is_built_once() -> None:
    text = """\
FROM base AS a
RUN one
FROM a AS b
FROM a
COPY --from=b /one /two
"""
    build = built(text, commands={"one": writes("one")})
    assert len(build.runner.started) == 1


def test_of_two_stages_of_one_name_the_later_is_meant() -> None:
    text = """\
FROM scratch AS a
COPY one /f
FROM scratch AS a
COPY two /f
FROM scratch
COPY --from=a /f /f
"""
    build = built(text, context={"one": b"1", "two": b"22"})
    (row,) = build.index(0).entries.values()
    assert row.size == 2


def test_arguments_before_from_reach_a_stage_only_where_it_declares_them() -> None:
    text = """\
ARG REPO=ba
ARG V=1
FROM ${REPO}se AS a
LABEL before="[$V]"
ARG V
LABEL after="[$V]"
ARG V=2
LABEL again="[$V]"
FROM a
LABEL inherited="[$V]"
FROM base
LABEL unrelated="[$V]"
"""
    build = built(text, options=inputs(build_args=(("V", "given"),), target=""))
    assert build.config.config.labels == {"unrelated": "[]"}
    text = text.rsplit("FROM", 1)[0]
    build = built(text, options=inputs(build_args=(("V", "given"),)))
    assert build.config.config.labels == {
        "before": "[]",
        "after": "[given]",
        "again": "[given]",
        "inherited": "[given]",
    }


# -------------------------------------------------------------------------- ONBUILD

TRIGGERS = (
    "ARG OB=default",
    "ENV FROM_ONBUILD=$OB",
    "COPY f /onb/",
    "RUN trigger",
)


def test_triggers_of_the_base_run_first_and_are_gone() -> None:
    given = inputs(build_args=(("OB", "given"),))
    ran: list[ProcessSpec] = []
    commands = {
        "trigger": writes("onb/ran"),
        "own": lambda root, process: ran.append(process),
    }
    text = "FROM base/onb\nRUN own"
    build = MemoryBuild(text, context={"f": b"1"}, commands=commands, options=given)
    config = ContainerConfig(env=(("PATH", "/bin"),), on_build=TRIGGERS)
    build.add_base("base/onb", config=config)
    build.run()
    assert dict(ran[0].environment)["FROM_ONBUILD"] == "given"
    assert build.new_rows() == [
        ["d 0755 0:0 onb", "f 0644 0:0 onb/f"],
        ["d 0755 0:0 onb", "f 0644 0:0 onb/ran"],
    ]
    assert build.config.config.on_build == ()
    assert build.warnings == []


def test_triggers_of_a_stage_run_in_the_stages_built_on_it() -> None:
    text = "FROM base AS a\nONBUILD COPY f /t\nFROM a\nENV x=1"
    build = built(text, context={"f": b"1"})
    assert build.history == ["ONBUILD COPY f /t", "COPY f /t # buildkit", "ENV x=1"]


def test_triggers_are_not_run_in_the_stage_that_records_them() -> None:
    build = built("FROM base\nONBUILD RUN no")
    assert build.config.config.on_build == ("RUN no",)
    assert build.performed == []


def test_a_stage_that_only_a_trigger_names_is_built() -> None:
    text = """\
FROM base AS helper
RUN help
FROM base/onb
"""
    build = MemoryBuild(text, commands={"help": writes("helped")})
    config = ContainerConfig(on_build=("COPY --from=helper /helped /h",))
    build.add_base("base/onb", config=config)
    build.run()
    assert build.new_rows() == [["f 0644 0:0 h"]]


def test_a_wrong_trigger_names_the_line_of_from() -> None:
    build = MemoryBuild("ARG x\nFROM base/onb")
    build.add_base("base/onb", config=ContainerConfig(on_build=("NONSENSE",)))
    error = failed(build)
    assert error.place == "Dockerfile:2"
    assert "NONSENSE" in error.message
    assert error.hint


# --------------------------------------------------------------------------- images


def test_a_named_image_is_taken_instead_of_the_registrys() -> None:
    build = MemoryBuild("FROM debian:12\nCOPY --from=debian:12 /f /g")
    source = MemoryImageSource()
    build.add_base("debian:12", [layer(file("f", b"named"))], into=source)
    build.named_images["docker.io/library/debian:12"] = source
    build.run()
    assert build.rows(0) == ["f 0644 0:0 f"]
    assert build.registry.opened == []


def test_the_family_of_media_types_is_the_bases() -> None:
    build = MemoryBuild("FROM other\nCOPY f /f", context={"f": b"1"})
    build.add_base("other", vendor=Vendor.DOCKER)
    build.run()
    types = {each.media_type for each in build.published.manifest.layers}
    assert build.published.manifest.vendor is Vendor.DOCKER
    assert types == {"application/vnd.docker.image.rootfs.diff.tar.gzip"}


def test_layers_of_the_base_are_told_where_they_come_from() -> None:
    build = built("FROM base\nCOPY f /f", context={"f": b"1"})
    origins = build.published.origins
    assert set(origins) == {each.descriptor.digest for each in BASE_LAYERS}
    assert {str(image.reference) for image in origins.values()} == {"base:latest"}


# ------------------------------------------------------------------------- failures


def test_a_failing_run_carries_its_status_and_line_and_publishes_nothing() -> None:
    text = "FROM base\nCOPY f /f\n\nRUN boom && \\\n  bang"
    commands = {"boom &&   bang": fails(42)}
    error = failed(MemoryBuild(text, context={"f": b"1"}, commands=commands))
    assert isinstance(error, CommandFailed)
    assert error.exit_status == 42
    assert error.place == "Dockerfile:4"
    assert error.message == (
        "the command '/bin/sh -c boom &&   bang' ended with exit status 42"
    )
    assert error.hint == "its output above tells why"


def test_only_the_first_line_of_a_failing_script_is_shown() -> None:
    text = "FROM base\nRUN <<E\nfirst\nsecond\nE"
    error = failed(MemoryBuild(text, commands={"first\nsecond\n": fails(1)}))
    assert error.message == "the command '/bin/sh -c first …' ended with exit status 1"


def test_a_failure_in_a_stage_another_one_copies_from_names_its_own_line() -> None:
    text = """\
FROM base AS helper
RUN boom
FROM base/onb
"""
    build = MemoryBuild(text, commands={"boom": fails(3)})
    config = ContainerConfig(on_build=("COPY --from=helper /x /x",))
    build.add_base("base/onb", config=config)
    assert failed(build).place == "Dockerfile:2"


def test_output_of_run_is_passed_on() -> None:
    build = built("FROM base\nRUN hello", commands={"hello": writes("x")})
    assert build.reporter.stdout == b"$ hello"


@pytest.mark.parametrize(
    ("text", "kind", "place", "message"),
    [
        ("FROM base\nFOO", DockerfileError, "Dockerfile:2", "FOO"),
        ("FROM base\nCOPY a[ /x", DockerfileError, "Dockerfile:2", "malformed pattern"),
        (
            "FROM base\nCOPY none /x",
            BuildRuleError,
            "Dockerfile:2",
            "'/none' not found",
        ),
        ("FROM base\n\nEXPOSE x", BuildRuleError, "Dockerfile:3", "invalid port 'x'"),
        ("FROM base\nUSER ghost\nRUN x", BuildRuleError, "Dockerfile:3", "ghost"),
        ("FROM base\nENV a=${b:?no}", DockerfileError, "Dockerfile:2", "no"),
        (
            "FROM nothing",
            ManifestUnknown,
            "Dockerfile:1: index.docker.io/library/nothing",
            "nothing",
        ),
        ("FROM UPPER", InvalidReference, "Dockerfile:1: image 'UPPER'", "upper-case"),
        ("FROM a@sha256:1", KanipyError, "Dockerfile:1", "sha256 digest"),
        ("FROM --platform=toaster base", DockerfileError, "Dockerfile:1", "toaster"),
        ("ARG B\nFROM $B", DockerfileError, "Dockerfile:2", "the base image '$B' is"),
        (
            "FROM base\nCOPY --from=9 /x /x",
            DockerfileError,
            "Dockerfile:2",
            "stage 9 cannot be copied from",
        ),
        (
            "FROM base\nCOPY --from=nothing /x /x",
            ManifestUnknown,
            "Dockerfile:2: index.docker.io/library/nothing",
            "nothing",
        ),
        (
            "FROM base\nADD https://user:secret@host/x /x",
            SourceUnavailable,
            "Dockerfile:2: https://host/x",
            "the server answered 404 Not Found",
        ),
        (
            "FROM base\nADD git@github.com:o/r.git#main /x",
            SourceUnavailable,
            "Dockerfile:2: git@github.com:o/r.git#main",
            "the repository cannot be found",
        ),
        (
            "FROM base\nRUN --mount=source=no,target=/c x",
            BuildRuleError,
            "Dockerfile:2",
            "'/no' not found in the build context",
        ),
    ],
)
def test_bad_input_names_its_place(
    text: str, kind: type[KanipyError], place: str, message: str
) -> None:
    error = failed(MemoryBuild(text))
    assert isinstance(error, kind)
    assert error.place == place
    assert message in error.message
    assert "secret" not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nothing", "no stage before line 2 is named nothing"),
        ("some/nothing", "check the name"),
    ],
)
def test_a_from_that_is_neither_stage_nor_image_may_be_a_typing_error(
    name: str, hint: str
) -> None:
    error = failed(MemoryBuild(f"FROM base\nCOPY --from={name} /x /x"))
    assert isinstance(error, ManifestUnknown)
    assert error.hint == hint


def test_a_missing_dockerfile() -> None:
    assert isinstance(failed(MemoryBuild(None)), DockerfileUnavailable)


def test_an_unknown_target() -> None:
    error = failed(MemoryBuild("FROM base AS a", options=inputs(target="nope")))
    assert "'nope' does not exist" in error.message
    assert error.hint == "named stages are: a"


def test_a_directory_of_the_context_that_cannot_be_read() -> None:
    context = MemoryBuildContext({"d/f": b"1"}, unreadable=["d"])
    error = failed(MemoryBuild("FROM base\nCOPY d /d", context=context))
    assert isinstance(error, ContextUnavailable)


def test_a_word_that_is_neither_stage_nor_image_is_called_so() -> None:
    error = failed(MemoryBuild("FROM base\nCOPY --from=biuld /x /x"))
    assert error.hint == "no stage before line 2 is named biuld"


def test_a_directory_as_a_base_is_refused_with_what_to_write() -> None:
    build = MemoryBuild("FROM extra")
    build.named_contexts["extra"] = MemoryContextSource(MemoryBuildContext())
    error = failed(build)
    assert error.message == "FROM extra: that build context holds files, and no image"
    assert error.place == "Dockerfile:1"
    assert "COPY --from=extra . /" in (error.hint or "")


def test_a_damaged_layer_of_the_base_is_noticed() -> None:
    build = MemoryBuild("FROM base\nCOPY f /f", context={"f": b"1"})
    digest = BASE_LAYERS[1].descriptor.digest
    build.registry.blobs[digest] = b"x" * BASE_LAYERS[1].descriptor.size
    assert isinstance(failed(build), DigestMismatch)


def test_a_machine_that_cannot_run_processes_still_builds_what_needs_none() -> None:
    reason = "no namespaces"
    error = failed(MemoryBuild("FROM base\nRUN x", refusal=reason))
    assert isinstance(error, IsolationUnavailable)
    assert error.place == "Dockerfile:2"
    built("FROM base\nCOPY f /f", context={"f": b"1"}, refusal=reason)


def test_destinations_are_asked_before_anything_is_built() -> None:
    refused = Unauthorized("no", registry="r")
    build = MemoryBuild("FROM base\nRUN x")
    build.destinations.append(MemoryImageDestination(problem=refused))
    assert failed(build) is refused
    assert build.destination.checks == 1
    assert build.reporter.started == []


# -------------------------------------------------------------------------- telling


def test_unused_build_arguments_are_named_at_the_end() -> None:
    given = (
        ("USED", "1"),
        ("GLOBAL", "1"),
        ("ELSEWHERE", "1"),
        ("http_proxy", "p"),
        ("BUILDKIT_INLINE_CACHE", "1"),
        ("SOURCE_DATE_EPOCH", "0"),
        ("TYPO", "s3cret"),
        ("OTHER", "1"),
    )
    text = "ARG GLOBAL\nFROM base AS x\nARG ELSEWHERE\nFROM base\nARG USED"
    build = built(text, options=inputs(build_args=given))
    assert build.warnings == ["build arguments were not consumed: TYPO, OTHER"]


def test_remarks_on_the_dockerfile_are_warnings_with_their_line() -> None:
    build = built("FROM base\nENV legacy form")
    (warning,) = build.warnings
    assert warning.startswith("Dockerfile:2: LegacyKeyValueFormat: ")


def test_steps_are_told_as_they_come_and_go() -> None:
    text = "FROM base AS a\nENV x=1\nCOPY f \\\n  /f"
    build = built(text, context={"f": b"1"})
    first, second = build.reporter.started
    assert (first.stage, first.number, first.count, first.line) == ("a", 1, 2, 2)
    assert second.text == "COPY f   /f"
    sizes = [result.layer_size for _, result in build.reporter.finished]
    assert sizes == [None, build.published.manifest.layers[-1].size]


def test_a_failed_step_is_not_told_as_finished() -> None:
    build = MemoryBuild("FROM base\nRUN boom", commands={"boom": fails(1)})
    failed(build)
    assert build.reporter.finished == []


def test_roots_are_removed_at_the_end_and_earlier_where_nobody_copies() -> None:
    order: list[bool] = []
    text = "FROM base AS a\nRUN one\nFROM a\nRUN two"
    build = MemoryBuild(
        text,
        commands={
            "one": writes("one"),
            "two": lambda root, process: order.append(
                build.roots.created["/memory/stage-0"].discarded
            ),
        },
    )
    build.run()
    assert order == [True]
    assert all(root.discarded for root in build.roots.created.values())


class _Patient(MemoryImageDestination):
    """Publishes once an event has come, and remembers whether it came."""

    def __init__(self, event: threading.Event) -> None:
        super().__init__()
        self.event = event
        self.came = False

    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        self.came = self.event.wait(10)
        super().publish(image, open_layer)


class _WatchedRoots(MemoryRoots):
    """Tells when a root is discarded, and may refuse that."""

    def __init__(self, error: KanipyError | None = None) -> None:
        super().__init__()
        self.event = threading.Event()
        self.error = error

    def create(self, name: str) -> MemoryRoot:
        watched = self

        class Root(MemoryRoot):
            def discard(self) -> None:
                watched.event.set()
                if watched.error is not None:
                    raise watched.error
                super().discard()

        root = Root(f"/memory/{name}", Exclusions())
        self.created[root.path] = root
        return root


def _watched_build(roots: _WatchedRoots) -> tuple[MemoryBuild, _Patient]:
    build = MemoryBuild("FROM base\nRUN one", commands={"one": writes("one")})
    build.roots = roots
    patient = _Patient(roots.event)
    build.destinations = [patient]
    return build, patient


def test_the_last_root_is_removed_while_the_image_is_published() -> None:
    build, patient = _watched_build(_WatchedRoots())
    build.run()
    assert patient.came
    assert all(root.discarded for root in build.roots.created.values())


def test_a_root_that_cannot_be_removed_is_told() -> None:
    error = FilesystemError("cannot remove a root file system", place="/memory")
    build, patient = _watched_build(_WatchedRoots(error))
    with pytest.raises(FilesystemError, match="cannot remove"):
        build.run()
    assert patient.came


def test_a_root_that_somebody_copies_from_is_kept_until_then() -> None:
    gone: list[bool] = []
    text = "FROM base AS a\nRUN one\nFROM base\nCOPY --from=a /one /\nRUN two"
    build = MemoryBuild(
        text,
        commands={
            "one": writes("one"),
            "two": lambda root, process: gone.append(
                build.roots.created["/memory/stage-0"].discarded
            ),
        },
    )
    build.run()
    assert gone == [False]
    assert build.roots.created["/memory/stage-0"].discarded


def test_the_config_of_the_base_is_inherited() -> None:
    assert built("FROM base\nENV a=1").config.config.cmd == BASE_CONFIG.cmd
