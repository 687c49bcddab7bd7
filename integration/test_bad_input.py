"""What is wrong is told in one line, with place and remedy, and nothing is pushed."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from integration.executor import Executor, Outcome, named_base, write_context
from integration.services.disks import memory_disk
from integration.services.processes import free_port
from integration.services.registry import Registry

BUSYBOX = "FROM busybox\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A build that cannot succeed.

    Attributes:
        name: What is wrong.
        dockerfile: Text of the Dockerfile, None for none at all.
        flags: Further flags.
        place: What the error's line begins with.
        error: Parts of the error's line.
        hint: A part of the remedy.
        push: Whether a destination is named.
    """

    name: str
    dockerfile: str | None
    flags: Sequence[str] = ()
    place: str = ""
    error: Sequence[str]
    hint: str
    push: bool = True


MISTAKES = (
    Mistake(
        name="no Dockerfile",
        dockerfile=None,
        place="Dockerfile: ",
        error=("no such Dockerfile",),
        hint="--dockerfile",
    ),
    Mistake(
        name="a syntax error",
        dockerfile=BUSYBOX + "\nENV a=1\nENV b=2 c\n",
        place="Dockerfile:4: ",
        error=("'c'",),
        hint="name=value",
    ),
    Mistake(
        name="an unknown instruction",
        dockerfile=BUSYBOX + "COPPY app /app\n",
        place="Dockerfile:2: ",
        error=("COPPY",),
        hint="COPY",
    ),
    Mistake(
        name="an unknown flag of an instruction",
        dockerfile=BUSYBOX + "COPY --chwon=1 app /app\n",
        place="Dockerfile:2: ",
        error=("--chwon",),
        hint="--chown",
    ),
    Mistake(
        name="an unknown flag",
        dockerfile=BUSYBOX,
        flags=("--destinatoin=x",),
        error=("--destinatoin",),
        hint="--destination",
    ),
    Mistake(
        name="an unknown target",
        dockerfile="FROM busybox AS build\nFROM busybox AS final\n",
        flags=("--target=finale",),
        error=("finale",),
        hint="final",
    ),
    Mistake(
        name="a missing source",
        dockerfile=BUSYBOX + "COPY app /app\nCOPY \\\n  missing.txt /there\n",
        place="Dockerfile:3: ",
        error=("missing.txt",),
        hint="ignore file",
    ),
    Mistake(
        name="a missing source in a stage",
        dockerfile="FROM busybox AS one\nFROM busybox\nCOPY --from=one /nope /\n",
        place="Dockerfile:3: ",
        error=("/nope", "stage one"),
        hint="path",
    ),
    Mistake(
        name="no destination",
        dockerfile=BUSYBOX,
        error=("--destination", "--no-push"),
        hint="REGISTRY/REPOSITORY:TAG",
        push=False,
    ),
)


def tag(registry: Registry, name: str) -> str:
    return f"{registry.host}/bad/{name.replace(' ', '-').lower()}:latest"


def check_refusal(outcome: Outcome, *error: str, hint: str) -> None:
    """Require status 1, one line with all parts of `error`, and a remedy."""
    assert outcome.status == 1, outcome.log
    assert all(part in outcome.error for part in error), outcome.log
    assert hint in outcome.hint, outcome.log
    assert outcome.hint, outcome.log


def nothing_pushed(registry: Registry, name: str) -> bool:
    repository = (
        tag(registry, name).removeprefix(f"{registry.host}/").rpartition(":")[0]
    )
    return registry.manifest(repository) is None


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """Offer a context with one file `app` and no Dockerfile."""
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "app").write_text("app")
    return tmp_path / "context"


@pytest.fixture
def builder(executor: Executor, small_bases: Path) -> Executor:
    """Offer the executor; `busybox` is there without a registry."""
    return replace(executor, flags=(named_base("busybox", small_bases, "busybox"),))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_told_in_one_line_with_place_and_remedy(
    mistake: Mistake, builder: Executor, registry: Registry, context: Path
) -> None:
    if mistake.dockerfile is not None:
        write_context(context, mistake.dockerfile)
    flags = [*mistake.flags]
    if mistake.push:
        flags.append(f"--destination={tag(registry, mistake.name)}")
    outcome = builder.run(context, *flags)
    check_refusal(outcome, *mistake.error, hint=mistake.hint)
    assert outcome.error.startswith(mistake.place)
    assert nothing_pushed(registry, mistake.name)


def test_the_same_build_without_a_mistake_is_pushed(
    builder: Executor, registry: Registry, context: Path
) -> None:
    write_context(context, BUSYBOX + "COPY app /app\n")
    builder.run(context, f"--destination={tag(registry, 'none')}").check()
    assert not nothing_pushed(registry, "none")


def test_a_registry_that_is_not_there_is_named(
    builder: Executor, context: Path, tmp_path: Path
) -> None:
    host = f"127.0.0.1:{free_port()}"
    write_context(context, BUSYBOX)
    outcome = builder.run(context, f"--destination={host}/x/y:z")
    check_refusal(outcome, host, "x/y", hint="port")
    write_context(context, f"FROM {host}/some/base\nCOPY app /\n")
    tar = tmp_path / "image.tar"
    outcome = builder.run(context, "--no-push", f"--tar-path={tar}", "-d", "x/y:z")
    check_refusal(outcome, "Dockerfile:1: ", host, "some/base", hint="port")
    assert not tar.exists()


