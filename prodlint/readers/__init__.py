"""What each deployment file declares: one module per system, the only place that knows its keys.

A reader is a module of this folder with `READS`, which files are its own, and `read(path,
repository)`, which yields the facts that such a file declares. Nothing else has to be registered.
"""

from __future__ import annotations

import fnmatch
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from prodlint.deployment.repository import Repository
from prodlint.record import record

__all__ = ["Files", "Reader", "declare", "readers"]


@record
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


@record
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


class _ByPath:
    """Tells the readers of a path; two expressions turn away the many files that nobody reads."""

    def __init__(self, every: Sequence[Reader]) -> None:
        self._readers = [(reader, _any_of(reader.files.names), _any_of(reader.files.paths)) for reader in every]
        self._names = _any_of([name for reader in every for name in reader.files.names])
        self._paths = _any_of([path for reader in every for path in reader.files.paths])

    def readers_of(self, path: str) -> list[Reader]:
        """The readers whose patterns a path matches, without a look into the file."""
        name = path[path.rfind("/") + 1 :]
        by_name, by_path = self._names.match(name), self._paths.match(path)
        if not by_name and not by_path:
            return []
        return [
            reader
            for reader, names, paths in self._readers
            if (by_name and names.match(name)) or (by_path and paths.match(path))
        ]


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)")


def declare(repository: Repository) -> tuple[tuple[object, ...], dict[str, str]]:
    """All facts of the repository, and by path what each read file was read as."""
    facts: list[object] = []
    read_as: dict[str, str] = {}
    known = _ByPath(readers())
    for path in repository.ordered:
        for reader in known.readers_of(path):
            if reader.files.contains:
                data = repository.data(path)
                if data is None or not any(needle in data for needle in reader.files.contains):
                    continue
            declared = list(reader.read(path, repository))
            if declared or not reader.files.contains:
                read_as.setdefault(path, reader.files.reads_as)
            facts.extend(declared)
    return tuple(facts), read_as
