"""Samples of env files: what is committed in the place of a file that only the host has.

`.env.prod` is kept out of the repository, `.env.prod-sample` beside it lists what belongs there. Its values are those
of nobody's production; its names are the contract that people copy. A sample of a plain `.env` says what developers
set, and nothing of production.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.source import SyntaxProblem

__all__ = ["developing_lines", "sample_beside", "sample_of"]

_WORDS = ("sample", "example", "template", "dist", "tmpl")
_NAMES_AN_ENVIRONMENT = regex(r"(?i)(?:\w+_)?(?:env|environment|stage|mode)")
_DEBUG = regex(r"(?i)(?:(?:flask|django|app|quart|fastapi)_)?debug")
_ON = ("1", "true", "yes", "on", "t", "y")


def sample_of(path: str, files: Collection[str]) -> str | None:
    """The path of the sample for an env file of production that is not there, None when there is none beside it."""
    return sample_beside(path, files) if environment_of(path) is Environment.PRODUCTION else None


def sample_beside(path: str, files: Collection[str]) -> str | None:
    """The path of the sample for any env file that is not there, None when there is none beside it."""
    folder, name = posixpath.split(path)
    names = [f"{name}{mark}{word}" for word in _WORDS for mark in ".-_"]
    names += [f"{word}{'' if name.startswith('.') else '.'}{name}" for word in _WORDS]
    # `env.prod.example` where dots in front are shunned.
    names += [one[1:] for one in names if one.startswith(".")]
    return next((found for one in names if (found := posixpath.join(folder, one)) in files), None)


def developing_lines(path: str, repository: Repository) -> tuple[str, ...]:
    """The lines of a sample that choose development, as `NAME=value`: whoever copies it as it is gets no production."""
    from prodlint.syntax.dotenv import parse_dotenv

    source = repository.source(path)
    try:
        entries = parse_dotenv(source) if source is not None else ()
    except SyntaxProblem:
        return ()
    values = {one.name: one.value.literal for one in entries if one.value is not None and one.value.literal is not None}
    return tuple(f"{name}={value}" for name, value in values.items() if _is_for_developers(name, value))


def _is_for_developers(name: str, value: str) -> bool:
    if _DEBUG.fullmatch(name) is not None:
        return value.lower() in _ON
    # A word of its own: `STATIC_MODE=local-first` says something else.
    is_word = value.replace("_", "").isalpha() and environment_of(value) is Environment.DEVELOPMENT
    return is_word and _NAMES_AN_ENVIRONMENT.fullmatch(name) is not None
