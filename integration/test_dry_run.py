"""`--dryrun` over a real registry: what a build then does is told, nothing written."""

from __future__ import annotations

from pathlib import Path

from integration.executor import Executor, Outcome, named_base, write_context
from integration.image_comparison.comparison import load_image
from integration.services.bases import SMALL_BASES
from integration.services.registry import Registry

DOCKERFILE = """\
FROM base AS tools
RUN echo one > /one
FROM base
COPY src /src
COPY --from=tools /one /one
RUN cat /src/f /one > /two
"""


def test_a_dry_run_tells_and_does_nothing(
    registry: Registry, small_bases: Path, executor: Executor, tmp_path: Path
) -> None:
    registry.push_layout(small_bases, "busybox", "planned/base")
    text = DOCKERFILE.replace("base", f"{registry.host}/planned/base:latest")
    context = write_context(tmp_path / "context", text, {"src/f": "1"})
    image = f"{registry.host}/planned/app:1"
    result = tmp_path / "digest"

    def run(*flags: str) -> Outcome:
        return executor.run(
            context,
            f"--destination={image}",
            f"--digest-file={result}",
            "--cache",
            "--insecure",
            *flags,
        ).check()

    before = _stored(registry)
    first = run("--dryrun")
    assert "RUN echo one > /one: miss, executed" in first.log
    assert "COPY --from=tools /one /one: depends on RUN, line 2" in first.log
    assert f"Would write {image}" in first.log
    assert _stored(registry) == before
    assert first.output == ""
    assert not result.exists()
    run()
    built, requests = _stored(registry), registry.log.stat().st_size
    second = run("--dryrun")
    assert "RUN echo one > /one: hit, layer of " in second.log
    assert "COPY src /src: layer of 1 file, 1 B" in second.log
    assert "RUN cat /src/f /one > /two: hit, layer of " in second.log
    assert second.log.count("root file system: not needed") == 2
    assert _stored(registry) == built
    with registry.log.open("rb") as log:
        log.seek(requests)
        asked = log.read()
    assert b"GET /v2/planned" in asked
    for method in (b"POST /v2", b"PUT /v2", b"PATCH /v2"):
        assert method not in asked


def test_a_build_may_tell_its_plan_before(executor: Executor, tmp_path: Path) -> None:
    context = write_context(tmp_path / "context", DOCKERFILE, {"src/f": "1"})
    image = tmp_path / "image"
    base = named_base("base", SMALL_BASES, "busybox")
    told = executor.layout(context, image, base, environment={"KANIKO_PRINT_PLAN": "1"})
    plan, _, rest = told.log.partition("; the build follows")
    assert "Planning tools on base" in plan
    assert "RUN echo one > /one: executed" in plan
    assert f"Would write oci-layout://{image}" in plan
    assert "Building" not in plan
    assert "Building tools on base" in rest
    files = load_image(f"oci:{image}", tmp_path).files
    assert {"one", "two", "src/f"} <= set(files)


def _stored(registry: Registry) -> set[Path]:
    return {path for path in registry.storage.rglob("*") if path.is_file()}
