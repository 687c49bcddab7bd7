"""Every `DockerfileReader` cuts masked text in the same way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dockerfile_parse_reader import DockerfileParseReader
from adapters.memory.dockerfile_reader import MemoryDockerfileReader
from application.ports.dockerfile import DockerfileReader
from domain.dockerfile.source import SplitLine, logical_lines, mask
from domain.errors import DockerfileError

READERS: dict[str, DockerfileReader] = {
    "dockerfile-parse": DockerfileParseReader(),
    "memory": MemoryDockerfileReader(),
}


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> DockerfileReader:
    return READERS[request.param]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n", []),
        ("\n\n \n", []),
        ("FROM a\n", [SplitLine("FROM", "a", 1, 1)]),
        ("FROM \n", [SplitLine("FROM", "", 1, 1)]),
        (
            "FROM a\n\nRUN b \\\n\\\n c d\n\nCMD e\n",
            [
                SplitLine("FROM", "a", 1, 1),
                SplitLine("RUN", "b  c d", 3, 5),
                SplitLine("CMD", "e", 7, 7),
            ],
        ),
        (
            "RUN \\\n\\\n\nCMD a\\\n b # c\n",
            [SplitLine("RUN", "", 1, 3), SplitLine("CMD", "a b # c", 4, 5)],
        ),
        ("RUN # escape=`\n", [SplitLine("RUN", "# escape=`", 1, 1)]),
    ],
)
def test_cuts_instructions(
    reader: DockerfileReader, text: str, expected: list[SplitLine]
) -> None:
    found = [
        line._replace(instruction=line.instruction.upper())
        for line in reader.split(text)
    ]
    assert found == expected


def test_reading_twice_gives_the_same(reader: DockerfileReader) -> None:
    text = mask("FROM a\nRUN b \\\n c\n").text
    assert list(reader.split(text)) == list(reader.split(text))


@given(st.text(alphabet="RUNCOPY a\\\n#`\r\t<'\"\x0b\x1c\u2028é%", max_size=80))
def test_readers_agree_on_whatever_was_masked(text: str) -> None:
    for source in (text, f"# escape=`\n{text}", f"RUN {text}", f"COPY <<a {text}"):
        try:
            mask(source)
        except DockerfileError:
            continue
        real, fake = (logical_lines(source, r.split)[1] for r in READERS.values())
        assert real == fake
