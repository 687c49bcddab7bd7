"""Reading WWW-Authenticate headers (RFC 9110, section 11.6.1)."""

from __future__ import annotations

import re
from typing import Self

from domain.values import dataclass

_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_SEPARATOR = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """How a registry wants to be convinced.

    Attributes:
        scheme: "bearer" or "basic" (or another one), lower case.
        realm: URL of the token service (bearer).
        service: Name the token service knows the registry by.
        scope: What the refused request would have needed, or "".
        error: Why a token was refused ("insufficient_scope"), or "".
    """

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""
    error: str = ""

    @classmethod
    def parse_all(cls, header: str) -> list[Self]:
        """Return the challenges of a header, those that make no sense left out."""
        challenges: list[Self] = []
        position = 0
        while token := _TOKEN.match(header, _skip(header, position)):
            position = token.end()
            facts: dict[str, str] = {}
            while parameter := _PARAMETER.match(header, _skip(header, position)):
                name, quoted, plain = parameter.groups()
                value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
                facts.setdefault(name.lower(), value)
                position = parameter.end()
            challenges.append(
                cls(
                    scheme=token[0].lower(),
                    realm=facts.get("realm", ""),
                    service=facts.get("service", ""),
                    scope=facts.get("scope", ""),
                    error=facts.get("error", ""),
                )
            )
        return challenges


def choose(header: str | None) -> Challenge | None:
    """Return the challenge we can answer, bearer before basic, or None."""
    known = {c.scheme: c for c in reversed(Challenge.parse_all(header or ""))}
    bearer = known.get("bearer")
    return bearer if bearer and bearer.realm else known.get("basic")


def _skip(header: str, position: int) -> int:
    separator = _SEPARATOR.match(header, position)
    return separator.end() if separator else position