def test_a_registry_that_wants_an_account_is_named(
    builder: Executor, private_registry: Registry, small_bases: Path, context: Path
) -> None:
    base = private_registry.push_layout(small_bases, "busybox", "bad/base")
    write_context(context, BUSYBOX)
    outcome = builder.run(context, f"--destination={tag(private_registry, 'x')}")
    check_refusal(outcome, private_registry.host, "bad/x", hint="config.json")
    write_context(context, f"FROM {base}\nCOPY app /\n")
    outcome = builder.run(context, "--no-push")
    check_refusal(outcome, private_registry.host, "bad/base", hint="config.json")


def test_a_stage_that_is_not_there_is_named(
    builder: Executor, registry: Registry, context: Path
) -> None:
    write_context(context, BUSYBOX + "COPY --from=biuld /app /\n")
    outcome = builder.run(context, f"--destination={tag(registry, 'no stage')}")
    check_refusal(outcome, "Dockerfile:2: ", "biuld", hint="biuld")
    assert nothing_pushed(registry, "no stage")


def test_a_base_that_the_registry_does_not_have_is_named(
    builder: Executor, registry: Registry, context: Path
) -> None:
    write_context(context, f"FROM {registry.host}/no/such/base:1\nCOPY app /\n")
    outcome = builder.run(context, f"--destination={tag(registry, 'unknown base')}")
    check_refusal(outcome, "Dockerfile:1: ", registry.host, "no/such/base", hint="")
    assert nothing_pushed(registry, "unknown base")


@pytest.mark.parametrize("step", ["COPY app /new/", "RUN true"])
def test_a_layer_that_was_damaged_in_the_registry_is_refused(
    step: str, builder: Executor, registry: Registry, small_bases: Path, context: Path
) -> None:
    """The registry hands out other bytes of the same length."""
    base = registry.push_layout(small_bases, "alpine", "bad/damaged-base")
    digest = registry.manifest("bad/damaged-base")["layers"][0]["digest"]
    with damaged(registry, digest):
        write_context(context, f"FROM {base}\n{step}\n")
        outcome = builder.run(context, f"--destination={tag(registry, 'damaged')}")
    check_refusal(outcome, digest, hint="")
    assert nothing_pushed(registry, "damaged")


@contextmanager
def damaged(registry: Registry, digest: str) -> Iterator[None]:
    """Damage a blob of a registry until the block ends."""
    hexadecimal = digest.partition(":")[2]
    folder = f"docker/registry/v2/blobs/sha256/{hexadecimal[:2]}/{hexadecimal}"
    path = registry.storage / folder / "data"
    sound = path.read_bytes()
    middle = len(sound) // 2
    path.write_bytes(sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :])
    try:
        yield
    finally:
        path.write_bytes(sound)


@pytest.mark.parametrize(
    ("step", "size"),
    [
        pytest.param("COPY large /large", "4m", id="writing a layer"),
        pytest.param("COPY app /", "512k", id="fetching a layer"),
        pytest.param("RUN true", "2m", id="extracting a layer"),
    ],
)
def test_a_full_disk_is_named(
    step: str,
    size: str,
    builder: Executor,
    registry: Registry,
    context: Path,
    tmp_path: Path,
) -> None:
    (context / "large").write_bytes(random.Random(1).randbytes(16 << 20))
    write_context(context, BUSYBOX + step + "\n")
    with memory_disk(tmp_path / "small", size) as disk:
        full = replace(builder, work=disk / "work")
        outcome = full.run(context, f"--destination={tag(registry, 'full disk')}")
    check_refusal(outcome, "No space left on device", hint="--kaniko-dir")
    assert nothing_pushed(registry, "full disk")


def test_a_run_that_fails_gives_its_status_line_and_output(
    builder: Executor, registry: Registry, context: Path
) -> None:
    step = "RUN echo begin && \\\n  echo the last words >&2 && \\\n  exit 42\n"
    write_context(context, BUSYBOX + "COPY app /\n" + step)
    outcome = builder.run(context, f"--destination={tag(registry, 'failing run')}")
    assert outcome.status == 42
    assert outcome.error.startswith("Dockerfile:3: ")
    assert "exit status 42" in outcome.error
    place = "[stage 0 2/2]"
    assert outcome.output == f"{place} begin\n"
    assert f"{place} the last words" in outcome.log.splitlines()
    assert outcome.hint
    assert nothing_pushed(registry, "failing run")


def test_without_any_capability_a_run_is_refused_and_the_rest_is_built(
    builder: Executor, registry: Registry, context: Path
) -> None:
    bare = replace(
        builder, prefix=("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    )
    destination = f"--destination={tag(registry, 'no isolation')}"
    write_context(context, BUSYBOX + "COPY app /app\nRUN true\n")
    outcome = bare.run(context, destination)
    check_refusal(outcome, "Dockerfile:3: ", "RUN", hint="CAP_SYS_ADMIN")
    assert nothing_pushed(registry, "no isolation")
    write_context(context, BUSYBOX + "COPY --chown=daemon app /app\nWORKDIR /srv\n")
    bare.run(context, destination).check()
    assert not nothing_pushed(registry, "no isolation")
