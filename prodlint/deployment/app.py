"""WSGI and ASGI objects: where the app that a target names is made, and of which framework it is.

Expressions and their frameworks: the catalogue's serving page, 2.4.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

from prodlint.deployment.environment import Environment, environment_of
from prodlint.deployment.execution import Place
from prodlint.deployment.filemap import absolute
from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository, normal_path
from prodlint.record import record
from prodlint.regex import regex
from prodlint.source import Span
from prodlint.syntax.python import PythonModule

__all__ = [
    "App",
    "Interface",
    "app_files",
    "app_of",
    "apps_in",
    "expression_app",
    "locate_module",
    "module_at",
    "resolve",
    "roots_of",
]


class Interface(Enum):
    """How a server calls an app."""

    WSGI = "WSGI"
    ASGI = "ASGI"
    OWN = "its own server"


@record
class App:
    """An app object: framework, interface, where it is made, whether it must first be called."""

    framework: str
    interface: Interface
    span: Span
    is_factory: bool = False
    target: str = ""

    @property
    def path(self) -> str:
        return self.span.path


_FRAMEWORKS: dict[str, tuple[str, Interface]] = {
    "flask.Flask": ("Flask", Interface.WSGI),
    "flask.app.Flask": ("Flask", Interface.WSGI),
    "apiflask.APIFlask": ("Flask", Interface.WSGI),
    "flask_openapi3.OpenAPI": ("Flask", Interface.WSGI),
    "eve.Eve": ("Flask", Interface.WSGI),
    "dash.Dash": ("Dash", Interface.WSGI),
    "bottle.Bottle": ("Bottle", Interface.WSGI),
    "bottle.default_app": ("Bottle", Interface.WSGI),
    "falcon.App": ("Falcon", Interface.WSGI),
    "falcon.API": ("Falcon", Interface.WSGI),
    "falcon.asgi.App": ("Falcon", Interface.ASGI),
    "django.core.wsgi.get_wsgi_application": ("Django", Interface.WSGI),
    "django.core.handlers.wsgi.WSGIHandler": ("Django", Interface.WSGI),
    "django.core.asgi.get_asgi_application": ("Django", Interface.ASGI),
    "configurations.wsgi.get_wsgi_application": ("Django", Interface.WSGI),
    "configurations.asgi.get_asgi_application": ("Django", Interface.ASGI),
    "channels.routing.ProtocolTypeRouter": ("Django", Interface.ASGI),
    "fastapi.FastAPI": ("FastAPI", Interface.ASGI),
    "fastapi.applications.FastAPI": ("FastAPI", Interface.ASGI),
    "starlette.applications.Starlette": ("Starlette", Interface.ASGI),
    "quart.Quart": ("Quart", Interface.ASGI),
    "litestar.Litestar": ("Litestar", Interface.ASGI),
    "starlite.Starlite": ("Starlite", Interface.ASGI),
    "blacksheep.Application": ("BlackSheep", Interface.ASGI),
    "sanic.Sanic": ("Sanic", Interface.OWN),
    "aiohttp.web.Application": ("aiohttp", Interface.OWN),
    "tornado.web.Application": ("Tornado", Interface.OWN),
}
_WRAPPERS = {
    "whitenoise.WhiteNoise",
    "werkzeug.middleware.proxy_fix.ProxyFix",
    "werkzeug.middleware.dispatcher.DispatcherMiddleware",
    "werkzeug.middleware.profiler.ProfilerMiddleware",
    "werkzeug.debug.DebuggedApplication",
    "newrelic.agent.WSGIApplicationWrapper",
    "newrelic.agent.ASGIApplicationWrapper",
    "sentry_sdk.integrations.wsgi.SentryWsgiMiddleware",
    "sentry_sdk.integrations.asgi.SentryAsgiMiddleware",
    "uvicorn.middleware.proxy_headers.ProxyHeadersMiddleware",
    "starlette.middleware.cors.CORSMiddleware",
    "fastapi.middleware.cors.CORSMiddleware",
    # Functions of AWS Lambda: the app is what they are made of.
    "mangum.Mangum",
    "mangum.adapter.Mangum",
    "apig_wsgi.make_lambda_handler",
}
_TO_ASGI = {
    "asgiref.wsgi.WsgiToAsgi",
    "a2wsgi.WSGIMiddleware",
    "starlette.middleware.wsgi.WSGIMiddleware",
    "fastapi.middleware.wsgi.WSGIMiddleware",
    "uvicorn.middleware.wsgi.WSGIMiddleware",
}
_TO_WSGI = {"a2wsgi.ASGIMiddleware"}
_DEPTH = 8

_MAKES_APP = regex(rb"\b(?:Flask|FastAPI|Starlette|get_wsgi_application|get_asgi_application|Quart|Dash)\s*\(")


def roots_of(place: Place, repository: Repository, extra: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The folders of the repository from which a process imports, in order: its directory, PYTHONPATH, src layouts."""
    roots: list[str] = []
    for directory in (*extra, place.directory or ""):
        path = absolute(directory, place.directory)
        candidates = place.files.candidates(path) if path else ()
        roots.extend(candidate for candidate in candidates if candidate in repository.folders)
    for root in list(roots):
        source_folder = normal_path(root, "src")
        if source_folder in repository.folders:
            roots.append(source_folder)
    return tuple(dict.fromkeys(roots))


