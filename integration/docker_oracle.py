"""Building an oracle case with docker: what another builder makes of the same input.

The base images of measured cases go through a registry, because the daemon resolves
references there; those of live cases are loaded into the daemon.
"""

from collections.abc import Iterable
from pathlib import Path

from integration.image_comparison.comparison import FlatImage, load_image
from integration.oracle_cases import OracleCase
from integration.services.bases import SMALL_BASES
from integration.services.docker import Docker
from integration.services.registry import Registry


def build_with_docker(
    case: OracleCase, docker: Docker, registry: Registry, scratch: Path
) -> FlatImage | None:
    """Build a case and return its image; None when docker refuses it.

    Args:
        case: What to build.
        docker: Builds.
        registry: Takes the base images.
        scratch: Empty directory for the context and the saved image.
    """
    for reference, base in case.images.items():
        registry.push_layout(SMALL_BASES, base, reference)
    context = case.unpack_context(scratch / "context", registry.host)
    return _built(case, docker, context, scratch)


def ask_docker(case: OracleCase, docker: Docker, scratch: Path) -> FlatImage | None:
    """Build a live case and return its image; None when docker refuses it.

    Args:
        case: What to build.
        docker: Builds; has the base images (`load_bases`).
        scratch: Empty directory for the context and the saved image.
    """
    return _built(case, docker, case.unpack_context(scratch / "context"), scratch)


def load_bases(docker: Docker, cases: Iterable[OracleCase]) -> None:
    """Give docker the base images of cases under the names they have there."""
    pairs = {each for case in cases for each in case.images.items()}
    pairs |= {(f"base/{n}", n) for case in cases for n in case.named_bases.values()}
    for reference, name in sorted(pairs):
        docker.load_layout(SMALL_BASES, name, f"{reference}:latest")


def _built(
    case: OracleCase, docker: Docker, context: Path, scratch: Path
) -> FlatImage | None:
    tag = f"oracle/{case.name}"
    flags = (*case.given(context), f"--file={context / case.dockerfile}")
    outcome = docker.build(
        context, tag, flags=flags, check=False, environment=case.environment
    )
    if outcome.returncode:
        return None
    return load_image(docker.save(tag, scratch / "saved.tar"), scratch)
