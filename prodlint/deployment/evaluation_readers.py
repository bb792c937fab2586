"""Libraries that read the environment for the settings: django-environ, environs, python-decouple, Starlette.

Their casts and what they do about a default were read in django-environ 0.14, environs 15.2,
python-decouple 3.8, Starlette 1.10 and dj-database-url 3.1 (the catalogue's configuration page, 2.3.2).
"""

from __future__ import annotations

import json
import re
import shlex
import string
from collections.abc import Callable
from typing import Any

from prodlint.deployment.evaluation_concrete import MOST_TEXT, NotConcrete, apply, on_defaults
from prodlint.deployment.evaluation_domain import (
    ABSENT,
    DictValue,
    Driven,
    External,
    Gap,
    ListValue,
    Opaque,
    Raised,
    ReaderValue,
    SetValue,
)
from prodlint.deployment.evaluation_environment import (
    dotenv_value,
    file_above,
    load_dotenv,
    read_variable,
    repository_file,
)
from prodlint.deployment.evaluation_machine import Call, Machine
from prodlint.deployment.evaluation_mappings import update
from prodlint.deployment.evaluation_operations import equal, truth
from prodlint.deployment.evaluation_urls import database_of
from prodlint.syntax.dotenv_dialects import Dialect

__all__ = ["call_reader", "is_reader", "make_reader"]

_Cast = Callable[[object], object]

_CLASSES = {
    "environ.Env": "environ",
    "environ.FileAwareEnv": "environ",
    "environ.environ.Env": "environ",
    "environs.Env": "environs",
    "environs.FileAwareEnv": "environs",
    "decouple.AutoConfig": "decouple",
    "decouple.Config": "decouple",
    "decouple.Csv": "csv",
    "starlette.config.Config": "starlette",
}
_LOADERS = {
    "environ.Env.read_env": Dialect.DJANGO_ENVIRON,
    "environ.FileAwareEnv.read_env": Dialect.DJANGO_ENVIRON,
    "environ.environ.Env.read_env": Dialect.DJANGO_ENVIRON,
    "environs.Env.read_env": Dialect.PYTHON_DOTENV,
}
_FUNCTIONS = frozenset({"decouple.config", "dj_database_url.config", "dj_database_url.parse"})
_DIALECTS = {"decouple": Dialect.DECOUPLE, "starlette": Dialect.STARLETTE}


def is_reader(name: str) -> bool:
    """Whether a function or class outside of the repository reads the environment for its caller."""
    return name in _CLASSES or name in _LOADERS or name in _FUNCTIONS


def make_reader(machine: Machine, name: str, call: Call) -> object:
    """`environ.Env(…)` and the other objects that read, and functions that read at once."""
    if name in _LOADERS:
        return load_dotenv(machine, call, _LOADERS[name], searches=name.startswith("environs."))
    if name == "decouple.config":
        return _configured(machine, _reader(machine, "decouple", call), call)
    if name == "dj_database_url.config":
        return _database_config(machine, call)
    if name == "dj_database_url.parse":
        return _database(machine, call, call.get(0, "url"))
    if call.is_open:
        return machine.unknown(f"is an object of {name}", call.node, *call.values)
    reader = _reader(machine, _CLASSES[name], call)
    if "FileAware" in name:
        reader.options["is_file_aware"] = True
    if reader.library == "starlette":
        reader.options["prefix"] = call.get(3, "env_prefix", "")
    if name in ("starlette.config.Config", "decouple.Config", "decouple.AutoConfig"):
        reader.options["file"] = call.get(0, "env_file" if reader.library == "starlette" else "search_path", None)
        reader.options["finds"] = name == "decouple.AutoConfig" and not call.values
    return reader


def _reader(machine: Machine, library: str, call: Call) -> ReaderValue:
    options = machine.cells()
    options.update(prefix="", arguments=call, finds=library == "decouple", file=None)
    return ReaderValue(library, options)


def _arguments(reader: ReaderValue) -> Call:
    """What the reader was made with."""
    made = reader.options["arguments"]
    assert isinstance(made, Call)
    return made


def call_reader(machine: Machine, reader: ReaderValue, method: str, call: Call) -> object:
    """`env("NAME")`, `env.bool("NAME")`; `method` is empty where the object itself is called."""
    if call.is_open:
        machine.risk()
        machine.taint("was given to a function that reads the environment", call.node, *call.values)
        return machine.unknown("is read from the environment in a way that is not followed", call.node)
    if reader.library == "csv":
        return _separated(machine, reader, call, call.get(0, "value"))
    if method == "read_env":
        is_environ = reader.library == "environ"
        dialect = Dialect.DJANGO_ENVIRON if is_environ else Dialect.PYTHON_DOTENV
        return load_dotenv(machine, call, dialect, searches=not is_environ)
    if reader.library in _DIALECTS and method in ("", "get"):
        return _configured(machine, reader, call)
    if reader.library == "environ":
        return _environ(machine, reader, method, call)
    if reader.library == "environs":
        return _environs(machine, reader, method, call)
    machine.risk()
    machine.taint("was given to a function that reads the environment", call.node, *call.values)
    return machine.unknown("is read from the environment in a way that is not followed", call.node)


