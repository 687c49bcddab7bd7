"""Random Dockerfiles and ignore files, and a build in memory that takes each.

The build has every base image and every command, so that it goes as far as the
input's own mistakes let it.
"""

from __future__ import annotations

import faulthandler
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from adapters.dockerfile_parse_reader import DockerfileParseReader
from adapters.memory.context import MemoryBuildContext
from adapters.memory.images import MemoryImageSource
from adapters.memory.process import Program
from application.ports.images import ResolvedImage
from domain.dockerfile.ignore import IgnoreRules
from domain.dockerfile.parse import parse_dockerfile
from domain.errors import KanipyError
from domain.image.platform import Platform
from domain.image.reference import Reference
from tests.support.memory_build import MemoryBuild, inputs
from tests.support.trees import rows

CASES = Path(__file__).parents[2] / "integration" / "cases"
PATIENCE = 60
"""Seconds after which an input has hung: it takes a few thousandths of one."""

IGNORE_FILES = (
    b"",
    b"*\n!a\n!b/c\n",
    b"# all\n**/*.txt\n/a/\n!**/keep.txt\n[ab]*\n",
    b"\xef\xbb\xbfb/**/c\n!b/d\n  x\\*y  \n..//a\n",
)
TOKENS = (
    *("FROM ", "RUN ", "COPY ", "ADD ", "ENV ", "ARG ", "ONBUILD ", "HEALTHCHECK "),
    *("VOLUME ", "EXPOSE ", "SHELL ", "WORKDIR ", "USER ", "STOPSIGNAL ", " AS a"),
    *("\\\n", "`\n", "\r\n", "\n", "\n\n", "\t", "\x00", "\u00a0", "\ud7ff", "#"),
    *("# escape=`\n", "# check=error=true\n", "# syntax=x\n", "\ufeff"),
    *("<<E", "<<-'E'", "\nE\n", "$", "${", "${a", "}", "${a:-", "${a//*/", "${a%%*"),
    *('"', "'", "[", "]", '["', '", "', '"]', "--from=0 ", "--chown=", "--chmod=u+X "),
    *("--mount=type=cache,target=/c ", "--mount=", "--link ", "--parents ", ","),
    *("--exclude=*", "--platform=$BUILDPLATFORM ", "--checksum=sha256:", "https://h/a"),
    *("*", "**/", "?", "!", "..", "/", "//", "./", "=", ":", "@sha256:", "0", "65536"),
    *("-", "99999999999999999999", "1h1m", "\u0130", "\U0001f40b", "scratch", "base"),
)


class Input(NamedTuple):
    """What is tried."""

    dockerfile: bytes
    ignore: bytes


def seeds() -> list[bytes]:
    """Return real Dockerfiles: those of the measured cases."""
    return [path.read_bytes() for path in sorted(CASES.glob("*/Dockerfile"))]


def random_inputs(seed: int) -> Iterator[Input]:
    """Yield inputs without end: random bytes, and real files changed at random."""
    chance = random.Random(seed)
    dockerfiles = seeds()
    while True:
        if chance.random() < 0.1:
            noise = chance.randbytes(chance.randint(0, 300))
            yield Input(noise, chance.randbytes(chance.randint(0, 60)))
        else:
            dockerfile = _changed(chance, chance.choice(dockerfiles), dockerfiles)
            ignore = _changed(chance, chance.choice(IGNORE_FILES), IGNORE_FILES)
            yield Input(dockerfile, ignore)


def _changed(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    for _ in range(chance.choice([0, 1, 1, 1, 2, 2, 3, 8])):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.choice([0, 1, 3, 10, 40]))
        data = data[:start] + _instead(chance, data[start:end], others) + data[end:]
    return data


def _instead(chance: random.Random, cut: bytes, others: Sequence[bytes]) -> bytes:
    """Return what is put in place of a cut."""
    match chance.choice(
        ["nothing", "token", "token", "byte", "again", "other", "many"]
    ):
        case "nothing":
            return b""
        case "token":
            return cut + chance.choice(TOKENS).encode()
        case "byte":
            return cut + chance.randbytes(1)
        case "again":
            return cut * 2
        case "other":
            other = chance.choice(others)
            start = chance.randint(0, len(other))
            return other[start : start + 60]
        case _:
            piece = cut or chance.choice(TOKENS).encode()
            return piece * chance.choice([5, 30, 200])


class EveryImage(MemoryImageSource):
    """Has an image for every name."""

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        """Return the image "base" whatever is asked for."""
        return super().resolve(Reference.parse("base"), platform)


class EveryProgram(dict[str, Program]):
    """Has a program for every command, which does nothing."""

    def get(self, key: str, default: object = None) -> Program:
        """Return that program."""
        return lambda process, root, on_output: 0


class AnyBuild(MemoryBuild):
    """A build in memory that lacks neither image nor program."""

    def __init__(self, dockerfile: str, ignore: str) -> None:
        arguments = (("V", "given"), ("HTTP_PROXY", "p"))
        options = inputs(build_args=arguments)
        super().__init__(dockerfile, context=CONTEXT, ignore=ignore, options=options)
        self.registry = EveryImage()
        self.add_base("base")
        self.runner._programs = EveryProgram()  # noqa: SLF001 - of the same family


CONTEXT = MemoryBuildContext(
    {"a": b"1", "b/c": b"2", "b/d/e.txt": b"3", "x*y": b"4", "app.tar": b"no tar"},
    rows("b/link -> ../a\nb/d/deep/very/ 0700\n"),
)


def take(each: Input) -> list[KanipyError]:
    """Parse and build an input; return the errors that it deserves.

    Raises:
        Exception: Any other error is a fault of ours.
    """
    errors: list[KanipyError] = []
    ignore = each.ignore
    try:
        rules = IgnoreRules.parse(ignore)
        rules.ignores(f"a/b/{ignore[:40].decode('utf-8', 'surrogateescape')}")
    except KanipyError as error:
        errors.append(error)
        ignore = b""
    try:
        parse_dockerfile(each.dockerfile, DockerfileParseReader().split)
        text = each.dockerfile.decode("utf-8", "replace")
        AnyBuild(text, ignore.decode("utf-8", "replace")).run()
    except KanipyError as error:
        errors.append(error)
    return errors


@contextmanager
def no_hang() -> Iterator[None]:
    """End the whole run, with a traceback, when the block takes too long."""
    assert sys.__stderr__ is not None
    faulthandler.dump_traceback_later(PATIENCE, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
