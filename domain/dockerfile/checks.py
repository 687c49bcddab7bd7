"""The `check` directive: which remarks are wanted, and whether one ends the build.

    # check=skip=StageNameCasing,FromAsCasing;error=true

Rules are named as `docker build --check` names them. It does not look at any
instruction: `domain.dockerfile.lint` and `domain.build.lint` do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from domain.dockerfile.arguments import WHITESPACE
from domain.dockerfile.location import LintWarning
from domain.errors import DockerfileError
from domain.values import dataclass

_TRUE = frozenset({"1", "t", "T", "true", "True", "TRUE"})
_FALSE = frozenset({"0", "f", "F", "false", "False", "FALSE"})
_OPTIONS = ("skip", "error", "experimental")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What is to be done with remarks.

    Args:
        skipped: Names of rules that are not wanted.
        skips_all: Whether none is wanted.
        is_error: Whether a remark ends the build.
    """

    skipped: frozenset[str] = frozenset()
    skips_all: bool = False
    is_error: bool = False

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Read the value of the directive, or of BUILDKIT_DOCKERFILE_CHECK.

        Experimental rules are accepted and change nothing: there are none.

        Raises:
            DockerfileError: An option is unknown, or has a wrong value.
        """
        options: dict[str, str] = {}
        if text and text.strip(WHITESPACE):
            options = dict(map(_option, text.split(";")))
        skip = options.get("skip", "")
        return cls(
            skipped=frozenset(name.strip(WHITESPACE) for name in skip.split(",")),
            skips_all=skip == "all",
            is_error=_boolean(options.get("error", "false")),
        )

    def wanted(self, warnings: Iterable[LintWarning]) -> tuple[LintWarning, ...]:
        """Return the remarks that are wanted."""
        if self.skips_all:
            return ()
        return tuple(each for each in warnings if each.rule not in self.skipped)


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    name = name.strip(WHITESPACE)
    if not equals or name not in _OPTIONS:
        raise DockerfileError(
            f"the directive check has no option {text.strip(WHITESPACE)!r}",
            hint="write '# check=skip=RULE,RULE;error=true'",
        )
    return name, value.strip(WHITESPACE)


def _boolean(text: str) -> bool:
    if text not in _TRUE | _FALSE:
        raise DockerfileError(
            f"the option error of the directive check cannot be {text!r}",
            hint="it is true or false",
        )
    return text in _TRUE
