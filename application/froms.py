"""What stands behind FROM: base images and platforms, build arguments expanded."""

from __future__ import annotations

from collections.abc import Mapping

from domain.build.variables import BuildArguments, platform_arguments
from domain.dockerfile.stage import Dockerfile, Stage
from domain.dockerfile.word import expand
from domain.errors import DockerfileError, InvalidPlatform
from domain.image.platform import Platform


def global_arguments(
    dockerfile: Dockerfile, given: Mapping[str, str], target: Platform, host: Platform
) -> BuildArguments:
    """Resolve the ARGs before the first FROM, one after the other.

    Args:
        dockerfile: The Dockerfile.
        given: Build arguments of the command line.
        target: Platform of the result.
        host: Platform we run on.

    Raises:
        DockerfileError: An ARG demands a value that it has not.
    """
    predefined = platform_arguments(target, host)
    arguments = BuildArguments(
        given=given,
        predefined={name: given.get(name, predefined[name]) for name in predefined},
    )
    escape = dockerfile.directives.escape
    for instruction in dockerfile.global_args:
        for name, default in instruction.declarations:
            line = instruction.location.first
            known = {**arguments.predefined, **arguments.global_values}
            value = default and expand(default, known, escape=escape, line=line)
            value = arguments.declared_globally(name, value)
            arguments = arguments.with_global(name, value)
    return arguments


class Froms:
    """Expands what stands behind FROM, with the ARGs before the first one."""

    def __init__(
        self, arguments: BuildArguments, dockerfile: Dockerfile, platform: Platform
    ) -> None:
        self._known = {**arguments.predefined, **arguments.global_values}
        self._escape = dockerfile.directives.escape
        self._platform = platform

    def platform(self, stage: Stage) -> Platform:
        """Return the platform of a stage's base image.

        Raises:
            DockerfileError: What it names is none.
        """
        text = self._expand(stage.platform, stage) if stage.platform else ""
        return self._parse_platform(text, stage) if text else self._platform

    def expand_base(self, stage: Stage) -> str:
        """Return the name of a stage's base.

        Raises:
            DockerfileError: It is empty.
        """
        base = self._expand(stage.base, stage)
        if not base:
            message = f"the base image {stage.base!r} is empty"
            hint = "give the ARG before FROM a default, or pass --build-arg"
            line = stage.start.location.first
            raise DockerfileError(message, line=line, hint=hint)
        return base

    def _parse_platform(self, text: str, stage: Stage) -> Platform:
        try:
            return Platform.parse(text)
        except InvalidPlatform as error:
            line = stage.start.location.first
            raise DockerfileError(error.message, line=line, hint=error.hint) from error

    def _expand(self, word: str, stage: Stage) -> str:
        line = stage.start.location.first
        return expand(word, self._known, escape=self._escape, line=line)
