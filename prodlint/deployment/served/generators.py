"""Whether the body of a function runs where it is called: of a generator a call by itself runs nothing.

Frameworks iterate over a plain generator that an endpoint hands them (Starlette's `StreamingResponse`) in threads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from prodlint.deployment.apps.index import CodeCall, CodeFunction
from prodlint.syntax.python_tree import children_of

__all__ = ["is_plain", "runs_on_this_loop", "runs_where_called"]

_TAKES_ALL = frozenset("list tuple set frozenset dict sorted sum any all min max next join extend".split())
_HANDS_ON = frozenset({"enumerate", "filter", "iter", "map", "zip"})
# Decorators that leave a function what it is.
_TRANSPARENT = frozenset(
    "staticmethod classmethod functools.lru_cache functools.cache functools.wraps typing.override".split()
)


def is_plain(function: CodeFunction) -> bool:
    """Whether a call of a function runs it at once: no decorator changes that as far as is known."""
    for one in function.node.decorator_list:
        name = function.module.qualified_name(one.func if isinstance(one, ast.Call) else one)
        if name not in _TRANSPARENT and not (isinstance(one, ast.Name) and one.id in _TRANSPARENT):
            return False
    return True


def runs_on_this_loop(call: CodeCall) -> bool:
    """Whether the coroutine that a call makes is run where it is made: by a coroutine, not by `asyncio.run`."""
    return call.function is not None and call.function.is_async


def runs_where_called(function: CodeFunction, call: CodeCall, tree: ast.Module) -> bool:
    """Whether the body of a function runs in the code that calls it: of a generator, when that iterates over it.

    `tree` is the module of the call.
    """
    if function.is_async or not _is_generator(function.node):
        return True
    iterated = list(_iterated(call.function.node.body if call.function is not None else tree.body))
    return any(one is call.node for one in iterated) or bool(
        _names_of(call, tree) & {one.id for one in iterated if isinstance(one, ast.Name)}
    )


def _is_generator(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(one, ast.Yield | ast.YieldFrom) for one in _own_nodes(node.body))


def _iterated(body: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """The expressions that some code iterates over itself."""
    for node in _own_nodes(body):
        if isinstance(node, ast.For | ast.comprehension):
            yield from _handed_on(node.iter)
        elif isinstance(node, ast.YieldFrom | ast.Starred) or (isinstance(node, ast.Assign) and _unpacks(node)):
            yield from _handed_on(node.value)
        elif isinstance(node, ast.Call) and _last_name(node) in _TAKES_ALL:
            for value in node.args:
                yield from _handed_on(value)


def _unpacks(node: ast.Assign) -> bool:
    return any(isinstance(one, ast.Tuple | ast.List) for one in node.targets)


def _handed_on(value: ast.expr) -> Iterator[ast.expr]:
    """An expression that is iterated over, and those over which it iterates in its turn."""
    yield value
    if isinstance(value, ast.Call) and _last_name(value) in _HANDS_ON:
        for one in value.args:
            yield from _handed_on(one)


def _names_of(call: CodeCall, tree: ast.Module) -> set[str]:
    """The variables of the code around a call that hold what it gives."""
    body = call.function.node.body if call.function is not None else tree.body
    assigned = (one for one in _own_nodes(body) if isinstance(one, ast.Assign) and one.value is call.node)
    return {target.id for one in assigned for target in one.targets if isinstance(target, ast.Name)}


def _last_name(call: ast.Call) -> str:
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """What stands in some code itself, not in the functions that it defines."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(children_of(node))
