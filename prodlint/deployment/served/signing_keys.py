"""The keys that a service signs sessions and tokens with: those of its framework's settings and those it passes on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

from prodlint.deployment.memo import per_repository
from prodlint.deployment.repository import Repository
from prodlint.deployment.served.code import ServedCall, served_code
from prodlint.deployment.service import Service
from prodlint.deployment.value import YES, EnvDriven, PerProcess, Value
from prodlint.finding import Evidence
from prodlint.record import Record
from prodlint.regex import regex
from prodlint.source import Span

__all__ = ["KeyMadeAnew", "keys_made_anew"]

_SETTINGS = {"Django": ("SECRET_KEY",), "Flask": ("SECRET_KEY", "JWT_SECRET_KEY")}
# Flask signs only what somebody asks it to: a key that nothing signs with harms nobody.
_SIGNED = frozenset({"flask.session", "flask.flash"})
_SIGNERS = frozenset(
    "flask_login flask_wtf flask_seasurf flask_security flask_admin flask_appbuilder flask_dance flask_httpauth "
    "flask_socketio flask_debugtoolbar flask_session authlib itsdangerous".split()
)
_SIGNING = (b"session", b"flash", b"flask_jwt", b"SECRET_KEY", *(name.encode() for name in _SIGNERS))
_FIELD = regex(r"(?i)(?:.*_)?(?:secret_key|jwt_secret|session_secret|cookie_secret|signing_key|secret)")
_SESSIONS = "starlette.middleware.sessions.SessionMiddleware"
_ADDS = frozenset(
    {
        _SESSIONS,
        "starlette.middleware.Middleware",
        "fastapi.middleware.Middleware",
        "fastapi.FastAPI.add_middleware",
        "starlette.applications.Starlette.add_middleware",
    }
)
_MOST = 50
_SIGNS = frozenset({"jwt.encode", "jose.jwt.encode"})


class KeyMadeAnew(Record):
    """A key that is another one in each process.

    `span` is where it is set or given, `made` the call that makes it. `unless` names the variable that gives
    another one where something outside of the repository sets it; None where nothing does. `chosen` is the place
    that chose the settings which hold it, where others may be chosen outside of the repository.
    """

    name: str
    span: Span
    made: Span
    unless: str | None = None
    chosen: Span | None = None

    @property
    def is_certain(self) -> bool:
        """Whether nothing outside of the repository can give another one."""
        return self.unless is None and self.chosen is None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The choice of its settings, and the call that makes it where that stands elsewhere."""
        chosen = () if self.chosen is None else (Evidence(self.chosen, "chooses these settings"),)
        is_same = self.made.path == self.span.path and self.made.line == self.span.line
        return chosen if is_same else (*chosen, Evidence(self.made, "makes it"))


def keys_made_anew(service: Service, repository: Repository) -> tuple[KeyMadeAnew, ...]:
    """The keys of a service that it makes when it starts; each call that makes one is told once."""
    found: dict[tuple[str, int], KeyMadeAnew] = {}
    for name, value, chosen in _keys(service, repository):
        made = value.default if isinstance(value, EnvDriven) else value
        if not isinstance(made, PerProcess) or made.made is None or value.span is None:
            continue
        unless = value.name if isinstance(value, EnvDriven) else None
        if (unless is not None and _is_given(unless, service)) or _is_shared(made.made, service):
            continue
        key = KeyMadeAnew(name, value.span, made.made, unless, chosen)
        found.setdefault((made.made.path, made.made.start), key)
    return tuple(found.values())


def _is_given(name: str, service: Service) -> bool:
    """Whether a variable is handed on from outside, or may stand among those of a file or store that is not here."""
    variables = service.variables
    return name in variables.by_name or bool(service.process.variables_from) or _takes_more(service)


def _takes_more(service: Service) -> bool:
    return any(one.note.startswith("takes variables") for one in service.variables.openings)


def _is_shared(made: Span, service: Service) -> bool:
    """Whether gunicorn's master makes it when it reads its configuration, and hands it on to all workers."""
    return service.server is not None and made.path == service.server.configuration


def _keys(service: Service, repository: Repository) -> Iterator[tuple[str, Value[object], Span | None]]:
    from prodlint.deployment.settings_module import settings_classes_of, settings_of

    settings = settings_of(service, repository)
    if settings is not None and (settings.framework != "Flask" or _signs_with_flask(service, repository)):
        chosen = None if settings.is_certain is YES else settings.span
        for name in _SETTINGS.get(settings.framework, ()):
            value = settings.get(name)
            if value is not None:
                yield name, value, chosen
    for one in settings_classes_of(service, repository):
        for name in one.values:
            if _FIELD.fullmatch(name):
                yield name, one.values[name], None
    if service.app is None or service.app.framework == "Django":
        return
    code = served_code(service, repository)
    for call in code.calls_on_import((b"SessionMiddleware",), _ADDS):
        value = call.argument("secret_key", 1) if call.name == _SESSIONS else call.argument("secret_key")
        if value is not None and (call.name == _SESSIONS or _adds_sessions(call)):
            yield "secret_key of SessionMiddleware", value, None
    for call in islice(code.calls_on_request((b"jwt",), _SIGNS), _MOST):
        value = call.argument("key", 1)
        if value is not None:
            yield f"key for {call.written}()", value, None


def _signs_with_flask(service: Service, repository: Repository) -> bool:
    """Whether a Flask app keeps something in signed cookies or tokens, as far as its modules say."""
    graph = served_code(service, repository).graph
    files = graph.holding(b"flask", b"itsdangerous", b"authlib", b"SECRET_KEY")
    return any(_signs(repository, path) and graph.chain(path) is not None for path in files)


@per_repository
def _signs(repository: Repository, path: str) -> bool:
    """Whether a file imports what signs, or reads the key of an app."""
    data = repository.data(path) or b""
    if not any(word in data for word in _SIGNING):
        return False
    from prodlint.deployment.apps.index import code_index, imported_names

    index = code_index(repository, path)
    if index is None:
        return False
    imported = [name for node, _ in index.imports for name in imported_names(node)]
    first = {name.partition(".")[0] for name in imported}
    if first & _SIGNERS or _SIGNED.intersection(imported) or any(one.startswith("flask_jwt") for one in first):
        return True
    return any(
        _reads_key(node) or (isinstance(node, ast.Attribute) and index.module.qualified_name(node) in _SIGNED)
        for node in index.module.nodes
    )


def _reads_key(node: ast.AST) -> bool:
    """`app.config["SECRET_KEY"]`, `config.get("SECRET_KEY")`."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        held, key = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        held, key = node.func.value, node.args[0]
    else:
        return False
    name = held.attr if isinstance(held, ast.Attribute) else held.id if isinstance(held, ast.Name) else ""
    return name.endswith("config") and isinstance(key, ast.Constant) and key.value == "SECRET_KEY"


def _adds_sessions(call: ServedCall) -> bool:
    """Whether it is SessionMiddleware that `app.add_middleware` adds."""
    arguments = call.call.node.args
    module = call.code.repository.python(call.path)
    if not arguments or module is None:
        return False
    from prodlint.deployment.apps.names import External, Here

    meant = call.code.names.meaning(arguments[0], Here(call.path, module, call.function))
    return isinstance(meant, External) and meant.name == _SESSIONS
