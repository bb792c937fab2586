"""Answers about a repository's files that are worked out once and forgotten with the repository."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from prodlint.deployment.repository import Repository

__all__ = ["per_repository"]

T = TypeVar("T")


def per_repository(function: Callable[[Repository, str], T]) -> Callable[[Repository, str], T]:
    """The same function, called at most once for each repository and path."""
    known: WeakKeyDictionary[Repository, dict[str, T]] = WeakKeyDictionary()

    @wraps(function)
    def remembering(repository: Repository, path: str) -> T:
        answers = known.setdefault(repository, {})
        if path not in answers:
            answers[path] = function(repository, path)
        return answers[path]

    return remembering
