"""What the executor tells of the layer cache, over a real registry."""

from __future__ import annotations

import re
from pathlib import Path

from integration.executor import Executor, write_context
from integration.services.registry import Registry

DOCKERFILE = """\
FROM base
ARG TOKEN
RUN echo one > /one
COPY src /src
RUN cat /src/f > /two
"""


def test_each_step_is_explained(
    registry: Registry, small_bases: Path, executor: Executor, tmp_path: Path
) -> None:
    registry.push_layout(small_bases, "busybox", "explained/base")
    text = DOCKERFILE.replace("base", f"{registry.host}/explained/base:latest")
    context = write_context(tmp_path / "context", text, {"src/f": "1"})

    def told(token: str) -> list[str]:
        outcome = executor.run(
            context,
            f"--destination={registry.host}/explained/app:1",
            "--cache",
            "--insecure",
            f"--build-arg=TOKEN={token}",
        ).check()
        lines = re.findall(r"(?:  line|Layer cache:) .*", outcome.log)
        return [line.strip() for line in lines]

    first = told("a-secret")
    assert len(first) == 4
    assert first[-1].startswith("Layer cache: 0 found, 2 missed, 0.0s saved, ")
    second = told("a-secret")
    assert [line.partition(": ")[2].partition(",")[0] for line in second[:3]] == [
        "hit",
        "not kept",
        "hit",
    ]
    saved = re.fullmatch(
        r"Layer cache: 2 found, 0 missed, \d+\.\ds saved, "
        r"(\S+ \S+) of layers not downloaded",
        second[-1],
    )
    assert saved is not None
    assert saved[1] != "0 B"
    (context / "src/f").write_text("2")
    third = told("a-secret")
    assert third[1] == "line 4, COPY src /src: not kept, changed: file src/f"
    assert third[2] == "line 5, RUN cat /src/f > /two: miss, works on what line 4 made"
    fourth = told("another-secret")
    assert fourth[0] == "line 3, RUN echo one > /one: miss, changed: ARG TOKEN"
    kept = [path.read_bytes() for path in registry.storage.rglob("data")]
    assert any(b"ARG TOKEN" in data for data in kept)
    assert not any(b"-secret" in data for data in kept if b'"salt"' in data)