def locate_module(repository: Repository, roots: tuple[str, ...], dotted: str) -> str | None:
    """The file of a module, searched from the roots in order; None when it is not one of the repository."""
    relative = dotted.replace(".", "/")
    for root in roots:
        for candidate in (f"{relative}.py", f"{relative}/__init__.py"):
            path = normal_path(root, candidate)
            if path in repository.paths:
                return path
    return None


def module_at(place: Place, folders: tuple[str, ...], dotted: str, repository: Repository) -> str | None:
    """The file of a module where a process itself looks: in some folders, then in its directory.

    Images hold files one by one (`COPY app ./app`), so that no folder of the repository is their directory.
    """
    relative = dotted.removesuffix(".py").replace(".", "/")
    for folder in (*folders, ""):
        for name in (f"{relative}.py", f"{relative}/__init__.py"):
            path = absolute(posixpath.join(folder, name), place.directory)
            for candidate in place.files.candidates(path) if path is not None else ():
                if candidate in repository.paths:
                    return candidate
    return None


def resolve(repository: Repository, roots: tuple[str, ...], path: str, name: str, depth: int = 0) -> App | None:
    """The app that a module-level name holds, through imports, factories and wrappers; None when unknown."""
    module = repository.python(path)
    if module is None or depth > _DEPTH:
        return None
    bindings = module.bindings(name)
    if not bindings:
        for starred in module.star_imports:
            other = locate_module(repository, _around(roots, path), starred)
            found = resolve(repository, roots, other, name, depth + 1) if other and other != path else None
            if found is not None:
                return found
        return None
    candidates = [binding for binding in bindings if not binding.conditional][-1:] or list(bindings)
    apps = [_bound(repository, roots, module, path, name, binding, depth) for binding in candidates]
    if any(app is None for app in apps) or len({(app.framework, app.interface) for app in apps if app}) != 1:
        return None
    return apps[0]


def _around(roots: tuple[str, ...], path: str) -> tuple[str, ...]:
    """The roots, with the folders above a file behind them: imports of a project are found from one of these."""
    folders: list[str] = []
    at = posixpath.dirname(path)
    while at:
        folders.append(at)
        at = posixpath.dirname(at)
    return tuple(dict.fromkeys((*roots, "", *reversed(folders))))


def _bound(
    repository: Repository,
    roots: tuple[str, ...],
    module: PythonModule,
    path: str,
    name: str,
    binding: object,
    depth: int,
) -> App | None:
    kind = getattr(binding, "kind", "")
    node = getattr(binding, "node", None)
    value = getattr(binding, "value", None)
    if kind == "import":
        dotted = module.qualified_name(ast.Name(id=name, ctx=ast.Load(), lineno=1, col_offset=0))
        return _imported(repository, roots, path, dotted, depth)
    if kind == "function" and isinstance(node, ast.FunctionDef):
        app = _returned(repository, roots, module, path, node, depth)
        return None if app is None else replace(app, is_factory=True)
    if isinstance(value, ast.expr):
        return _expression(repository, roots, module, path, value, depth, None)
    return None


def _imported(repository: Repository, roots: tuple[str, ...], path: str, dotted: str | None, depth: int) -> App | None:
    if dotted is None or "." not in dotted:
        return None
    owner, _, attribute = dotted.rpartition(".")
    other = locate_module(repository, _around(roots, path), owner)
    return None if other is None else resolve(repository, roots, other, attribute, depth + 1)


def _expression(
    repository: Repository,
    roots: tuple[str, ...],
    module: PythonModule,
    path: str,
    value: ast.expr,
    depth: int,
    scope: ast.FunctionDef | None,
) -> App | None:
    if depth > _DEPTH:
        return None
    if isinstance(value, ast.Call):
        return _call(repository, roots, module, path, value, depth, scope)
    if isinstance(value, ast.Name):
        local = _local(value.id, scope)
        if local is not None:
            return _expression(repository, roots, module, path, local, depth + 1, scope)
        return resolve(repository, roots, path, value.id, depth + 1)
    if isinstance(value, ast.Attribute):
        found = _imported(repository, roots, path, module.qualified_name(value), depth)
        if found is None and value.attr in ("wsgi_app", "asgi_app", "server", "app"):
            return _expression(repository, roots, module, path, value.value, depth + 1, scope)
        return found
    return None


