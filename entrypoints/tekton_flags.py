"""Reads the command line of a step of Tekton: words and variables in, a build out.

The flags of the step become flags of the executor, behind those that the task's user
gave, so that those of the step win.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path

from application.options import StepOptions
from domain.errors import UsageError
from domain.values import replace
from entrypoints.executor_flags import Build, parse_command_line
from entrypoints.flags.commands import Show, parse_words
from entrypoints.flags.environment import Environment
from entrypoints.flags.given import GivenFlags
from entrypoints.flags.scanner import Scanned
from entrypoints.flags.table import EXECUTOR_FLAGS
from entrypoints.flags.tekton_table import EXTRA_ARGS, OWN_VARIABLES, TEKTON_FLAGS
from entrypoints.tekton_credentials import IsFile, with_credentials

END_OF_FLAGS = "--"


def parse_tekton_line(
    arguments: Sequence[str],
    environment: Environment,
    is_file: IsFile = Path.is_file,
) -> Show | Build:
    """Read the words after the program's name.

    Args:
        arguments: The words.
        environment: The process's variables.
        is_file: Tells whether there is a file of a name; asked for credentials.

    Raises:
        KanipyError: As of `executor_flags`, or the image is not named.
    """
    words = list(arguments)
    end = words.index(END_OF_FLAGS) if END_OF_FLAGS in words else len(words)
    _refuse_misplaced(words[:end])
    extra = (*_extra_arguments(environment), *words[end + 1 :])

    def build(scanned: Scanned) -> Build:
        return _Step(scanned.given, environment).build(extra, is_file)

    return parse_words(words[:end], TEKTON_FLAGS, build)


def _refuse_misplaced(words: Sequence[str]) -> None:
    """Stop a flag of the executor that stands before the end of the step's own."""
    for word in words:
        name = word.removeprefix("--").partition("=")[0]
        is_own = not word.startswith("--") or TEKTON_FLAGS.long(name)
        if not is_own and EXECUTOR_FLAGS.long(name):
            raise UsageError(
                f"--{name} is a flag of the executor",
                hint=f"write it behind --: kanipy-tekton … -- {word}",
            )


def _extra_arguments(environment: Environment) -> list[str]:
    try:
        return shlex.split(environment.get(EXTRA_ARGS, ""))
    except ValueError as error:
        raise UsageError(f"{EXTRA_ARGS} cannot be split: {error}") from error


class _Step:
    """The flags of a step, each with its variable behind it."""

    def __init__(self, given: GivenFlags, environment: Environment) -> None:
        self._given = given
        self._environment = environment

    def _text(self, name: str) -> str:
        texts = (
            *self._given.texts(name),
            self._environment.get(OWN_VARIABLES[name], ""),
            TEKTON_FLAGS[name].default,
        )
        return next((text for text in texts if text), "")

    def build(self, extra: Sequence[str], is_file: IsFile) -> Build:
        image = self._text("image")
        if not image:
            raise UsageError(
                "no image is named",
                hint="--image=REGISTRY/REPOSITORY:TAG names where to push to",
            )
        directory = self._text("dockerconfig")
        environment = with_credentials(self._environment, directory, is_file)
        asked = parse_words(extra, EXECUTOR_FLAGS, lambda _: None)
        request = asked or parse_command_line(self._words(image, extra), environment)
        if not isinstance(request, Build):
            raise UsageError(
                f"what follows {END_OF_FLAGS} asks for no build",
                hint=f"leave out {' '.join(extra)}",
            )
        step = StepOptions(directory=self._text("results"), url=image)
        output = replace(request.options.output, step=step)
        return replace(request, options=replace(request.options, output=output))

    def _words(self, image: str, extra: Sequence[str]) -> list[str]:
        directory = self._text("cache")
        cache = (
            "--cache",
            f"--cache-dir={directory}",
            f"--cache-repo=oci:{directory}/layers",
        )
        return [
            *(cache if directory else ()),
            *extra,
            f"--dockerfile={self._text('dockerfile')}",
            f"--context={self._text('context')}",
            f"--destination={image}",
        ]
