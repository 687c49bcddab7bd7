"""Here-documents are found where BuildKit finds them, and nowhere else."""

import pytest

from domain.dockerfile.heredoc import Heredoc
from tests.domain.dockerfile.parsing import lines


def heredoc(
    name: str, body: str, *, expand: bool = True, strip_tabs: bool = False
) -> Heredoc:
    return Heredoc(name=name, body=body, expand=expand, strip_tabs=strip_tabs)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("RUN <<EOT\na\n\n# b\nEOT\n", [heredoc("EOT", "a\n\n# b\n")]),
        ("RUN <<EOT\nEOT", [heredoc("EOT", "")]),
        ("run 3<<E\nE\n", [heredoc("E", "")]),
        ("RUN $((1 << 2)) <<E\nE\n", [heredoc("E", "")]),
        ("RUN $((cat <<E ); x)\nE\n", [heredoc("E", "")]),
        ("RUN <<'E'\n$a\nE\n", [heredoc("E", "$a\n", expand=False)]),
        ('RUN <<"E"\nE\n', [heredoc("E", "", expand=False)]),
        ("RUN <<eo'f'\neof\n", [heredoc("eof", "", expand=False)]),
        ("RUN <<eo\\'f\neo'f\n", [heredoc("eo'f", "")]),
        ("RUN <<'a\\b'\na\\b\n", [heredoc("a\\b", "", expand=False)]),
        ("RUN <<'one two'\none two\n", [heredoc("one two", "", expand=False)]),
        ("RUN <<$E\n$E\n", [heredoc("$E", "")]),
        ("RUN <<  E > /x\nE\n", [heredoc("E", "")]),
        ("RUN <<- E\n\tE\n", [heredoc("E", "", strip_tabs=True)]),
        (
            "RUN <<-E\n\ta\n\t\tb\n\tE\n",
            [heredoc("E", "\ta\n\t\tb\n", strip_tabs=True)],
        ),
        ("RUN cat <<A <<B\n1\nA\n2\nB\n", [heredoc("A", "1\n"), heredoc("B", "2\n")]),
        ("RUN a \\\n <<E \\\n b\nx\nE\n", [heredoc("E", "x\n")]),
        ("RUN --mount=type=cache,target=/c <<E\nE\n", [heredoc("E", "")]),
        ("COPY <<X <<Y /d\nY\nX\nX\nY\n", [heredoc("X", "Y\n"), heredoc("Y", "X\n")]),
        ("ADD <<f.txt /d\na\\\nf.txt\n", [heredoc("f.txt", "a\\\n")]),
        ("ONBUILD COPY <<E /d\n1\nE\n", [heredoc("E", "1\n")]),
        ("RUN <<E\r\na\r\nE\r\n", [heredoc("E", "a\r\n")]),
        ("# escape=`\nRUN <<E `\n >x\nE\n", [heredoc("E", "")]),
    ],
)
def test_takes_bodies(source: str, expected: list[Heredoc]) -> None:
    (line,) = lines(source)
    assert list(line.heredocs) == expected


@pytest.mark.parametrize(
    "text",
    [
        'RUN "<<E"',
        "RUN '<<E'",
        "RUN \\<<E",
        "RUN a<<E",
        "RUN <<<E",
        "RUN << ",
        "RUN <<''",
        "RUN $((1<<2))",
        "RUN $((1 << (2 + 3) << 4)) x",
        "RUN it's <<E",
        'RUN ["<<E"]',
        'COPY ["<<E", 1]',
        "USER <<E",
        "ONBUILD USER <<E",
        "ENV a=1 b=<<E",
        "RUN <E",
    ],
)
def test_other_text_announces_none(text: str) -> None:
    found = lines(f"{text}\nUSER u\n")
    assert [line.heredocs for line in found] == [(), ()]


def test_leading_tabs_go_from_the_content_and_stay_in_the_body() -> None:
    (line,) = lines("RUN <<-E\n\t\ta\n \tb\n\tE\n")
    assert line.heredocs[0].body == "\t\ta\n \tb\n"
    assert line.heredocs[0].content == "a\n \tb\n"


def test_other_tabs_stay_in_the_content() -> None:
    (line,) = lines("RUN <<E\n\ta\nE\n")
    assert line.heredocs[0].content == "\ta\n"
