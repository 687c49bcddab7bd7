"""What the runner tells the launcher, and what the launcher answers.

The orders travel as one JSON document over a pipe, the answers as JSON lines
over another. This is the only module both sides share; it starts nothing.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple


class MountOrder(NamedTuple):
    """Something to be mounted over the root.

    Attributes:
        kind: "bind", "tmpfs" or "file".
        target: Path below the root; its symlinks are followed inside the root.
        source: Of a bind: absolute path.
        is_directory: Whether the target has to be a directory.
        read_only: Whether nothing may be written to it.
        size: Most bytes of a tmpfs, 0 for no limit.
        content: Of a file: its bytes as one character each (latin-1).
        mode: Permission bits of a file.
        uid: Owner of a file.
        gid: Group of a file.
    """

    kind: str
    target: str
    source: str = ""
    is_directory: bool = False
    read_only: bool = False
    size: int = 0
    content: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0


class Orders(NamedTuple):
    """One process to be run.

    Attributes:
        isolation: "namespaces", "chroot" or "in-place".
        root: Absolute path of the root, free of symlinks.
        argv: Program and arguments.
        environment: The whole environment.
        working_directory: Absolute path inside the root.
        uid: User.
        gid: Group.
        groups: Supplementary groups.
        hostname: Host name, for isolation with a name space of its own.
        binds: (absolute source, target below the root) of files to show there.
        mount_points: Where below the root "proc", "sys" and "dev" are mounted;
            free of symlinks; a missing key is not mounted.
        mounts: What else is mounted, one after the other.
        staging: A directory of the builder that a tmpfs may be mounted on.
        has_network: Whether it is left in the builder's network.
        privileged: Whether it keeps the builder's capabilities.
    """

    isolation: str
    root: str
    argv: list[str]
    environment: list[list[str]]
    working_directory: str
    uid: int
    gid: int
    groups: list[int]
    hostname: str = ""
    binds: list[list[str]] = []  # noqa: RUF012 - a NamedTuple default, never changed
    mount_points: dict[str, str] = {}  # noqa: RUF012 - as above
    mounts: list[MountOrder] = []  # noqa: RUF012 - as above
    staging: str = ""
    has_network: bool = True
    privileged: bool = False

    def to_json(self) -> bytes:
        """Return the document; bytes that are no UTF-8 survive as escapes."""
        return json.dumps(self._asdict()).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Orders:
        """Read the document back."""
        orders = cls(**json.loads(data))
        return orders._replace(mounts=[MountOrder(*row) for row in orders.mounts])


class Answers:
    """The launcher's end of the pipe for answers."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def refused(self, reason: str) -> None:
        """Say that the machine refuses what isolation needs."""
        self._say("refused", reason)

    def exited(self, status: int) -> None:
        """Say how the process ended, once nothing of it is left."""
        self._say("exited", status)

    def close(self) -> None:
        """Leave the pipe to the other processes that hold it."""
        os.close(self._descriptor)

    def _say(self, word: str, value: str | int) -> None:
        os.write(self._descriptor, json.dumps([word, value]).encode() + b"\n")


class Outcome(NamedTuple):
    """The answers, as the runner reads them.

    Attributes:
        status: Exit status, None where none came.
        refusal: Why the machine refuses, or "".
    """

    status: int | None = None
    refusal: str = ""

    @classmethod
    def parse(cls, answers: bytes) -> Outcome:
        """Read all answers; the first refusal is the one that counts."""
        outcome = cls()
        for line in answers.splitlines():
            word, value = json.loads(line)
            if word == "exited":
                outcome = outcome._replace(status=int(value))
            elif not outcome.refusal:
                outcome = outcome._replace(refusal=str(value))
        return outcome
