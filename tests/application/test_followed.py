"""What is read of a stream is told."""

import io

from adapters.memory.ambient import RecordingReporter
from application.followed import followed
from application.ports.reporter import Activity, Work

PULL = Activity(work=Work.PULL, subject="a", size=10)


def test_every_way_of_reading_counts() -> None:
    reporter = RecordingReporter()
    with followed(io.BytesIO(b"0123456789"), PULL, reporter) as stream:
        assert stream.read(3) == b"012"
        buffer = bytearray(4)
        assert stream.readinto(buffer) == 4  # type: ignore[attr-defined]
        assert buffer == b"3456"
        assert stream.read() == b"789"
        assert stream.read(5) == b""
    assert [each.count for each in reporter.activities] == [10]


def test_closing_ends_it_and_closes_the_stream() -> None:
    reporter, inner = RecordingReporter(), io.BytesIO(b"0123")
    stream = followed(inner, PULL, reporter)
    before = reporter.activities[0].is_over, inner.closed
    stream.close()
    stream.close()
    assert before == (False, False)
    assert (reporter.activities[0].is_over, inner.closed) == (True, True)


def test_it_is_moved_forward_where_the_stream_can_be() -> None:
    stream = followed(io.BytesIO(b"0123"), PULL, RecordingReporter())
    assert stream.seekable()
    assert stream.seek(2) == 2
    assert stream.read() == b"23"
