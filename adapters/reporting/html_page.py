"""The report of a build as one page of HTML: no script, nothing fetched. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape

from adapters.reporting.page_style import STYLE
from application.amounts import size
from application.ports.report_page import (
    BuildReport,
    LayerOrigin,
    LayerReport,
    SizedFile,
    TimedStep,
    moved,
    took,
)
from application.ports.reporter import Work

LEAST_WIDTH = 0.3
"""Per cent of the whole build that a bar is wide at least, to be seen at all."""


class HtmlPage:
    """Renders reports as HTML (implements `ReportPage`)."""

    def render(self, report: BuildReport) -> str:
        """Return the page."""
        title = report.names[0] if report.names else str(report.digest)
        sections = (
            _head(title, report),
            _section("Where the time went", _shares(report)),
            _section("Steps", _timeline(report)),
            _section("Layers", _layers(report)),
            _section("Layer cache", _explanation(report)),
            _section("Config", _config(report)),
        )
        body = "\n".join(section for section in sections if section)
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
            f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
        )


def _head(title: str, report: BuildReport) -> str:
    facts = {
        "digest": str(report.digest),
        "image ID": str(report.config_digest),
        "platform": report.platform,
        "size of all layers": _bytes(report.size),
        "built in": f"{report.seconds:.1f} s",
    }
    if len(report.names) > 1:
        facts["also written to"] = ", ".join(report.names[1:])
    rows = "".join(
        f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()
    )
    return f"<h1>{escape(title)}</h1>\n<dl>{rows}</dl>"


def _section(heading: str, content: str) -> str:
    return f"<section><h2>{heading}</h2>\n{content}</section>" if content else ""


def _shares(report: BuildReport) -> str:
    tiles = []
    for work in Work:
        seconds = took(report.activities, work)
        if not any(each.activity.work is work for each in report.activities):
            continue
        count = moved(report.activities, work)
        amount = f"<small>{_bytes(count)}</small>" if count else ""
        tiles.append(
            f'<li class="{work}"><span>{work}</span><b>{seconds:.1f} s</b>{amount}</li>'
        )
    return f'<ul class="tiles">{"".join(tiles)}</ul>' if tiles else ""


def _timeline(report: BuildReport) -> str:
    """Return the steps of each stage; stages in the order they began."""
    stages: dict[str, list[TimedStep]] = {}
    for each in report.steps:
        if each.ended is not None:
            stages.setdefault(each.step.stage, []).append(each)
    return "\n".join(
        _stage(name, steps, report.seconds) for name, steps in stages.items()
    )


def _stage(name: str, steps: Iterable[TimedStep], whole: float) -> str:
    rows = "\n".join(_step(each, whole) for each in steps)
    return f'<h3>{escape(name)}</h3>\n<ol class="steps">{rows}</ol>'


def _step(timed: TimedStep, whole: float) -> str:
    seconds = timed.seconds
    share = 100 / whole if whole else 0
    left = min(timed.began * share, 100 - LEAST_WIDTH)
    width = min(max(seconds * share, LEAST_WIDTH), 100 - left)
    layer = timed.result.layer_size
    facts = [f"{seconds:.1f} s"]
    facts += [] if layer is None else [_bytes(layer)]
    facts += [timed.result.note] if timed.result.note else []
    kind = "cached" if timed.result.note == "cached" else "made"
    return (
        f"<li><code>{escape(timed.step.text)}</code>"
        f'<span class="facts">{escape(" · ".join(facts))}</span>'
        f'<span class="track"><i class="{kind}" '
        f'style="left:{left:.2f}%;width:{width:.2f}%"></i></span></li>'
    )


def _layers(report: BuildReport) -> str:
    rows = "\n".join(
        _layer(number, each, report) for number, each in enumerate(report.layers, 1)
    )
    return f'<ol class="layers">{rows}</ol>' if rows else ""


def _layer(number: int, layer: LayerReport, report: BuildReport) -> str:
    width = 100 * layer.size / max(each.size for each in report.layers or (layer,))
    files = "not read" if layer.files is None else f"{layer.files} paths"
    biggest = "".join(_files(layer.biggest))
    inner = f"<table>{biggest}</table>" if biggest else ""
    state = " open" if inner and layer.origin is not LayerOrigin.BASE else ""
    return (
        f'<li><details{state}><summary><span class="number">{number}</span>'
        f'<span class="origin {layer.origin}">{layer.origin}</span>'
        f"<b>{_bytes(layer.size)}</b><small>{files}</small>"
        f"<code>{escape(layer.created_by or 'unknown')}</code>"
        f'<span class="track"><i class="{layer.origin}" style="width:{width:.2f}%">'
        f"</i></span></summary><p><code>{layer.digest}</code></p>{inner}</details></li>"
    )


def _files(files: Iterable[SizedFile]) -> Iterator[str]:
    for file in files:
        path = escape("/" + file.path)
        yield f"<tr><td><code>{path}</code></td><td>{_bytes(file.size)}</td></tr>"


def _explanation(report: BuildReport) -> str:
    text = "\n".join(report.explanation)
    return f"<pre>{escape(text)}</pre>" if text else ""


def _config(report: BuildReport) -> str:
    text = json.dumps(json.loads(report.config), indent=2, ensure_ascii=False)
    return f"<details><summary>JSON</summary><pre>{escape(text)}</pre></details>"


def _bytes(count: int) -> str:
    """Return an amount for people, with the exact one where that says more."""
    shown = size(count)
    return shown if shown.endswith(" B") else f"{shown} ({count:,} bytes)"
