"""The report's page: what is on it, and that nothing of a build gets out of it."""

import re
from html.parser import HTMLParser

import pytest

from adapters.reporting.html_page import HtmlPage
from application.ports.report_page import (
    BuildReport,
    LayerOrigin,
    LayerReport,
    SizedFile,
    TimedActivity,
    TimedStep,
)
from application.ports.reporter import Activity, Step, StepResult, Work
from domain.image.digest import Digest
from domain.values import replace

DIGEST = Digest.of(b"manifest")
VOID = {"meta"}

REPORT = BuildReport(
    names=("registry.example/app:1", "oci-layout:///out"),
    digest=DIGEST,
    config_digest=Digest.of(b"config"),
    platform="linux/amd64",
    config=b'{"config": {"Env": ["X=<b>&"]}}',
    layers=(
        LayerReport(
            digest=Digest.of(b"layer"),
            size=3_400_000,
            origin=LayerOrigin.BUILT,
            created_by="RUN make <all>",
            files=12,
            biggest=(SizedFile(path="usr/bin/<x>", size=2_500_000),),
        ),
    ),
    steps=(
        TimedStep(
            step=Step(stage="a", number=1, count=1, text="RUN make <all>", line=2),
            began=1.0,
            ended=3.0,
            result=StepResult(layer_size=3_400_000, note="cached"),
        ),
        TimedStep(
            step=Step(stage="b", number=1, count=2, text="RUN fails", line=4), began=3.0
        ),
    ),
    activities=(
        TimedActivity(
            activity=Activity(work=Work.PULL, subject="x"), began=0, ended=1, count=7000
        ),
    ),
    seconds=4.0,
    explanation=("Layer cache: 1 found",),
)


class Page(HTMLParser):
    """Reads a page; what is open at its end is in `open`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.open: list[str] = []
        self.bars: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        values = dict(attrs)
        if tag == "i":
            self.bars.append(values["style"] or "")
        self.addresses += [str(values[key]) for key in values if key in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def page() -> Page:
    return Page(HtmlPage().render(REPORT))


@pytest.mark.parametrize(
    "fact",
    [
        "registry.example/app:1",
        "oci-layout:///out",
        str(DIGEST),
        str(REPORT.config_digest),
        "linux/amd64",
        "3.4 MB (3,400,000 bytes)",
        "4.0 s",
        "2.0 s · 3.4 MB (3,400,000 bytes) · cached",
        "RUN make <all>",
        "7.0 kB (7,000 bytes)",
        "12 paths",
        "/usr/bin/<x>",
        "2.5 MB (2,500,000 bytes)",
        "Layer cache: 1 found",
    ],
)
def test_a_fact_is_on_it(page: Page, fact: str) -> None:
    assert fact in page.text


def test_the_config_is_shown_whole(page: Page) -> None:
    assert any('"X=<b>&"' in text for text in page.text)


def test_it_is_whole_and_fetches_nothing(page: Page) -> None:
    assert page.open == []
    assert page.addresses == []
    assert "url(" not in HtmlPage().render(REPORT)


def test_a_bar_is_where_its_step_was(page: Page) -> None:
    assert page.bars == ["left:25.00%;width:50.00%", "width:100.00%"]


def test_a_step_that_took_no_time_can_be_seen() -> None:
    (first, _) = REPORT.steps
    moment = replace(first, began=4.0, ended=4.0)
    text = HtmlPage().render(replace(REPORT, steps=(moment,)))
    assert "left:99.70%;width:0.30%" in text


def test_an_empty_build_has_a_page() -> None:
    empty = replace(
        REPORT, names=(), layers=(), steps=(), activities=(), explanation=(), seconds=0
    )
    page = Page(HtmlPage().render(empty))
    assert page.open == []
    assert not re.search("Layer", "".join(page.text))
