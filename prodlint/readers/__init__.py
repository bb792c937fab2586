"""What each deployment file declares: one module per system, the only place that knows its keys.

A reader is a module of this folder with `READS`, which files are its own, and `read(path,
repository)`, which yields the facts that such a file declares. Nothing else has to be registered.
"""

from __future__ import annotations

import fnmatch
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from prodlint.deployment.repository import Repository

__all__ = ["Files", "Reader", "declare", "readers"]


@dataclass(frozen=True, slots=True)
class Files:
    """Which files a reader reads.

    `names` are patterns for the last part of the path, `paths` for the whole path; `contains`
    are byte strings of which one must occur when it is given. `reads_as` is what `--show-files`
    calls such a file.
    """

    reads_as: str
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    contains: tuple[bytes, ...] = ()

    def match(self, path: str) -> bool:
        """Whether the path alone fits."""
        name = path.rpartition("/")[2]
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.names) or any(
            fnmatch.fnmatchcase(path, pattern) for pattern in self.paths
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader: its name, its files, and what yields their facts."""

    name: str
    files: Files
    read: Callable[[str, Repository], Iterator[object]]


@cache
def readers() -> tuple[Reader, ...]:
    """Every reader of this folder, in the order of their names."""
    found = []
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        if hasattr(module, "READS"):
            found.append(Reader(info.name, module.READS, module.read))
    return tuple(found)


def declare(repository: Repository) -> tuple[tuple[object, ...], dict[str, str]]:
    """All facts of the repository, and by path what each read file was read as."""
    facts: list[object] = []
    read_as: dict[str, str] = {}
    exact: dict[str, list[Reader]] = {}
    patterned: list[Reader] = []
    for reader in readers():
        for name in reader.files.names:
            if not any(character in name for character in "*?["):
                exact.setdefault(name, []).append(reader)
        if reader.files.paths or any(any(c in name for c in "*?[") for name in reader.files.names):
            patterned.append(reader)
    for path in sorted(repository.paths):
        candidates = dict.fromkeys(
            [*exact.get(path.rpartition("/")[2], ()), *(one for one in patterned if one.files.match(path))]
        )
        for reader in candidates:
            if reader.files.contains:
                data = repository.data(path)
                if data is None or not any(needle in data for needle in reader.files.contains):
                    continue
            declared = list(reader.read(path, repository))
            if declared or not reader.files.contains:
                read_as.setdefault(path, reader.files.reads_as)
            facts.extend(declared)
    return tuple(facts), read_as
