"""Shortcuts of the command line's tests: words in, options or an error out."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import pytest

from application.options import BuildOptions
from domain.errors import KanipyError
from entrypoints.executor_flags import Build, parse_command_line

NOWHERE = ("--no-push",)
"""The least a command line must say."""

_Options = TypeVar("_Options")


class Performer(Generic[_Options]):
    """Does the work of a program: notes what it is asked for, and fails if told to."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.asked: list[tuple[_Options, tuple[str, ...]]] = []
        self._error = error

    def __call__(self, options: _Options, warnings: Sequence[str]) -> int:
        self.asked.append((options, tuple(warnings)))
        if self._error:
            raise self._error
        return 0


def build(*words: str, environment: Mapping[str, str] | None = None) -> Build:
    """Return the build that words ask for, which need not name a destination."""
    request = parse_command_line((*NOWHERE, *words), environment or {})
    assert isinstance(request, Build)
    return request


def options(*words: str, environment: Mapping[str, str] | None = None) -> BuildOptions:
    """Return the options that words give."""
    return build(*words, environment=environment).options


def failure(*words: str, environment: Mapping[str, str] | None = None) -> KanipyError:
    """Return the error that words end with."""
    with pytest.raises(KanipyError) as caught:
        parse_command_line(words, environment or {})
    return caught.value
