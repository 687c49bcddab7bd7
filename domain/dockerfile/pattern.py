"""Shell patterns of `${name#pattern}` and its kin: `*`, `?`, escaped characters.

No bracket expressions: BuildKit has none here either. File name patterns are in
`domain.dockerfile.glob`.
"""

from __future__ import annotations

import re

from domain.dockerfile.glob import join_parts
from domain.errors import DockerfileError


def shell_pattern(pattern: str, escape: str, *, longest: bool) -> re.Pattern[str]:
    """Compile a shell pattern; its `match` takes the shortest or longest prefix.

    Raises:
        DockerfileError: An escape stands before an ordinary character.
    """
    return _compiled(_parts(pattern, escape), longest=longest)


def find_suffix(pattern: str, value: str, escape: str, *, longest: bool) -> int:
    """Return where the suffix of `value` that matches starts, or its length.

    Raises:
        DockerfileError: As for `shell_pattern`.
    """
    # A regular expression looks for the leftmost match, so both are turned round.
    parts = [part[::-1] for part in _parts(pattern, escape)[::-1]]
    match = _compiled(parts, longest=longest).match(value[::-1])
    return len(value) - (match.end() if match else 0)


def _compiled(parts: list[list[str]], *, longest: bool) -> re.Pattern[str]:
    joined = ["".join(part) for part in parts]
    return re.compile(join_parts(joined, ".*?", ".*" if longest else ".*?"))


def _parts(pattern: str, escape: str) -> list[list[str]]:
    """Return the expressions of the characters between stars."""
    parts: list[list[str]] = [[]]
    chars = iter(pattern)
    for char in chars:
        if char in (escape, "\\"):
            parts[-1].append(re.escape(_escaped(next(chars, ""), pattern)))
        elif char == "*":
            parts.append([])
        else:
            parts[-1].append("." if char == "?" else re.escape(char))
    return parts


def _escaped(char: str, pattern: str) -> str:
    if not char or char not in "*?\\`}/":
        raise DockerfileError(
            f"invalid escape {char!r} in the pattern {pattern!r}",
            hint="only * ? / } and the escape character are escaped in a pattern",
        )
    return char
