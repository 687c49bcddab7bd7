"""The process of a RUN, as a value."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    working_directory: str = "/"
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    hostname: str = "buildkitsandbox"
