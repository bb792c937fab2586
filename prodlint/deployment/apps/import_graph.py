"""Which files a Python process imports, and through which statements.

What the text of files says of their imports decides first, which is cheap and finds a few too many; the statements on
the way to a file that somebody asks for are then looked at one by one.
"""

from __future__ import annotations

import ast
import heapq
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from prodlint.deployment.apps.text import files_with, occurring, python_with, read_files
from prodlint.deployment.apps.written_imports import first_names, modules_below
from prodlint.deployment.repository import Repository
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python_bindings import resolve_relative

if TYPE_CHECKING:
    from prodlint.deployment.apps.index import CodeFunction

__all__ = ["ImportGraph"]

_DYNAMIC = regex(
    rb"import_module\(|__import__\(|import_string\(|find_modules\(|\bload_module\(|exec_module\(|autodiscover"
)
# What stands in each of these.
_MAY_BE_DYNAMIC = (b"_module(", b"_modules(", b"__import__(", b"import_string(", b"autodiscover")
_MOST_RETRIES = 30
_MOST_PENDING = 10
# An import in a function is only a way where there is no other.
_FAR = 1000


class ImportGraph:
    """The files that a process imports when it begins with some `entries`, which are found from `roots`.

    `extra` are imports that no statement spells (Django's applications and URL configurations), by the file that
    causes them; `knows_extra` answers whether these are all that there are. `runs` answers whether a function is known
    to be run by the process, so that its imports are.
    """

    def __init__(
        self,
        repository: Repository,
        roots: tuple[str, ...],
        entries: Iterable[str],
        extra: Callable[[str], Iterable[tuple[str, Span]]] | None = None,
        knows_extra: Callable[[], bool] = lambda: True,
    ) -> None:
        self.repository = repository
        self.roots = roots
        self.entries = tuple(dict.fromkeys(entries))
        self.runs: Callable[[CodeFunction], bool] = lambda function: False
        self.is_extended = extra is not None
        self._knows_extra = knows_extra
        self._extra: Callable[[str], Iterable[tuple[str, Span]]] = extra or (lambda path: ())
        self._modules = modules_below(repository, tuple(dict.fromkeys((*roots, ""))))
        self._refuted: set[tuple[str, str]] = set()
        self._chains: dict[str, tuple[Span, ...] | None] = {}
        self._pending: set[str] = set()
        self._held: dict[tuple[bytes, ...], tuple[str, ...]] = {}
        self._imports: dict[str, tuple[tuple[str, bool], ...]] = {}
        self._places: dict[str, dict[str, list[tuple[ast.AST, CodeFunction | None]]]] = {}

    def may_hold(self, first: str) -> bool:
        """Whether the first part of a dotted name can be a module of the repository."""
        return first in first_names(self.repository)

    def locate(self, dotted: str, near: str) -> str | None:
        """The file of a module that a file imports, None for one of another package."""
        return self._modules.locate(dotted, near)

    def modules(self, dotted: str, near: str) -> tuple[str, ...]:
        """The file of a module, behind those of the packages around it, which run first."""
        return self._modules.of(dotted, near)

    @cached_property
    def files(self) -> frozenset[str]:
        """Every file that the process may import; a few of them it does not."""
        return frozenset(self._ways)

    @cached_property
    def is_complete(self) -> bool:
        """Whether no file imports others by names that it computes, or that nobody knows."""
        if not self.entries or not self._knows_extra():
            return False
        return not any(_DYNAMIC.search(self.repository.data(one) or b"") for one in self.holding(*_MAY_BE_DYNAMIC))

    def holding(self, *needles: bytes) -> tuple[str, ...]:
        """The files that it may import and that hold one of some texts, in order."""
        if "_ways" in self.__dict__ or not self._begins_with_modules:
            if needles not in self._held:
                left = occurring(self.repository, needles) if self._begins_with_modules else needles
                self._held[needles] = tuple(files_with(self._ordered, left)) if left else ()
            return self._held[needles]
        held = python_with(self.repository, needles)
        return tuple(path for path in held if path in self.files) if held else ()

    @cached_property
    def _begins_with_modules(self) -> bool:
        """Whether all its files end in `.py`: a script with which it begins may have another name."""
        return all(one.endswith(".py") for one in self.entries)

    @cached_property
    def _ordered(self) -> list[tuple[str, bytes]]:
        return read_files(self.repository, sorted(self._ways))

    def mentions(self, path: str, names: tuple[str, ...]) -> bool:
        """Whether a file holds one of some names."""
        data = self.repository.data(path) or b""
        return any(name.encode() in data for name in names)

    def chain(self, path: str) -> tuple[Span, ...] | None:
        """The statements that lead from an entry to a file; None when the process is not known to import it."""
        if path in self._chains:
            return self._chains[path]
        if path in self._pending or len(self._pending) > _MOST_PENDING:
            return None
        self._pending.add(path)
        found = self._find(path)
        self._pending.discard(path)
        self._chains[path] = found
        return found

    def _find(self, path: str) -> tuple[Span, ...] | None:
        for _ in range(_MOST_RETRIES):
            if path not in self._ways:
                return None
            way = [path]
            while (parent := self._ways[way[-1]]) is not None:
                way.append(parent)
            way.reverse()
            spans: list[Span] = []
            for importer, imported in pairwise(way):
                span = self._statement(importer, imported)
                if span is None:
                    self._refuted.add((importer, imported))
                    self._held.clear()
                    for table in ("_ways", "_ordered", "files"):
                        self.__dict__.pop(table, None)
                    break
                spans.append(span)
            else:
                return tuple(spans)
        return None

    @cached_property
    def _ways(self) -> dict[str, str | None]:
        """By file, the file that imports it on the shortest way; statements at the left margin first."""
        ways: dict[str, str | None] = {}
        waiting: list[tuple[int, int, str, str | None]] = []
        for number, entry in enumerate(self.entries):
            waiting.append((0, number, entry, None))
        heapq.heapify(waiting)
        count = len(waiting)
        while waiting:
            cost, _, path, parent = heapq.heappop(waiting)
            if path in ways:
                continue
            ways[path] = parent
            for imported, far in self._imported(path):
                if imported not in ways and (path, imported) not in self._refuted:
                    count += 1
                    heapq.heappush(waiting, (cost + (_FAR if far else 1), count, imported, path))
        return ways

    def _imported(self, path: str) -> tuple[tuple[str, bool], ...]:
        """The files that one may import, and whether only in a function or a block."""
        if not self.is_extended:
            return self._modules.imported(path)
        if path not in self._imports:
            extra = ((one, False) for one, _ in self._extra(path))
            self._imports[path] = tuple(dict.fromkeys((*self._modules.imported(path), *extra)))
        return self._imports[path]

    def _statement(self, importer: str, imported: str) -> Span | None:
        """The statement by which one file imports another when the process runs it."""
        for path, span in self._extra(importer):
            if path == imported:
                return span
        from prodlint.deployment.apps.index import code_index

        index = code_index(self.repository, importer)
        if index is None:
            return None
        if importer not in self._places:
            places: dict[str, list[tuple[ast.AST, CodeFunction | None]]] = {}
            for node, function in index.imports:
                dotted = _dotted(node, index.module.package)
                for path in dict.fromkeys(found for one in dotted for found in self.modules(one, importer)):
                    places.setdefault(path, []).append((node, function))
            self._places[importer] = places
        for place, function in self._places[importer].get(imported, ()):
            if function is None or self.runs(function):
                return index.module.span(place)
        return None


def _dotted(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
        return
    owner = resolve_relative(package, node.level, node.module)
    yield owner
    yield from (f"{owner}.{one.name}" if owner else one.name for one in node.names)
