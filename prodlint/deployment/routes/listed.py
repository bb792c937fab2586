"""Routes in a list that an app is made with: `Starlette(routes=[Route("/", home), Mount("/api", routes=[…])])`.

Source: Starlette, Routing (`Route`, `WebSocketRoute`, `Mount`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from prodlint.deployment.route import Route, joined_path
from prodlint.record import Record
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

__all__ = ["ListedApp", "UnreadEntry", "listed_routes"]

_PACKAGES = ("starlette.routing.", "fastapi.routing.")
_ROUTES = ("Route", "WebSocketRoute", "APIRoute", "APIWebSocketRoute")
_DEPTH = 8
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


class UnreadEntry(Record):
    """An entry that is not read, and why."""

    span: Span
    note: str


class ListedApp(Record):
    """`Mount("/api", app)`: another app below a prefix."""

    prefix: str
    app: ast.expr
    span: Span


def listed_routes(
    module: PythonModule,
    node: ast.expr,
    text: Callable[[ast.expr | None], str | None],
    prefix: str = "",
    depth: int = 0,
) -> Iterator[Route | ListedApp | UnreadEntry]:
    """What the entries of a list register; `text` tells what an expression of a path is, None where it is computed."""
    entries = _entries(module, node)
    if entries is None or depth > _DEPTH:
        yield UnreadEntry(module.span(node), "those of a list")
        return
    for entry in entries:
        span = module.span(entry)
        name = (module.qualified_name(entry.func) if isinstance(entry, ast.Call) else None) or ""
        kind = name.rpartition(".")[2]
        if not isinstance(entry, ast.Call) or not name.startswith(_PACKAGES) or kind not in (*_ROUTES, "Mount"):
            yield UnreadEntry(span, "an entry of a list of routes")
            continue
        path = text(_given(entry, 0, "path"))
        if path is None:
            yield UnreadEntry(span, "a path that is computed")
        elif kind != "Mount":
            yield Route(joined_path(prefix, path), span, _methods(module, entry, kind))
        else:
            yield from _mounted(module, entry, text, joined_path(prefix, path), depth)


def _mounted(
    module: PythonModule, entry: ast.Call, text: Callable[[ast.expr | None], str | None], prefix: str, depth: int
) -> Iterator[Route | ListedApp | UnreadEntry]:
    app, listed = _given(entry, 1, "app"), _given(entry, 2, "routes")
    if app is not None and not (isinstance(app, ast.Constant) and app.value is None):
        yield ListedApp(prefix, app, module.span(entry))
    elif listed is not None:
        yield from listed_routes(module, listed, text, prefix, depth + 1)
    else:
        yield UnreadEntry(module.span(entry), "what is mounted")


def _entries(module: PythonModule, node: ast.expr) -> list[ast.expr] | None:
    """The elements of a display, or of one that a name of the module holds and nothing changes."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _entries(module, node.left), _entries(module, node.right)
        return None if left is None or right is None else [*left, *right]
    if isinstance(node, ast.Name):
        bindings = module.bindings(node.id)
        value = bindings[0].value if len(bindings) == 1 else None
        changed = re.search(
            rf"\b{node.id}[ \t]*(?:\+=|\.(?:append|extend|insert)\(|\[[^\]\n]*\][ \t]*=)", module.source.text
        )
        node = value if isinstance(value, ast.expr) and changed is None else node
    return list(node.elts) if isinstance(node, ast.List | ast.Tuple) else None


def _given(call: ast.Call, position: int, name: str) -> ast.expr | None:
    named = next((one.value for one in call.keywords if one.arg == name), None)
    if named is not None or any(isinstance(one, ast.Starred) for one in call.args[: position + 1]):
        return named
    return call.args[position] if position < len(call.args) else None


def _methods(module: PythonModule, entry: ast.Call, kind: str) -> frozenset[str]:
    """The methods of an entry; none are told where any may be answered: by a class, an app or a socket."""
    given = next((one.value for one in entry.keywords if one.arg == "methods"), None)
    if isinstance(given, ast.List | ast.Tuple | ast.Set):
        return frozenset(
            one.value.upper() for one in given.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)
        )
    endpoint = _given(entry, 1, "endpoint")
    bound = module.bindings(endpoint.id) if isinstance(endpoint, ast.Name) else ()
    is_function = bool(bound) and all(isinstance(one.value, _FUNCTIONS) for one in bound)
    return frozenset(("GET",)) if given is None and is_function and "WebSocket" not in kind else frozenset()
