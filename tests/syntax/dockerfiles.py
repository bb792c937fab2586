"""Dockerfiles in a text, read."""

from __future__ import annotations

from prodlint.source import Source
from prodlint.syntax.dockerfile import Dockerfile, Instruction, parse_dockerfile
from prodlint.syntax.word import Word

__all__ = ["BOM", "messages", "only", "outline", "parse", "values"]


BOM = "\ufeff"


def parse(text: str) -> Dockerfile:
    """A text as a Dockerfile."""
    return parse_dockerfile(Source("Dockerfile", text))


def only(text: str) -> Instruction:
    """The one instruction behind a `FROM a` that has nothing wrong with it."""
    dockerfile = parse(f"FROM a\n{text}")
    assert [problem.message for problem in dockerfile.problems] == []
    assert len(dockerfile.instructions) == 2
    return dockerfile.instructions[1]


def outline(text: str) -> list[tuple[str, str]]:
    """The keyword and the value of each instruction."""
    return [(instruction.keyword, instruction.value.value) for instruction in parse(text).instructions]


def messages(text: str) -> list[str]:
    """What is wrong with a Dockerfile."""
    return [problem.message for problem in parse(text).problems]


def values(words: tuple[Word, ...] | None) -> list[str] | None:
    """Words as they read, None for none."""
    return None if words is None else [str(word) for word in words]
