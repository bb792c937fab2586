"""Routes of Flask and FastAPI: what is registered on an app, on blueprints and on routers, with their prefixes.

Both work alike: an object collects routes under decorators, and is then put below a prefix of another.
Sources: Flask, Modular Applications with Blueprints; FastAPI, Bigger Applications; Starlette, Routing.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from prodlint.deployment.app import App, locate_module
from prodlint.deployment.condition import Lookup, from_outside
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route, Routes, joined_path
from prodlint.deployment.route_fastapi import documentation_routes
from prodlint.deployment.value import NO, YES, answer
from prodlint.record import record
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

__all__ = ["routes_of_tables"]

_APPS = frozenset(
    "flask.Flask flask.app.Flask apiflask.APIFlask quart.Quart fastapi.FastAPI fastapi.applications.FastAPI "
    "starlette.applications.Starlette".split()
)
_PARTS = frozenset(
    "flask.Blueprint flask.blueprints.Blueprint apiflask.APIBlueprint quart.Blueprint fastapi.APIRouter "
    "fastapi.routing.APIRouter starlette.routing.Router".split()
)
_METHODS = {name: name.upper() for name in ("get", "post", "put", "delete", "patch", "head", "options", "trace")}
_DECORATORS = frozenset(("route", "api_route", "websocket", *_METHODS))
_REGISTRATIONS = {"register_blueprint": "url_prefix", "include_router": "prefix"}
# Extensions that register routes in ways that are not read: with one of them no path is known to be missing.
_OPAQUE = (
    b"flask_restful",
    b"flask_restx",
    b"flask_smorest",
    b"flask_appbuilder",
    b"flask_admin",
    b"fastapi_users",
    b"dash",
)
_NEEDLES = (
    b".route(",
    b"Blueprint",
    b"APIRouter",
    b"include_router",
    b"register_blueprint",
    b"add_url_rule",
    b"add_api_route",
)
_DEPTH = 12


@record
class _Link:
    """One object registered on another, below a prefix; None is a prefix that is computed."""

    parent: Span
    child: Span
    prefix: str | None


class _Reader:
    """Collects the tables of a repository: objects by the place of the call that makes them."""

    def __init__(self, repository: Repository, roots: tuple[str, ...]) -> None:
        self.repository = repository
        self.roots = roots
        self.own_prefixes: dict[Span, str | None] = {}
        self.routes: dict[Span, list[Route]] = {}
        self.links: list[_Link] = []
        self.unread = False

    def read(self) -> None:
        for path in self.repository.python_files:
            data = self.repository.data(path) or b""
            if any(needle in data for needle in _OPAQUE):
                self.unread = True
            telling = any(needle in data for needle in _NEEDLES) or b"FastAPI" in data or b"Flask" in data
            module = self.repository.python(path) if telling else None
            if module is not None:
                self._module(path, module)

    def _module(self, path: str, module: PythonModule) -> None:
        for scope, node in _calls(module.tree, None):
            function = node.func
            if not isinstance(function, ast.Attribute):
                continue
            if function.attr in _DECORATORS or function.attr in ("add_url_rule", "add_api_route", "add_route"):
                self._route(path, module, scope, node, function)
            elif function.attr in _REGISTRATIONS or function.attr == "mount":
                self._registration(path, module, scope, node, function)

    def _route(
        self, path: str, module: PythonModule, scope: ast.AST | None, call: ast.Call, function: ast.Attribute
    ) -> None:
        owner = self._object(path, module, scope, function.value, 0)
        if owner is None:
            return
        rule = _argument(call, 0, "rule", "path")
        written = _string(module, rule)
        if written is None:
            self.unread = True
            return
        methods = frozenset((_METHODS[function.attr],)) if function.attr in _METHODS else _methods(call, function.attr)
        self.routes.setdefault(owner, []).append(Route(written, module.span(call), methods))

    def _registration(
        self, path: str, module: PythonModule, scope: ast.AST | None, call: ast.Call, function: ast.Attribute
    ) -> None:
        parent = self._object(path, module, scope, function.value, 0)
        if parent is None:
            return
        if function.attr == "mount":
            below = _string(module, _argument(call, 0, "path"))
            if below is None:
                self.unread = True
            else:
                self.routes.setdefault(parent, []).append(Route(below, module.span(call), prefix=True))
            return
        child = self._object(path, module, scope, call.args[0], 0) if call.args else None
        if child is None:
            self.unread = True
            return
        given = _argument(call, 1 if function.attr == "include_router" else 99, _REGISTRATIONS[function.attr])
        prefix = "" if given is None else _string(module, given)
        if given is None and function.attr == "register_blueprint":
            self.links.append(_Link(parent, child, self.own_prefixes.get(child, "")))
        elif function.attr == "register_blueprint":
            # Flask: a prefix of the registration replaces the blueprint's own.
            self.links.append(_Link(parent, child, prefix))
        else:
            own = self.own_prefixes.get(child, "")
            self.links.append(_Link(parent, child, None if prefix is None or own is None else joined_path(prefix, own)))

    def _object(
        self, path: str, module: PythonModule, scope: ast.AST | None, node: ast.expr, depth: int
    ) -> Span | None:
        """The place of the call that makes the app, blueprint or router that an expression names."""
        if depth > _DEPTH:
            return None
        if isinstance(node, ast.Call):
            return self._made(path, module, node)
        if isinstance(node, ast.Name):
            local = _assigned(scope, node.id)
            if local is not None:
                return self._object(path, module, scope, local, depth + 1)
            for binding in reversed(module.bindings(node.id)):
                if isinstance(binding.value, ast.expr):
                    return self._object(path, module, None, binding.value, depth + 1)
        return self._imported(path, module.qualified_name(node), depth)

    def _imported(self, path: str, dotted: str | None, depth: int) -> Span | None:
        owner, _, name = (dotted or "").rpartition(".")
        roots = tuple(dict.fromkeys((*self.roots, posixpath.dirname(path), "")))
        other = locate_module(self.repository, roots, owner) if owner else None
        module = self.repository.python(other) if other is not None else None
        if other is None or module is None:
            return None
        return self._object(other, module, None, ast.Name(id=name, ctx=ast.Load(), lineno=1, col_offset=0), depth + 1)

    def _made(self, path: str, module: PythonModule, call: ast.Call) -> Span | None:
        name = module.qualified_name(call.func)
        if name not in _APPS and name not in _PARTS:
            return None
        span = module.span(call)
        if span not in self.own_prefixes:
            given = _argument(call, 99, "url_prefix", "prefix")
            self.own_prefixes[span] = "" if given is None else _string(module, given)
        return span

    def below(self, owner: Span, prefix: str, seen: frozenset[Span]) -> Iterator[Route]:
        """The routes of an object and of all that is registered on it, below a prefix."""
        for route in self.routes.get(owner, ()):
            yield Route(joined_path(prefix, route.path), route.span, route.methods, None, route.prefix)
        for link in self.links:
            if link.parent == owner and link.child not in seen:
                if link.prefix is None:
                    self.unread = True
                else:
                    yield from self.below(link.child, joined_path(prefix, link.prefix), seen | {link.child})


def routes_of_tables(app: App, repository: Repository, roots: tuple[str, ...], lookup: Lookup = from_outside) -> Routes:
    """The routes of a Flask, Quart, FastAPI or Starlette app; `lookup` is what it finds in its environment."""
    reader = _Reader(repository, roots)
    # Twice: a registration needs the prefix that a blueprint's own call gives, which may stand in a later file.
    reader.read()
    reader.routes.clear()
    reader.links.clear()
    reader.read()
    found = [*reader.below(app.span, "", frozenset((app.span,)))]
    if app.framework == "FastAPI":
        pages, complete = documentation_routes(app, repository, roots, lookup)
        found += pages
        reader.unread = reader.unread or complete is NO
    return Routes(tuple(found), NO if reader.unread else YES, answer(app.framework in ("Flask", "Quart", "FastAPI")))


def _calls(node: ast.AST, scope: ast.AST | None) -> Iterator[tuple[ast.AST | None, ast.Call]]:
    """Every call with the function around it, None at the level of the module."""
    waiting: list[tuple[ast.AST, ast.AST | None]] = [(node, scope)]
    while waiting:
        at, around = waiting.pop()
        if isinstance(at, ast.Call):
            yield around, at
        inside = at if isinstance(at, ast.FunctionDef | ast.AsyncFunctionDef) else around
        decorators = at.decorator_list if isinstance(at, ast.FunctionDef | ast.AsyncFunctionDef) else []
        # A decorator runs outside of the function that it decorates.
        waiting += [(child, around if child in decorators else inside) for child in ast.iter_child_nodes(at)]


def _assigned(scope: ast.AST | None, name: str) -> ast.expr | None:
    """What a function's own variable was last assigned."""
    found: ast.expr | None = None
    for node in ast.walk(scope) if scope is not None else ():
        if isinstance(node, ast.Assign):
            if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
                found = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            found = node.value or found
    return found


def _argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    if position < len(call.args) and not any(isinstance(one, ast.Starred) for one in call.args[: position + 1]):
        return call.args[position]
    return None


def _string(module: PythonModule, node: ast.expr | None) -> str | None:
    """The text of a literal, or of a name that the module binds to one."""
    if node is None:
        return None
    if isinstance(node, ast.Name):
        bindings = module.bindings(node.id)
        node = bindings[0].value if len(bindings) == 1 and isinstance(bindings[0].value, ast.expr) else node
    text = module.text(node) if isinstance(node, ast.expr) else None
    return None if text is None else text.value


def _methods(call: ast.Call, name: str) -> frozenset[str]:
    given = _argument(call, 99, "methods")
    if isinstance(given, ast.List | ast.Tuple | ast.Set):
        return frozenset(
            one.value.upper() for one in given.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)
        )
    if given is not None or name == "websocket":
        return frozenset()
    return (
        frozenset(("GET",))
        if name in ("route", "add_url_rule", "api_route", "add_api_route", "add_route")
        else frozenset()
    )
