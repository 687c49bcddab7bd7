"""Ignore rules worked out slowly, component by component, without expressions.

It shares nothing with `domain.dockerfile.ignore`: a path is judged by walking to it
from the top each time, and a pattern is matched by trying every way.
"""

from __future__ import annotations

from collections.abc import Sequence


def ignored(rules: Sequence[str], path: str) -> bool:
    """Tell whether rules (`!` takes back) leave a path out."""
    return _judged(rules, path.split("/"))[0]


def _judged(rules: Sequence[str], path: Sequence[str]) -> tuple[bool, list[bool]]:
    """Return whether a path is left out, and which rules hold for it and below."""
    above = [False] * len(rules)
    if len(path) > 1:
        above = _judged(rules, path[:-1])[1]
    verdict, held = False, []
    for rule, inherited in zip(rules, above, strict=True):
        takes_back, pattern = rule.startswith("!"), rule.lstrip("!").split("/")
        # Only a rule that would change the verdict is asked.
        asks = takes_back == verdict
        holds = inherited or (asks and _path_matches(pattern, path))
        held.append(holds)
        if holds:
            verdict = not takes_back
    return verdict, held


def _path_matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    if not pattern:
        return not path
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        # At the end it stands for something, in between also for nothing.
        least = 0 if rest else 1
        return any(
            _path_matches(rest, path[taken:]) for taken in range(least, len(path) + 1)
        )
    if not path:
        return False
    return _name_matches(first, path[0]) and _path_matches(rest, path[1:])


def _name_matches(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(
            _name_matches(pattern[1:], name[taken:]) for taken in range(len(name) + 1)
        )
    if not name:
        return False
    if pattern[0] == "[":
        members, _, rest = pattern[1:].partition("]")
        negated = members.startswith("^")
        fits = (name[0] in members.lstrip("^")) != negated
        return fits and _name_matches(rest, name[1:])
    if pattern[0] == "\\":
        return name[0] == pattern[1] and _name_matches(pattern[2:], name[1:])
    return pattern[0] in ("?", name[0]) and _name_matches(pattern[1:], name[1:])
