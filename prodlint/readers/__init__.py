"""What each deployment file declares: one module per system, the only place that knows its keys.

A reader is a module of this folder with `read(path, repository)`, which yields the facts that such a file declares;
`files.py` says which files are its own, so that it is loaded when there is one. The other modules are parts of readers.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from functools import cache

from prodlint.deployment.repository import Repository
from prodlint.readers.files import READS, Files
from prodlint.record import Entity
from prodlint.regex import regex

__all__ = ["Files", "Reader", "declare", "readers"]


_WILD = regex(r"[*?]|\[[^]]*\]")
_SUFFIX = regex(r"\*\.[^.*?\[]+")


class Reader(Entity):
    """One reader: its name and its files."""

    name: str
    files: Files

    def read(self, path: str, repository: Repository) -> Iterator[object]:
        """The facts that a file declares."""
        facts: Iterator[object] = importlib.import_module(f"{__name__}.{self.name}").read(path, repository)
        return facts


@cache
def readers() -> tuple[Reader, ...]:
    """Every reader, in the order of their names."""
    return tuple(Reader(name, READS[name]) for name in sorted(READS))


class _ByPath:
    """Tells the readers of paths: names and suffixes are looked up, other patterns begin with their longest text."""

    def __init__(self, every: Sequence[Reader], paths: Sequence[str]) -> None:
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
        # Most of the texts stand in no path at all.
        everything = "\n".join(paths)
        self._others = [one for one in self._others if one[0] in everything]

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
    known = _ByPath(readers(), repository.ordered)
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
