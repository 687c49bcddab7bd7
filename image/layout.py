"""Where things lie in the image: all of the runtime below one directory."""

import sys
from pathlib import Path

RUNTIME = "/kaniko"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
LIBRARIES = "lib"
STANDARD_LIBRARY = f"lib/{PYTHON}"
DYNLOAD = f"{STANDARD_LIBRARY}/lib-dynload"
PACKAGES = "packages"
PRODUCT = "product"
GIT_CORE = "git-core"
CERTIFICATES = "ssl/certs/ca-certificates.crt"
SEARCH_PATH = tuple(
    f"{RUNTIME}/{part}" for part in (STANDARD_LIBRARY, DYNLOAD, PRODUCT, PACKAGES)
)


def below(out: Path, place: str) -> Path:
    """Return a place of the runtime in a root that is being made.

    Args:
        out: Directory that becomes the image's `/`.
        place: Path below the runtime's directory.
    """
    return out / RUNTIME.lstrip("/") / place
