"""Remarks on FROM: its base and platform, with the ARGs before the first FROM.

Which values those have is the caller's to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from difflib import get_close_matches

from domain.dockerfile.location import LintWarning
from domain.dockerfile.stage import Stage
from domain.dockerfile.word import Expansion, expansion
from domain.errors import DockerfileError, InvalidPlatform, KanipyError
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import dataclass

_TARGET = "TARGETPLATFORM"


@dataclass(frozen=True, slots=True, kw_only=True)
class FromVariables:
    """What the words of FROM are expanded with.

    Args:
        given: Values with the build arguments that were given.
        defaults: Values as if no build argument had been given.
        declared: Names that are known there, with or without a value.
        escape: The Dockerfile's escape character.
    """

    given: Mapping[str, str]
    defaults: Mapping[str, str]
    declared: AbstractSet[str]
    escape: str


def from_remarks(stage: Stage, variables: FromVariables) -> Iterator[LintWarning]:
    """Yield the remarks on the FROM of a stage."""
    line = stage.start.location.first
    for rule, check in _RULES.items():
        for message in check(stage, variables):
            yield LintWarning(rule=rule, message=message, line=line)


def _undeclared(stage: Stage, variables: FromVariables) -> Iterator[str]:
    words = (stage.base, stage.platform or "")
    expanded = [_expanded(word, variables.given, variables.escape) for word in words]
    unset = frozenset().union(*(each.unset for each in expanded if each))
    for name in sorted(unset - variables.declared):
        close = get_close_matches(name, sorted(variables.declared), n=1)
        meant = f" (did you mean {close[0]}?)" if close else ""
        yield f"FROM uses {name}, which no ARG above the first FROM declares{meant}"


def _invalid_default(stage: Stage, variables: FromVariables) -> Iterator[str]:
    base = _expanded(stage.base, variables.defaults, variables.escape)
    if base is None or not base.used | base.unset:
        return  # no variable is to blame
    try:
        Reference.parse(base.text)
    except KanipyError:  # of the reference, or of its digest
        yield (
            f"without build arguments {stage.base} names no image: "
            "give its ARG a default that does"
        )


def _redundant_platform(stage: Stage, variables: FromVariables) -> Iterator[str]:
    platform = _expanded(stage.platform or "", variables.given, variables.escape)
    if platform is None or platform.used != {_TARGET} or platform.unset:
        return
    if platform.text == variables.given[_TARGET]:
        yield f"--platform=${_TARGET} is what FROM does without it: leave it out"


def _constant_platform(stage: Stage, variables: FromVariables) -> Iterator[str]:
    platform = _expanded(stage.platform or "", variables.given, variables.escape)
    if platform is None or platform.used or platform.unset or not platform.text:
        return
    try:
        parsed = Platform.parse(platform.text)
    except InvalidPlatform:
        return  # told when the stage is prepared
    if not any(part in (stage.name or "") for part in (parsed.os, parsed.architecture)):
        yield (
            f"--platform={platform.text} makes the stage the same for every platform: "
            "use $BUILDPLATFORM, or have the stage's name tell its platform"
        )


def _expanded(word: str, values: Mapping[str, str], escape: str) -> Expansion | None:
    try:
        return expansion(word, values, escape=escape)
    except DockerfileError:
        return None  # told when the stage is prepared


_RULES: Mapping[str, Callable[[Stage, FromVariables], Iterator[str]]] = {
    "UndefinedArgInFrom": _undeclared,
    "InvalidDefaultArgInFrom": _invalid_default,
    "RedundantTargetPlatform": _redundant_platform,
    "FromPlatformFlagConstDisallowed": _constant_platform,
}
