"""What functions outside of the repository return: those of the standard library that settings use."""

from __future__ import annotations

import ast
import json
from typing import Any, cast

from prodlint.deployment.evaluation.builtins import BUILTINS, Function, on_first, pure, stopped
from prodlint.deployment.evaluation.concrete import NotConcrete
from prodlint.deployment.evaluation.cpus import CPU_COUNTS, cpu_count, cpu_set
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    ClassValue,
    DictValue,
    External,
    FunctionValue,
    Gap,
    IteratorValue,
    ListValue,
    ModuleValue,
    Opaque,
    PathValue,
    SetValue,
    is_plain,
)
from prodlint.deployment.evaluation.environment import environ_method, load_dotenv
from prodlint.deployment.evaluation.fresh import FRESH_FUNCTIONS, encoded
from prodlint.deployment.evaluation.lists import parts_of
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.paths import make_path, os_path

__all__ = ["CONSTANTS", "FUNCTIONS", "HARMLESS", "library_function"]


def _copied(machine: Machine, call: Call, value: object) -> object:
    return _clone(machine, call, value, {})


def _clone(machine: Machine, call: Call, value: object, known: dict[int, object]) -> object:
    if id(value) in known:
        return known[id(value)]
    if isinstance(value, tuple):
        return tuple([_clone(machine, call, part, known) for part in cast("tuple[object, ...]", value)])
    if isinstance(value, ListValue) and isinstance(value.content, tuple):
        if any(isinstance(part, Gap) for part in value.content):
            return machine.unknown("is a copy of what is not known", call.node, value)
        made: Any = machine.list(())
        known[id(value)] = made
        made.content = tuple([_clone(machine, call, part, known) for part in value.content])
        return made
    if isinstance(value, DictValue) and isinstance(value.content, dict):
        made = machine.dict({})
        known[id(value)] = made
        made.content = {key: _clone(machine, call, part, known) for key, part in value.content.items()}
        return made
    if isinstance(value, SetValue) and isinstance(value.content, frozenset):
        return machine.set(value.content)
    if is_plain(value) or isinstance(value, (PathValue, External, FunctionValue, ClassValue, ModuleValue)):
        return value
    return machine.unknown("is a copy of what is not known", call.node, value)


def _shallow(machine: Machine, call: Call, value: object) -> object:
    if isinstance(value, ListValue) and isinstance(value.content, tuple):
        return machine.list(value.content)
    if isinstance(value, DictValue) and isinstance(value.content, dict):
        return machine.dict(value.content)
    return value if is_plain(value) else _copied(machine, call, value)


def _chain(machine: Machine, call: Call) -> object:
    return IteratorValue(tuple(part for value in call.arguments for part in parts_of(machine, call.node, value)))


def _second(machine: Machine, call: Call) -> object:
    return call.get(1, "val", None)


def _strtobool(value: Any) -> int:
    text = value.lower()
    if text in ("y", "yes", "t", "true", "on", "1"):
        return 1
    if text in ("n", "no", "f", "false", "off", "0"):
        return 0
    raise ValueError(text)


def _literal(text: Any) -> Any:
    if not isinstance(text, str) or len(text) > 10_000:
        raise NotConcrete("is not evaluated")
    return ast.literal_eval(text)


def _quoted(text: Any, safe: str = "/") -> str:
    from urllib.parse import quote

    return quote(text, safe)


def _quoted_plus(text: Any, safe: str = "") -> str:
    from urllib.parse import quote_plus

    return quote_plus(text, safe)


def _unquoted(text: Any) -> str:
    from urllib.parse import unquote

    return unquote(text)


def _field(machine: Machine, call: Call) -> object:
    """`Field(…)` of pydantic: what the field holds where nothing gives it another value."""
    factory = call.keywords.get("default_factory")
    if factory is not None:
        return machine.call(factory, Call(call.node))
    default = call.get(0, "default")
    is_required = default is ABSENT or default is Ellipsis
    return machine.unknown("is a field that has to be given", call.node) if is_required else default


