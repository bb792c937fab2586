"""The configuration of a Flask app as a mapping: its keys are read, written and forgotten here."""

from __future__ import annotations

import ast

from prodlint.deployment.evaluation.domain import (
    AppValue,
    BoundMethod,
    ClassValue,
    ConfigValue,
    FunctionValue,
    Opaque,
    Raised,
    is_marked,
    marked,
)
from prodlint.deployment.evaluation.machine import Machine
from prodlint.source import Span

__all__ = [
    "app_attribute",
    "config_holds",
    "config_item",
    "open_config",
    "put_key",
    "set_app_attribute",
    "set_config_item",
    "spoil_config",
]

_ATTRIBUTES = {
    "secret_key": "SECRET_KEY",
    "debug": "DEBUG",
    "testing": "TESTING",
    "permanent_session_lifetime": "PERMANENT_SESSION_LIFETIME",
    "session_cookie_name": "SESSION_COOKIE_NAME",
}


def app_attribute(machine: Machine, app: AppValue, name: str, node: ast.expr) -> object:
    """`app.config`, `app.secret_key`; everything else of an app is not known and changes nothing here."""
    if name == "config":
        return app.config
    if name in _ATTRIBUTES:
        return app.config.cells.get(_ATTRIBUTES[name], None)
    if name == "root_path":
        return marked(app.folder)
    for base in app.cls.lineage if app.cls is not None else ():
        if isinstance(base, ClassValue) and name in base.cells:
            held = base.cells[name]
            if isinstance(held, FunctionValue):
                return BoundMethod(held, app) if held.kind == "function" else held
            return held
    machine.risk()
    return machine.unknown(f"is {name} of a Flask app", node)


def set_app_attribute(machine: Machine, app: AppValue, name: str, value: object, node: ast.AST) -> None:
    """`app.secret_key = value`."""
    if name in _ATTRIBUTES:
        set_config_item(machine, app.config, _ATTRIBUTES[name], value, node)
    elif name == "config":
        spoil_config(machine, app.config, "was replaced", node)


def config_item(machine: Machine, config: ConfigValue, key: object, node: ast.AST) -> object:
    """`app.config[key]`. Raises Raised when there is no such key."""
    if isinstance(key, str) and key in config.cells:
        return config.cells[key]
    if isinstance(key, str) and config.rest is None and not is_marked(key):
        raise Raised("KeyError")
    machine.risk()
    return machine.unknown("is a key that is not known", node, config.rest, key)


def config_holds(machine: Machine, config: ConfigValue, key: object, node: ast.AST) -> object:
    """`key in app.config`."""
    if not isinstance(key, str) or isinstance(config.cells.get(key), Opaque):
        return machine.unknown("may be a key", node, key)
    if key in config.cells:
        return True
    return False if config.rest is None else machine.unknown("may be a key", node)


def set_config_item(machine: Machine, config: ConfigValue, key: object, value: object, node: ast.AST) -> None:
    """`app.config[key] = value`."""
    if isinstance(key, str):
        put_key(machine, config, key, value, machine.span(node))
    else:
        spoil_config(machine, config, "may have been set by a key that is not known", node)


def put_key(machine: Machine, config: ConfigValue, key: str, value: object, span: Span) -> None:
    machine.charge()
    machine.put(config.cells, key, value)
    config.places[key] = span


def open_config(machine: Machine, config: ConfigValue, reason: str, node: ast.AST) -> None:
    """There may be more keys."""
    if config.rest is None:
        machine.put(config, "rest", Opaque(reason, machine.span(node)))


def spoil_config(machine: Machine, config: ConfigValue, reason: str, node: ast.AST) -> None:
    """Any key may have been set."""
    span = machine.span(node)
    for key in list(config.cells):
        machine.put(config.cells, key, Opaque(reason, span))
    machine.put(config, "rest", Opaque(reason, span))
