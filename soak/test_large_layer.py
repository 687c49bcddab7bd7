"""A layer of two gibibytes, built in place in a container with little memory."""

from pathlib import Path

from integration.executor import named_base, write_context
from integration.services.bases import SMALL_BASES
from integration.services.executor_image import ExecutorImage

GIBIBYTE = 1 << 30
DOCKERFILE = f"""
FROM busybox
RUN head -c {GIBIBYTE} /dev/urandom > /random && head -c {GIBIBYTE} /dev/zero > /zero
"""


def test_memory_does_not_depend_on_the_layer(
    executor_image: ExecutorImage, tmp_path: Path
) -> None:
    context = write_context(tmp_path / "context", DOCKERFILE)
    executor_image.run(
        "--context=/context",
        "--isolation=in-place",
        named_base("busybox", Path("/bases"), "busybox"),
        "--no-push",
        "--tar-path=/out/image.tar",
        flags=(
            "--memory=256m",
            "--memory-swap=256m",
            f"--volume={context}:/context:ro",
            f"--volume={tmp_path}:/out",
            f"--volume={SMALL_BASES}:/bases:ro",
        ),
    )
    assert (tmp_path / "image.tar").stat().st_size > GIBIBYTE
