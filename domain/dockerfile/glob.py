"""File name patterns by the rules of Go's `filepath.Match`, which COPY and ADD use.

`*` and `?` stop at slashes, `[a-z]` and `[^a-z]` are classes, a backslash takes the
next character literally, there is no `**`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from domain.errors import DockerfileError

_WILDCARD = re.compile(r"\\.|([*?\[])", re.DOTALL)
_RANGE = re.compile(r"(?P<low>\\.|[^\\\]-])(?:-(?P<high>\\.|[^\\\]-]))?", re.DOTALL)


def has_wildcard(path: str) -> bool:
    """Tell whether `path` holds an unescaped `*`, `?` or `[`."""
    return any(match[1] for match in _WILDCARD.finditer(path))


def split_pattern(path: str) -> tuple[str, str]:
    """Split a path into the leading part without wildcards and the pattern below it.

    Returns:
        Both without a slash between; the first is "" where the first component has
        a wildcard, the second is "" where none has.
    """
    components = path.split("/")
    for index, component in enumerate(components):
        if has_wildcard(component):
            return "/".join(components[:index]), "/".join(components[index:])
    return path, ""


def matches(pattern: str, path: str) -> bool:
    """Tell whether `pattern` matches all of `path`.

    Raises:
        DockerfileError: The pattern is malformed.
    """
    return _compiled(pattern).fullmatch(path) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = [""]
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "[":
            piece, position = class_at(pattern, position)
        elif char == "\\":
            piece, position = escaped_at(pattern, position)
        else:
            piece = "[^/]" if char == "?" else re.escape(char)
            position += 1
        if char == "*":
            parts.append("")
        else:
            parts[-1] += piece
    return re.compile(join_parts(parts, "[^/]*?", "[^/]*"), re.DOTALL)


def join_parts(parts: Sequence[str], star: str, last_star: str) -> str:
    """Join the parts between stars to an expression that never searches twice.

    A part is taken where it is first found, which leaves the most to those behind it;
    without that, many stars make a search that does not end. Go matches so, too.

    Args:
        parts: Expressions between the stars; one more than there are stars.
        star: What a star stands for, taking as little as it can.
        last_star: The same for the last star.
    """
    first, *rest = parts
    middle = "".join(f"(?>{star}{part})" for part in rest[:-1])
    return f"{first}{middle}{last_star}{rest[-1]}" if rest else first


def escaped_at(pattern: str, position: int) -> tuple[str, int]:
    """Translate the escaped character at `position`; return it and what is next.

    Raises:
        DockerfileError: Nothing follows the backslash.
    """
    char = pattern[position + 1 : position + 2]
    if not char:
        raise malformed(pattern)
    return re.escape(char), position + 2


def class_at(pattern: str, position: int) -> tuple[str, int]:
    """Translate the class at `position` to a regular expression.

    Raises:
        DockerfileError: It is empty or not closed.
    """
    position += 1
    negated = pattern.startswith("^", position)
    position += negated
    members: list[str] = []
    while not (members and pattern.startswith("]", position)):
        match = _RANGE.match(pattern, position)
        if match is None:
            raise malformed(pattern)
        members.append(_members(match))
        position = match.end()
    alternatives = "|".join(members)
    any_other = f"(?!{alternatives})." if negated else f"(?:{alternatives})"
    return any_other, position + 1


def _members(match: re.Match[str]) -> str:
    low = match["low"][-1]
    high = match["high"][-1] if match["high"] else low
    if low > high:
        return "(?!)"  # Go takes a range that runs backwards for one without members
    return f"[{re.escape(low)}-{re.escape(high)}]"


def malformed(pattern: str) -> DockerfileError:
    """Return the error for a pattern that cannot be read."""
    return DockerfileError(
        f"malformed pattern {pattern!r}",
        hint="close each [ by a ], and write \\[ or \\\\ for the character itself",
    )
