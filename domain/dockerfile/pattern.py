"""Shell patterns of `${name#pattern}` and its kin: `*`, `?`, escaped characters.

No bracket expressions: BuildKit has none here either. File name patterns are in
`domain.dockerfile.glob`.
"""

from __future__ import annotations

import re

from domain.errors import DockerfileError


def shell_pattern(pattern: str, escape: str, *, longest: bool) -> re.Pattern[str]:
    """Compile a shell pattern; its `match` takes the shortest or longest prefix.

    Raises:
        DockerfileError: An escape stands before an ordinary character.
    """
    return re.compile("".join(_pieces(pattern, escape, longest=longest)))


def find_suffix(pattern: str, value: str, escape: str, *, longest: bool) -> int:
    """Return where the suffix of `value` that matches starts, or its length.

    Raises:
        DockerfileError: As for `shell_pattern`.
    """
    # A regular expression looks for the leftmost match, so both are turned round.
    pieces = _pieces(pattern, escape, longest=longest)[::-1]
    match = re.compile("".join(pieces)).match(value[::-1])
    return len(value) - (match.end() if match else 0)


def _pieces(pattern: str, escape: str, *, longest: bool) -> list[str]:
    pieces: list[str] = []
    chars = iter(pattern)
    for char in chars:
        if char in (escape, "\\"):
            pieces.append(re.escape(_escaped(next(chars, ""), pattern)))
        elif char == "*":
            pieces.append(".*" if longest else ".*?")
        else:
            pieces.append("." if char == "?" else re.escape(char))
    return pieces


def _escaped(char: str, pattern: str) -> str:
    if not char or char not in "*?\\`}/":
        raise DockerfileError(
            f"invalid escape {char!r} in the pattern {pattern!r}",
            hint="only * ? / } and the escape character are escaped in a pattern",
        )
    return char
