"""Routes of Flask and FastAPI: what is registered on an app, on blueprints and on routers, with their prefixes.

Both work alike: an object collects routes under decorators, and is then put below a prefix of another.
Sources: Flask, Modular Applications with Blueprints; FastAPI, Bigger Applications; Starlette, Routing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.app import App, locate_module
from prodlint.deployment.apps.search import around
from prodlint.deployment.command import Link
from prodlint.deployment.condition import NOWHERE, Lookup, from_outside
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route, Routes, joined_path
from prodlint.deployment.routes.fastapi import Named, documentation_routes
from prodlint.deployment.value import NO, YES, EnvDriven, Known, answer
from prodlint.record import record
from prodlint.regex import regex
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
_TELLING = frozenset((*_DECORATORS, *_REGISTRATIONS, "add_url_rule", "add_api_route", "add_route", "mount"))
# Extensions that register routes in ways that are not read: with one of them no path is known to be missing.
_OPAQUE = regex(
    rb"(?m)^[ \t]*(?:from|import)[ \t]+"
    rb"(flask_restful|flask_restx|flask_smorest|flask_appbuilder|flask_admin|fastapi_users|dash)\b"
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
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEPTH = 12
_LONGEST = 40
_MOST_GUARDS = 5
# No call has so many arguments: only the name of one counts.
_BY_NAME = 1_000


@record
class _Link:
    """One object registered on another, below a prefix; None is a prefix that is computed."""

    parent: Span
    child: Span
    prefix: str | None
    span: Span


@record
class _Parameter:
    """A parameter of a function that registers routes on whatever it is given."""

    path: str
    function: str
    name: str
    position: int


_Guards = tuple[tuple[ast.expr, bool], ...]
_Call = tuple[str, PythonModule, "ast.AST | None", ast.Call, _Guards]


class _Reader:
    """Collects the tables of a repository: objects by the place of the call that makes them."""

    def __init__(self, repository: Repository, roots: tuple[str, ...], named: Named | None) -> None:
        self.repository = repository
        self.roots = roots
        self.named = named
        self.own_prefixes: dict[Span, str | None] = {}
        self.routes: dict[Span, list[Route]] = {}
        self.links: dict[Span, dict[_Link, None]] = {}
        self.parameters: dict[Span, _Parameter] = {}
        self.unread: dict[Span, list[Link]] = {}
        self.opaque: list[Link] = []
        self.variables: dict[ast.AST, dict[str, list[ast.expr]]] = {}
        self.missed: list[Link] = []
        self.moved: list[str] = []
        self.moved_by: dict[Span, list[str]] = {}

    def read(self) -> None:
        calls: list[_Call] = []
        for path in self.repository.python_files:
            data = self.repository.data(path) or b""
            telling = any(needle in data for needle in _NEEDLES) or b"FastAPI" in data or b"Flask" in data
            module = self.repository.python(path) if telling else None
            extension = _OPAQUE.search(data)
            if extension is not None:
                source = self.repository.source(path)
                span = source.line_span(data.count(b"\n", 0, extension.start(1)) + 1) if source else NOWHERE
                self.opaque.append(Link(span, f"those of {extension[1].decode()}"))
            if module is not None:
                calls += ((path, module, *found) for found in _calls(module.tree))
        for call in calls:
            self._call(*call)
        self._hand_on(calls)

    def _call(self, path: str, module: PythonModule, scope: ast.AST | None, node: ast.Call, guards: _Guards) -> None:
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in _TELLING:
            return
        if any(self._is_passed_over(path, module, scope, function.value, *guard) for guard in guards):
            return
        if function.attr in _REGISTRATIONS or function.attr == "mount":
            self._registration(path, module, scope, node, function)
        else:
            self._route(path, module, scope, node, function)

    def _is_passed_over(
        self, path: str, module: PythonModule, scope: ast.AST | None, owner: ast.expr, test: ast.expr, branch: bool
    ) -> bool:
        """Whether a test about settings leads past what is registered, at least while its variable is not set."""
        value = self.named(path, module, scope, test) if self.named is not None else None
        if isinstance(value, EnvDriven) and not value.is_required and bool(value.default) is not branch:
            made = self._object(path, module, scope, owner, 0)
            if made is not None:
                self.moved_by.setdefault(made, []).append(value.name)
            return True
        return isinstance(value, Known) and bool(value.value) is not branch

    def _hand_on(self, calls: list[_Call]) -> None:
        """What functions register on their parameters belongs to what they are given: `register_blueprints(app)`."""
        for _ in range(_DEPTH):
            known = len(self.parameters)
            waiting: dict[str, list[tuple[Span, _Parameter]]] = {}
            for span, parameter in self.parameters.items():
                waiting.setdefault(parameter.function, []).append((span, parameter))
            for path, module, scope, call, _ in calls:
                name = getattr(call.func, "attr", None) or getattr(call.func, "id", None)
                for span, parameter in waiting.get(name or "", ()):
                    given = _argument(call, parameter.position, parameter.name)
                    if given is None or self._function(path, module, call.func) != parameter.path:
                        continue
                    owner = self._object(path, module, scope, given, 0)
                    if owner is not None:
                        self._link(owner, span, "", module.span(call))
            if len(self.parameters) == known:
                return

    def _function(self, path: str, module: PythonModule, node: ast.expr) -> str | None:
        """The file that defines the function which a call names."""
        if isinstance(node, ast.Name) and any(isinstance(one.value, _FUNCTIONS) for one in module.bindings(node.id)):
            return path
        owner, _, name = (module.qualified_name(node) or "").rpartition(".")
        for _ in range(_DEPTH):
            other = locate_module(self.repository, around(self.roots, path), owner) if owner else None
            found = self.repository.python(other) if other is not None else None
            if other is None or found is None:
                return None
            bindings = found.bindings(name)
            if any(isinstance(one.value, _FUNCTIONS) for one in bindings):
                return other
            owner, _, name = (bindings[-1].target or "" if bindings else "").rpartition(".")
            path = other
        return None

    def _link(self, parent: Span, child: Span, prefix: str | None, span: Span) -> None:
        self.links.setdefault(parent, {})[_Link(parent, child, prefix, span)] = None

    def _miss(self, owner: Span, span: Span, note: str) -> None:
        self.unread.setdefault(owner, []).append(Link(span, note))

    def _text(
        self, owner: Span, path: str, module: PythonModule, scope: ast.AST | None, node: ast.expr | None
    ) -> str | None:
        """A path or a prefix; one that a variable may change is what holds when it is not set."""
        written = _string(module, node)
        if written is not None or node is None or self.named is None:
            return written
        value = self.named(path, module, scope, node)
        if isinstance(value, EnvDriven) and isinstance(value.default, str):
            self.moved_by.setdefault(owner, []).append(value.name)
            return value.default
        return value.value if isinstance(value, Known) and isinstance(value.value, str) else None

    def _route(
        self, path: str, module: PythonModule, scope: ast.AST | None, call: ast.Call, function: ast.Attribute
    ) -> None:
        owner = self._object(path, module, scope, function.value, 0)
        if owner is None:
            return
        rule = _argument(call, 0, "rule", "path")
        written = self._text(owner, path, module, scope, rule)
        if written is None:
            self._miss(owner, module.span(call), "a path that is computed")
            return
        methods = frozenset((_METHODS[function.attr],)) if function.attr in _METHODS else _methods(call, function.attr)
        self.routes.setdefault(owner, []).append(Route(written, module.span(call), methods))

    def _registration(
        self, path: str, module: PythonModule, scope: ast.AST | None, call: ast.Call, function: ast.Attribute
    ) -> None:
        parent = self._object(path, module, scope, function.value, 0)
        if parent is None:
            return
        span = module.span(call)
        if function.attr == "mount":
            below = self._text(parent, path, module, scope, _argument(call, 0, "path"))
            if below is None:
                self._miss(parent, span, "a path that is computed")
            else:
                self.routes.setdefault(parent, []).append(Route(below, span, prefix=True))
            return
        given = _argument(call, 0, "blueprint", "router")
        child = self._object(path, module, scope, given, 0) if given is not None else None
        if given is None or child is None or child in self.parameters:
            shown = module.span(given).text.partition("\n")[0][:_LONGEST] if given is not None else "what is registered"
            self._miss(parent, span, f"those of {shown}")
            return
        prefix_node = _argument(
            call, 1 if function.attr == "include_router" else _BY_NAME, _REGISTRATIONS[function.attr]
        )
        own = self.own_prefixes.get(child, "")
        # Flask: a prefix of the registration replaces the blueprint's own.
        replaces = function.attr == "register_blueprint" and prefix_node is not None
        prefix = "" if prefix_node is None else self._text(parent, path, module, scope, prefix_node)
        own = "" if replaces else own
        self._link(parent, child, None if prefix is None or own is None else joined_path(prefix, own), span)

    def _object(
        self, path: str, module: PythonModule, scope: ast.AST | None, node: ast.expr, depth: int
    ) -> Span | None:
        """The place of the call that makes the app, blueprint or router that an expression names."""
        if depth > _DEPTH:
            return None
        if isinstance(node, ast.Call):
            return self._made(path, module, node)
        if isinstance(node, ast.Name):
            local = self._assigned(scope, node)
            if local is not None:
                return self._object(path, module, scope, _unwrapped(local, node.id), depth + 1)
            taken = _parameter(scope, node.id)
            if taken is not None and isinstance(scope, _FUNCTIONS):
                span = module.span(taken[1])
                self.parameters[span] = _Parameter(path, scope.name, node.id, taken[0])
                return span
            values = [one.value for one in module.bindings(node.id) if isinstance(one.value, ast.expr)]
            # A function is called once all of the module has run.
            value = _last_before(node if scope is None else None, values)
            if value is not None:
                return self._object(path, module, None, _unwrapped(value, node.id), depth + 1)
        return self._imported(path, module.qualified_name(node), depth)

    def _assigned(self, scope: ast.AST | None, name: ast.Name) -> ast.expr | None:
        """What a function's own variable was last assigned before it is used."""
        if scope is None:
            return None
        if scope not in self.variables:
            self.variables[scope] = _assignments(scope)
        return _last_before(name, self.variables[scope].get(name.id, []))

    def _imported(self, path: str, dotted: str | None, depth: int) -> Span | None:
        owner, _, name = (dotted or "").rpartition(".")
        other = locate_module(self.repository, around(self.roots, path), owner) if owner else None
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
            given = _argument(call, _BY_NAME, "url_prefix", "prefix")
            self.own_prefixes[span] = "" if given is None else _string(module, given)
        return span

    def below(self, owner: Span, prefix: str, seen: frozenset[Span]) -> Iterator[Route]:
        """The routes of an object and of all that is registered on it, below a prefix."""
        self.missed += self.unread.get(owner, ())
        self.moved += self.moved_by.get(owner, ())
        for route in self.routes.get(owner, ()):
            yield Route(joined_path(prefix, route.path), route.span, route.methods, None, route.prefix)
        for link in self.links.get(owner, ()):
            if link.child not in seen:
                if link.prefix is None:
                    self.missed.append(Link(link.span, "those below a prefix that is computed"))
                else:
                    yield from self.below(link.child, joined_path(prefix, link.prefix), seen | {link.child})


