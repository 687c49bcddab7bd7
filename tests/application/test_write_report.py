"""The report and the timings of builds, as they were built."""

import json

from adapters.memory.ambient import MemoryResultFiles
from application.build_report import build_report
from application.options import OutputOptions
from application.ports.report_page import BuildReport, LayerOrigin
from application.publish_image import PublishedImage
from application.timeline import Timeline
from application.write_report import WriteReport
from tests.support.memory_build import MemoryBuild, writes

DOCKERFILE = "FROM base\nENV A=1\nCOPY big small /srv/\nRUN make b"
CONTEXT = {"big": b"1" * 500, "small": b"22"}


class Kept:
    """Keeps the report it was to render (implements `ReportPage`)."""

    def __init__(self) -> None:
        self.reports: list[BuildReport] = []

    def render(self, report: BuildReport) -> str:
        self.reports.append(report)
        return "the page"


def built(dockerfile: str = DOCKERFILE) -> tuple[PublishedImage, Timeline]:
    build = MemoryBuild(
        dockerfile, context=CONTEXT, commands={"make b": writes("b", b"333")}
    )
    timeline = Timeline(build.reporter)
    build.reporter = timeline  # type: ignore[assignment]
    return build.run(), timeline


def test_layers_are_those_of_the_image() -> None:
    published, timeline = built()
    report = build_report(published, timeline, ["name"], ())
    layers = published.manifest.layers
    assert [each.digest for each in report.layers] == [each.digest for each in layers]
    assert report.size == sum(each.size for each in layers)
    *bases, copied, ran = report.layers
    assert {each.origin for each in bases} == {LayerOrigin.BASE}
    assert (copied.origin, ran.origin) == (LayerOrigin.BUILT, LayerOrigin.BUILT)
    assert [(file.path, file.size) for file in copied.biggest] == [
        ("srv/big", 500),
        ("srv/small", 2),
    ]
    assert copied.created_by.startswith("COPY")
    assert ran.created_by.startswith("RUN")
    assert (copied.files, ran.files) == (3, 1)


def test_what_nobody_read_is_not_known() -> None:
    published, timeline = built("FROM base\nENV A=1")
    report = build_report(published, timeline, (), ())
    assert {each.files for each in report.layers} == {None}


def test_files_are_written_that_were_asked_for() -> None:
    published, timeline = built()
    files, page = MemoryResultFiles(), Kept()
    output = OutputOptions(report_file="/r.html", timings_file="/t.json")
    WriteReport(output=output, page=page, files=files, timeline=timeline).write(
        published
    )
    assert files.files["/r.html"] == "the page"
    timings = json.loads(files.files["/t.json"])
    assert [step["instruction"] for step in timings["steps"]] == [
        "ENV A=1",
        "COPY big small /srv/",
        "RUN make b",
    ]
    assert timings["steps"][1]["layer_size"] == published.manifest.layers[-2].size
    assert set(timings["work"]) >= {"pull", "unpack", "run", "snapshot", "push"}
    assert timings["total"] >= 0


def test_nothing_is_written_unasked() -> None:
    published, timeline = built("FROM base\nENV A=1")
    files = MemoryResultFiles()
    WriteReport(
        output=OutputOptions(), page=Kept(), files=files, timeline=timeline
    ).write(published)
    assert files.files == {}