# Reading one variable


def _read(
    machine: Machine,
    reader: ReaderValue,
    call: Call,
    name: object,
    when_set: _Cast,
    when_unset: Callable[[], object],
) -> object:
    """What a variable gives: one function makes it of its text, the other one says what holds without it."""
    node = call.node
    prefix = reader.options.get("prefix", "")
    if not isinstance(name, str) or not isinstance(prefix, str):
        machine.risk()
        return machine.unknown("reads a variable whose name is not known", node, name, prefix)
    value = read_variable(machine, prefix + name, node)
    if reader.library in _DIALECTS:
        value = _or_from_file(machine, reader, call, prefix + name, value)
    if reader.options.get("is_file_aware"):
        file = read_variable(machine, f"{prefix}{name}_FILE", node)
        if file is not ABSENT and not (isinstance(file, Driven) and file.default is ABSENT):
            return machine.unknown(f"is read from the file that {prefix}{name}_FILE names", node)
    if value is ABSENT:
        return when_unset()
    if isinstance(value, Driven):
        default = value.default
        try:
            made = when_unset() if default is ABSENT else when_set(default)
        except Raised as error:
            return machine.fail(error.kind, value.names, node)
        return machine.driven(value.names, made, node)
    if isinstance(value, Opaque):
        machine.risk()
        return machine.unknown(value.reason, node, value, *call.values)
    return when_set(value)


def _or_from_file(machine: Machine, reader: ReaderValue, call: Call, name: str, value: object) -> object:
    """A variable that is not set, as the library's own file says: decouple's is looked for, Starlette's is named."""
    is_open = value is ABSENT or (isinstance(value, Driven) and value.default is ABSENT)
    file = reader.options.get("file")
    if not is_open or (file is None and not reader.options.get("finds")):
        return value
    names = value.names if isinstance(value, Driven) else frozenset({name})
    path = file_above(machine, ("settings.ini", ".env")) if file is None else repository_file(machine, file)
    if path.endswith(".ini"):
        return machine.unknown(f"may be set by {path}", call.node)
    return Driven(names, dotenv_value(machine, path, name, _DIALECTS[reader.library]), machine.span(call.node))


def _missing(machine: Machine, call: Call, kind: str, default: object) -> Callable[[], object]:
    def unset() -> object:
        return machine.fail(kind, (), call.node) if default is ABSENT else default

    return unset


# python-decouple and Starlette: the default is cast as well


def _configured(machine: Machine, reader: ReaderValue, call: Call) -> object:
    is_decouple = reader.library == "decouple"
    if is_decouple:
        default, cast = call.get(1, "default"), call.get(2, "cast")
    else:
        cast, default = call.get(1, "cast"), call.get(2, "default")

    def made(value: object) -> object:
        if cast is ABSENT or cast is None or (value is None and not is_decouple):
            return value
        if isinstance(cast, External) and cast.name == "builtins.bool":
            boolean = _decouple_boolean if is_decouple else _starlette_boolean
            return on_defaults(machine, call.node, lambda one: apply(machine, call.node, boolean, one), value)
        return machine.call(cast, Call(call.node, (value,)))

    kind = "UndefinedValueError" if is_decouple else "KeyError"
    missing = _missing(machine, call, kind, default)
    return _read(machine, reader, call, call.get(0, "option" if is_decouple else "key"), made, lambda: made(missing()))


def _decouple_boolean(value: object) -> bool:
    text = str(value)
    if text == "":
        return False
    if text.lower() in ("y", "yes", "t", "true", "on", "1"):
        return True
    if text.lower() in ("n", "no", "f", "false", "off", "0"):
        return False
    raise ValueError(text)


def _starlette_boolean(value: object) -> bool:
    if not isinstance(value, str):
        return bool(value)
    known = {"true": True, "1": True, "false": False, "0": False}
    if value.lower() not in known:
        raise ValueError(value)
    return known[value.lower()]


