"""The rules of a .dockerignore file, and of COPY and ADD --exclude.

Rules match as BuildKit's context walk does: the last rule that matches wins, `!` takes
a path back, `**` stands for any number of directories, and a rule that matches a
directory holds for all below it. It does not look for the file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from domain.dockerfile.arguments import WHITESPACE
from domain.dockerfile.glob import class_at, escaped_at, matches
from domain.errors import DockerfileError
from domain.values import dataclass

_WILDCARDS = ("[^/]*", ".*", "(?:.*/)?")
_FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    pattern: str
    keeps: bool  # whether it takes back what earlier rules ignore
    expression: _Expression

    @classmethod
    def parse(cls, text: str) -> _Rule:
        keeps = text.startswith("!")
        pattern = text.removeprefix("!") if keeps else text
        if not pattern:
            raise DockerfileError(
                "a lone '!' excludes nothing", hint="write a path behind it"
            )
        return cls(pattern=pattern, keeps=keeps, expression=_Expression(pattern))

    def matches(self, path: str) -> bool:
        return self.expression.matches(path)

    def may_match_below(self, directory: str) -> bool:
        """Tell whether it can match something inside `directory`."""
        wanted = self.pattern.split("/")
        for component, name in zip(wanted, directory.split("/"), strict=False):
            if "**" in component or "[" in component:
                return True
            if not matches(component, name):
                return False
        return len(wanted) > directory.count("/") + 1 or self.matches(directory)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one path; needed for the paths below it.

    Args:
        ignored: Whether the path is left out.
        matched: Whether each rule matched the path or a directory above it.
    """

    ignored: bool
    matched: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """Ordered rules. Paths are relative to the context, without `./` before them."""

    rules: tuple[_Rule, ...] = ()

    @classmethod
    def parse(cls, text: str | bytes) -> IgnoreRules:
        """Read a .dockerignore file.

        Args:
            text: Its content; bytes that are no UTF-8 become surrogates, as in paths.

        Raises:
            DockerfileError: A pattern is malformed; its place names the line.
        """
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        rules: list[_Rule] = []
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            try:
                if not line.startswith("#"):
                    rules += _rules_of(line)
            except DockerfileError as error:
                error.line = number
                error.place = f".dockerignore:{number}"
                raise
        return cls(tuple(rules))

    @classmethod
    def of(cls, patterns: Iterable[str]) -> IgnoreRules:
        """Read patterns that stand alone, as those of --exclude.

        Raises:
            DockerfileError: A pattern is malformed.
        """
        return cls(tuple(rule for text in patterns for rule in _rules_of(text)))

    @property
    def takes_back(self) -> bool:
        """Whether a rule takes back what others ignore (`!`)."""
        return any(rule.keeps for rule in self.rules)

    def ignores(self, path: str) -> bool:
        """Tell whether `path` is left out. The root itself never is."""
        verdict: Verdict | None = None
        components = path.split("/")
        for depth in range(1, len(components) + 1):
            verdict = self.verdict("/".join(components[:depth]), verdict)
        return verdict is not None and verdict.ignored

    def verdict(self, path: str, above: Verdict | None = None) -> Verdict:
        """Judge one path of a walk.

        Args:
            path: The path, of any type.
            above: The verdict on its parent, None at the top of the context.
        """
        inherited = above.matched if above else (False,) * len(self.rules)
        ignored = False
        matched: list[bool] = []
        for rule, held_above in zip(self.rules, inherited, strict=True):
            # A rule that could change nothing is not asked; that it might also hold
            # below is then not remembered, as in BuildKit.
            holds = held_above or (rule.keeps == ignored and rule.matches(path))
            matched.append(holds)
            if holds:
                ignored = not rule.keeps
        return Verdict(ignored, tuple(matched))

    def prunes(self, directory: str, verdict: Verdict | None = None) -> bool:
        """Tell whether a walk may skip `directory` with all that is below it.

        Args:
            directory: Its path.
            verdict: What `verdict` said of it, when the caller has it.
        """
        ignored = verdict.ignored if verdict else self.ignores(directory)
        return ignored and not any(
            rule.keeps and rule.may_match_below(directory) for rule in self.rules
        )


def _rules_of(line: str) -> list[_Rule]:
    text = line.strip(WHITESPACE)
    if not text:
        return []
    keeps = text.startswith("!")
    pattern = text.removeprefix("!").strip(WHITESPACE) if keeps else text
    if pattern:
        pattern = _clean(pattern)
    if len(pattern) > 1:
        pattern = pattern.removeprefix("/")
    return [_Rule.parse(f"!{pattern}" if keeps else pattern)]


def _clean(pattern: str) -> str:
    # normpath keeps two leading slashes, which mean nothing here.
    return re.sub("^//", "/", posixpath.normpath(pattern.strip(WHITESPACE)))


class _Expression:
    """A pattern as pieces of a regular expression.

    All pieces are one expression where that is quick. With many wildcards the search
    might not end, so the pieces are then matched one by one at all places at once.
    """

    def __init__(self, pattern: str) -> None:
        self._pieces: list[str] = []
        position = 0
        while position < len(pattern):
            piece, position = _translate(pattern, position)
            self._pieces.append(piece)
        whole = "".join(self._pieces)
        self._whole = re.compile(whole, re.DOTALL)
        self._is_quick = sum(map(self._pieces.count, _WILDCARDS)) <= _FEW

    def matches(self, path: str) -> bool:
        if self._is_quick:
            return self._whole.fullmatch(path) is not None
        places = {0}
        for piece in self._pieces:
            places = _places_after(piece, path, places)
        return len(path) in places


def _places_after(piece: str, path: str, places: set[int]) -> set[int]:
    """Return where a piece may end that begins at one of the places."""
    match piece:
        case "[^/]*":
            reach = (path.find("/", place) for place in places)
            ends = (len(path) if end < 0 else end for end in reach)
            return {
                each
                for place, end in zip(places, ends, strict=True)
                for each in range(place, end + 1)
            }
        case ".*":
            return set(range(min(places), len(path) + 1)) if places else set()
        case "(?:.*/)?":
            after = {i for i in range(1, len(path) + 1) if path[i - 1] == "/"}
            return places | {i for i in after if i > min(places, default=i)}
        case _:
            single = re.compile(piece, re.DOTALL)
            found = (single.match(path, place) for place in places)
            return {match.end() for match in found if match}


def _translate(pattern: str, position: int) -> tuple[str, int]:
    char = pattern[position]
    if char == "[":
        return class_at(pattern, position)
    if char == "\\":
        return escaped_at(pattern, position)
    if pattern.startswith("**", position):
        return _any_directories(pattern, position)
    piece = {"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char))
    return piece, position + 1


def _any_directories(pattern: str, position: int) -> tuple[str, int]:
    after = position + 2
    if pattern.startswith("/", after):
        after += 1
    if after == len(pattern):
        return ".*", after
    # "**name" as a whole pattern is a plain suffix, any other "**" ends at a slash.
    rest = pattern[after:]
    is_suffix = (
        position == 0 and pattern[2] != "/" and not re.search(r"[*?\[\]\\]", rest)
    )
    return (".*" if is_suffix else "(?:.*/)?"), after
