"""`python manage.py runserver` where that manage.py is Flask-Script's: another server than Django's, told otherwise.

Read from Flask-Script 2.0.6, the last one: `Manager` adds `runserver`, unless something is registered under that name.
`add_command` with a `Server` gives it other defaults; with anything else, or by a decorated function, it is a command
of the repository's own, which may well start a server for production.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prodlint.deployment.commands.grammar import parse
from prodlint.deployment.commands.program import program_of
from prodlint.deployment.servers.layers import Context, Layers
from prodlint.deployment.servers.products import PRODUCTS, grammar_of, product_of
from prodlint.deployment.servers.server import Server
from prodlint.deployment.servers.setting import SettingSource
from prodlint.deployment.value import UNKNOWN, Known, Unknown, Value
from prodlint.record import replace
from prodlint.syntax.python import PythonModule

__all__ = ["as_flask_script", "managed_app", "say_server"]

_PRODUCT = PRODUCTS["Flask-Script"]
_SERVER = "flask_script.Server"
_MANAGER = "flask_script.Manager"
_SETTINGS = {"host": "host", "port": "port", "use_debugger": "debug", "use_reloader": "reload"}


def as_flask_script(context: Context) -> Server | None:
    """The server as Flask-Script's command starts it, None where manage.py is not its."""
    if not _is_managed(context):
        return None
    is_own = any(made is None for made in _registered(context))
    found = product_of(*program_of(context.step))
    words = found[1] if found is not None else ()
    return replace(
        context.server,
        product=_PRODUCT.name,
        distribution=_PRODUCT.distribution,
        owner=_PRODUCT.owner,
        is_development=UNKNOWN if is_own else context.server.is_development,
        parsed=parse(grammar_of(_PRODUCT), words),
    )


def say_server(context: Context, layers: Layers) -> None:
    """The defaults that the code gives its command, over those of Flask-Script."""
    module = _module(context)
    for made in _registered(context):
        if made is None or module is None:
            layers.forget("the code gives `runserver` another meaning")
            continue
        given = dict(zip(_SETTINGS, made.args, strict=False))
        given.update({one.arg: one.value for one in made.keywords if one.arg in _SETTINGS})
        for parameter, node in given.items():
            span = module.span(node)
            value: Value[object] = Unknown("it is computed", span)
            if isinstance(node, ast.Constant):
                value = Known(node.value, span)
            layers.defaults[_SETTINGS[parameter]] = [SettingSource(value, span, "Server() of Flask-Script")]


def _registered(context: Context) -> Iterator[ast.Call | None]:
    """What is put in the place of the `runserver` of a `Manager`: the call that makes a `Server`, None for else."""
    module = _module(context)
    if module is None:
        return
    for call in _calls(module, "add_command"):
        name = call.args[0] if call.args else None
        made = call.args[1] if len(call.args) > 1 else None
        if isinstance(name, ast.Constant) and name.value == "runserver":
            is_server = isinstance(made, ast.Call) and module.qualified_name(made.func) == _SERVER
            yield made if is_server and isinstance(made, ast.Call) else None
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef) and node.name == "runserver" and node.decorator_list:
            yield None


def managed_app(context: Context) -> tuple[str, str] | None:
    """The file of the `Manager` and the name of the app that it is given, None where it cannot be told."""
    path, module = context.manage_file(), _module(context)
    for call in _calls(module) if module is not None else ():
        if module is not None and module.qualified_name(call.func) == _MANAGER and call.args:
            held = call.args[0]
            return (path, held.id) if path is not None and isinstance(held, ast.Name) else None
    return None


def _module(context: Context) -> PythonModule | None:
    path = context.manage_file()
    return context.repository.python(path) if path is not None else None


def _is_managed(context: Context) -> bool:
    module = _module(context)
    return module is not None and any(module.qualified_name(call.func) == _MANAGER for call in _calls(module))


def _calls(module: PythonModule, attribute: str | None = None) -> Iterator[ast.Call]:
    for node in module.nodes:
        if isinstance(node, ast.Call):
            is_named = isinstance(node.func, ast.Attribute) and node.func.attr == attribute
            if attribute is None or is_named:
                yield node
