"""The helpers that docker's configuration can name: our own, and programs."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.credentials.helper import Provider, Remembering
from adapters.credentials.helper_program import HelperProgram, HelperPrograms


class OwnAndPrograms:
    """Our own providers answer for the programs they stand in for.

    Args:
        own: Our providers, by the names of those programs.
        programs: All other names.
    """

    def __init__(self, own: Mapping[str, Provider], programs: HelperPrograms) -> None:
        self._own = own
        self._programs = programs
        self._made: dict[str, Provider] = {}

    def named(self, name: str) -> Provider:
        """Return the helper of a name, the same for the same name."""
        if name in self._own:
            return self._own[name]
        if name not in self._made:
            program = HelperProgram(self._programs, name)
            self._made[name] = Provider(name, Remembering(lambda: program))
        return self._made[name]

    def is_ours(self, name: str) -> bool:
        """Whether it can be asked at any time.

        Raises:
            HelperFailure: It is no name of a program.
        """
        return name in self._own or self._programs.is_ours(name)

    def run_only_ours(self) -> None:
        """Run no program outside of our directory from now on."""
        self._programs.run_only_ours()
