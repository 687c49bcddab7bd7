"""The demo's result is an image that other tools read and docker runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from integration.image_comparison.comparison import compare_images, load_image
from integration.image_comparison.differences import report
from integration.services.docker import Docker

ROOT = Path(__file__).parents[1]
GREETING = "Hello from an image that kanipy built, world! I am hello."


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the demo; offer the directory of its results and what it printed."""
    output = tmp_path_factory.mktemp("demo") / "results"
    script = ROOT / "examples" / "make_demo.sh"
    done = subprocess.run(
        [script, Path(sys.executable).parent, output],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return output, done.stdout


def test_the_demo_prints_what_it_made(demo: tuple[Path, str]) -> None:
    output, printed = demo
    image = json.loads((output / "hello" / "index.json").read_bytes())
    assert image["manifests"][0]["digest"] in printed
    assert "COPY /out /" in printed
    assert 'Entrypoint: ["/usr/local/bin/hello"]' in printed


def test_docker_loads_and_runs_the_demo(demo: tuple[Path, str], docker: Docker) -> None:
    output, _ = demo
    docker.run("load", f"--input={output / 'hello.tar'}")
    greeting = docker.run("run", "--rm", "example/hello:demo").stdout
    assert greeting == f"{GREETING}\n"


def test_skopeo_reads_the_layout(demo: tuple[Path, str]) -> None:
    output, _ = demo
    command = ["skopeo", "inspect", f"oci:{output / 'hello'}"]
    text = subprocess.run(command, capture_output=True, check=True).stdout
    document = json.loads(text)
    assert document["Labels"] == {"org.opencontainers.image.title": "hello"}
    assert "AUDIENCE=world" in document["Env"]


def test_umoci_unpacks_the_layout(demo: tuple[Path, str], tmp_path: Path) -> None:
    output, _ = demo
    [image] = json.loads((output / "hello" / "index.json").read_bytes())["manifests"]
    name = image["annotations"]["org.opencontainers.image.ref.name"]
    bundle = tmp_path / "bundle"
    command = ["umoci", "unpack", "--image", f"{output / 'hello'}:{name}", str(bundle)]
    subprocess.run(command, capture_output=True, check=True)
    program = bundle / "rootfs" / "usr" / "local" / "bin" / "hello"
    assert program.stat().st_mode & 0o7777 == 0o755
    assert "kanipy built" in program.read_text()


def test_the_layout_and_the_tar_hold_the_same_image(
    demo: tuple[Path, str], tmp_path: Path
) -> None:
    output, _ = demo
    layout = load_image(f"oci:{output / 'hello'}", tmp_path)
    archive = load_image(f"docker-archive:{output / 'hello.tar'}", tmp_path)
    differences = compare_images(archive, layout, times=True)
    assert not differences, report(differences)
    assert layout.problems == ()
