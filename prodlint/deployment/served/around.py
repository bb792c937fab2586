"""The functions around which decorators of the repository put another one: it runs whenever they are called.

def signed_in(view):
    @functools.wraps(view)
    def inner(*args): …
    return inner
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.apps.index import CodeFunction, code_index
from prodlint.deployment.apps.names import Defined, Here
from prodlint.deployment.served.handlers import Handlers
from prodlint.source import Span

__all__ = ["around"]

_MOST_FILES = 60


def around(function: CodeFunction, handlers: Handlers) -> Iterator[tuple[CodeFunction, Span]]:
    """The functions that a decorator replaces by this one, each with the place of the decorator."""
    decorator, is_called = _decorator(function)
    if decorator is None:
        return
    name = decorator.node.name
    others = (one for one in handlers.graph.holding(name.encode()) if one != decorator.path)
    for path in [decorator.path, *others][:_MOST_FILES]:
        index = code_index(handlers.repository, path)
        for one in index.functions if index is not None else ():
            for written in one.node.decorator_list if one.is_async is function.is_async else ():
                if isinstance(written, ast.Call) is not is_called or name != _last_part(written):
                    continue
                meant = handlers.names.meaning(_called(written), Here(path, one.module, one.outer))
                if isinstance(meant, Defined) and meant.node is decorator.node and _is_served(one, written, handlers):
                    yield one, one.module.span(written)


def _decorator(function: CodeFunction) -> tuple[CodeFunction | None, bool]:
    """The decorator that gives a function in place of another, and whether it is called with arguments for that."""
    outer = function.outer
    if function.owner is not None or outer is None or not _returns(outer, function):
        return None, False
    if outer.outer is not None:
        return (outer.outer, True) if outer.outer.outer is None and _returns(outer.outer, outer) else (None, False)
    return outer, False


def _returns(outer: CodeFunction, inner: CodeFunction) -> bool:
    names = (node.value for node in outer.node.body if isinstance(node, ast.Return))
    return any(isinstance(one, ast.Name) and one.id == inner.node.name for one in names)


def _is_served(function: CodeFunction, written: ast.expr, handlers: Handlers) -> bool:
    """Whether a framework gets what a decorator made: one that registers a function gets what stands below it."""
    registering = [one.span for one in handlers.decorated(function)]
    place = function.module.span(written)
    return all(one.start < place.start for one in registering)


def _called(written: ast.expr) -> ast.expr:
    return written.func if isinstance(written, ast.Call) else written


def _last_part(written: ast.expr) -> str:
    called = _called(written)
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
