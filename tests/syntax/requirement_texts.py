"""Requirements in a text, read."""

from __future__ import annotations

from prodlint.source import Source
from prodlint.syntax.requirements import Requirements, parse_requirements

__all__ = ["read"]


def read(text: str) -> Requirements:
    """A text as a file of requirements."""
    return parse_requirements(Source("requirements.txt", text))
