"""Expands the words of one instruction with the variables before it."""

from __future__ import annotations

from collections.abc import Iterable
from domain.values import dataclass

from domain.build.state import StageState
from domain.dockerfile.instruction import Command, ExecForm, Instruction
from domain.dockerfile.word import expand, expand_to_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The environment of one instruction.

    One instruction sees the variables as they were before it: `ENV a=1`, then
    `ENV a=2 b=$a` gives b the value 1.
    """

    state: StageState
    escape: str
    line: int

    @classmethod
    def of(cls, instruction: Instruction, state: StageState, escape: str) -> Words:
        """Return the environment of an instruction."""
        return cls(state=state, escape=escape, line=instruction.location.first)

    def expand(self, word: str) -> str:
        """Return a word expanded.

        Raises:
            DockerfileError: A substitution is malformed, or `${x:?}` found nothing.
        """
        variables = self.state.variables
        return expand(word, variables, escape=self.escape, line=self.line)

    def expand_all(self, words: Iterable[str]) -> tuple[str, ...]:
        """Return each word expanded."""
        return tuple(self.expand(word) for word in words)

    def expand_to_words(self, words: Iterable[str]) -> tuple[str, ...]:
        """Return all words that the words expand to (EXPOSE)."""
        return tuple(
            part
            for word in words
            for part in expand_to_words(
                word, self.state.variables, escape=self.escape, line=self.line
            )
        )


def command_line(command: Command, shell: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments of a command; the shell form goes to the shell."""
    if isinstance(command, ExecForm):
        return command.arguments
    return (*shell, command.text)
