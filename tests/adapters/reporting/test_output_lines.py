"""Output of steps that run side by side stays readable."""

import io

import pytest

from adapters.reporting.output_lines import OutputLines

STREAMS = ("stdout", "stderr")


def written(*pieces: tuple[str, str, bytes]) -> bytes:
    """Return what a terminal shows that both streams go to."""
    terminal = io.BytesIO()
    lines = OutputLines(dict.fromkeys(STREAMS, terminal))
    for piece in pieces:
        lines.write(*piece)
    return terminal.getvalue()


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ([b"a\n"], b"[x] a\n"),
        ([b"a\nb\n"], b"[x] a\n[x] b\n"),
        ([b"a", b"b\n", b"c"], b"[x] ab\n[x] c"),
        ([b"\n\n"], b"[x] \n[x] \n"),
        ([b"a\n", b"", b"b"], b"[x] a\n[x] b"),
        ([b"1%\r2%\r\n3"], b"[x] 1%\r[x] 2%\r\n[x] 3"),
        ([b"1%\r", b"2%\r", b"\n3"], b"[x] 1%\r[x] 2%\r\n[x] 3"),
        ([b"a", b"\n", b"b\n"], b"[x] a\n[x] b\n"),
    ],
)
def test_each_line_has_its_label(pieces: list[bytes], shown: bytes) -> None:
    assert written(*(("[x] ", "stdout", piece) for piece in pieces)) == shown


def test_lines_of_two_sources_do_not_mix() -> None:
    assert written(
        ("[x] ", "stdout", b"half"),
        ("[y] ", "stdout", b"other\nmore"),
        ("[y] ", "stderr", b"error"),
        ("[x] ", "stdout", b"rest\n"),
    ) == (b"[x] half\n[y] other\n[y] more\n[y] error\n[x] rest\n")


def test_without_a_label_bytes_are_as_they_are() -> None:
    pieces = (b"a", b"b\nc", b"\r\r", b"\xff")
    shown = written(*(("", "stdout", piece) for piece in pieces))
    assert shown == b"".join(pieces)


def test_bytes_go_where_they_belong() -> None:
    streams = {name: io.BytesIO() for name in STREAMS}
    lines = OutputLines(dict(streams))
    lines.write("[x] ", "stdout", b"out")
    lines.write("[x] ", "stderr", b"err")
    assert [each.getvalue() for each in streams.values()] == [b"[x] out\n", b"[x] err"]