def _separated(machine: Machine, reader: ReaderValue, call: Call, value: object) -> object:
    """`Csv()(value)`."""
    made = _arguments(reader)
    cast, delimiter = made.get(0, "cast", External("builtins.str")), made.get(1, "delimiter", ",")
    strip, process = made.get(2, "strip", string.whitespace), made.get(3, "post_process", External("builtins.list"))

    def split(text: Any) -> Any:
        if not isinstance(text, str) or not isinstance(delimiter, str) or not isinstance(strip, str):
            raise NotConcrete("is split in a way that is not followed")
        splitter = shlex.shlex(text, posix=True)
        splitter.whitespace = delimiter
        splitter.whitespace_split = True
        return tuple(part.strip(strip) for part in splitter)

    def parsed(one: object) -> object:
        if one is None:
            return machine.call(process, Call(call.node))
        parts = apply(machine, call.node, split, one)
        if not isinstance(parts, tuple):
            return parts
        items = tuple(machine.call(cast, Call(call.node, (part,))) for part in parts)
        return machine.call(process, Call(call.node, (items,)))

    return on_defaults(machine, call.node, parsed, value)


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


def _environ(machine: Machine, reader: ReaderValue, method: str, call: Call) -> object:
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
        return _database_or_none(machine, call, url)
    machine.taint("was given to a function that reads the environment", call.node, *call.values)
    if isinstance(name, str):
        read_variable(machine, str(reader.options.get("prefix", "")) + name, call.node)
    machine.risk()
    return machine.unknown(f"is what {method}() makes of a variable", call.node)


def _environ_value(
    machine: Machine, reader: ReaderValue, call: Call, name: object, cast: object, default: object
) -> object:
    scheme = _arguments(reader)
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
        value = _missing(machine, call, "ImproperlyConfigured", default)()
        return None if default is None else made(value)

    return _read(machine, reader, call, name, made, unset)


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


def _environs(machine: Machine, reader: ReaderValue, method: str, call: Call) -> object:
    node = call.node
    name, default = call.get(0, "name"), call.get(1, "default")
    made = _environs_cast(machine, call, method)
    if "expand_vars" in _arguments(reader).keywords or made is None:
        machine.taint("was given to a function that reads the environment", node, *call.values)
        read_variable(machine, name, node)
        machine.risk()
        return machine.unknown(f"is what {method}() makes of a variable", node)
    cast = made

    def when_set(value: object) -> object:
        if isinstance(value, str) and value.strip().startswith("{{"):
            return machine.unknown("is a reference to another variable", node)
        return cast(value)

    missing = _missing(machine, call, "EnvError", default)
    if method == "dj_db_url":
        return _read(machine, reader, call, name, when_set, lambda: cast(missing()))
    return _read(machine, reader, call, name, when_set, missing)


_ENVIRONS_CASTS: dict[str, Callable[[Any], Any]] = {
    "": lambda value: value,
    "str": lambda value: value,
    "bool": _environs_boolean,
    "int": int,
    "float": float,
    "json": json.loads,
}


def _environs_cast(machine: Machine, call: Call, method: str) -> _Cast | None:
    node = call.node
    if not call.keywords.keys() <= {"default", "subcast", "delimiter", "validate", "name"}:
        return None
    if method in _ENVIRONS_CASTS:
        return lambda value: apply(machine, node, _ENVIRONS_CASTS[method], value)
    if method == "dj_db_url":
        return lambda value: _database(machine, call, value)
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


# Databases


def _database_or_none(machine: Machine, call: Call, url: object) -> object:
    """A database of which an empty URL says that there is none."""
    if isinstance(url, Driven):
        return on_defaults(machine, call.node, lambda one: _database_or_none(machine, call, one), url)
    if truth(machine, call.node, url) is False:
        return machine.dict({})
    return _database(machine, call, url)


def _database_config(machine: Machine, call: Call) -> object:
    """`dj_database_url.config(…)`: the default serves a variable that is not set, not one that is empty."""
    inner = Call(call.node, call.arguments[2:], call.keywords)
    default = call.get(1, "default", None)

    def made(url: object) -> object:
        return _database_or_none(machine, inner, url)

    reader = _reader(machine, "plain", call)
    return _read(machine, reader, call, call.get(0, "env", "DATABASE_URL"), made, lambda: made(default))


def _database(machine: Machine, call: Call, url: object) -> object:
    node = call.node
    if isinstance(url, Driven):
        return on_defaults(machine, node, lambda one: _database(machine, call, one), url)
    if not isinstance(url, str) or len(url) > MOST_TEXT:
        machine.risk()
        return machine.unknown("is a database that is not known", node, url)
    if not url:
        raise Raised("ValueError")
    try:
        made = machine.dict(database_of(url))
    except NotConcrete as error:
        return machine.unknown(error.reason, node)
    if "engine" in call.keywords:
        update(machine, node, made, machine.dict({"ENGINE": call.keywords["engine"]}))
    names = {"conn_max_age": "CONN_MAX_AGE", "conn_health_checks": "CONN_HEALTH_CHECKS"}
    given = {names[key]: value for key, value in call.keywords.items() if key in names}
    update(machine, node, made, machine.dict(given))
    reason = "depends on the version of the library that reads the URL"
    rest = Gap(reason, machine.span(node))
    content = made.content
    machine.put(made, "content", {**content, rest: machine.unknown(reason, node)})
    return made
