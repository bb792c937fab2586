"""django-environ, whose default says what to cast to, and environs, which hands it on as it is.

Read in django-environ 0.14 and environs 15.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from prodlint.deployment.evaluation.concrete import apply
from prodlint.deployment.evaluation.databases import database, database_or_none
from prodlint.deployment.evaluation.domain import ABSENT, DictValue, External, ListValue, Opaque, ReaderValue, SetValue
from prodlint.deployment.evaluation.environment import read_variable
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.operations import equal
from prodlint.deployment.evaluation.reading import Cast, arguments_of_reader, missing, read

__all__ = ["django_environ", "environs"]


# django-environ: the default is not cast, but says what to cast to

_ENVIRON_KINDS = {
    "bool": "builtins.bool",
    "int": "builtins.int",
    "float": "builtins.float",
    "str": "builtins.str",
    "unicode": "builtins.str",
    "json": "json.loads",
    "dict": "builtins.dict",
}
_ENVIRON_DATABASES = frozenset({"db", "db_url"})


def django_environ(machine: Machine, reader: ReaderValue, method: str, call: Call) -> object:
    name = call.get(0, "var", "DATABASE_URL" if method in _ENVIRON_DATABASES else ABSENT)
    if method in ("", "get_value"):
        if "parse_default" in call.keywords or len(call.arguments) > 3:
            return machine.unknown("is read in a way that is not followed", call.node, *call.values)
        return _environ_value(machine, reader, call, name, call.get(1, "cast", None), call.get(2, "default"))
    if method in _ENVIRON_KINDS and (method != "dict" or "cast" not in call.keywords):
        default = call.get(2 if method == "dict" else 1, "default")
        value = _environ_value(machine, reader, call, name, External(_ENVIRON_KINDS[method]), default)
        if call.keywords.get("multiline", False) is False and len(call.arguments) < 3:
            return value
        return machine.unknown("is read in a way that is not followed", call.node)
    if method in ("list", "tuple"):
        cast = call.get(1, "cast", None)
        if cast is None:
            wanted: object = External(f"builtins.{method}")
        else:
            wanted = machine.list((cast,)) if method == "list" else (cast,)
        return _environ_value(machine, reader, call, name, wanted, call.get(2, "default"))
    if method in _ENVIRON_DATABASES and "engine" not in call.keywords and len(call.arguments) < 3:
        url = _environ_value(machine, reader, call, name, None, call.get(1, "default"))
        return database_or_none(machine, call, url)
    machine.taint("was given to a function that reads the environment", call.node, *call.values)
    if isinstance(name, str):
        read_variable(machine, str(reader.options.get("prefix", "")) + name, call.node)
    machine.risk()
    return machine.unknown(f"is what {method}() makes of a variable", call.node)


def _environ_value(
    machine: Machine, reader: ReaderValue, call: Call, name: object, cast: object, default: object
) -> object:
    scheme = arguments_of_reader(reader)
    prefix = reader.options.get("prefix", "")
    known = scheme.keywords.get(prefix + name) if isinstance(name, str) and isinstance(prefix, str) else None
    if isinstance(known, tuple) and len(known) == 2:
        cast = known[0] if cast is None else cast
        default = known[1] if default is ABSENT else default
    elif known is not None and cast is None:
        cast = known
    if reader.options.get("smart_cast", True) is True and cast is None and default not in (None, ABSENT):
        cast = _type_of(default)

    def made(value: object) -> object:
        if isinstance(value, str) and value.startswith(("$", "\\$")):
            return machine.unknown("is a reference to another variable", call.node)
        if default is None and value == "":
            return None
        same = False if default is ABSENT else equal(value, default)
        if same is None:
            return machine.unknown("is compared with a default that is not known", call.node, default)
        return value if same else _environ_cast(machine, call, cast, value)

    def unset() -> object:
        value = missing(machine, call, "ImproperlyConfigured", default)()
        return None if default is None else made(value)

    return read(machine, reader, call, name, made, unset, cast)


def _type_of(value: object) -> object:
    kinds: dict[type, str] = {ListValue: "list", DictValue: "dict", SetValue: "set"}
    if isinstance(value, (bool, int, float, str, tuple, ListValue, DictValue, SetValue)):
        return External(f"builtins.{kinds.get(type(value), type(value).__name__)}")
    return Opaque("is the type of something that is not known")


_ENVIRON_TRUE = ("true", "on", "ok", "y", "yes", "1")


def _environ_boolean(value: Any) -> bool:
    try:
        return int(value) != 0
    except ValueError:
        return value.lower().strip() in _ENVIRON_TRUE


def _environ_float(value: Any) -> float:
    parts = re.split(r"[,.]", re.sub(r"[^\d,.-]", "", value))
    return float(parts[0] if len(parts) == 1 else f"{''.join(parts[:-1])}.{parts[-1]}")


def _environ_mapping(value: Any) -> dict[str, str]:
    return dict(part.split("=", 1) for part in value.split(",") if part)


_ENVIRON_CASTS: dict[str, Callable[[Any], Any]] = {
    "builtins.bool": _environ_boolean,
    "builtins.float": _environ_float,
    "builtins.list": lambda value: [part for part in value.split(",") if part],
    "builtins.tuple": lambda value: tuple(part for part in value.strip("(").strip(")").split(",") if part),
    "builtins.dict": _environ_mapping,
    "json.loads": json.loads,
}


def _environ_cast(machine: Machine, call: Call, cast: object, value: object) -> object:
    node = call.node
    if cast is None:
        return value
    if isinstance(cast, External) and cast.name in _ENVIRON_CASTS:
        return apply(machine, node, _ENVIRON_CASTS[cast.name], value)
    if isinstance(cast, (ListValue, tuple)):
        inner: Any = cast.content if isinstance(cast, ListValue) else cast
        if not isinstance(inner, tuple) or not inner:
            return machine.unknown("is cast in a way that is not known", node)
        outer = "builtins.list" if isinstance(cast, ListValue) else "builtins.tuple"
        parts = apply(machine, node, _ENVIRON_CASTS[outer], value)
        mapped = machine.call(External("builtins.map"), Call(node, (inner[0], parts)))
        return machine.call(External(outer), Call(node, (mapped,)))
    if isinstance(cast, (DictValue, Opaque)):
        return machine.unknown("is cast in a way that is not known", node, cast)
    return machine.call(cast, Call(node, (value,)))


# environs: the default is handed on as it is

_MARSHMALLOW_TRUE = frozenset({"t", "T", "true", "True", "TRUE", "on", "On", "ON", "y", "Y", "yes", "Yes", "YES", "1"})
_MARSHMALLOW_FALSE = frozenset(
    {"f", "F", "false", "False", "FALSE", "off", "Off", "OFF", "n", "N", "no", "No", "NO", "0"}
)


def _environs_boolean(value: Any) -> bool:
    if value in _MARSHMALLOW_TRUE:
        return True
    if value in _MARSHMALLOW_FALSE:
        return False
    raise ValueError(value)


def environs(machine: Machine, reader: ReaderValue, method: str, call: Call) -> object:
    node = call.node
    name, default = call.get(0, "name"), call.get(1, "default")
    made = _environs_cast(machine, call, method)
    if "expand_vars" in arguments_of_reader(reader).keywords or made is None:
        machine.taint("was given to a function that reads the environment", node, *call.values)
        read_variable(machine, name, node)
        machine.risk()
        return machine.unknown(f"is what {method}() makes of a variable", node)
    cast = made

    def when_set(value: object) -> object:
        if isinstance(value, str) and value.strip().startswith("{{"):
            return machine.unknown("is a reference to another variable", node)
        return cast(value)

    given = missing(machine, call, "EnvError", default)
    if method == "dj_db_url":
        return read(machine, reader, call, name, when_set, lambda: cast(given()), method)
    return read(machine, reader, call, name, when_set, given, None if method in ("", "str") else method)


_ENVIRONS_CASTS: dict[str, Callable[[Any], Any]] = {
    "": lambda value: value,
    "str": lambda value: value,
    "bool": _environs_boolean,
    "int": int,
    "float": float,
    "json": json.loads,
}


def _environs_cast(machine: Machine, call: Call, method: str) -> Cast | None:
    node = call.node
    if not call.keywords.keys() <= {"default", "subcast", "delimiter", "validate", "name"}:
        return None
    if method in _ENVIRONS_CASTS:
        return lambda value: apply(machine, node, _ENVIRONS_CASTS[method], value)
    if method == "dj_db_url":
        return lambda value: database(machine, call, value)
    if method != "list":
        return None
    subcast, delimiter = call.get(2, "subcast", None), call.keywords.get("delimiter", ",")

    def listed(value: object) -> object:
        parts = apply(machine, node, lambda text, by: text.split(by) if text else [], value, delimiter)
        if subcast is None or (isinstance(subcast, External) and subcast.name == "builtins.str"):
            return parts
        function: object = subcast
        if isinstance(subcast, External) and subcast.name == "builtins.bool":
            return apply(machine, node, lambda every: [_environs_boolean(one) for one in every], parts)
        mapped = machine.call(External("builtins.map"), Call(node, (function, parts)))
        return machine.call(External("builtins.list"), Call(node, (mapped,)))

    return listed
