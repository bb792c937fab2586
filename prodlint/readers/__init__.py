"""What each deployment file declares: one module per system, the only place that knows its keys.

A reader is a module of this folder with `READS`, which files are its own, and `read(path,
repository)`, which yields the facts that such a file declares. Nothing else has to be registered. A module
whose name goes on behind that of another, as `helm_chart` does, is a part of it and loaded when it is needed.
"""

from __future__ import annotations

import fnmatch
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from prodlint.deployment.repository import Repository
from prodlint.record import entity, record
from prodlint.regex import regex

__all__ = ["Files", "Reader", "declare", "readers"]


_WILD = regex(r"[*?]|\[[^]]*\]")
_SUFFIX = regex(r"\*\.[^.*?\[]+")


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

    def match(self, path: str, name: str) -> bool:
        """Whether a path, whose last part is the name, is one of these files as far as patterns tell."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.names) or any(
            fnmatch.fnmatchcase(path, pattern) for pattern in self.paths
        )


@entity
class Reader:
    """One reader: its name, its files, and what yields their facts."""

    name: str
    files: Files
    read: Callable[[str, Repository], Iterator[object]]


@cache
def readers() -> tuple[Reader, ...]:
    """Every reader of this folder, in the order of their names."""
    found = []
    names = [info.name for info in pkgutil.iter_modules(__path__)]
    for name in names:
        whole, mark, _ = name.partition("_")
        if mark and whole in names:
            continue
        module = importlib.import_module(f"{__name__}.{name}")
        if hasattr(module, "READS"):
            found.append(Reader(name, module.READS, module.read))
    return tuple(found)


class _ByPath:
    """Tells the readers of a path: names and suffixes are looked up, other patterns begin with their longest text."""

    def __init__(self, every: Sequence[Reader]) -> None:
        self._every = every
        self._names: dict[str, set[Reader]] = {}
        self._suffixes: dict[str, set[Reader]] = {}
        self._others: list[tuple[str, Reader]] = []
        for reader in every:
            for pattern in reader.files.names:
                if not _WILD.search(pattern):
                    self._names.setdefault(pattern, set()).add(reader)
                elif _SUFFIX.fullmatch(pattern):
                    self._suffixes.setdefault(pattern[1:], set()).add(reader)
                else:
                    self._others.append((_longest_text(pattern), reader))
            self._others.extend((_longest_text(pattern), reader) for pattern in reader.files.paths)

    def readers_of(self, path: str) -> list[Reader]:
        """The readers whose patterns a path matches, in their order, without a look into the file."""
        name = path[path.rfind("/") + 1 :]
        found = self._names.get(name, set()) | self._suffixes.get(name[name.rfind(".") :], set())
        for text, reader in self._others:
            if text in path and reader not in found and reader.files.match(path, name):
                found.add(reader)
        return [reader for reader in self._every if reader in found] if found else []


def _longest_text(pattern: str) -> str:
    return max(_WILD.split(pattern), key=len)


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
