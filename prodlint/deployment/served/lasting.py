"""Functions that go on for as long as somebody else wants: they wait for a client, or never leave a loop.

Only what cannot end by itself counts. A loop that something else may leave (`break`, `return`, a test) ends one day
for all that is known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from prodlint.deployment.apps.index import CodeFunction
from prodlint.syntax.python_tree import children_of, nodes_in

__all__ = ["endless_loop", "waits_for_client"]

_Loop = ast.For | ast.AsyncFor | ast.While
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
# What is raised in a generator whose reader is gone.
_GONE = frozenset({"CancelledError", "GeneratorExit", "ClientDisconnect", "get_cancelled_exc_class"})
_OPEN = frozenset({"connected", "closed"})
_RECEIVE = frozenset({"receive"})
# What ends something after a while, by an error or by leaving a block.
_TIMED = frozenset("timeout timeout_at wait_for move_on_after move_on_at fail_after fail_at".split())
# What raises an error when there is nothing more.
_STEPS = frozenset("next anext __next__ __anext__ get_nowait recv_nowait receive_nowait pop popleft popitem".split())


def waits_for_client(function: CodeFunction, socket: str) -> bool:
    """Whether a handler stays for as long as the client of its socket, a variable: it receives without a limit, or
    loops for it."""
    for node in _inside(function.node.body):
        if isinstance(node, ast.Call) and _is_of(node.func, socket, _RECEIVE):
            if not node.args and not node.keywords:
                return True
        elif isinstance(node, ast.While):
            asks = any(_is_of(one, socket, _OPEN) for one in nodes_in(node.test))
            if asks or (_is_true(node.test) and (_receives(node, socket) or not _is_left(node.body))):
                return True
    return False


def _receives(loop: ast.While, socket: str) -> bool:
    """Whether each turn of a loop takes something from the client: what it says may end it, or nothing."""
    return any(isinstance(one, ast.Call) and _is_of(one.func, socket, _RECEIVE) for one in _inside(loop.body))


def _is_of(node: ast.AST, owner: str, names: frozenset[str]) -> bool:
    """Whether it is one of some attributes of a variable."""
    held = node.value if isinstance(node, ast.Attribute) and node.attr in names else None
    return isinstance(held, ast.Name) and held.id == owner


def endless_loop(function: CodeFunction) -> ast.While | None:
    """The loop in which a generator yields until its reader goes; None where it may end by itself."""
    for loop in _loops(function.node.body):
        if (_is_true(loop.test) or _asks_reader(loop.test)) and _yields(loop) and not _is_left(loop.body):
            return loop
    return None


def _loops(statements: Iterable[ast.stmt]) -> Iterator[ast.While]:
    """The loops that a body comes to whatever happens, as far as is written."""
    for one in statements:
        if isinstance(one, ast.While):
            yield one
        elif isinstance(one, ast.Try | ast.With | ast.AsyncWith):
            items = [] if isinstance(one, ast.Try) else one.items
            if not any(_is_timed(item.context_expr) for item in items):
                yield from _loops(one.body)


def _inside(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of some statements that are of the same function."""
    waiting = list(statements)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _Scope):
            waiting.extend(children_of(node))


def _yields(loop: ast.While) -> bool:
    return any(isinstance(one, ast.Yield | ast.YieldFrom) for one in _inside(loop.body))


def _is_left(statements: Iterable[ast.AST]) -> bool:
    """Whether something else than the reader may end the loop of these statements."""
    # With each node: whether `break` is one of this loop, and whether an error has a handler in it.
    waiting: list[tuple[ast.AST, bool, bool]] = [(one, True, False) for one in statements]
    while waiting:
        node, is_own, is_caught = waiting.pop()
        if isinstance(node, ast.Return | ast.Raise) or (is_own and isinstance(node, ast.Break)):
            return True
        if isinstance(node, ast.Call) and (_last_name(node.func) in _STEPS or (not is_caught and _is_timed(node))):
            return True
        if isinstance(node, _Scope) or (isinstance(node, ast.ExceptHandler) and _is_of_reader(node)):
            continue
        if isinstance(node, ast.Try):
            waiting += [(one, is_own, is_caught or bool(node.handlers)) for one in node.body]
            waiting += [(one, is_own, is_caught) for one in (*node.handlers, *node.orelse, *node.finalbody)]
            continue
        inner = node.orelse if isinstance(node, ast.If) and _asks_reader(node.test) else children_of(node)
        waiting += [(one, is_own and not isinstance(node, _Loop), is_caught) for one in inner]
    return False


def _is_timed(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return _last_name(node.func) in _TIMED or any(one.arg == "timeout" for one in node.keywords)


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


def _asks_reader(test: ast.expr) -> bool:
    """Whether a test is about the reader alone: `await request.is_disconnected()`, or its contrary."""
    inner = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
    called = inner.value if isinstance(inner, ast.Await) else inner
    return isinstance(called, ast.Call) and _last_name(called.func) == "is_disconnected"


def _is_of_reader(handler: ast.ExceptHandler) -> bool:
    held = handler.type
    caught = held.elts if isinstance(held, ast.Tuple) else [held] if held is not None else []
    return bool(caught) and all(_last_name(one.func if isinstance(one, ast.Call) else one) in _GONE for one in caught)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
