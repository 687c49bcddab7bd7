"""No defect of dockerfile-parse reaches the domain, and it touches no file."""

from pathlib import Path

import pytest

from adapters.dockerfile_parse_reader import DockerfileParseReader
from domain.dockerfile.parse import parse_dockerfile
from domain.dockerfile.source import logical_lines

split = DockerfileParseReader().split


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "RUN <<E\nUSER x\nE\nUSER y", ["RUN <<E", "USER y"], id="heredoc body"
        ),
        pytest.param(
            "RUN a \\\n# c\n b\nUSER y", ["RUN a  b", "USER y"], id="comment within"
        ),
        pytest.param(
            "RUN a \\\n\n b\nUSER y", ["RUN a  b", "USER y"], id="empty line within"
        ),
        pytest.param(
            "# check=skip=all\n# escape=`\nRUN a `\n b\\\nUSER y",
            ["RUN a  b\\", "USER y"],
            id="escape behind check",
        ),
        pytest.param("USER y\nRUN a \\\n", ["USER y", "RUN a"], id="open at the end"),
        pytest.param("USER y\nRUN", ["USER y", "RUN"], id="no argument, no line feed"),
        pytest.param("RUN a\\\\\nUSER y", ["RUN a\\\\", "USER y"], id="escaped mark"),
        pytest.param("RUN\\\n a\nUSER y", ["RUN a", "USER y"], id="mark behind a word"),
        pytest.param("\ufeffRUN a\nUSER y", ["RUN a", "USER y"], id="byte order mark"),
    ],
)
def test_a_known_defect_does_not_show(source: str, expected: list[str]) -> None:
    assert [line.text for line in logical_lines(source, split)[1]] == expected


def test_variables_are_left_alone() -> None:
    parsed = parse_dockerfile("ARG a=1\nFROM b\nENV c=$a\nUSER $c", split)
    assert [step.text for step in parsed.stages[0].instructions] == [
        "ENV c=$a",
        "USER $c",
    ]


def test_a_dockerfile_in_the_working_directory_is_neither_read_nor_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [line.arguments for line in split("FROM given\n")] == ["given"]
    assert list(tmp_path.iterdir()) == []
