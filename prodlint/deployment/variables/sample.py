"""Samples of env files: what is committed in the place of a file that only the host has.

`.env.prod` is kept out of the repository, `.env.prod-sample` beside it lists what belongs there. Its values are those
of nobody's production; its names are the contract that people copy. A sample of a plain `.env` says what developers
set, and nothing of production.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from prodlint.deployment.environment import Environment, environment_of

__all__ = ["sample_beside", "sample_of"]

_WORDS = ("sample", "example", "template", "dist", "tmpl")


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
