"""Each Dockerfile of the measured cases is parsed, or refused where docker refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.dockerfile_parse_reader import DockerfileParseReader
from domain.dockerfile.parse import parse_dockerfile
from domain.dockerfile.stage import Dockerfile
from domain.errors import DockerfileError

CASES = sorted(
    path.parent
    for path in (Path(__file__).parents[2] / "integration" / "cases").rglob("case.json")
)
REFUSED_BY_LANGUAGE = {
    "bad-env-mixed",
    "empty-dockerfile",
    "empty-env-name",
    "heredoc-unterminated",
    "measured-checksum-copy",
    "measured-healthcheck-start-interval-short",
    "measured-heredoc-exec-form-body",
    "measured-secret-variable-bare",
    "missing-args",
    "onbuild-chained",
    "target-missing",
    "unknown-flag",
    "unknown-instruction",
    "volume-empty",
}


def parsed(case: Path) -> Dockerfile:
    facts: dict[str, Any] = json.loads((case / "case.json").read_text())
    source = (case / "Dockerfile").read_bytes()
    dockerfile = parse_dockerfile(source, DockerfileParseReader().split)
    target = dockerfile.target(facts["target"])
    dockerfile.needed(target, lambda stage: stage.base)
    return dockerfile


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_parses_what_docker_builds(case: Path) -> None:
    if case.name in REFUSED_BY_LANGUAGE:
        with pytest.raises(DockerfileError) as caught:
            parsed(case)
        assert caught.value.hint
    else:
        assert parsed(case).stages


def test_the_list_of_refusals_is_what_was_measured() -> None:
    expected = {
        case.name
        for case in CASES
        if (case / "expected.json").exists()
        and json.loads((case / "expected.json").read_text())["status"] == "refused"
    }
    assert expected >= REFUSED_BY_LANGUAGE
