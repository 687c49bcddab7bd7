"""Writes what is told of a build: the report, the timings."""

from __future__ import annotations

import json

from application.build_report import build_report
from application.explain_steps import ExplainSteps
from application.options import OutputOptions
from application.ports.report_page import ReportPage
from application.ports.reporter import Work
from application.ports.results import ResultFiles
from application.publish_image import PublishedImage
from application.timeline import Timeline


class WriteReport:
    """Writes the files that were asked for, after success.

    Args:
        output: Which files.
        page: Renders the report.
        files: Writes files.
        timeline: What took how long.
        explanations: What the layer cache told; None without one.
    """

    def __init__(
        self,
        *,
        output: OutputOptions,
        page: ReportPage,
        files: ResultFiles,
        timeline: Timeline,
        explanations: ExplainSteps | None = None,
    ) -> None:
        self._output = output
        self._page = page
        self._files = files
        self._timeline = timeline
        self._explanations = explanations

    def write(self, published: PublishedImage) -> None:
        """Write them.

        Raises:
            OutputError: One cannot be written.
        """
        if self._output.timings_file:
            self._files.write(self._output.timings_file, self._timings())
        if self._output.report_file:
            told = () if self._explanations is None else self._explanations.told
            report = build_report(published, self._timeline, published.places, told)
            self._files.write(self._output.report_file, self._page.render(report))

    def _timings(self) -> str:
        """Return seconds by kind of work, and of each step, as JSON."""
        timeline = self._timeline
        document = {
            "total": round(timeline.elapsed, 3),
            "work": {
                work.value: {
                    "seconds": round(timeline.took(work), 3),
                    "bytes": timeline.moved(work),
                }
                for work in Work
            },
            "steps": [
                {
                    "stage": each.step.stage,
                    "line": each.step.line,
                    "instruction": each.step.text,
                    "seconds": round(each.seconds, 3),
                    "layer_size": each.result.layer_size,
                    "note": each.result.note,
                }
                for each in timeline.steps
                if each.ended is not None
            ],
        }
        return json.dumps(document, indent=2) + "\n"