def routes_of_tables(
    app: App,
    repository: Repository,
    roots: tuple[str, ...],
    lookup: Lookup = from_outside,
    named: Named | None = None,
) -> Routes:
    """The routes of a Flask, Quart, FastAPI or Starlette app; `lookup` is what it finds in its environment.

    `named` tells what an expression comes to that names a field of settings.
    """
    reader = _Reader(repository, roots, named)
    reader.read()
    found = [*reader.below(app.span, "", frozenset((app.span,)))]
    missed = [*reader.missed, *reader.opaque]
    # An app that nothing is seen to register on has its routes from where nobody looked.
    is_seen = bool(found or missed)
    if app.framework == "FastAPI":
        pages, unread = documentation_routes(app, repository, roots, lookup, named)
        found += pages
        missed += unread
    if not found and not missed:
        missed.append(Link(app.span, "what registers any on the app was not found"))
    slashes = answer(app.framework in ("Flask", "Quart", "FastAPI"))
    moved = tuple(dict.fromkeys(reader.moved))
    is_whole = is_seen and not missed and not moved
    return Routes(tuple(found), YES if is_whole else NO, slashes, tuple(dict.fromkeys(missed)), moved)


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST | None, ast.Call, _Guards]]:
    """Every call with the function around it, None at the level of the module, and the tests that lead to it."""
    waiting: list[tuple[ast.AST, ast.AST | None, _Guards]] = [(tree, None, ())]
    while waiting:
        at, around_it, guards = waiting.pop()
        if isinstance(at, ast.Call):
            yield around_it, at, guards
        if isinstance(at, ast.If):
            waiting += [(child, around_it, (*guards[-_MOST_GUARDS:], (at.test, True))) for child in at.body]
            waiting += [(child, around_it, (*guards[-_MOST_GUARDS:], (at.test, False))) for child in at.orelse]
            waiting.append((at.test, around_it, guards))
            continue
        is_function = isinstance(at, _FUNCTIONS)
        inside = at if is_function else around_it
        decorators = at.decorator_list if isinstance(at, _FUNCTIONS) else []
        # A decorator runs outside of the function that it decorates.
        waiting += [(child, around_it if child in decorators else inside, guards) for child in ast.iter_child_nodes(at)]


