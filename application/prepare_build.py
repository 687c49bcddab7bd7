"""Reads context and Dockerfile, and works out which stages are to be built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from application.froms import Froms, global_arguments
from application.options import InputOptions
from application.ports.clock import Clock
from application.ports.context import (
    BuildContext,
    ContextSource,
    DockerfileSource,
)
from application.ports.dockerfile import DockerfileReader
from application.ports.reporter import Activity, Reporter, Work
from application.remarks import Remarks
from domain.build.plan import BuildSettings
from domain.build.variables import (
    PROXY_ARGUMENTS,
    BuildArguments,
)
from domain.dockerfile.checks import CheckOptions
from domain.dockerfile.ignore import IgnoreRules
from domain.dockerfile.instruction import Arg
from domain.dockerfile.lint_from import FromVariables, from_remarks
from domain.dockerfile.location import LintWarning
from domain.dockerfile.parse import parse_dockerfile
from domain.dockerfile.stage import Dockerfile, Stage
from domain.errors import DockerfileError
from domain.image.platform import Platform
from domain.values import dataclass

_ALWAYS_ACCEPTED = ("BUILDKIT_", "SOURCE_DATE_EPOCH")
"""Prefixes of build arguments that need no ARG (BuildKit's own)."""


_CHECK_ARGUMENT = "BUILDKIT_DOCKERFILE_CHECK"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedStage:
    """A stage that is to be built.

    Attributes:
        stage: The stage as parsed.
        base: Its base with variables expanded.
        platform: Platform of its base image.
    """

    stage: Stage
    base: str
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedBuild:
    """Everything that is known before the first base image is looked at.

    Attributes:
        dockerfile: The parsed Dockerfile.
        context: The build context.
        ignore: What the context's ignore file leaves out.
        stages: The stages to build, in the order of the file.
        prepare_stage: Expands the FROM of a stage, also of one that turns out to be
            needed only when the ONBUILD triggers of a base image are known.
        target: Number of the stage that becomes the image.
        platform: Platform of the result, and of images that --from names.
        settings: What is the same for all instructions.
        parents: Finds the stages that a stage is built on.
        remarks: Tells what is remarked on the Dockerfile.
        unclaimed: Build arguments that no ARG of the Dockerfile declares.
    """

    dockerfile: Dockerfile
    context: BuildContext
    ignore: IgnoreRules
    stages: tuple[Stage, ...]
    prepare_stage: Callable[[Stage], PreparedStage]
    target: int
    platform: Platform
    settings: BuildSettings
    parents: Callable[[Stage], tuple[Stage, ...]]
    remarks: Remarks
    unclaimed: tuple[str, ...] = ()


class PrepareBuild:
    """Everything up to the plan of stages."""

    def __init__(  # noqa: PLR0913 - a service is given all its ports
        self,
        *,
        options: InputOptions,
        context: ContextSource,
        dockerfiles: DockerfileSource,
        reader: DockerfileReader,
        clock: Clock,
        reporter: Reporter,
        host_platform: Platform,
    ) -> None:
        self._options = options
        self._context = context
        self._dockerfiles = dockerfiles
        self._reader = reader
        self._clock = clock
        self._reporter = reporter
        self._host = host_platform

    def prepare(self) -> PreparedBuild:
        """Read context and Dockerfile.

        Raises:
            ContextUnavailable, DockerfileUnavailable: One cannot be read.
            DockerfileError: The Dockerfile breaks a rule, or has no such target.
        """
        with self._reporter.activity(
            Activity(work=Work.CONTEXT, subject="the build context")
        ) as progress:
            context = self._context.fetch(progress.advance)
        text = self._dockerfiles.read(self._options.dockerfile, context)
        dockerfile = parse_dockerfile(text.data, self._reader.split)
        remarks = Remarks(self._check_options(dockerfile), self._reporter)
        arguments = self._arguments(dockerfile, dict(self._options.build_args))
        remarks.tell((*dockerfile.warnings, *self._on_froms(dockerfile, arguments)))
        target = dockerfile.target(self._options.target or None)
        dockerfile = self._replace_stages(dockerfile, target)
        platform = self._options.platform or self._host
        froms = Froms(arguments, dockerfile, platform)
        return PreparedBuild(
            dockerfile=dockerfile,
            context=context,
            ignore=IgnoreRules.parse(text.ignore or b""),
            stages=dockerfile.needed(target, froms.expand_base),
            prepare_stage=lambda stage: PreparedStage(
                stage=stage,
                base=froms.expand_base(stage),
                platform=froms.platform(stage),
            ),
            target=target.index,
            platform=platform,
            settings=BuildSettings(
                has_network=self._options.has_network,
                arguments=arguments,
                escape=dockerfile.directives.escape,
                now_ns=self._clock.now_ns(),
            ),
            parents=lambda stage: dockerfile.parents(stage, froms.expand_base),
            remarks=remarks,
            unclaimed=self._unclaimed_arguments(dockerfile),
        )

    def _replace_stages(self, dockerfile: Dockerfile, target: Stage) -> Dockerfile:
        """Let further contexts stand for the stages that have their names."""
        contexts = {named.name.lower() for named in self._options.named_contexts}
        if target.name in contexts:
            message = f"the target stage {target.name} is replaced by --build-context"
            hint = "leave that context out, or build another stage"
            raise DockerfileError(message, hint=hint)
        return dockerfile.replaced_by(contexts)

    def _check_options(self, dockerfile: Dockerfile) -> CheckOptions:
        """Return the options of the remarks; a build argument beats the directive."""
        given = dict(self._options.build_args).get(_CHECK_ARGUMENT)
        return CheckOptions.parse(given or dockerfile.directives.check)

    def _on_froms(
        self, dockerfile: Dockerfile, arguments: BuildArguments
    ) -> Iterator[LintWarning]:
        try:
            defaults = self._arguments(dockerfile, {})
        except DockerfileError:
            defaults = arguments  # an ARG demands a value: there are no defaults
        declared = (each for arg in dockerfile.global_args for each in arg.declarations)
        variables = FromVariables(
            given={**arguments.predefined, **arguments.global_values},
            defaults={**defaults.predefined, **defaults.global_values},
            declared={*arguments.predefined, *(each.name for each in declared)},
            escape=dockerfile.directives.escape,
        )
        for stage in dockerfile.stages:
            yield from from_remarks(stage, variables)

    def _arguments(
        self, dockerfile: Dockerfile, given: Mapping[str, str]
    ) -> BuildArguments:
        platform = self._options.platform or self._host
        return global_arguments(dockerfile, given, platform, self._host)

    def _unclaimed_arguments(self, dockerfile: Dockerfile) -> tuple[str, ...]:
        steps = [step for stage in dockerfile.stages for step in stage.instructions]
        declared = {
            declaration.name
            for step in (*dockerfile.global_args, *steps)
            if isinstance(step, Arg)
            for declaration in step.declarations
        }
        return tuple(
            name
            for name, _ in self._options.build_args
            if name not in declared
            and name.upper() not in PROXY_ARGUMENTS
            and not name.startswith(_ALWAYS_ACCEPTED)
        )
