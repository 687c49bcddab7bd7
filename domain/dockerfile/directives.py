"""Parser directives: the `# name=value` lines at the very top of a Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.dockerfile.arguments import WHITESPACE
from domain.dockerfile.checks import CheckOptions
from domain.errors import DockerfileError
from domain.values import dataclass

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
_KNOWN = frozenset({"escape", "syntax", "check"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """What the top of the file asks of its reader.

    Args:
        escape: The escape and continuation character, a backslash or a backtick.
        syntax: The frontend image asked for; this builder is its own frontend and
            only reports it.
        check: Options of the build checks, as written; what they mean is
            `domain.dockerfile.checks`'s.
    """

    escape: str = "\\"
    syntax: str | None = None
    check: str | None = None

    @classmethod
    def parse(cls, lines: Sequence[str]) -> Directives:
        """Read the directives of a file's lines; the first other line ends them.

        Raises:
            DockerfileError: A directive is repeated, or `escape` is another character.
        """
        found: dict[str, str] = {}
        for number, line in enumerate(lines, start=1):
            if number == 1 and line.startswith("#!"):
                continue
            match = _DIRECTIVE.fullmatch(line.strip(WHITESPACE))
            if match is None or match[1].lower() not in _KNOWN:
                break
            _check(match[1].lower(), match[2], found, number)
            found[match[1].lower()] = match[2]
        return cls(**found)


def _check(name: str, value: str, found: dict[str, str], line: int) -> None:
    if name in found:
        raise DockerfileError(
            f"the directive {name} stands twice",
            line=line,
            hint=f"keep one '# {name}=' line",
        )
    if name == "escape" and value not in ("\\", "`"):
        raise DockerfileError(
            f"the escape character cannot be {value!r}",
            line=line,
            hint="write '# escape=\\' or '# escape=`'",
        )
    if name == "check":
        try:
            CheckOptions.parse(value)
        except DockerfileError as error:
            raise DockerfileError(error.message, line=line, hint=error.hint) from None
