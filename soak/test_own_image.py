"""The executor, in its own image and in place, builds that image as docker does."""

import os
import shutil
from pathlib import Path

from image.make import PROXIES, network_flags
from integration.executor import named_base
from integration.image_comparison.comparison import compare_images, load_image
from integration.image_comparison.differences import report
from integration.services.bases import DEBIAN, debian_layout
from integration.services.executor_image import SOURCE, ExecutorImage

PASSED_ON = {"PIP_INDEX_URL", *PROXIES, *map(str.lower, PROXIES)}


def test_the_image_builds_itself(executor_image: ExecutorImage, tmp_path: Path) -> None:
    variables = dict(os.environ)
    if authorities := variables.get("SSL_CERT_FILE"):
        variables["SSL_CERT_FILE"] = str(tmp_path / "authorities")
        shutil.copy(authorities, variables["SSL_CERT_FILE"])
    executor_image.run(
        "--context=/source",
        "--isolation=in-place",
        "--target=executor",
        "--build-arg=BUILDER_BASE=debian",
        named_base("debian", Path("/base"), DEBIAN),
        "--no-push",
        f"--oci-layout-path={tmp_path}/ours",
        *network_flags(variables),
        flags=(
            f"--volume={SOURCE}:/source:ro",
            f"--volume={debian_layout()}:/base:ro",
            f"--volume={tmp_path}:{tmp_path}",
            *(f"--env={name}" for name in variables if name in PASSED_ON),
        ),
    )
    saved = executor_image.docker.save(executor_image.executor, tmp_path / "theirs.tar")
    ours = load_image(f"oci:{tmp_path}/ours", tmp_path)
    differences = compare_images(ours, load_image(saved, tmp_path))
    assert not differences, report(differences)
