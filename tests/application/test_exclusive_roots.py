"""Builds whose root is one and the same for all stages.

The root in memory refuses to be made while another is left.
"""

from __future__ import annotations

from adapters.memory.filesystem import MemoryRoot
from domain.build.process import ProcessSpec
from domain.image.config import ContainerConfig
from tests.support.memory_build import MemoryBuild, writes


def test_a_stage_is_copied_from_when_its_root_is_gone() -> None:
    seen = []

    def look(root: MemoryRoot, process: ProcessSpec) -> None:
        del process
        seen.append(("made" in root.tree, "copied" in root.tree))

    build = MemoryBuild(
        """
FROM base AS first
RUN make
FROM base
COPY --from=first /made /copied
RUN look
""",
        commands={"make": writes("made"), "look": look},
        exclusive=True,
    )
    build.run()
    assert seen == [(False, True)]
    assert build.rows(-1) == ["f 0644 0:0 copied"]


def test_a_stage_that_waits_for_another_gets_its_root_anew() -> None:
    """A trigger of the base names a stage that nobody knew to be wanted."""
    seen = []

    def look(root: MemoryRoot, process: ProcessSpec) -> None:
        seen.append(sorted({"first", "made", "copied"} & {r.path for r in root.tree}))
        writes("last")(root, process)

    triggers = ("RUN first", "COPY --from=other /made /copied", "RUN look")
    build = MemoryBuild(
        "FROM base AS other\nRUN make\nFROM triggers\n",
        commands={"make": writes("made"), "first": writes("first"), "look": look},
        exclusive=True,
    )
    build.add_base("triggers", config=ContainerConfig(on_build=triggers))
    build.run()
    assert seen == [["copied", "first"]]
    assert [build.rows(number) for number in (-3, -2, -1)] == [
        ["f 0644 0:0 first"],
        ["f 0644 0:0 copied"],
        ["f 0644 0:0 last"],
    ]


def test_a_mount_of_a_stage_that_was_built_meanwhile() -> None:
    """The root of the RUN is made again after it was given up for the stage."""
    triggers = ("RUN first", "RUN --mount=from=other,target=/mnt look")
    build = MemoryBuild(
        "FROM base AS other\nRUN make\nFROM triggers\n",
        commands={
            "make": writes("made"),
            "first": writes("first"),
            "look": writes("last"),
        },
        exclusive=True,
    )
    build.add_base("triggers", config=ContainerConfig(on_build=triggers))
    build.run()
    assert build.rows(-1) == ["f 0644 0:0 last"]
