"""What a server that Python code starts is told: the arguments of its call are its settings.

Signatures: uvicorn 0.54, waitress 3.0, Hypercorn 0.18, granian 2.8, aiohttp 3.14, Flask 3.1, Werkzeug 3.1, Sanic 25.12,
Bottle 0.13, gevent 25, Flask-SocketIO 5.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from prodlint.deployment.app import App
from prodlint.deployment.apps.search import app_of, expression_app
from prodlint.deployment.command import Step
from prodlint.deployment.commands.grammar import Grammar, Option, grammar
from prodlint.deployment.execution.place import Place
from prodlint.deployment.repository import Repository
from prodlint.deployment.servers.agreement import agree
from prodlint.deployment.servers.bind import Bind, bind_of, split_address
from prodlint.deployment.servers.call_names import CallNames
from prodlint.deployment.servers.config_files import object_value, say_toml
from prodlint.deployment.servers.interface import interface_of
from prodlint.deployment.servers.layers import Context, Layers
from prodlint.deployment.servers.listen import listening, with_bind_setting
from prodlint.deployment.servers.loading import Loading
from prodlint.deployment.servers.products import PRODUCTS, grammar_of
from prodlint.deployment.servers.script import ServerStart
from prodlint.deployment.servers.server import Server
from prodlint.deployment.value import NO, UNKNOWN, YES, Answer, EnvDriven, Known, Unknown, Value, answer
from prodlint.record import Record, replace
from prodlint.syntax.python import PythonModule

__all__ = ["server_in_code"]

_LOCAL = """
host text 127.0.0.1
port int {port}
debug object
use_reloader=reload object
reloader=reload object
threaded switch true
processes=workers int 1
ssl_context object
log_output object
allow_unsafe_werkzeug switch
"""
_EVERYWHERE = """
host text 0.0.0.0
port int {port}
path=uds text
access_log object
shutdown_timeout=graceful_timeout float 60
keepalive_timeout=keep_alive float 75
"""


class Signature(Record):
    """How a call starts a server: its settings, the names of its positional arguments, where the app stands.

    `renames` are keywords that the server's command knows by another name.
    """

    table: str
    positional: tuple[str, ...] = ()
    app: int | None = 0
    renames: tuple[tuple[str, str], ...] = ()


def _signature(table: str, positional: str = "", app: int | None = 0, renames: str = "") -> Signature:
    pairs = tuple((one.partition("=")[0], one.partition("=")[2]) for one in renames.split())
    return Signature(table, tuple(positional.split()), app, pairs)


_SIGNATURES = {
    "Flask": _signature(_LOCAL.format(port=5000), "host port debug", None),
    "Quart": _signature(_LOCAL.format(port=5000), "host port debug", None),
    "Dash": _signature(_LOCAL.format(port=8050), "host port", None),
    "Flask-SocketIO": _signature(_LOCAL.format(port=5000), "- host port"),
    "bottle": _signature(_LOCAL.format(port=8080), "- - host port", None),
    "Werkzeug": _signature(_LOCAL.format(port=""), "host port", 2, "hostname=host"),
    "wsgiref": _signature(_LOCAL.format(port=""), "host port", 2),
    "bjoern": _signature(_EVERYWHERE.format(port=8000), "- host port"),
    "aiohttp": _signature(_EVERYWHERE.format(port=8080)),
    "gevent": _signature(_EVERYWHERE.format(port=""), "listen", 1, "listener=listen"),
    "cheroot": _signature(_EVERYWHERE.format(port=""), "listen", 1, "bind_addr=listen wsgi_app=-"),
    "Python": _signature(_EVERYWHERE.format(port=""), "listen", None),
    "Tornado": _signature(_EVERYWHERE.format(port=""), "port host", None, "address=host"),
}
_RENAMES = {"granian": "address=host log_access=log_access_enabled url_path_prefix=url_path_prefix"}


def _of_product(product: str) -> tuple[Signature, Grammar] | None:
    signature = _SIGNATURES.get(product)
    if signature is not None:
        return signature, grammar(signature.table + "listen object\n", "click")
    if product in ("uvicorn", "waitress", "hypercorn", "granian", "gunicorn", "sanic"):
        app = None if product == "sanic" else 0
        positional = "host port" if product == "sanic" else ""
        return _signature("", positional, app, _RENAMES.get(product, "")), grammar_of(PRODUCTS[product])
    return None


def server_in_code(
    starts: tuple[ServerStart, ...], step: Step, place: Place, repository: Repository, roots: tuple[str, ...]
) -> Loading | None:
    """The server that a script starts, when every start that it reaches agrees; and the app that it serves."""
    if not starts or len({start.product for start in starts}) != 1:
        return None
    first = next((start for start in starts if not start.conditional), starts[0])
    app = next((start.app for start in starts if start.app is not None), None)
    development = agree(start.is_development for start in starts)
    server = Server(
        product=first.product,
        span=first.span,
        is_development=UNKNOWN if development is None else development,
        owner=first.owner,
        in_code=True,
    )
    if any(start.is_child for start in starts):
        loaded = _children(starts, server, step, place, repository, roots)
        return replace(loaded, app=app or loaded.app)
    found = _of_product(first.product)
    call = first.node
    module = repository.python(first.span.path)
    if found is None or call is None or module is None:
        return Loading(server, app)
    reading = _Reading(Context(server, step, place, repository), module, first, roots)
    layers = Layers(reading.context, found[1])
    if len({_arguments(start) for start in starts}) > 1:
        layers.doubt = "one of several calls starts it"
        return Loading(replace(server, settings=layers.settings(), reload=UNKNOWN), app)
    server, own = reading.server(layers, found[0], call)
    return Loading(server, app or own)


def _arguments(start: ServerStart) -> str:
    """The arguments of a call as they are written."""
    return "" if start.node is None else ast.dump(start.node)


_MOST_CHILDREN = 8


def _children(
    starts: tuple[ServerStart, ...],
    server: Server,
    step: Step,
    place: Place,
    repository: Repository,
    roots: tuple[str, ...],
) -> Loading:
    """What the programs load that calls start: what they agree on where there are several."""
    from prodlint.deployment.servers.agreement import agreed_server
    from prodlint.deployment.servers.child import child_loading, child_of

    found: list[Loading] = []
    for start in starts:
        module = repository.python(start.span.path)
        if start.node is None or module is None or not start.is_child or len(starts) > _MOST_CHILDREN:
            return Loading(replace(server, target=Unknown("one of several calls starts it", server.span)))
        reading = _Reading(Context(server, step, place, repository), module, start, roots)
        child = child_of(repository, module, start.node, reading.at(start.node))
        here = replace(place, directory=step.directory)
        found.append(child_loading(child, replace(server, span=start.span), here, repository, roots))
    if len(found) == 1:
        return found[0]
    return Loading(
        agreed_server([one.server for one in found]),
        agree((one.app for one in found), lambda app: None if app is None else (app.span, app.is_factory)),
        agree(one.module for one in found),
        agree(one.roots for one in found) or (),
    )


class _Reading:
    """One call, read with what the names around it hold."""

    def __init__(self, context: Context, module: PythonModule, start: ServerStart, roots: tuple[str, ...]) -> None:
        self.context = context
        self.module = module
        self.start = start
        self.roots = roots
        self.names = CallNames(context, module, start, roots)
        self.value = self.names.value

    def at(self, call: ast.Call) -> Callable[[ast.expr], Value[object]]:
        """What tells the value of an expression where a call stands."""
        self.names.read_to(call)
        return self.value

    def server(self, layers: Layers, signature: Signature, call: ast.Call) -> tuple[Server, App | None]:
        """The server with its settings and where it listens, and the app that the call hands over."""
        self.names.read_to(call)
        product = self.start.product
        if product in ("uvicorn", "fastapi run"):
            layers.default_from("workers", "WEB_CONCURRENCY", 1, "int")
            layers.default_from("forwarded_allow_ips", "FORWARDED_ALLOW_IPS", "127.0.0.1,::1", "text")
        told = self._configuration(call) if product == "uvicorn" else call
        self._say_arguments(layers, signature, told)
        if product == "hypercorn":
            self._say_hypercorn(layers, call)
        if product == "gunicorn":
            self._say_gunicorn(layers, call)
        server = replace(self.context.server, settings=layers.settings())
        app, target = self._app(signature, told)
        server = replace(server, target=target if target is not None else server.target)
        context = replace(self.context, server=server)
        server = replace(server, binds=_listen(context, server))
        server = with_bind_setting(server)
        server = _developing(server, self.start.is_development)
        return replace(server, interface=interface_of(server, context)), app

    # Arguments

    def _say_arguments(self, layers: Layers, signature: Signature, call: ast.Call) -> None:
        by_own = {option.own: option for option in layers.grammar.options}
        renames = dict(signature.renames)
        shown = ast.unparse(call.func)
        for name, node in self._arguments(signature, call):
            if name is None:
                held = self.value(node)
                if not isinstance(held, Known) or not isinstance(held.value, dict):
                    layers.forget(f"{shown}() is handed options that are not known")
                    continue
                for key, part in held.value.items():
                    option = by_own.get(renames.get(str(key), str(key)))
                    if option is not None:
                        value: Value[object] = (
                            part if isinstance(part, Unknown | EnvDriven) else Known(part, self.module.span(node))
                        )
                        layers.say(option.name, _taken(option, value), self.module.span(node), f"{key} in {shown}()")
                continue
            option = by_own.get(renames.get(name, name))
            if option is not None:
                span = self.module.span(node)
                layers.say(option.name, _taken(option, self._constant(node)), span, f"{name} in {shown}()")

    def _constant(self, node: ast.expr) -> Value[object]:
        """A value, or the member of one of granian's enumerations by its name: `Interfaces.ASGI` is asgi."""
        value = self.value(node)
        name = self.module.qualified_name(node) if isinstance(value, Unknown) else None
        if name is None or not name.startswith("granian."):
            return value
        return Known(name.rpartition(".")[2].lower(), self.module.span(node))

    def _arguments(self, signature: Signature, call: ast.Call) -> Iterator[tuple[str | None, ast.expr]]:
        for name, node in zip(signature.positional, call.args, strict=False):
            if isinstance(node, ast.Starred):
                return
            if name != "-":
                yield name, node
        for keyword in call.keywords:
            yield keyword.arg, keyword.value

    def _configuration(self, call: ast.Call) -> ast.Call:
        """`uvicorn.Server(Config(…))`: the call that makes the configuration."""
        if self.module.qualified_name(call.func) != "uvicorn.Server":
            return call
        given = call.args[0] if call.args else next((one.value for one in call.keywords if one.arg == "config"), None)
        if isinstance(given, ast.Name):
            return self.names.calls.get(given.id) or self._module_call(given.id) or call
        return given if isinstance(given, ast.Call) else call

    def _module_call(self, name: str) -> ast.Call | None:
        bindings = self.module.bindings(name)
        value = bindings[-1].value if bindings else None
        return value if isinstance(value, ast.Call) else None

    def _say_hypercorn(self, layers: Layers, call: ast.Call) -> None:
        """The attributes that the code sets on the Config that it hands over."""
        given = call.args[1] if len(call.args) > 1 else None
        if not isinstance(given, ast.Name):
            if given is not None and not isinstance(given, ast.Constant) and not _is_bare_call(given):
                layers.forget("its configuration is made where it is handed over")
            return
        made = self.names.calls.get(given.id) or self._module_call(given.id)
        if made is not None and isinstance(made.func, ast.Attribute) and made.func.attr == "from_toml" and made.args:
            name = self.value(made.args[0])
            path = self.context.locate(str(name.value)) if isinstance(name, Known) else None
            if path is None or not say_toml(layers, path, path):
                layers.forget("its configuration file is not known")
        attributes = {**_module_attributes(self, given.id), **self.names.attributes.get(given.id, {})}
        for option in layers.grammar.options:
            value = attributes.get(option.own)
            if value is not None:
                span = value.span or self.start.span
                layers.say(option.name, _taken(option, value), span, f"{given.id}.{option.own}")

    def _say_gunicorn(self, layers: Layers, call: ast.Call) -> None:
        """`StandaloneApplication(app, options).run()`: the dictionary of options that everybody copies."""
        for node in call.args[1:]:
            held = self.value(node)
            made = self._literal_of(node)
            if isinstance(held, Unknown) and made is not None:
                # The class may do anything with what it is handed, but gunicorn's own example only reads it.
                held = self.value(made)
            if not isinstance(held, Known) or not isinstance(held.value, dict):
                layers.forget("its options are not known")
                continue
            for option in layers.grammar.options:
                if option.own in held.value:
                    part = held.value[option.own]
                    value = part if isinstance(part, Unknown | EnvDriven) else Known(part, held.span)
                    layers.say(option.name, _taken(option, value), held.span, f"the option {option.own}")

    def _literal_of(self, node: ast.expr) -> ast.expr | None:
        """The dictionary that a name of the module is bound to."""
        bindings = self.module.bindings(node.id) if isinstance(node, ast.Name) else ()
        value = bindings[0].value if len(bindings) == 1 and not bindings[0].conditional else None
        return value if isinstance(value, ast.Dict) else None

    # The app

    def _app(self, signature: Signature, call: ast.Call) -> tuple[App | None, Value[str] | None]:
        node = call.args[signature.app] if signature.app is not None and len(call.args) > signature.app else None
        if node is None:
            node = next((one.value for one in call.keywords if one.arg in ("app", "application", "target")), None)
        if node is None or self.start.app is not None:
            return None, None
        repository, path = self.context.repository, self.module.source.path
        value = self.value(node)
        if isinstance(value, Known) and isinstance(value.value, str):
            attribute = "app" if self.start.product == "granian" else None
            return app_of(repository, self.roots, value.value, attribute), Known(value.value, value.span)
        if isinstance(node, ast.Name) and node.id in self.names.calls:
            return expression_app(repository, self.roots, path, self.names.calls[node.id]), None
        return expression_app(repository, self.roots, path, node), None


