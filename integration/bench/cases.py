"""The builds that are measured: a base image, a context and a Dockerfile each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A base image: busybox and so many files of a size over it."""

    name: str
    files: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One build.

    Attributes:
        name: What `K=` chooses by.
        title: What the table says.
        base: What `{base}` in the Dockerfile is.
        dockerfile: Its text.
        files: Files of the context, in the directory `files`.
        size: Bytes of each.
        again: Whether the second build is measured, which may use what the first left.
        changed: Whether the files of the context are others in it.
    """

    name: str
    title: str
    base: Base
    dockerfile: str
    files: int = 1
    size: int = 100
    again: bool = False
    changed: bool = False


BUSYBOX = Base(name="small")
SERVER = Base(name="server", files=7_000, size=12_000)
WIDE = Base(name="wide", files=100_000, size=4_500)

_STEP = "RUN mkdir -p /new && echo {n} > /new/{n} && echo {n} > /wide/{n}/0\n"

_REBUILT = (
    "FROM {base}\nRUN mkdir -p /new && echo 1 > /new/1\nWORKDIR /app\n"
    "RUN rm -r /wide/1 && echo 2 > /new/2\nCOPY files /app/files\n"
)

_TINY = (
    "FROM {base}\nLABEL version=1\nENV LANG=C.UTF-8\nCOPY files /files\n"
    'WORKDIR /files\nEXPOSE 80\nCMD ["ls"]\n'
)

CASES = (
    Case(
        name="tiny",
        title="busybox, COPY of one file, metadata, RUN true",
        base=BUSYBOX,
        dockerfile=_TINY + "RUN true\n",
    ),
    Case(
        name="tiny-copy",
        title="the same without RUN",
        base=BUSYBOX,
        dockerfile=_TINY,
    ),
    Case(
        name="stages",
        title="3 stages in a chain, each with a RUN",
        base=BUSYBOX,
        dockerfile=(
            "FROM {base} AS one\nCOPY files /files\n"
            "RUN for i in $(seq 500); do echo $i > /files/made-$i; done\n"
            "FROM {base} AS two\nCOPY --from=one /files /files\n"
            "RUN cat /files/made-* > /all\n"
            "FROM {base}\nCOPY --from=two /all /all\nRUN test -s /all\n"
        ),
        files=500,
        size=10_000,
    ),
    Case(
        name="copy-20000",
        title="COPY of 20,000 files (200 MB) on 7,000 files",
        base=SERVER,
        dockerfile="FROM {base}\nCOPY files /files\n",
        files=20_000,
        size=10_000,
    ),
    Case(
        name="unpack",
        title="pull and unpack 100,000 files (450 MB), RUN true",
        base=WIDE,
        dockerfile="FROM {base}\nRUN true\n",
    ),
    Case(
        name="ten-runs",
        title="10 RUN steps on 100,000 files (450 MB)",
        base=WIDE,
        dockerfile="FROM {base}\n"
        + "".join(_STEP.replace("{n}", str(number)) for number in range(10)),
    ),
    Case(
        name="rebuild",
        title="the second build, 2 RUN and a COPY on 100,000 files (450 MB)",
        base=WIDE,
        dockerfile=_REBUILT,
        again=True,
    ),
    Case(
        name="rebuild-copy",
        title="the same when what the last COPY takes is another",
        base=WIDE,
        dockerfile=_REBUILT,
        again=True,
        changed=True,
    ),
)
