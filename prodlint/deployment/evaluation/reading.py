"""Reading one variable for a library: its text is cast, and the library says what holds without it."""

from __future__ import annotations

from collections.abc import Callable

from prodlint.deployment.evaluation.domain import (
    ABSENT,
    Driven,
    External,
    Opaque,
    Raised,
    ReaderValue,
    as_read,
    as_variable,
)
from prodlint.deployment.evaluation.environment import dotenv_value, file_above, read_variable, repository_file
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.value import Reading
from prodlint.syntax.env_dialect import Dialect

__all__ = ["DIALECTS", "Cast", "arguments_of_reader", "missing", "new_reader", "read"]

Cast = Callable[[object], object]

DIALECTS = {"decouple": Dialect.DECOUPLE, "starlette": Dialect.STARLETTE}


def new_reader(machine: Machine, library: str, call: Call) -> ReaderValue:
    """What reads the environment, with what it was made with."""
    options = machine.cells()
    options.update(prefix="", arguments=call, finds=library == "decouple", file=None)
    return ReaderValue(library, options)


def arguments_of_reader(reader: ReaderValue) -> Call:
    """What the reader was made with."""
    made = reader.options["arguments"]
    assert isinstance(made, Call)
    return made


def read(
    machine: Machine,
    reader: ReaderValue,
    call: Call,
    name: object,
    when_set: Cast,
    when_unset: Callable[[], object],
    cast: object,
) -> object:
    """What a variable gives: one function makes it of its text, the other one says what holds without it.

    `cast` is what the first one casts the text to, None where it leaves it as it is.
    """
    node = call.node
    prefix = reader.options.get("prefix", "")
    if not isinstance(name, str) or not isinstance(prefix, str):
        machine.risk()
        return machine.unknown("reads a variable whose name is not known", node, name, prefix)
    value = read_variable(machine, prefix + name, node)
    if reader.library in DIALECTS:
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
            failed = as_variable(machine.fail(error.kind, value.names, node), value)
            return as_read(failed, value, value.reading if _leaves_text(cast) else None)
        reading = value.reading if _leaves_text(cast) else None
        return as_read(as_variable(machine.driven(value.names, made, node), value), value, reading)
    if isinstance(value, Opaque):
        machine.risk()
        return machine.unknown(value.reason, node, value, *call.values)
    return when_set(value)


def _leaves_text(cast: object) -> bool:
    return cast is None or (isinstance(cast, External) and cast.name == "builtins.str")


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
    held = dotenv_value(machine, path, name, DIALECTS[reader.library])
    return Driven(names, held, machine.span(call.node), (), True, Reading.TEXT)


def missing(machine: Machine, call: Call, kind: str, default: object) -> Callable[[], object]:
    def unset() -> object:
        return machine.fail(kind, (), call.node) if default is ABSENT else default

    return unset