def _is_bare_call(node: ast.expr) -> bool:
    """Whether it is a call without arguments: `Config()` says nothing."""
    return isinstance(node, ast.Call) and not node.args and not node.keywords


def _module_attributes(reading: _Reading, name: str) -> dict[str, Value[object]]:
    found: dict[str, Value[object]] = {}
    for statement in reading.module.tree.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == name:
                    found[target.attr] = reading.names.of_module(statement.value)
    return found


def _taken(option: Option, value: Value[object]) -> Value[object]:
    if option.kind == "object":
        return value
    if option.kind == "list" and isinstance(value, Known) and isinstance(value.value, str):
        # Waitress takes several addresses in one text.
        return Known(tuple(value.value.split()), value.span)
    if isinstance(value, Known) and value.value is None:
        return Known(None, value.span)
    return object_value(option, value)


def _listen(context: Context, server: Server) -> tuple[Bind, ...]:
    settings = server.settings
    listen = settings.get("listen") if server.product in ("gevent", "cheroot", "Python") else None
    if listen is not None and listen.source.origin.startswith("default of"):
        return ()
    if listen is not None:
        span = listen.source.span
        value = listen.value
        held = value.value if isinstance(value, Known) else None
        if isinstance(held, tuple) and len(held) == 2:
            host, port = (part if isinstance(part, Unknown | EnvDriven) else Known(part, span) for part in held)
            text: Value[str] = Known(str(host.value), span) if isinstance(host, Known) else host
            return (bind_of(text, port, span),)
        if isinstance(held, str):
            return (split_address(Known(held, span), 80),)
        return (split_address(Unknown("where it listens is computed", span)),)
    if server.product == "gunicorn":
        bind = settings["bind"]
        texts = bind.value.value if isinstance(bind.value, Known) else None
        if isinstance(texts, tuple):
            return tuple(split_address(Known(str(text), bind.source.span)) for text in texts)
        return (split_address(Unknown("where it listens is computed", bind.source.span)),)
    return listening(context, server)


# Servers for production, unless their arguments make them reload or debug.
_SWITCHED = frozenset("uvicorn waitress hypercorn granian gunicorn sanic aiohttp bjoern cheroot gevent Tornado".split())


def _developing(server: Server, said: Answer) -> Server:
    """Whether it is a development server: by nature, or because its arguments make it reload or debug."""
    result = NO if server.product in _SWITCHED and said is not YES else said
    reload, span = NO, None
    for name in ("reload", "debug", "dev"):
        setting = server.settings.get(name)
        if setting is None:
            continue
        on = answer(bool(setting.value.value)) if isinstance(setting.value, Known) else UNKNOWN
        if name == "reload":
            reload, span = on, setting.source.span
        if server.product in _SWITCHED:
            result = result | on
    return replace(server, is_development=result, reload=reload, reload_span=span if reload is YES else None)
