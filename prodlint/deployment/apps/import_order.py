"""In which order a process imports the modules that its own ones name, where a file of the repository is its start.

The statements at the level of modules are followed as Python runs them, into modules of the repository and back. What
functions import when somebody calls them is not told.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from prodlint.deployment.apps.import_graph import ImportGraph
from prodlint.record import Record, replace
from prodlint.source import Span
from prodlint.syntax.python import PythonModule, is_main_guard, is_typing_guard
from prodlint.syntax.python_bindings import resolve_relative
from prodlint.syntax.python_tree import children_of

__all__ = ["Ran", "in_order", "surely_imported"]

_MOST_FILES = 2000
_DEPTH = 40
_Import = ast.Import | ast.ImportFrom
_BLOCKS = ("body", "handlers", "cases", "orelse")


class Ran(Record):
    """The import of a module of another package (`name` is its dotted name), or a call.

    `way` are the imports that lead to its file, in causal order. `is_certain` is set where no condition stands around
    it, nor around one of those.
    """

    path: str
    module: PythonModule
    node: ast.Import | ast.ImportFrom | ast.Call
    name: str
    way: tuple[Span, ...]
    is_certain: bool

    @property
    def span(self) -> Span:
        return self.module.span(self.node)


class _Walk:
    """One process; `seen` holds the files that were run, and whether certainly.

    `is_cut` is set once a file is passed over because there are too many: nobody knows what it does.
    """

    def __init__(self, graph: ImportGraph, script: str | None) -> None:
        self.graph = graph
        self.script = script
        self.seen: set[tuple[str, bool]] = set()
        self.is_cut = False

    def file(self, path: str, way: tuple[Span, ...], is_certain: bool) -> Iterator[Ran]:
        if (path, True) in self.seen or (path, is_certain) in self.seen:
            return
        if len(self.seen) > _MOST_FILES or len(way) >= _DEPTH:
            self.is_cut = True
            return
        self.seen.add((path, is_certain))
        module = self.graph.repository.python(path)
        if module is not None:
            yield from self._block(path, module, module.tree.body, way, is_certain)

    def _block(
        self, path: str, module: PythonModule, block: list[Any], way: tuple[Span, ...], is_certain: bool
    ) -> Iterator[Ran]:
        waiting: list[tuple[Any, bool]] = [(one, is_certain) for one in reversed(block)]
        while waiting:
            node, certain = waiting.pop()
            if isinstance(node, _Import):
                yield from self._imports(path, module, node, way, certain)
            elif isinstance(node, ast.If):
                yield from ((Ran(path, module, call, "", way, certain)) for call in _calls(node.test))
                waiting += reversed(self._branches(path, node, certain))
            elif isinstance(node, ast.With | ast.AsyncWith | ast.ClassDef):
                waiting += [(one, certain) for one in reversed(node.body)]
            elif isinstance(node, ast.stmt) and any(hasattr(node, one) for one in _BLOCKS):
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    inner = [one for name in _BLOCKS for one in getattr(node, name, ())]
                    last = [(one, certain) for one in getattr(node, "finalbody", ())]
                    waiting += reversed([*((one, False) for one in inner), *last])
            elif isinstance(node, ast.ExceptHandler | ast.match_case):
                waiting += [(one, False) for one in reversed(node.body)]
            else:
                yield from ((Ran(path, module, call, "", way, certain)) for call in _calls(node))

    def _branches(self, path: str, node: ast.If, certain: bool) -> list[tuple[ast.stmt, bool]]:
        if is_main_guard(node.test):
            return [(one, certain) for one in (node.body if path == self.script else node.orelse)]
        if is_typing_guard(node.test):
            return [(one, certain) for one in node.orelse]
        return [(one, False) for one in (*node.body, *node.orelse)]

    def _imports(
        self, path: str, module: PythonModule, node: _Import, way: tuple[Span, ...], certain: bool
    ) -> Iterator[Ran]:
        for dotted, names in _named(node, module.package):
            located = [one for part in (dotted, *names) for one in self.graph.modules(part, path)]
            for one in dict.fromkeys(located):
                yield from self.file(one, (*way, module.span(node)), certain)
            if not located and not dotted.startswith("."):
                yield Ran(path, module, node, dotted, way, certain)


def _named(node: _Import, package: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The modules that a statement imports, each with the names below it that may be modules too."""
    if isinstance(node, ast.Import):
        yield from ((one.name, ()) for one in node.names)
        return
    owner = resolve_relative(package, node.level, node.module)
    yield owner, tuple(f"{owner}.{one.name}" if owner else one.name for one in node.names if one.name != "*")


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that running a statement makes, those in functions that it makes aside."""
    waiting: list[ast.AST] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Call):
            yield one
        if not isinstance(one, ast.Lambda):
            waiting += children_of(one)


def in_order(graph: ImportGraph, entries: tuple[str, ...], script: str | None = None) -> Iterator[Ran]:
    """What the modules of a process run when it imports some files one after the other; `script` is run as a program.

    `name` is empty for calls: most are of no interest to whoever asks. Behind a file that is passed over because there
    are too many nothing is certain.
    """
    walk = _Walk(graph, script)
    for entry in entries:
        for ran in walk.file(entry, (), True):
            yield replace(ran, is_certain=False) if walk.is_cut else ran


def surely_imported(graph: ImportGraph, entries: tuple[str, ...], script: str | None = None) -> frozenset[str]:
    """The files that a process runs whatever happens when it imports some: no condition stands before any of them."""
    walk = _Walk(graph, script)
    for entry in entries:
        for _ in walk.file(entry, (), True):
            pass
    return frozenset(path for path, is_certain in walk.seen if is_certain)
