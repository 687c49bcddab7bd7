"""The errors a build can end with, and those that a broken rule raises.

The hierarchy (indented: is a)::

    KanipyError
        DockerfileError        the Dockerfile breaks a rule of its language
        BuildRuleError         an instruction cannot be carried out as written
        InvalidReference       an image reference cannot be parsed
        InvalidDigest          a digest cannot be parsed
        InvalidPlatform        a platform cannot be parsed
        InvalidImage           a manifest, index or config is not what it should be
        InvalidLayer           a layer is damaged, or reaches out of its root
        UsageError             flags or environment contradict each other
        (application.errors)   what the outside world did

It does not print and knows no exit status: `entrypoints.exit_status` does.
"""

from __future__ import annotations

from typing import Self


class KanipyError(Exception):
    """An error with a place and a remedy, for the person who runs the build.

    Args:
        message: What happened, one line, no secret in it.
        place: Where: "Dockerfile:12", a registry and repository, a path.
        hint: What to do about it, or None where nothing sensible can be said.
    """

    def __init__(
        self, message: str, *, place: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        """Render "place: message", without the hint."""
        return f"{self.place}: {self.message}" if self.place else self.message

    def at_line(self, line: int) -> Self:
        """Return this error with a Dockerfile line before its place.

        Nothing changes where the place is a line of the Dockerfile already.
        """
        here = f"Dockerfile:{line}"
        if self.place in (None, "", "Dockerfile"):
            self.place = here
        elif not self.place.startswith("Dockerfile:"):
            self.place = f"{here}: {self.place}"
        return self


class DockerfileError(KanipyError):
    """The Dockerfile breaks a rule of its language.

    Args:
        message: What is wrong.
        line: First line (1-based) of the instruction, or None for the whole file.
        hint: What to write instead.
    """

    def __init__(
        self, message: str, *, line: int | None = None, hint: str | None = None
    ) -> None:
        place = f"Dockerfile:{line}" if line is not None else "Dockerfile"
        super().__init__(message, place=place, hint=hint)
        self.line = line


class BuildRuleError(KanipyError):
    """An instruction is well formed but cannot be carried out as written.

    Raised by planning (a missing COPY source, an unknown user, …). The service
    that plans adds the line by `at_line`.
    """


class InvalidReference(KanipyError):
    """An image reference cannot be parsed."""


class InvalidDigest(KanipyError):
    """A digest is not `algorithm:hex` of a known algorithm."""


class InvalidPlatform(KanipyError):
    """A platform is not `os/architecture[/variant]`."""


class InvalidImage(KanipyError):
    """A manifest, index or image config is not what the specification asks for."""


class InvalidLayer(KanipyError):
    """A layer or archive is damaged, or would reach out of the root."""


class UsageError(KanipyError):
    """Flags or environment variables are wrong or contradict each other."""
