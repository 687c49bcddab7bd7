"""The scripts of deploy/ do what they say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def many(listed: str) -> subprocess.CompletedProcess[str]:
    """Run the script that makes a Job for each image of a list."""
    return subprocess.run(
        ["/bin/sh", DEPLOY / "kubernetes/many.sh"],
        input=listed,
        capture_output=True,
        text=True,
        check=False,
    )


def test_many_images_are_as_many_jobs() -> None:
    listed = "# IMAGE DIRECTORY\n\nhost:5000/a/one:1 services/one\nhost/two:2 two\n"
    done = many(listed)
    assert done.returncode == 0
    jobs = list(yaml.safe_load_all(done.stdout))
    template = yaml.safe_load((DEPLOY / "kubernetes/job-cached.yaml").read_text())
    made = [job["spec"]["template"]["spec"]["containers"][0]["args"] for job in jobs]
    args = template["spec"]["template"]["spec"]["containers"][0]["args"]
    for words, image, directory in (
        (made[0], "host:5000/a/one:1", "services/one"),
        (made[1], "host/two:2", "two"),
    ):
        assert set(words) - set(args) == {
            f"--context=/workspace/{directory}",
            f"--destination={image}",
        }
        assert len(words) == len(args)


@pytest.mark.parametrize("line", ["image", "image dir more", "a&b dir", "a 'b"])
def test_a_line_of_the_list_that_is_none_ends_the_script(line: str) -> None:
    done = many(f"{line}\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("many.sh: ")
