"""Messages that an app sends to all websockets that it remembers: those of its own process, and no others.

The pattern of FastAPI's tutorial: a list of connections in memory, and a loop over it that sends.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

from prodlint.deployment.apps.index import CodeFunction, code_index
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCode
from prodlint.finding import Evidence
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python_tree import nodes_in

__all__ = ["Broadcast", "broadcasts_of"]

_SENDS = frozenset({"send_text", "send_json", "send_bytes"})
# What carries messages between processes: an app that names one may send through it, whatever file it does so in.
_PASSES_ON = tuple(b"pubsub subscribe( publish( broadcaster xread aio_pika pika kafka nats add_listener zmq".split())
_CARRIERS = regex(rb"(?i)redis|rabbit|\bLISTEN\b|socketio")
_MOST = 20
_Loop = ast.For | ast.AsyncFor


class Broadcast(Record):
    """A loop that sends to every websocket which one process remembers, and how a request comes to it."""

    span: Span
    evidence: tuple[Evidence, ...]


def broadcasts_of(code: ServedCode, repository: Repository) -> Iterator[Broadcast]:
    """The loops of functions that requests reach, in files that name nothing between processes."""
    if code.graph.holding(*_PASSES_ON):
        return
    for path in code.holding(*(name.encode() for name in sorted(_SENDS))):
        data = repository.data(path) or b""
        index = code_index(repository, path) if b"WebSocket" in data else None
        if index is None or _CARRIERS.search(data):
            continue
        calls = [call for name in sorted(_SENDS) for call in index.by_name.get(name, ())]
        functions = {call.function.node: call.function for call in calls[:_MOST] if call.function is not None}
        for function in functions.values():
            loop = next(_loops(function), None)
            reached = code.requested(function) if loop is not None else None
            if loop is not None and reached is not None:
                yield Broadcast(index.module.span(loop.iter), reached.chain)


def _loops(function: CodeFunction) -> Iterator[_Loop]:
    """The loops over a list or dictionary that lives as long as the process, and that send to each of its parts."""
    loops = (node for node in nodes_in(function.node) if isinstance(node, _Loop))
    for node in islice(loops, _MOST):
        if _is_kept(node.iter, function) and any(_sends(one) for one in nodes_in(node)):
            yield node


def _sends(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SENDS


def _is_kept(node: ast.expr, function: CodeFunction) -> bool:
    """Whether it is `self.connections`, made empty with its object, or an empty container of the module."""
    while isinstance(node, ast.Call):
        # `connections.values()`, `list(connections)`: a copy of the same.
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("values", "items", "copy") and not node.args:
            node = node.func.value
        elif isinstance(node.func, ast.Name) and node.func.id in ("list", "set", "tuple") and len(node.args) == 1:
            node = node.args[0]
        else:
            return False
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and function.owner is not None:
        return node.value.id == "self" and any(_makes_empty(one, node.attr) for one in _at_first(function.owner))
    if isinstance(node, ast.Name):
        bindings = function.module.bindings(node.id)
        is_local = any(isinstance(one, ast.Name | ast.arg) and _binds(one, node.id) for one in nodes_in(function.node))
        return not is_local and len(bindings) == 1 and _is_empty(bindings[0].value)
    return False


def _at_first(owner: ast.ClassDef) -> Iterator[ast.AST]:
    """The statements of a class and of its `__init__`."""
    for statement in owner.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            yield from nodes_in(statement)
        yield statement


def _binds(node: ast.Name | ast.arg, name: str) -> bool:
    return node.arg == name if isinstance(node, ast.arg) else node.id == name and isinstance(node.ctx, ast.Store)


def _makes_empty(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(getattr(one, "attr", getattr(one, "id", "")) == name for one in targets) and _is_empty(node.value)


def _is_empty(node: object) -> bool:
    """`[]`, `{}`, `set()`, `defaultdict(list)`."""
    if isinstance(node, ast.List | ast.Dict):
        return not (node.elts if isinstance(node, ast.List) else node.keys)
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    return name == "defaultdict" or (name in ("set", "list", "dict") and not node.args)
