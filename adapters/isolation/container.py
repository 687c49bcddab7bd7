"""Tells whether we run in a container: only there may / be replaced.

It looks at what container runtimes leave behind; a virtual machine is none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

FILES = (
    ".dockerenv",
    "run/.containerenv",
    "var/run/secrets/kubernetes.io",
    "run/secrets/kubernetes.io",
)
"""Made by docker, podman and Kubernetes."""

VARIABLES = ("container", "KUBERNETES_SERVICE_HOST")
"""Set by podman, systemd and Kubernetes."""

CONTROL_GROUPS = ("docker", "kubepods", "containerd", "libpod", "crio", "garden", "lxc")
"""Words in the names of control groups that runtimes make."""


def sign_of_container(
    root: Path = Path("/"), environment: Mapping[str, str] = os.environ
) -> str:
    """Return what shows that this is a container, "" where nothing does.

    Args:
        root: Where the files are looked for.
        environment: The process's variables.
    """
    for name in FILES:
        if (root / name).exists():
            return f"container: /{name}"
    for variable in VARIABLES:
        if environment.get(variable):
            return f"container: ${variable}"
    try:
        groups = (root / "proc/self/cgroup").read_text(errors="replace")
    except OSError:
        return ""
    found = [word for word in CONTROL_GROUPS if word in groups]
    return f"container: control group of {found[0]}" if found else ""