def _call(
    repository: Repository,
    roots: tuple[str, ...],
    module: PythonModule,
    path: str,
    call: ast.Call,
    depth: int,
    scope: ast.FunctionDef | None,
) -> App | None:
    name = module.qualified_name(call.func)
    framework = _FRAMEWORKS.get(name or "")
    if framework is not None:
        return App(framework[0], framework[1], module.span(call))
    wrapped = call.args[0] if call.args else None
    if name in _WRAPPERS | _TO_ASGI | _TO_WSGI or name in ("socketio.ASGIApp", "socketio.WSGIApp"):
        inner = call.args[1] if name and name.startswith("socketio") and len(call.args) > 1 else wrapped
        app = None if inner is None else _expression(repository, roots, module, path, inner, depth + 1, scope)
        if app is None:
            return None
        if name in _TO_ASGI or name == "socketio.ASGIApp":
            return replace(app, interface=Interface.ASGI)
        return replace(app, interface=Interface.WSGI) if name in _TO_WSGI else app
    if isinstance(call.func, ast.Name):
        for binding in module.bindings(call.func.id):
            if binding.kind == "function" and isinstance(binding.node, ast.FunctionDef):
                return _returned(repository, roots, module, path, binding.node, depth + 1)
            if binding.kind == "class" and isinstance(binding.node, ast.ClassDef):
                return _subclass(module, binding.node, call)
    made = _imported(repository, roots, path, name, depth)
    return replace(made, is_factory=False) if made is not None and made.is_factory else None


def _subclass(module: PythonModule, node: ast.ClassDef, call: ast.Call) -> App | None:
    for parent in node.bases:
        framework = _FRAMEWORKS.get(module.qualified_name(parent) or "")
        if framework is not None:
            return App(framework[0], framework[1], module.span(call))
    return None


def _local(name: str, scope: ast.FunctionDef | None) -> ast.expr | None:
    """What a function's own variable was last assigned."""
    found: ast.expr | None = None
    for statement in _own_nodes(scope) if scope is not None else ():
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        ):
            found = statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            found = statement.value if statement.target.id == name else found
    return found


def _own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What stands in a function itself, in order: the views that a factory defines return something else."""
    waiting: list[ast.AST] = [*reversed(function.body)]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _returned(
    repository: Repository,
    roots: tuple[str, ...],
    module: PythonModule,
    path: str,
    function: ast.FunctionDef,
    depth: int,
) -> App | None:
    returns = [node.value for node in _own_nodes(function) if isinstance(node, ast.Return) and node.value is not None]
    apps = [_expression(repository, roots, module, path, value, depth + 1, function) for value in returns]
    if not apps or any(app is None for app in apps):
        return None
    return apps[0] if len({app.framework for app in apps if app}) == 1 else None


def expression_app(repository: Repository, roots: tuple[str, ...], path: str, value: ast.expr) -> App | None:
    """The app that an expression of a file makes or names; None when unknown."""
    module = repository.python(path)
    return None if module is None else _expression(repository, roots, module, path, value, 0, None)


def app_of(
    repository: Repository, roots: tuple[str, ...], target: str, attribute: str | None, path: str | None = None
) -> App | None:
    """The app behind `module:attr`, `module:attr.sub`, `module:factory()`; None when it cannot be found.

    `path` is the file of the module where it is known; else it is looked for from the roots.
    """
    dotted, _, name = target.partition(":")
    name = name or (attribute or "")
    path = path or locate_module(repository, roots, dotted.removesuffix(".py").replace("/", "."))
    called = name.endswith(")")
    bare = name.partition("(")[0].partition(".")[0]
    if path is None or not bare:
        return None
    app = resolve(repository, roots, path, bare)
    if app is None:
        return None
    return replace(app, target=target, is_factory=app.is_factory and not called)


@per_repository
def app_files(repository: Repository) -> tuple[str, ...]:
    """The files of production that may make an app, in order; those of tests and examples aside."""
    return tuple(
        path
        for path in repository.python_files
        if environment_of(path) in (None, Environment.PRODUCTION)
        and not path.startswith("tests")
        and (data := repository.data(path)) is not None
        and _MAKES_APP.search(data)
    )


@per_repository
def apps_in(repository: Repository, path: str) -> tuple[App, ...]:
    """Every app that a file makes, at module level or in a function."""
    module = repository.python(path)
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)] if module is not None else []
    return tuple(
        App(framework[0], framework[1], module.span(call))
        for call in calls
        if module is not None and (framework := _FRAMEWORKS.get(module.qualified_name(call.func) or "")) is not None
    )
