"""Building an oracle case with docker: what another builder makes of the same input.

The base images go through a registry, because the daemon resolves references there.
"""

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
    tag = f"oracle/{case.name}"
    flags = (*case.flags, f"--file={context / case.dockerfile}")
    outcome = docker.build(
        context, tag, flags=flags, check=False, environment=case.environment
    )
    if outcome.returncode:
        return None
    return load_image(docker.save(tag, scratch / "saved.tar"), scratch)
