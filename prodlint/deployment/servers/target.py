"""Which app a command serves that finds it by rules of its own: `flask run`, `fastapi run`, `runserver`.

The rules are read from the programs: Flask 3.1.3, fastapi-cli 0.0.34, Django 5.2.19, Litestar 2.25.0.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterator

from prodlint.deployment.app import App, locate_module
from prodlint.deployment.apps.search import resolve
from prodlint.deployment.repository import normal_path
from prodlint.deployment.servers.layers import Context
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import Settings
from prodlint.deployment.value import EnvDriven, Known, Unknown, Value
from prodlint.record import replace
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["with_target"]

_COLON = regex(r":(?![\\/])")
_FASTAPI_FILES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")


def with_target(context: Context, server: Server) -> Server:
    """The server with the app that it finds; as it is where its command names one."""
    paste = server.settings.value("paste") if isinstance(server.target, Unknown) else None
    if isinstance(paste, Known) and isinstance(paste.value, str) and paste.value:
        from prodlint.deployment.servers.paste import paste_target

        return replace(server, target=paste_target(context, paste.value, paste.span or server.span))
    find = _FINDERS.get(server.product)
    return server if find is None else find(context, server)


def _found(
    context: Context, server: Server, path: str, name: str | None, span: Span, names: _Names, module: str | None = None
) -> Server:
    """The app in a file: the one of that name, else the one that the server would choose."""
    roots = (_package_root(context, path), *context.roots())
    chosen = name or names(context, roots, path)
    if chosen is None:
        return replace(server, target=Unknown(f"{path} holds no app that can be told", span), target_file=path)
    app = resolve(context.repository, roots, path, chosen.partition("(")[0])
    if app is not None and app.is_factory and "(" not in chosen:
        chosen = f"{chosen}()"
    target = f"{module or _module_name(context, path)}:{chosen}"
    return replace(server, target=Known(target, span), target_file=path)


_Names = Callable[[Context, tuple[str, ...], str], "str | None"]


def _package_root(context: Context, path: str) -> str:
    """The folder from which a file is imported: the first one above that is no package."""
    folder = posixpath.dirname(path)
    while folder and f"{folder}/__init__.py" in context.repository.paths:
        folder = posixpath.dirname(folder)
    return folder


def _module_name(context: Context, path: str) -> str:
    root = _package_root(context, path)
    inside = path[len(root) + 1 :] if root else path
    return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _apps(context: Context, roots: tuple[str, ...], path: str) -> Iterator[tuple[str, App]]:
    module = context.repository.python(path)
    for name in module.bound_names if module is not None else ():
        app = resolve(context.repository, roots, path, name)
        if app is not None:
            yield name, app


def _best(
    preferred: tuple[str, ...], factories: tuple[str, ...] = (), framework: str | None = None, first: bool = False
) -> _Names:
    """The choice among the apps of a module: preferred names, the only one (or the first), then factories."""

    def choose(context: Context, roots: tuple[str, ...], path: str) -> str | None:
        apps = {
            name: app
            for name, app in _apps(context, roots, path)
            if framework is None or app.framework in (framework, "Dash")
        }
        instances = [name for name, app in apps.items() if not app.is_factory]
        for name in preferred:
            if name in instances:
                return name
        if len(instances) == 1 or (first and instances):
            return sorted(instances)[0]
        return next((name for name in factories if name in apps and apps[name].is_factory), None)

    return choose


_FLASK = _best(("app", "application"), ("create_app", "make_app"))
_FASTAPI = _best(("app", "api"), framework="FastAPI", first=True)
_LITESTAR = _best(("app", "application"), ("create_app",))


def _dotenv(context: Context, name: str) -> Value[str] | None:
    """A variable of `.env` or `.flaskenv`, which Flask loads beside its app when python-dotenv is there."""
    from prodlint.syntax.dotenv import parse_dotenv

    for file in (".env", ".flaskenv"):
        path = context.locate(file)
        source = context.repository.source(path) if path is not None else None
        for entry in parse_dotenv(source) if source is not None else ():
            literal = entry.value.literal if entry.value is not None else None
            if entry.name == name and literal is not None:
                return Known(literal, entry.span)
    return None


def _named(context: Context, server: Server, variable: str) -> Value[object] | None:
    """What the option names, else the variable, else a dotenv file; None when nothing does."""
    setting = server.settings.get("app")
    if setting is not None and not (isinstance(setting.value, Known) and setting.value.value is None):
        return setting.value
    value = context.lookup(variable)
    if value is not None and not (isinstance(value, EnvDriven) and value.default is None):
        return value
    return _dotenv(context, variable)


def _flask(context: Context, server: Server) -> Server:
    variable = "QUART_APP" if server.product == "quart" else "FLASK_APP"
    value = _named(context, server, variable)
    if value is None:
        for file in ("wsgi.py", "app.py"):
            path = context.locate(file)
            if path is not None:
                return _found(context, server, path, None, server.span, _FLASK)
        return replace(server, target=Unknown(f"neither an option nor {variable} names an app", server.span))
    if isinstance(value, Unknown):
        return replace(server, target=value)
    text = value.value if isinstance(value, Known) else value.default
    parts = _COLON.split(str(text or ""), maxsplit=1)
    module, name = parts[0].strip(), parts[1].strip() if len(parts) > 1 else None
    found = _flask_file(context, module)
    if found is None:
        return replace(server, target=Known(str(text), value.span))
    dotted = module if "/" not in module and not module.endswith(".py") else None
    return _found(context, server, found, name, value.span, _FLASK, dotted)


def _flask_file(context: Context, written: str) -> str | None:
    stem = written.removesuffix(".py").rstrip("/")
    dotted = stem if "/" in stem else stem.replace(".", "/")
    for candidate in (f"{dotted}.py", f"{dotted}/__init__.py"):
        path = context.locate(candidate)
        if path is not None:
            return path
    return locate_module(context.repository, context.roots(), stem.replace("/", "."))


def _fastapi(context: Context, server: Server) -> Server:
    settings = server.settings
    name = settings.known("app")
    name = name if isinstance(name, str) else None
    positional = server.parsed.positional
    if positional:
        if not isinstance(server.target, Known):
            return server
        written = server.target.value
        path = context.locate(written) or context.locate(posixpath.join(written, "__init__.py"))
        if path is None:
            return server
        return _found(context, server, path, name, server.target.span, _FASTAPI)
    entrypoint = settings.value("entrypoint")
    if isinstance(entrypoint, Known) and isinstance(entrypoint.value, str):
        return replace(server, target=Known(entrypoint.value, entrypoint.span))
    manifest = context.locate("pyproject.toml") if name is None else None
    document = context.repository.toml(manifest) if manifest is not None else None
    held = document.get("tool", "fastapi", "entrypoint") if document is not None else None
    if isinstance(held, str) and document is not None:
        span = document.span("tool", "fastapi", "entrypoint") or document.source.span
        return replace(server, target=Known(held, span))
    for file in _FASTAPI_FILES:
        path = context.locate(file)
        if path is not None:
            return _found(context, server, path, name, server.span, _FASTAPI)
    return replace(server, target=Unknown("no file of the names that it looks for is here", server.span))


def _litestar(context: Context, server: Server) -> Server:
    value = _named(context, server, "LITESTAR_APP")
    if isinstance(value, Known | EnvDriven):
        text = value.value if isinstance(value, Known) else value.default
        return replace(server, target=Known(str(text), value.span))
    if value is not None:
        return replace(server, target=value)
    for file in ("app.py", "application.py", "app/__init__.py", "application/__init__.py"):
        path = context.locate(file)
        if path is not None:
            return _found(context, server, path, None, server.span, _LITESTAR)
    return server


def _django(context: Context, server: Server) -> Server:
    """WSGI_APPLICATION of the settings module, else the `wsgi.py` beside it."""
    manage = context.manage_file()
    roots = (posixpath.dirname(manage), *context.roots()) if manage is not None else context.roots()
    named = _settings_name(context, server.settings, manage)
    if named is None:
        return replace(server, target=Unknown("neither manage.py nor its environment names the settings", server.span))
    module, span = named
    path = locate_module(context.repository, roots, module)
    target = _wsgi_application(context, path) if path is not None else None
    dotted = target.value.rpartition(".")[0] if target is not None else f"{module.partition('.')[0]}.wsgi"
    name = target.value.rpartition(".")[2] if target is not None else "application"
    file = locate_module(context.repository, roots, dotted)
    if file is None and target is None:
        return replace(server, target=Unknown(f"the settings {module} name no app that is here", span))
    at = target.span if target is not None else span
    return replace(server, target=Known(f"{dotted}:{name}", at), target_file=file)


def _settings_name(context: Context, settings: Settings, manage: str | None) -> tuple[str, Span] | None:
    given = settings.value("settings")
    if isinstance(given, Known) and isinstance(given.value, str):
        return given.value, given.span
    value = context.lookup("DJANGO_SETTINGS_MODULE")
    if isinstance(value, Known):
        return value.value, value.span
    module = context.repository.python(manage) if manage is not None else None
    for node in module.nodes if module is not None else ():
        if (
            isinstance(node, ast.Call)
            and len(node.args) == 2
            and isinstance(node.args[0], ast.Constant)
            and node.args[0].value == "DJANGO_SETTINGS_MODULE"
            and isinstance(node.args[1], ast.Constant)
            and isinstance(node.args[1].value, str)
            and module is not None
        ):
            return node.args[1].value, module.span(node.args[1])
    return None


def _flask_script(context: Context, server: Server) -> Server:
    """The app of the `Manager` in manage.py."""
    from prodlint.deployment.servers.flask_script import managed_app

    found = managed_app(context)
    if found is None:
        return replace(server, target=Unknown("what the Manager of Flask-Script is given cannot be told", server.span))
    return _found(context, server, found[0], found[1], server.span, _FLASK)


def _wsgi_application(context: Context, path: str) -> Known[str] | None:
    """The constant of that name, through the star imports of a settings package."""
    for _ in range(5):
        module = context.repository.python(path)
        if module is None:
            return None
        bindings = module.bindings("WSGI_APPLICATION")
        last = bindings[-1].value if bindings else None
        if isinstance(last, ast.Constant) and isinstance(last.value, str):
            return Known(last.value, module.span(last))
        if bindings or not module.star_imports:
            return None
        folder = posixpath.dirname(path)
        starred = module.star_imports[-1]
        roots = tuple(normal_path(folder, *[".."] * count) for count in range(4))
        following = locate_module(context.repository, roots, starred.lstrip("."))
        if following is None or following == path:
            return None
        path = following
    return None


def _mod_wsgi(context: Context, server: Server) -> Server:
    if not isinstance(server.target, Known):
        return server
    written = server.target.value
    name = server.settings.known("callable") or "application"
    path = context.locate(written) if written.endswith((".py", ".wsgi")) else None
    return replace(server, target=Known(f"{written}:{name}", server.target.span), target_file=path)


def _sanic(context: Context, server: Server) -> Server:
    """`shop.server.app` and `shop.server:app` are the same to Sanic."""
    if not isinstance(server.target, Known) or ":" in server.target.value:
        return server
    module, _, name = server.target.value.rpartition(".")
    text = f"{module}:{name}" if module else f"{name}:app"
    return replace(server, target=Known(text, server.target.span))


def _hypercorn(context: Context, server: Server) -> Server:
    if isinstance(server.target, Known) and server.target.value.startswith(("asgi:", "wsgi:")):
        return replace(server, target=Known(server.target.value[5:], server.target.span))
    return server


_FINDERS: dict[str, Callable[[Context, Server], Server]] = {
    "flask": _flask,
    "quart": _flask,
    "fastapi run": _fastapi,
    "fastapi dev": _fastapi,
    "litestar": _litestar,
    "runserver": _django,
    "Flask-Script": _flask_script,
    "mod_wsgi-express": _mod_wsgi,
    "sanic": _sanic,
    "hypercorn": _hypercorn,
}
