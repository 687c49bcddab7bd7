"""The tutorial does what it says: its commands are run, one after the other."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from integration.services.processes import free_port

ROOT = Path(__file__).parents[1]
TUTORIAL = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
END = "trap 'kill $(cat build/tutorial/registry.pid) 2>/dev/null || true' EXIT\n"


def checkout(directory: Path) -> Path:
    """Make what the tutorial starts with: the sources of the demo, and `.venv`."""
    directory.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, directory / name)
    shutil.copytree(ROOT / "examples", directory / "examples")
    (directory / ".venv").symlink_to(sys.prefix)
    return directory


def test_its_commands_do_what_it_says(tmp_path: Path) -> None:
    text = TUTORIAL.read_text(encoding="utf-8").replace("5000", str(free_port()))
    script = "\n".join(BLOCK.findall(text))
    assert script.count("kanipy") == 4
    place = checkout(tmp_path / "checkout")
    done = subprocess.run(
        ["bash", "-e", "-c", END + script],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    log = done.stdout + done.stderr
    assert done.returncode == 0, log
    digest = (place / "build/tutorial/digest").read_text()
    assert f"Built image {digest}" in log
    assert '{"name":"hello","tags":["1"]}' in log
    assert "root file system: not needed" in log
    assert "Layer cache: 1 found, 0 missed" in log
    assert "miss, changed: ARG VERSION" in log
    assert digest not in (place / "build/tutorial/report.html").read_text()
