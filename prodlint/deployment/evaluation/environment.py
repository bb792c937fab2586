"""The environment that the evaluated code sees: `os.environ`, what it writes there, and `.env` files it loads."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable

from prodlint.deployment.evaluation.concrete import MOST_TEXT
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    MARK,
    UNSET,
    Assigned,
    DictValue,
    Driven,
    Gap,
    Limited,
    Opaque,
    as_text,
    is_marked,
)
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.paths import text_of
from prodlint.deployment.evaluation.shown import shown
from prodlint.deployment.repository import normal_path
from prodlint.deployment.value import Bounded, EnvDriven, Known, PerCpu, Proposed, Reading, Value
from prodlint.source import Span, SyntaxProblem
from prodlint.syntax.env_dialect import Dialect

__all__ = [
    "dotenv_value",
    "environ_method",
    "file_above",
    "forget_variable",
    "load_dotenv",
    "or_default",
    "outside_variable",
    "read_variable",
    "repository_file",
    "required",
    "told_variable",
    "variable_is_set",
    "write_variable",
]

_ANY = ""
"""The name under which it is noted that any variable may have been written."""
_MOST_NOTED = 500


def read_variable(machine: Machine, name: object, node: ast.AST | None) -> object:
    """A variable: its text, ABSENT, a Driven of these, or an Opaque when it is set to what is not known."""
    if not isinstance(name, str) or is_marked(name):
        machine.risk()
        return machine.unknown("reads a variable whose name is not known", node, name)
    machine.reads.add(name)
    if name in machine.variables:
        value = machine.variables[name]
        if isinstance(value, Driven) and value.default is UNSET:
            return Driven(value.names, ABSENT, value.span, value.holds, value.is_variable, value.reading)
        return ABSENT if value is UNSET else value
    if _ANY in machine.variables:
        return machine.unknown("any variable may have been written before", node)
    return machine.outside(name)


def told_variable(machine: Machine, name: str, span: Span) -> Value[object] | None:
    """A variable as a value of the model, with a place for what has none of its own; None when it is not set."""
    value = read_variable(machine, name, None)
    if value is ABSENT:
        return None
    if isinstance(value, Driven) and value.default is ABSENT:
        return EnvDriven(name, None, value.span or span, form="" if value.is_variable else None)
    return shown(value, span)


def outside_variable(machine: Machine, name: str) -> object:
    """A variable as it is outside of the evaluated code, with the `.env` files that the code loads."""
    if name == _ANY:
        return ABSENT
    value = _from_outside(machine, name)
    is_open = value is ABSENT or (isinstance(value, Driven) and value.default is ABSENT)
    if not is_open or not machine.dotenv:
        return value
    names = value.names if isinstance(value, Driven) else frozenset({name})
    is_variable = value.is_variable if isinstance(value, Driven) else True
    reading = value.reading if isinstance(value, Driven) else Reading.TEXT
    return Driven(names, _from_dotenv(machine, name), None, (), is_variable, reading)


def _from_outside(machine: Machine, name: str) -> object:
    value = machine.lookup(name)
    if value is None:
        return ABSENT
    if isinstance(value, EnvDriven):
        default = ABSENT if value.default is None else value.default
        reading = Reading.TEXT if value.is_variable else None
        return Driven(frozenset({value.name}), default, None, (), value.is_variable, reading)
    if isinstance(value, Bounded) and not isinstance(value, PerCpu):
        return Limited(value.reason, value.span, (), value.least, value.most)
    if not isinstance(value, Known):
        return Opaque(value.reason, value.span)
    if is_marked(value.value) or len(value.value) > MOST_TEXT:
        return Opaque("has a value that is not followed", value.span)
    return value.value


def or_default(machine: Machine, value: object, default: object, node: ast.AST) -> object:
    """What reading a variable gives that has a default."""
    if value is ABSENT:
        return default
    if isinstance(value, Driven) and value.default is ABSENT:
        return as_text(machine.driven(value.names, default, node), value)
    if isinstance(value, Limited):
        # What a platform sets is always there.
        return value
    return machine.unknown(value.reason, node, value, default) if isinstance(value, Opaque) else value


def required(machine: Machine, value: object, kind: str, node: ast.AST) -> object:
    """What reading a variable gives that has to be set. Raises Raised when it certainly is not."""
    if value is ABSENT:
        return machine.fail(kind, (), node)
    if isinstance(value, Driven) and value.default is ABSENT:
        return as_text(machine.fail(kind, value.names, node), value)
    return value


def variable_is_set(machine: Machine, name: object, node: ast.AST) -> object:
    """`name in os.environ`."""
    value = read_variable(machine, name, node)
    if not isinstance(name, str):
        return value
    if isinstance(value, Driven):
        return Driven(value.names, False, value.span) if value.default is ABSENT else True
    if isinstance(value, Opaque) and (_ANY in machine.variables or name in machine.variables):
        return value
    if isinstance(value, Opaque) and isinstance(machine.lookup(name), Proposed):
        return value
    return value is not ABSENT


def write_variable(machine: Machine, name: object, value: object, node: ast.AST) -> None:
    """`os.environ[name] = value`."""
    if isinstance(name, str):
        value = _as_written(machine, value, node)
        machine.put(machine.variables, name, value)
        _note(machine, name, value, node, False)
    else:
        machine.put(machine.variables, _ANY, machine.unknown("is not known", node, name))


def _as_written(machine: Machine, value: object, node: ast.AST) -> object:
    """A value that the running module gives a variable; the image may hold another text of that module."""
    return machine.held.as_written(machine.frame.module.path, value, machine.span(node))


def _note(machine: Machine, name: str, value: object, node: ast.AST, is_default: bool) -> None:
    if len(machine.assigned) < _MOST_NOTED:
        machine.assigned.append(Assigned(name, value, machine.span(node), is_default))


def forget_variable(machine: Machine, name: object, node: ast.AST) -> None:
    """`del os.environ[name]`."""
    write_variable(machine, name, UNSET, node)


def environ_method(machine: Machine, name: str, call: Call) -> object:
    """A method of `os.environ`, or `os.getenv` as `get`."""
    node = call.node
    method = _METHODS.get(name)
    if method is not None and not call.is_open:
        return method(machine, call)
    if name not in ("keys", "items", "values", "copy"):
        machine.put(machine.variables, _ANY, machine.unknown("is not known", node))
    machine.risk()
    return machine.unknown("is the whole environment", node)


def _get(machine: Machine, call: Call) -> object:
    name = call.get(0, "key")
    default = call.get(1, "default", None)
    return or_default(machine, read_variable(machine, name, call.node), default, call.node)


def _setdefault(machine: Machine, call: Call) -> object:
    name, default = call.get(0, "key"), _as_written(machine, call.get(1, "value", None), call.node)
    value = or_default(machine, read_variable(machine, name, call.node), default, call.node)
    if isinstance(name, str):
        machine.put(machine.variables, name, value)
        _note(machine, name, default, call.node, True)
    else:
        write_variable(machine, name, value, call.node)
    return value


def _pop(machine: Machine, call: Call) -> object:
    name, default = call.get(0, "key"), call.get(1, "default")
    value = read_variable(machine, name, call.node)
    forget_variable(machine, name, call.node)
    if default is ABSENT:
        return required(machine, value, "KeyError", call.node)
    return or_default(machine, value, default, call.node)


def _update(machine: Machine, call: Call) -> object:
    for value in call.arguments:
        content = value.content if isinstance(value, DictValue) else None
        if not isinstance(content, dict) or any(isinstance(key, Gap) for key in content):
            write_variable(machine, None, None, call.node)
        else:
            for key, part in content.items():
                write_variable(machine, key, part, call.node)
    for key, part in call.keywords.items():
        write_variable(machine, key, part, call.node)
    return None


_METHODS: dict[str, Callable[[Machine, Call], object]] = {
    "get": _get,
    "setdefault": _setdefault,
    "pop": _pop,
    "update": _update,
    "__getitem__": lambda machine, call: required(
        machine, read_variable(machine, call.get(0, "key"), call.node), "KeyError", call.node
    ),
    "__contains__": lambda machine, call: variable_is_set(machine, call.get(0, "key"), call.node),
}


# .env files


def load_dotenv(
    machine: Machine, call: Call, dialect: Dialect = Dialect.PYTHON_DOTENV, searches: bool = True
) -> object:
    """`load_dotenv(…)`, `Env.read_env(…)`: variables that are not set may come from a file.

    A file of the repository says which; whether it is there in production, and whether another one
    is, nobody knows: what it sets is driven by the variable itself. `searches` says whether a file that is
    not named is looked for in the folders above too.
    """
    node = call.node
    override = call.keywords.get("override", call.keywords.get("overwrite", False))
    if override is not False:
        machine.put(machine.variables, _ANY, machine.unknown("may come from a .env file", node))
        return machine.unknown("says whether there was a .env file", node)
    names = ("dotenv_path", "env_file", "path")
    file = call.arguments[0] if call.arguments else next((call.keywords[n] for n in names if n in call.keywords), None)
    machine.put(machine.dotenv, repository_file(machine, file, searches), dialect)
    return machine.unknown("says whether there was a .env file", node)


def repository_file(machine: Machine, file: object, searches: bool = True) -> str:
    """The file of the repository that is meant, empty when that is not known; `.env` where None is named."""
    text = text_of(file)
    if file is None:
        folder = posixpath.dirname(machine.frame.module.path)
        return file_above(machine, (".env",)) if searches else normal_path(folder, ".env")
    if text is None:
        return ""
    if is_marked(text):
        return normal_path(text.replace(f"/{MARK}", "", 1).lstrip("/"))
    if text.startswith("/"):
        return ""
    roots = (*machine.roots, "")
    return next((normal_path(root, text) for root in roots if normal_path(root, text) in machine.repository.paths), "")


def file_above(machine: Machine, names: tuple[str, ...]) -> str:
    """The first file with one of some names in the folder of the running module, or above; empty without one."""
    folder = posixpath.dirname(machine.frame.module.path)
    while True:
        for name in names:
            path = normal_path(folder, name)
            if path in machine.repository.paths:
                return path
        if not folder:
            return ""
        folder = posixpath.dirname(folder)


def _from_dotenv(machine: Machine, name: str) -> object:
    for path, dialect in machine.dotenv.items():
        value = dotenv_value(machine, path, name, dialect)
        if value is not ABSENT:
            return value
    return ABSENT


def dotenv_value(machine: Machine, path: str, name: str, dialect: object) -> object:
    """What a `.env` file of the repository says of a variable; ABSENT when it says nothing."""
    source = machine.repository.source(path) if path and path in machine.repository.paths else None
    if source is None or not isinstance(dialect, Dialect):
        return ABSENT
    machine.charge(1 + len(source.text) // 200)
    try:
        from prodlint.syntax.dotenv_dialects import read_env_file

        lines = read_env_file(source, dialect)
    except SyntaxProblem:
        return ABSENT
    for line in reversed(lines):
        if line.name == name and line.value is not None:
            literal = line.value.literal
            return Opaque("is computed in a .env file", line.span) if literal is None else literal
    return ABSENT
