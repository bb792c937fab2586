"""From values of an evaluation to Python's own and back, so that Python's own functions can be used on them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, cast

from prodlint.deployment.evaluation.domain import (
    ABSENT,
    RAISES,
    DictValue,
    Driven,
    Gap,
    IteratorValue,
    ListValue,
    Opaque,
    Raised,
    SetValue,
    is_marked,
    is_plain,
)
from prodlint.deployment.evaluation.machine import Machine

__all__ = [
    "DEEPEST",
    "MOST_BITS",
    "MOST_ELEMENTS",
    "MOST_TEXT",
    "NotConcrete",
    "apply",
    "concrete",
    "is_key",
    "lift",
    "on_defaults",
]

MOST_TEXT = 100_000
MOST_ELEMENTS = 10_000
MOST_BITS = 4_096
DEEPEST = 40


class NotConcrete(Exception):
    """Not all of a value is known; `part` is what is not."""

    def __init__(self, reason: str, part: object = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.part = part


class _Missing(Exception):
    """Without its variables there is no value."""


def concrete(value: object, names: set[str], allow: str = "", depth: int = 0) -> Any:
    """A value as Python's own, with what holds when no variable is set; `names` receives the variables.

    `allow` names what else may be in it: `paths` (marked strings), `sets` (whose order nobody knows).
    Raises NotConcrete.
    """
    if depth > DEEPEST:
        raise NotConcrete("nested too deeply")
    if isinstance(value, str):
        if is_marked(value) and "paths" not in allow:
            raise NotConcrete("depends on where the repository lies")
        return value
    if isinstance(value, frozenset) and "sets" not in allow and len(value) > 1:
        raise NotConcrete("depends on the order of a set")
    if is_plain(value):
        return value
    if isinstance(value, tuple):
        return tuple(_concrete_parts(value, names, allow, depth))
    if isinstance(value, Driven):
        names |= value.names
        if value.default in (ABSENT, RAISES):
            raise _Missing
        return concrete(value.default, names, allow, depth + 1)
    if isinstance(value, (ListValue, DictValue, SetValue)):
        content = value.content
        if isinstance(content, Opaque):
            raise NotConcrete(content.reason, content)
        if isinstance(content, tuple):
            return list(_concrete_parts(content, names, allow, depth))
        if isinstance(content, dict):
            return _concrete_mapping(content, names, allow, depth)
        if "sets" not in allow and len(content) > 1:
            raise NotConcrete("depends on the order of a set")
        return set(_concrete_parts(content, names, allow, depth))
    if isinstance(value, IteratorValue):
        return _concrete_parts(value.parts, names, allow, depth)
    if isinstance(value, Opaque):
        raise NotConcrete(value.reason, value)
    raise NotConcrete("is not a plain value", value)


def _concrete_parts(parts: Iterable[object], names: set[str], allow: str, depth: int) -> list[Any]:
    found: list[Any] = []
    for part in parts:
        if isinstance(part, Gap):
            if part.default is None:
                raise NotConcrete(part.reason)
            names |= part.names
            found += _concrete_parts(part.default, names, allow, depth + 1)
        else:
            found.append(concrete(part, names, allow, depth + 1))
    return found


def _concrete_mapping(content: dict[Any, object], names: set[str], allow: str, depth: int) -> dict[Any, Any]:
    if any(isinstance(key, Gap) for key in content):
        raise NotConcrete("not all of its keys are known")
    return {key: concrete(part, names, allow, depth + 1) for key, part in content.items()}


def lift(machine: Machine, value: Any, depth: int = 0) -> object:
    """A value of Python's own as one of an evaluation."""
    if depth > DEEPEST or (isinstance(value, (str, bytes)) and len(value) > MOST_TEXT):
        return Opaque("is too large")
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > MOST_BITS:
        return Opaque("is too large a number")
    if type(value) in (str, bytes, int, float, bool, complex, type(None), range, frozenset):
        machine.charge(1 + (len(value) // 1_000 if isinstance(value, (str, bytes)) else 0))
        return value
    if isinstance(value, (list, tuple, set, dict)) and len(value) > MOST_ELEMENTS:
        return Opaque("has too many elements")
    if isinstance(value, list):
        return machine.list([lift(machine, part, depth + 1) for part in value])
    if isinstance(value, tuple):
        return tuple([lift(machine, part, depth + 1) for part in value])
    if isinstance(value, set):
        return machine.set(value)
    if isinstance(value, dict) and all(is_key(key) for key in value):
        return machine.dict({key: lift(machine, part, depth + 1) for key, part in value.items()})
    return Opaque(f"is a {type(value).__name__}")


def is_key(value: object) -> bool:
    """Whether a value is known well enough to be looked up in a dictionary."""
    if isinstance(value, tuple):
        return all(is_key(part) for part in cast("tuple[object, ...]", value))
    return is_plain(value) and not is_marked(value)


def apply(
    machine: Machine,
    node: ast.AST,
    function: Callable[..., Any],
    *values: object,
    allow: str = "",
    keywords: dict[str, object] | None = None,
) -> object:
    """What a function of Python's own, without side effects, returns for some values."""
    names: set[str] = set()
    named = keywords or {}
    everything = (*values, *named.values())
    try:
        arguments = [concrete(value, names, allow) for value in values]
        options = {key: concrete(value, names, allow) for key, value in named.items()}
    except NotConcrete as error:
        machine.risk()
        return machine.unknown(error.reason, node, error.part, *everything)
    except _Missing:
        return machine.raising(_names_of(everything), node)
    try:
        result = function(*arguments, **options)
    except NotConcrete as error:
        machine.risk()
        return machine.unknown(error.reason, node, *everything)
    except (RecursionError, MemoryError):
        return machine.unknown("is too large", node, *everything)
    except Exception as error:
        return machine.fail(type(error).__name__, names, node)
    made = lift(machine, result)
    if isinstance(made, Opaque):
        return machine.unknown(made.reason, node, *everything)
    if "paths" not in allow and is_marked(made):
        return machine.unknown("is not a text of any file", node)
    return machine.driven(frozenset(names), made, node, *everything) if names else made


def _names_of(values: Iterable[object]) -> set[str]:
    found: set[str] = set()
    waiting = list(values)
    for _ in range(10_000):
        if not waiting:
            break
        value = waiting.pop()
        if isinstance(value, (Driven, Gap)):
            found |= value.names
            waiting.append(value.default)
        elif isinstance(value, tuple):
            waiting += cast("tuple[object, ...]", value)
        elif isinstance(value, (ListValue, DictValue)) and not isinstance(value.content, Opaque):
            waiting += value.content.values() if isinstance(value.content, dict) else value.content
    return found


def on_defaults(machine: Machine, node: ast.AST, operation: Callable[..., object], *values: object) -> object:
    """An operation on values of which some are driven: it is done with their defaults."""
    names: frozenset[str] = frozenset()
    defaults: list[object] = []
    for value in values:
        if isinstance(value, Driven):
            names |= value.names
            defaults.append(value.default)
        else:
            defaults.append(value)
    if not names:
        return operation(*values)
    if any(default is RAISES or default is ABSENT for default in defaults):
        return machine.raising(names, node)
    try:
        result = operation(*defaults)
    except Raised as error:
        return machine.fail(error.kind, names, node)
    return machine.driven(names, result, node, *values)