def _assignments(scope: ast.AST) -> dict[str, list[ast.expr]]:
    """What the variables of a function, and of those in it, are assigned."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for name in {target.id: None for target in node.targets if isinstance(target, ast.Name)}:
                found.setdefault(name, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found.setdefault(node.target.id, []).append(node.value)
    return found


def _unwrapped(value: ast.expr, name: str) -> ast.expr:
    """The older value of a name that a call is given to make the newer: in `app = ProxyFix(app)` it is the app."""
    given = [*value.args, *(one.value for one in value.keywords)] if isinstance(value, ast.Call) else []
    return next((one for one in given if isinstance(one, ast.Name) and one.id == name), value)


def _last_before(name: ast.Name | None, values: list[ast.expr]) -> ast.expr | None:
    """The last of some values that ends before a name is used; the very last where none does, as in a loop."""
    # A name that no line of this module uses is seen from outside, when all has run.
    line = name.lineno if name is not None else 0
    earlier = [
        one
        for one in values
        if name is not None and (one.end_lineno or 0, one.end_col_offset or 0) <= (line, name.col_offset)
    ]
    return max(earlier or values, key=lambda one: (one.lineno, one.col_offset), default=None)


def _parameter(scope: ast.AST | None, name: str) -> tuple[int, ast.arg] | None:
    """The position of a function's parameter, far away where only its name may be used."""
    if not isinstance(scope, _FUNCTIONS):
        return None
    placed = (*scope.args.posonlyargs, *scope.args.args)
    found = next(((at, one) for at, one in enumerate(placed) if one.arg == name), None)
    return found or next(((_BY_NAME, one) for one in scope.args.kwonlyargs if one.arg == name), None)


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
    given = _argument(call, _BY_NAME, "methods")
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
