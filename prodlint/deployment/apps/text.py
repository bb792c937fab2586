"""Which Python files hold some text at all: far cheaper to tell than to parse them, and asked by every rule on code."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository

__all__ = ["any_python_with", "files_with", "holds_one", "last_parts", "occurring", "python_with", "read_files"]

_Files: TypeAlias = list[tuple[str, bytes]]


def read_files(repository: Repository, paths: Iterable[str]) -> _Files:
    """Files with their bytes, without those that are empty or cannot be read."""
    return [(path, data) for path in paths if (data := repository.data(path))]


def files_with(files: _Files, needles: tuple[bytes, ...]) -> list[str]:
    """The files that hold one of some texts, in the order given."""
    if len(needles) == 1:
        needle = needles[0]
        return [path for path, data in files if needle in data]
    left = files
    found: set[str] = set()
    for needle in needles:
        held = {path for path, data in left if needle in data}
        if held:
            found |= held
            left = [one for one in left if one[0] not in held]
    return [path for path, _ in files if path in found] if found else []


@per_repository
def _python_files(repository: Repository) -> _Files:
    return read_files(repository, repository.python_files)


@per_repository
def _python(repository: Repository) -> bytes:
    """All Python files behind one another."""
    return b"\0".join([data for _, data in _python_files(repository)])


@per_repository
def occurring(repository: Repository, needles: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Those of some texts that any Python file of the repository holds: most are in none."""
    everything = _python(repository)
    return tuple([needle for needle in needles if needle in everything])


@per_repository
def python_with(repository: Repository, needles: tuple[bytes, ...]) -> list[str]:
    """The Python files of the repository that hold one of some texts: the same for every process."""
    return files_with(_python_files(repository), occurring(repository, needles))


def any_python_with(repository: Repository, needles: tuple[bytes, ...]) -> bool:
    """Whether any Python file of the repository holds one of some texts."""
    return bool(occurring(repository, needles))


@lru_cache(maxsize=256)
def last_parts(names: frozenset[str]) -> frozenset[str]:
    """`get` of `requests.get`."""
    return frozenset(one.rpartition(".")[2] for one in names)


@lru_cache(maxsize=256)
def _encoded(names: frozenset[str]) -> tuple[bytes, ...]:
    return tuple(name.encode() for name in names)


@per_repository
def holds_one(repository: Repository, path: str, names: frozenset[str]) -> bool:
    """Whether a file holds one of some names at all."""
    data = repository.data(path) or b""
    # Other letters may stand for those of a name (PEP 3131).
    return any(name in data for name in _encoded(names)) or not data.isascii()
