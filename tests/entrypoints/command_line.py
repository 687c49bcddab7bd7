"""Shortcuts of the command line's tests: words in, options or an error out."""

from collections.abc import Mapping

import pytest

from application.options import BuildOptions
from domain.errors import KanipyError
from entrypoints.executor_flags import Build, parse_command_line

NOWHERE = ("--no-push",)
"""The least a command line must say."""


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
