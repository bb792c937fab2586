"""Routes of Flask and FastAPI: what is registered on an app, on blueprints and on routers, with their prefixes.

Both work alike: an object collects routes under decorators, and is then put below a prefix of another.
Sources: Flask, Modular Applications with Blueprints; FastAPI, Bigger Applications and Frontend; Starlette, Routing and
Static Files.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.app import App, locate_module
from prodlint.deployment.apps.frameworks import COLLECTED, REGISTERING
from prodlint.deployment.apps.import_graph import ImportGraph
from prodlint.deployment.apps.index import code_index, imported_names
from prodlint.deployment.apps.search import around
from prodlint.deployment.command import Link
from prodlint.deployment.condition import Lookup, from_outside
from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.repository import Repository
from prodlint.deployment.route import Route, Routes, joined_path, without_doubles
from prodlint.deployment.routes.fastapi import Named, documentation_routes
from prodlint.deployment.routes.handing import Handing, loaded_files
from prodlint.deployment.routes.scopes import (
    FUNCTIONS,
    Guards,
    assignments_in,
    calls_in,
    last_before,
    parameter_of,
    unwrapped,
)
from prodlint.deployment.routes.static import is_static, static_path
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, answer
from prodlint.record import Record, replace
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python import PythonModule
from prodlint.syntax.python_tree import nodes_in

__all__ = ["routes_of_tables"]

_METHODS = {name: name.upper() for name in ("get", "post", "put", "delete", "patch", "head", "options", "trace")}
_DECORATORS = frozenset(("route", "api_route", "websocket", *_METHODS))
_REGISTRATIONS = {"register_blueprint": "url_prefix", "include_router": "prefix"}
_TELLING = frozenset((*_DECORATORS, *_REGISTRATIONS, "add_url_rule", "add_api_route", "add_route", "mount", "frontend"))
# Lines that may import a package whose routes are not read.
_EXTENSIONS = regex(rb"(?m)^[ \t]*(?:from|import)[ \t][^\n]*\b(?:" + "|".join(sorted(REGISTERING)).encode() + rb")\b")
_NEEDLES = (
    b".route(",
    b"Blueprint",
    b"APIRouter",
    b"include_router",
    b"register_blueprint",
    b"add_url_rule",
    b"add_api_route",
    b"routes=",
)
# A decorator of one line in a file that names no framework: `@app.get("/health")` below `from shop.app import app`.
_DECORATED = regex(rb"(?m)^[ \t]*@[\w.]+\.(?:get|post|put|delete|patch|head|options|websocket|route|api_route)\(")
_DEPTH = 12
_LONGEST = 40
# No call has so many arguments: only the name of one counts.
_BY_NAME = 1_000


class _Link(Record):
    """One object registered on another, below a prefix; None is a prefix that is computed."""

    parent: Span
    child: Span
    prefix: str | None
    span: Span
    perhaps: bool = False


class _Reader:
    """Collects the tables of a repository: objects by the place of the call that makes them."""

    def __init__(
        self, repository: Repository, roots: tuple[str, ...], named: Named | None, entries: tuple[str, ...] = ()
    ) -> None:
        self.repository = repository
        self.roots = roots
        self.named = named
        self.entries = entries
        self.own_prefixes: dict[Span, str | None] = {}
        self.routes: dict[Span, list[Route]] = {}
        self.links: dict[Span, dict[_Link, None]] = {}
        self.parameters: dict[Span, None] = {}
        self.outer: dict[ast.AST, ast.AST | None] = {}
        self.loaded: set[str] = set()
        self.unread: dict[Span, list[Link]] = {}
        self.opaque: list[Link] = []
        self.variables: dict[ast.AST, dict[str, list[ast.expr]]] = {}
        self.missed: list[Link] = []
        self.moved: list[str] = []
        self.moved_by: dict[Span, list[str]] = {}

    def read(self) -> None:
        graph = ImportGraph(self.repository, self.roots, self.entries)
        for path in self.repository.python_files:
            data = self.repository.data(path) or b""
            telling = any(needle in data for needle in _NEEDLES) or b"FastAPI" in data or b"Flask" in data
            if (telling or _DECORATED.search(data) is not None) and not _is_of_tests(path, graph):
                self._load(path)
        for path in sorted(loaded_files(graph, self.repository)):
            self.opaque += self._extensions(path)
        for handed in Handing(self.repository, graph, self._object, self.parameters, self._load).read():
            if handed.child is not None:
                self._link(handed.owner, handed.child, "", handed.span)
            elif handed.route is not None:
                self.routes.setdefault(handed.owner, []).append(handed.route)
            else:
                self._miss(handed.owner, handed.span, handed.note)

    def _extensions(self, path: str) -> list[Link]:
        """The first import in a file of a package that registers routes in ways that are not read."""
        may_import = _EXTENSIONS.search(self.repository.data(path) or b"") is not None
        index = code_index(self.repository, path) if may_import else None
        imports = sorted(index.imports, key=lambda one: one[0].lineno) if index is not None else []
        for node, _ in imports:
            for name in imported_names(node):
                package = name.partition(".")[0]
                source = self.repository.source(path)
                if package in REGISTERING and source is not None:
                    return [Link(source.line_span(node.lineno), f"those of {package}")]
        return []

    def _load(self, path: str) -> None:
        """Read what a file registers, if it has not been read yet."""
        module = self.repository.python(path) if path not in self.loaded else None
        self.loaded.add(path)
        if module is not None:
            for call in [*calls_in(module.tree, self.outer)]:
                self._call(path, module, *call)

    def _call(self, path: str, module: PythonModule, scope: ast.AST | None, node: ast.Call, guards: Guards) -> None:
        function = node.func
        if any(one.arg == "routes" for one in node.keywords):
            self._made(path, module, node)
        if not isinstance(function, ast.Attribute) or function.attr not in _TELLING:
            return
        leads_there = YES
        for guard in guards:
            leads_there &= self._leads_there(path, module, scope, function.value, *guard)
        if leads_there is NO:
            return
        if function.attr in _REGISTRATIONS or function.attr in ("mount", "frontend"):
            self._registration(path, module, scope, node, function, leads_there is UNKNOWN)
        else:
            self._route(path, module, scope, node, function, leads_there is UNKNOWN)

    def _leads_there(
        self, path: str, module: PythonModule, scope: ast.AST | None, owner: ast.expr, test: ast.expr, branch: bool
    ) -> Answer:
        """Whether a test about settings leads to what is registered, at least while its variable is not set."""
        value = self.named(path, module, scope, test) if self.named is not None else None
        if isinstance(value, EnvDriven) and not value.is_required and bool(value.default) is not branch:
            made = self._object(path, module, scope, owner, 0)
            if made is not None:
                self.moved_by.setdefault(made, []).append(value.name)
            return NO
        if isinstance(value, EnvDriven) and not value.is_required:
            return YES
        return answer(bool(value.value) is branch) if isinstance(value, Known) else UNKNOWN

    def _link(self, parent: Span, child: Span, prefix: str | None, span: Span, perhaps: bool = False) -> None:
        self.links.setdefault(parent, {})[_Link(parent, child, prefix, span, perhaps)] = None

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
        self,
        path: str,
        module: PythonModule,
        scope: ast.AST | None,
        call: ast.Call,
        function: ast.Attribute,
        perhaps: bool,
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
        self.routes.setdefault(owner, []).append(Route(written, module.span(call), methods, perhaps=perhaps))

    def _registration(
        self,
        path: str,
        module: PythonModule,
        scope: ast.AST | None,
        call: ast.Call,
        function: ast.Attribute,
        perhaps: bool,
    ) -> None:
        parent = self._object(path, module, scope, function.value, 0)
        if parent is None:
            return
        span = module.span(call)
        if function.attr in ("mount", "frontend"):
            below = self._text(parent, path, module, scope, _argument(call, 0, "path"))
            if below is None:
                self._miss(parent, span, "a path that is computed")
                return
            # FastAPI's `frontend` serves the files of a built front end behind all other routes (0.141).
            files = function.attr == "frontend" or is_static(_argument(call, 1, "app"), module)
            methods = frozenset(("GET",)) if files else frozenset[str]()
            mounted = Route(below, span, methods, prefix=True, files=files, perhaps=perhaps)
            self.routes.setdefault(parent, []).append(mounted)
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
        self._link(parent, child, None if prefix is None or own is None else joined_path(prefix, own), span, perhaps)

    def _object(
        self, path: str, module: PythonModule, scope: ast.AST | None, node: ast.expr, depth: int
    ) -> Span | None:
        """The place of the call that makes the app, blueprint or router that an expression names."""
        if depth > _DEPTH:
            return None
        if isinstance(node, ast.Call):
            return self._made(path, module, node) or self._returned(path, module, scope, node, depth)
        if isinstance(node, ast.Attribute) and node.attr == "router":
            # What the router of an app of FastAPI or Starlette collects is the app's.
            owner = self._object(path, module, scope, node.value, depth + 1)
            if owner is not None:
                return owner
        if isinstance(node, ast.Name):
            is_in_module = scope is None
            while scope is not None:
                local = self._assigned(scope, node)
                if local is not None:
                    return self._object(path, module, scope, unwrapped(local, node.id), depth + 1)
                taken = parameter_of(scope, node.id)
                if taken is not None:
                    span = module.span(taken)
                    self.parameters[span] = None
                    return span
                # A function in a function sees the names of the outer one.
                scope = self.outer.get(scope)
            values = [one.value for one in module.bindings(node.id) if isinstance(one.value, ast.expr)]
            # A function is called once all of the module has run.
            value = last_before(node if is_in_module else None, values)
            if value is not None:
                return self._object(path, module, None, unwrapped(value, node.id), depth + 1)
        return self._imported(path, module.qualified_name(node), depth)

    def _returned(
        self, path: str, module: PythonModule, scope: ast.AST | None, call: ast.Call, depth: int
    ) -> Span | None:
        """The object that a factory of the repository returns: `app = create_app()`."""
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        owner, _, last = (module.qualified_name(call.func) or "").rpartition(".")
        if not name and not owner:
            return None
        for _ in range(_DEPTH):
            if not name:
                found = locate_module(self.repository, around(self.roots, path), owner)
                elsewhere = self.repository.python(found) if found is not None else None
                if found is None or elsewhere is None:
                    return None
                path, module, name = found, elsewhere, last
            binding = next(reversed(module.bindings(name)), None)
            if binding is None:
                return None
            if isinstance(binding.value, FUNCTIONS):
                return self._result_of(path, module, binding.value, depth)
            owner, _, last = (binding.target or "").rpartition(".")
            name = ""
            if not owner:
                return None
        return None

    def _result_of(
        self, path: str, module: PythonModule, made: ast.FunctionDef | ast.AsyncFunctionDef, depth: int
    ) -> Span | None:
        """The object that a function returns; None for one of its parameters, which is its caller's."""
        for node in nodes_in(made):
            if isinstance(node, ast.Return) and node.value is not None:
                found = self._object(path, module, made, node.value, depth + 1)
                if found is not None:
                    return None if found in self.parameters else found
        return None

    def _assigned(self, scope: ast.AST | None, name: ast.Name) -> ast.expr | None:
        """What a function's own variable was last assigned before it is used."""
        if scope is None:
            return None
        if scope not in self.variables:
            self.variables[scope] = assignments_in(scope)
        return last_before(name, self.variables[scope].get(name.id, []))

    def _imported(self, path: str, dotted: str | None, depth: int) -> Span | None:
        owner, _, name = (dotted or "").rpartition(".")
        other = locate_module(self.repository, around(self.roots, path), owner) if owner else None
        module = self.repository.python(other) if other is not None else None
        if other is None or module is None:
            return None
        return self._object(other, module, None, ast.Name(id=name, ctx=ast.Load(), lineno=1, col_offset=0), depth + 1)

    def _made(self, path: str, module: PythonModule, call: ast.Call) -> Span | None:
        name = module.qualified_name(call.func)
        if name not in COLLECTED:
            return None
        span = module.span(call)
        if span not in self.own_prefixes:
            given = _argument(call, _BY_NAME, "url_prefix", "prefix")
            self.own_prefixes[span] = "" if given is None else _string(module, given)
            static = static_path(call, name, module, self.repository.folders)
            if static is not None:
                files = Route(static, span, frozenset(("GET",)), prefix=True, files=True)
                self.routes.setdefault(span, []).append(files)
            # Starlette(debug, routes), Router(routes); FastAPI takes it by its name.
            places = {"starlette.applications.Starlette": 1, "starlette.routing.Router": 0}
            listed = _argument(call, places.get(name or "", _BY_NAME), "routes")
            if listed is not None and not (isinstance(listed, ast.Constant) and listed.value is None):
                self._listed(span, path, module, listed)
        return span

    def _listed(self, owner: Span, path: str, module: PythonModule, node: ast.expr) -> None:
        """The routes of a list that an app is made with."""
        from prodlint.deployment.routes.listed import ListedApp, UnreadEntry, listed_routes

        for one in listed_routes(module, node, lambda written: self._text(owner, path, module, None, written)):
            if isinstance(one, UnreadEntry):
                self._miss(owner, one.span, one.note)
            elif isinstance(one, ListedApp):
                child = self._object(path, module, None, one.app, 1)
                if child is None:
                    files = is_static(one.app, module)
                    self.routes.setdefault(owner, []).append(Route(one.prefix, one.span, prefix=True, files=files))
                else:
                    self._link(owner, child, one.prefix, one.span)
            else:
                self.routes.setdefault(owner, []).append(one)

    def below(self, owner: Span, prefix: str, seen: frozenset[Span]) -> Iterator[Route]:
        """The routes of an object and of all that is registered on it, below a prefix."""
        self.missed += self.unread.get(owner, ())
        self.moved += self.moved_by.get(owner, ())
        for route in self.routes.get(owner, ()):
            yield replace(route, path=joined_path(prefix, route.path))
        for link in self.links.get(owner, ()):
            if link.child not in seen:
                if link.prefix is None:
                    self.missed.append(Link(link.span, "those below a prefix that is computed"))
                else:
                    found = self.below(link.child, joined_path(prefix, link.prefix), seen | {link.child})
                    yield from (replace(one, perhaps=True) for one in found) if link.perhaps else found


def routes_of_tables(
    app: App,
    repository: Repository,
    roots: tuple[str, ...],
    lookup: Lookup = from_outside,
    named: Named | None = None,
    entry: str | None = None,
) -> Routes:
    """The routes of a Flask, Quart, FastAPI or Starlette app; `lookup` is what it finds in its environment.

    `named` tells what an expression comes to that names a field of settings; `entry` is the file that the server
    imports, where it is not the one that makes the app.
    """
    reader = _Reader(repository, roots, named, (app.path,) if entry is None else (entry, app.path))
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
    return Routes(without_doubles(found), YES if is_whole else NO, slashes, tuple(dict.fromkeys(missed)), moved)


def _argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    if position < len(call.args) and not any(isinstance(one, ast.Starred) for one in call.args[: position + 1]):
        return call.args[position]
    return None


def _is_of_tests(path: str, graph: ImportGraph) -> bool:
    """Whether a file adds its routes to the app of the tests alone."""
    return environment_of(path) is Environment.TEST and path not in graph.files


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
