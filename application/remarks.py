"""Tells remarks on the Dockerfile, each once, and ends the build where that is asked.

What there is to remark is found out by `domain.dockerfile.lint`, `lint_from` and
`domain.build.lint`.
"""

from __future__ import annotations

from collections.abc import Iterable

from application.ports.reporter import Reporter
from domain.dockerfile.checks import CheckOptions
from domain.dockerfile.location import LintWarning
from domain.errors import DockerfileError


class Remarks:
    """Collects the remarks of one build."""

    def __init__(self, options: CheckOptions, reporter: Reporter) -> None:
        self._options = options
        self._reporter = reporter
        self._told: dict[LintWarning, None] = {}

    def tell(self, warnings: Iterable[LintWarning]) -> None:
        """Report those that are wanted and were not told yet, as warnings.

        Raises:
            DockerfileError: A remark ends the build (`# check=error=true`).
        """
        wanted = self._options.wanted(warnings)
        for warning in sorted(wanted, key=lambda each: each.line):
            if warning not in self._told:
                self._told[warning] = None
                line, rule = warning.line, warning.rule
                self._reporter.warning(f"Dockerfile:{line}: {rule}: {warning.message}")
        if self._options.is_error and self._told:
            rules = sorted({warning.rule for warning in self._told})
            raise DockerfileError(
                f"the Dockerfile breaks {', '.join(rules)}",
                line=min(warning.line for warning in self._told),
                hint="follow the warnings, or take error=true out of # check=",
            )
