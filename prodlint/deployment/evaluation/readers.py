"""Libraries that read the environment for the settings: django-environ, environs, python-decouple, Starlette.

Their casts and what they do about a default were read in django-environ 0.14, environs 15.2,
python-decouple 3.8, Starlette 1.10 and dj-database-url 3.1 (the catalogue's configuration page, 2.3.2).
"""

from __future__ import annotations

import shlex
import string
from typing import Any

from prodlint.deployment.evaluation.concrete import NotConcrete, apply, on_defaults
from prodlint.deployment.evaluation.domain import ABSENT, External, ReaderValue
from prodlint.deployment.evaluation.environment import load_dotenv
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.reading import DIALECTS, arguments_of_reader, missing, new_reader, read
from prodlint.syntax.env_dialect import Dialect

__all__ = ["call_reader", "is_reader", "make_reader"]

# A package that is new here is named in `evaluation/run.py` (`_HOLD_READERS`) too.
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


def is_reader(name: str) -> bool:
    """Whether a function or class outside of the repository reads the environment for its caller."""
    return name in _CLASSES or name in _LOADERS or name in _FUNCTIONS


def make_reader(machine: Machine, name: str, call: Call) -> object:
    """`environ.Env(…)` and the other objects that read, and functions that read at once."""
    if name in _LOADERS:
        return load_dotenv(machine, call, _LOADERS[name], searches=name.startswith("environs."))
    if name == "decouple.config":
        return _configured(machine, new_reader(machine, "decouple", call), call)
    from prodlint.deployment.evaluation.databases import database, database_config

    if name == "dj_database_url.config":
        return database_config(machine, call)
    if name == "dj_database_url.parse":
        return database(machine, call, call.get(0, "url"))
    if call.is_open:
        return machine.unknown(f"is an object of {name}", call.node, *call.values)
    reader = new_reader(machine, _CLASSES[name], call)
    if "FileAware" in name:
        reader.options["is_file_aware"] = True
    if reader.library == "starlette":
        reader.options["prefix"] = call.get(3, "env_prefix", "")
    if name in ("starlette.config.Config", "decouple.Config", "decouple.AutoConfig"):
        reader.options["file"] = call.get(0, "env_file" if reader.library == "starlette" else "search_path", None)
        reader.options["finds"] = name == "decouple.AutoConfig" and not call.values
    return reader


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
    if reader.library in DIALECTS and method in ("", "get"):
        return _configured(machine, reader, call)
    from prodlint.deployment.evaluation.readers_django import django_environ, environs

    if reader.library == "environ":
        return django_environ(machine, reader, method, call)
    if reader.library == "environs":
        return environs(machine, reader, method, call)
    machine.risk()
    machine.taint("was given to a function that reads the environment", call.node, *call.values)
    return machine.unknown("is read from the environment in a way that is not followed", call.node)


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
    given = missing(machine, call, kind, default)
    name = call.get(0, "option" if is_decouple else "key")
    return read(machine, reader, call, name, made, lambda: made(given()), None if cast is ABSENT else cast)


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
    made = arguments_of_reader(reader)
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
