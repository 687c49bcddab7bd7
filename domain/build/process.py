"""The process of a RUN, and what it is shown besides its root, as values."""

from __future__ import annotations

from domain.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """A process as it is to be started; everything is resolved already.

    Attributes:
        argv: Program and arguments. A program without a slash is searched in
            the PATH of `environment`, inside the root.
        environment: The whole environment, nothing is added from ours.
        working_directory: Absolute path inside the root; made (0755, root)
            where it does not exist.
        uid: User to run as.
        gid: Group to run as.
        groups: Supplementary groups.
        hostname: Host name the process sees, where isolation gives it its own.
        has_network: Whether it reaches the builder's network; without it there is
            a loopback device of its own and nothing else.
        privileged: Whether it keeps every capability of the builder, instead of
            those that docker leaves to a container.
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = field(repr=False)
    working_directory: str = "/"
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    hostname: str = "buildkitsandbox"
    has_network: bool = True
    privileged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeMount:
    """A file or directory of the builder, shown to a process.

    Attributes:
        target: Absolute path inside the root.
        source: Absolute path on the builder, free of symlinks.
        is_directory: Whether it is a directory.
        read_only: Whether the process may not write to it.
    """

    target: str
    source: str
    is_directory: bool = True
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TmpfsMount:
    """An empty directory (1777) that is gone with the process.

    Attributes:
        target: Absolute path inside the root.
        size: Most bytes it may hold, 0 for no limit.
        read_only: Whether nothing can be put into it.
    """

    target: str
    size: int = 0
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMount:
    """A read-only file with a content of ours: a secret, a script.

    Attributes:
        target: Absolute path inside the root.
        content: Its bytes; never in `repr`.
        mode: Permission bits.
        uid: Owner.
        gid: Group.
    """

    target: str
    content: bytes = field(repr=False)
    mode: int = 0o400
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketMount:
    """A Unix socket that leads to one of the builder (an SSH agent).

    Attributes:
        target: Absolute path inside the root.
        source: Absolute path of the builder's socket.
        mode: Permission bits.
        uid: Owner.
        gid: Group.
    """

    target: str
    source: str
    mode: int = 0o600
    uid: int = 0
    gid: int = 0


ShownMount = TreeMount | TmpfsMount | FileMount | SocketMount
