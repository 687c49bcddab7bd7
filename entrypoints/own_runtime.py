"""What the product's own image has to set before anything else is imported.

There the interpreter and every program that is run lie below one directory, and the
root file system may become that of an image that is being built. Most names of files
are compiled into these programs (see docs/image.md); the rest is set here. It
changes what it is given and reads nothing else.
"""

import sys
from collections.abc import MutableMapping

RUNTIME = "/kaniko"
SSH = f"{RUNTIME}/bin/ssh"


def prepare(environment: MutableMapping[str, str]) -> None:
    """Set the variables that keep the files of an image out of our programs.

    Args:
        environment: Variables of the process; changed.
    """
    # Both would name libraries or settings that are loaded into our processes.
    for name in ("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"):
        environment.pop(name, None)
    environment["OPENSSL_CONF"] = f"{RUNTIME}/ssl/openssl.cnf"
    environment["OPENSSL_MODULES"] = f"{RUNTIME}/ssl/modules"
    environment["OPENSSL_ENGINES"] = f"{RUNTIME}/ssl/engines"
    environment["GIT_PYTHON_GIT_EXECUTABLE"] = f"{RUNTIME}/bin/git"
    if not environment.get("SSL_CERT_DIR"):
        environment["SSL_CERT_DIR"] = f"{RUNTIME}/ssl/certs"
    # Unset, it would be /etc/localtime of whatever root there is.
    environment.setdefault("TZ", "UTC0")


def ssh_program(prefix: str = sys.prefix) -> str:
    """Return the path of our own SSH client, "" outside the image.

    Args:
        prefix: Where the interpreter is installed.
    """
    return SSH if prefix == RUNTIME else ""
