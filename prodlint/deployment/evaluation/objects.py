"""Functions, classes and their objects: what calls and attributes give that the repository itself defines."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from prodlint.deployment.evaluation.domain import (
    ABSENT,
    BoundMethod,
    ClassValue,
    External,
    FunctionValue,
    InstanceValue,
    IteratorValue,
    Opaque,
    Raised,
)
from prodlint.deployment.evaluation.join import Signal
from prodlint.deployment.evaluation.machine import Call, Frame, Machine
from prodlint.syntax.python_tree import children_of

__all__ = [
    "class_attribute",
    "instance_attribute",
    "is_enumeration",
    "is_open_class",
    "lineage_of",
    "make_instance",
    "run_function",
]

_DEEPEST_CALLS = 12
# Bases that neither change what a class holds nor answer for attributes that it lacks.
_PLAIN_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Protocol", "typing.Generic"})


def run_function(machine: Machine, function: FunctionValue, call: Call) -> object:
    """What a function of the repository returns for some arguments."""
    machine.charge(5)
    if machine.calls >= _DEEPEST_CALLS or call.is_open or _is_generator(function.node):
        machine.risk()
        machine.taint("was given to a function that is not followed", call.node, *call.values)
        return machine.unknown("is what a function returns that is not followed", call.node, *call.values)
    frame = Frame(function.scope.module, machine.cells(), "function", function.scope, _globals_of(function.node))
    _bind_parameters(machine, function, call, frame)
    machine.calls += 1
    try:
        with machine.within(frame), machine.deeper:
            if isinstance(function.node, ast.Lambda):
                return machine.expression(function.node.body)
            signal = machine.block(function.node.body, lambda: Signal("return"))
    finally:
        machine.calls -= 1
    return signal.value if isinstance(signal, Signal) and signal.kind == "return" else None


def _is_generator(node: ast.FunctionDef | ast.Lambda) -> bool:
    if isinstance(node, ast.Lambda):
        return False
    return any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in _own_nodes(node.body))


def _own_nodes(body: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """What stands in a function itself, not in those that it defines."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting.extend(children_of(node))


