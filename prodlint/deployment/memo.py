"""Answers about a repository's files that are worked out once and forgotten with the repository."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

from prodlint.deployment.repository import Repository

if TYPE_CHECKING:
    from typing_extensions import TypeVarTuple, Unpack

    Asked = TypeVarTuple("Asked")

__all__ = ["per_repository"]

T = TypeVar("T")


def per_repository(function: Callable[[Repository, Unpack[Asked]], T]) -> Callable[[Repository, Unpack[Asked]], T]:
    """The same function, called at most once for each repository and what is asked of it (such as a path)."""

    @wraps(function)
    def remembering(repository: Repository, *asked: Unpack[Asked]) -> T:
        answers: dict[tuple[object, ...], T] = repository.answers.setdefault(function, {})
        if asked not in answers:
            answers[asked] = function(repository, *asked)
        return answers[asked]

    return remembering