FUNCTIONS: dict[str, Function] = {
    "pydantic.Field": _field,
    "pydantic.fields.Field": _field,
    **dict.fromkeys(CPU_COUNTS, cpu_count),
    "os.sched_getaffinity": cpu_set,
    **FRESH_FUNCTIONS,
    **BUILTINS,
    "sys.exit": stopped,
    "os.getenv": lambda machine, call: environ_method(machine, "get", call),
    "pathlib.Path": make_path,
    "pathlib.PurePath": make_path,
    "pathlib.PosixPath": make_path,
    "pathlib.PurePosixPath": make_path,
    "json.loads": pure(json.loads),
    "ast.literal_eval": pure(_literal),
    "copy.deepcopy": on_first(_copied),
    "copy.copy": on_first(_shallow),
    "itertools.chain": _chain,
    "typing.cast": _second,
    "distutils.util.strtobool": pure(_strtobool),
    "setuptools._distutils.util.strtobool": pure(_strtobool),
    "urllib.parse.quote": pure(_quoted),
    "urllib.parse.quote_plus": pure(_quoted_plus),
    "urllib.parse.unquote": pure(_unquoted),
    "dotenv.load_dotenv": load_dotenv,
    "dotenv.main.load_dotenv": load_dotenv,
    "dotenv.find_dotenv": lambda machine, call: None,
    "dotenv.read_dotenv": load_dotenv,
}

CONSTANTS: dict[str, object] = {
    "os.sep": "/",
    "os.path.sep": "/",
    "os.pathsep": ":",
    "os.linesep": "\n",
    "os.curdir": ".",
    "os.pardir": "..",
    "os.path.pardir": "..",
    "os.extsep": ".",
    "os.name": "posix",
    "typing.TYPE_CHECKING": False,
    "logging.CRITICAL": 50,
    "logging.FATAL": 50,
    "logging.ERROR": 40,
    "logging.WARNING": 30,
    "logging.WARN": 30,
    "logging.INFO": 20,
    "logging.DEBUG": 10,
    "logging.NOTSET": 0,
    "django.contrib.messages.constants.DEBUG": 10,
    "django.contrib.messages.constants.INFO": 20,
    "django.contrib.messages.constants.SUCCESS": 25,
    "django.contrib.messages.constants.WARNING": 30,
    "django.contrib.messages.constants.ERROR": 40,
}

HARMLESS = (
    "logging.",
    "warnings.",
    "sentry_sdk.",
    "structlog.",
    "os.makedirs",
    "os.mkdir",
    "mimetypes.",
    "builtins.super",
    "builtins.type",
    "builtins.id",
    "builtins.hash",
    "builtins.callable",
    "builtins.issubclass",
    "datetime.",
    "django.utils.translation.",
    "django.core.exceptions.",
    "django.core.management.",
    "django.urls.",
    "collections.",
    "re.",
    "socket.",
    "subprocess.",
    "json.dump",
    "celery.schedules.",
    "corsheaders.",
    "firebase_admin.",
    "cloudinary.config",
    "ldap.",
    "django_auth_ldap.",
    "rollbar.init",
    "newrelic.",
    "ddtrace.",
    "elasticapm.",
)
"""Beginnings of functions that do not change the lists and dictionaries that they are given."""


def library_function(machine: Machine, name: str, call: Call) -> object:
    """What a function outside of the repository returns, where Python itself defines it."""
    if name.startswith("os.path.") and not call.is_open:
        return os_path(machine, name.removeprefix("os.path."), call)
    if name.startswith(("os.environ.", "os.environb.")):
        return environ_method(machine, name.rpartition(".")[2], call)
    function = FUNCTIONS.get(name)
    if function is not None and not call.is_open:
        return function(machine, call)
    fresh = encoded(name, call)
    if fresh is not None:
        return fresh
    machine.risk()
    if not name.startswith(HARMLESS):
        machine.taint(f"was given to {name}()", call.node, *call.values)
    shown = name.removeprefix("builtins.")
    return machine.unknown(
        f"is what {shown}() returns", call.node, *(v for v in call.values if not isinstance(v, Opaque))
    )