def _globals_of(node: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    if isinstance(node, ast.Lambda):
        return frozenset()
    found = [part.names for part in _own_nodes(node.body) if isinstance(part, ast.Global)]
    return frozenset(name for names in found for name in names)


def _bind_parameters(machine: Machine, function: FunctionValue, call: Call, frame: Frame) -> None:
    arguments = function.node.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    keywords = dict(call.keywords)
    given = [
        machine.unknown("is an iterator", call.node, *value.parts) if isinstance(value, IteratorValue) else value
        for value in call.arguments
    ]
    for name, value in zip(positional, given, strict=False):
        if name in keywords:
            raise Raised("TypeError")
        frame.cells[name] = value
    rest = tuple(given[len(positional) :])
    if arguments.vararg is not None:
        frame.cells[arguments.vararg.arg] = rest
    elif rest:
        raise Raised("TypeError")
    for name in (*positional[len(given) :], *(one.arg for one in arguments.kwonlyargs)):
        if name in keywords:
            frame.cells[name] = keywords.pop(name)
        elif name in function.defaults:
            frame.cells[name] = function.defaults[name]
        else:
            raise Raised("TypeError")
    if arguments.kwarg is not None:
        frame.cells[arguments.kwarg.arg] = machine.dict(keywords)
    elif keywords:
        raise Raised("TypeError")


# Classes


def lineage_of(cls: ClassValue) -> tuple[object, ...] | None:
    """A class and its bases in the order in which attributes are looked for (C3); None when there is none."""
    sequences = [list(base.lineage) if isinstance(base, ClassValue) else [base] for base in cls.bases]
    sequences.append(list(cls.bases))
    found: list[object] = [cls]
    while any(sequences):
        sequences = [sequence for sequence in sequences if sequence]
        for sequence in sequences:
            head = sequence[0]
            if not any(_among(head, other[1:]) for other in sequences):
                break
        else:
            return None
        if len(found) > 64:
            return None
        found.append(head)
        sequences = [sequence[1:] if _is_same(sequence[0], head) else sequence for sequence in sequences]
    return tuple(found)


def _is_same(one: object, other: object) -> bool:
    return one is other or (isinstance(one, External) and isinstance(other, External) and one.name == other.name)


def _among(one: object, others: list[object]) -> bool:
    return any(_is_same(one, other) for other in others)


def is_open_class(cls: ClassValue) -> External | Opaque | None:
    """A base outside of the repository that may have attributes and a constructor of its own."""
    for base in cls.lineage:
        if isinstance(base, (External, Opaque)) and not (isinstance(base, External) and base.name in _PLAIN_BASES):
            return base
    return None


def _base_name(base: object) -> str:
    return base.name if isinstance(base, External) else "a class that is not known"


def class_attribute(machine: Machine, cls: ClassValue, name: str, node: ast.expr) -> object:
    """What an attribute of a class holds, its bases included."""
    if name == "__name__":
        return cls.name
    for base in cls.lineage:
        if isinstance(base, ClassValue):
            if name in base.cells:
                return _from_class(base.cells[name], cls)
        elif not (isinstance(base, External) and base.name in _PLAIN_BASES):
            machine.risk(None, "AttributeError")
            return machine.unknown(f"may come from {_base_name(base)}", node)
    if name.startswith("__"):
        return machine.unknown("is an attribute that every class has", node)
    raise Raised("AttributeError")


def _from_class(value: object, owner: object) -> object:
    if isinstance(value, FunctionValue) and value.kind == "classmethod":
        return BoundMethod(value, owner)
    return value


def is_enumeration(cls: ClassValue) -> bool:
    """Whether its attributes are members, which are not what was assigned."""
    return any(isinstance(base, External) and base.name.startswith("enum.") for base in cls.lineage)


def instance_attribute(machine: Machine, owner: InstanceValue, name: str, node: ast.expr) -> object:
    """What an attribute of an object holds."""
    if name in owner.cells:
        return owner.cells[name]
    if name == "__class__":
        return owner.cls
    found = class_attribute(machine, owner.cls, name, node)
    if isinstance(found, FunctionValue):
        if found.kind in ("property", "cached"):
            value = run_function(machine, found, Call(node, (owner,)))
            if found.kind == "cached":
                machine.put(owner.cells, name, value)
            return value
        return found if found.kind == "staticmethod" else BoundMethod(found, owner)
    return found


def make_instance(machine: Machine, cls: ClassValue, call: Call) -> object:
    """`Class(…)`."""
    foreign = is_open_class(cls)
    if isinstance(foreign, External) and foreign.name.endswith(".BaseSettings"):
        from prodlint.deployment.evaluation.settings_object import make_settings

        settings = make_settings(machine, cls, call)
        if settings is not None:
            return settings
    if foreign is not None or call.is_open or _has(cls, "__new__") or _has(cls, "__getattribute__"):
        machine.risk()
        machine.taint(f"was given to {cls.name}()", call.node, *call.values)
        return machine.unknown(f"is an object of {cls.name}", call.node, *call.values)
    made = InstanceValue(cls, machine.born())
    if cls.is_dataclass and not _has(cls, "__init__"):
        return _dataclass_instance(machine, made, call)
    if _has(cls, "__init__"):
        initial = class_attribute(machine, cls, "__init__", call.node)
        if not isinstance(initial, FunctionValue):
            return machine.unknown(f"is an object of {cls.name}", call.node, *call.values)
        run_function(machine, initial, Call(call.node, (made, *call.arguments), call.keywords))
    elif call.values:
        raise Raised("TypeError")
    return made


def _has(cls: ClassValue, name: str) -> bool:
    return any(isinstance(base, ClassValue) and name in base.cells for base in cls.lineage)


def _dataclass_instance(machine: Machine, made: InstanceValue, call: Call) -> object:
    fields: dict[str, object] = {}
    for base in reversed(made.cls.lineage):
        if isinstance(base, ClassValue) and base.is_dataclass:
            fields.update((name, base.cells.get(name, ABSENT)) for name in base.annotations)
    given = dict(zip(fields, call.arguments, strict=False)) | dict(call.keywords)
    if len(call.arguments) > len(fields) or not given.keys() <= fields.keys():
        raise Raised("TypeError")
    for name, default in fields.items():
        value = given.get(name, default)
        if value is ABSENT:
            raise Raised("TypeError")
        made.cells[name] = value
    if _has(made.cls, "__post_init__"):
        machine.call(machine.attribute(made, "__post_init__", call.node), Call(call.node))
    return made
