"""Shortcuts for tests that start from Dockerfile text."""

from __future__ import annotations

from adapters.memory.dockerfile_reader import MemoryDockerfileReader
from domain.dockerfile.instruction import Instruction
from domain.dockerfile.parse import parse_dockerfile
from domain.dockerfile.source import LogicalLine, logical_lines
from domain.dockerfile.stage import Dockerfile


def dockerfile(source: bytes | str) -> Dockerfile:
    return parse_dockerfile(source, MemoryDockerfileReader().split)


def lines(source: bytes | str) -> tuple[LogicalLine, ...]:
    return logical_lines(source, MemoryDockerfileReader().split)[1]


def instruction(text: str) -> Instruction:
    """Return the one instruction behind `FROM scratch` on line 2."""
    (only,) = dockerfile(f"FROM scratch\n{text}\n").stages[0].instructions
    return only
