"""Lists and their methods, with gaps where it is not known what they hold."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, cast

from prodlint.deployment.evaluation.concrete import MOST_ELEMENTS, apply
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
)
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.operations import equal, subscript

__all__ = [
    "LIST_METHODS",
    "arguments_of",
    "cleared",
    "copied",
    "extend",
    "first_gap",
    "gap_of",
    "parts_of",
    "pop_element",
    "reason_of",
]


def reason_of(names: frozenset[str]) -> str:
    """Why something is not known that variables decide."""
    return f"depends on {' and '.join(sorted(names)[:3])}"


def parts_of(machine: Machine, node: ast.AST, value: object) -> tuple[object, ...]:
    """What iterating over a value yields, with gaps where it is not known."""
    if isinstance(value, ListValue):
        value = value.content
    elif isinstance(value, IteratorValue):
        return value.parts
    elif isinstance(value, DictValue):
        content = value.content
        if isinstance(content, dict) and any(isinstance(key, Gap) for key in content):
            return (gap_of(machine, node, tuple(content)),)
        value = tuple(content) if isinstance(content, dict) else content
    elif isinstance(value, (SetValue, frozenset)):
        content = value.content if isinstance(value, SetValue) else value
        if not isinstance(content, Opaque) and len(content) < 2:
            return tuple(part if not isinstance(part, Opaque) else Gap(part.reason, part.span) for part in content)
        return (Gap("depends on the order of a set", machine.span(node)),)
    if isinstance(value, tuple):
        return cast("tuple[object, ...]", value)
    if isinstance(value, Driven) and value.default not in (RAISES, ABSENT):
        parts = parts_of(machine, node, value.default)
        return (Gap(reason_of(value.names), machine.span(node), value.names, parts, value.holds),)
    if isinstance(value, (str, bytes, range)) and not is_marked(value):
        if len(value) > MOST_ELEMENTS:
            return (Gap("has too many elements", machine.span(node)),)
        machine.charge(len(value) // 8)
        return tuple(value)
    if value is None or isinstance(value, (bool, int, float)):
        raise Raised("TypeError")
    machine.risk()
    found = machine.unknown("is not known", node, value)
    return (Gap(found.reason, found.span, holds=found.holds),)


def extend(machine: Machine, node: ast.AST, target: ListValue, value: object) -> None:
    """`target.extend(value)`."""
    parts = parts_of(machine, node, value)
    _replace(machine, node, target, (*target.content, *parts) if isinstance(target.content, tuple) else parts)


def _replace(machine: Machine, node: ast.AST, target: ListValue, parts: tuple[object, ...]) -> None:
    machine.charge(1 + len(parts) // 16)
    if isinstance(target.content, Opaque):
        content: object = machine.unknown(target.content.reason, node, target.content, *parts)
    elif len(parts) > MOST_ELEMENTS:
        content = machine.unknown("has too many elements", node, *parts)
    else:
        content = parts
    machine.put(target, "content", content)


def first_gap(parts: tuple[object, ...]) -> int:
    return next((index for index, part in enumerate(parts) if isinstance(part, Gap)), len(parts))


def gap_of(machine: Machine, node: ast.AST, parts: tuple[object, ...]) -> Gap:
    found = machine.unknown("has an order that is not known", node, *parts)
    return Gap(found.reason, found.span, holds=found.holds)


def _append(machine: Machine, owner: Any, call: Call) -> object:
    _replace(machine, call.node, owner, (*owner.content, *arguments_of(call, 1)))
    return None


def _extend(machine: Machine, owner: Any, call: Call) -> object:
    extend(machine, call.node, owner, arguments_of(call, 1)[0])
    return None


def _insert(machine: Machine, owner: Any, call: Call) -> object:
    index, value = arguments_of(call, 2)
    parts: tuple[object, ...] = owner.content
    gap = first_gap(parts)
    if isinstance(index, int):
        last = max((at for at, part in enumerate(parts) if isinstance(part, Gap)), default=-1)
        if gap == len(parts) or 0 <= index <= gap or (index < 0 and len(parts) + index > last):
            _replace(machine, call.node, owner, (*parts[:index], value, *parts[index:]))
            return None
    start = min(gap, index) if isinstance(index, int) and index >= 0 else 0
    _replace(machine, call.node, owner, (*parts[:start], gap_of(machine, call.node, (*parts[start:], value))))
    return None


def _remove(machine: Machine, owner: Any, call: Call) -> object:
    (value,) = arguments_of(call, 1)
    parts: tuple[object, ...] = owner.content
    for index, part in enumerate(parts):
        found = equal(part, value)
        if found is True:
            _replace(machine, call.node, owner, (*parts[:index], *parts[index + 1 :]))
            return None
        if found is None:
            machine.risk(None, "ValueError")
            rest = gap_of(machine, call.node, parts[index:])
            _replace(machine, call.node, owner, (*parts[:index], rest))
            return None
    raise Raised("ValueError")


def pop_element(machine: Machine, owner: Any, call: Call) -> object:
    index = call.get(0, "index", -1)
    parts: tuple[object, ...] = owner.content
    found = subscript(machine, call.node, owner, index)
    gaps = any(isinstance(part, Gap) for part in parts)
    if not isinstance(index, int) or (gaps and isinstance(found, Opaque)):
        _replace(machine, call.node, owner, (gap_of(machine, call.node, parts),))
        return machine.unknown("is an element of a list that is not known", call.node, *parts)
    at = index if index >= 0 else len(parts) + index
    _replace(machine, call.node, owner, (*parts[:at], *parts[at + 1 :]))
    return found


def _reverse(machine: Machine, owner: Any, call: Call) -> object:
    _replace(machine, call.node, owner, owner.content[::-1])
    return None


def _sort(machine: Machine, owner: Any, call: Call) -> object:
    made = apply(machine, call.node, sorted, owner, keywords=dict(call.keywords))
    if isinstance(made, ListValue):
        machine.put(owner, "content", made.content)
    else:
        _replace(machine, call.node, owner, (gap_of(machine, call.node, owner.content),))
    return None


def cleared(machine: Machine, owner: Any, call: Call) -> object:
    empty: dict[type, object] = {ListValue: (), DictValue: {}, SetValue: frozenset()}
    machine.put(owner, "content", empty[type(owner)])
    return None


def copied(machine: Machine, owner: Any, call: Call) -> object:
    if isinstance(owner, ListValue):
        return machine.list(owner.content)
    return machine.dict(owner.content) if isinstance(owner, DictValue) else machine.set(owner.content)


def _index(machine: Machine, owner: Any, call: Call) -> object:
    value = arguments_of(call, 1)[0]
    for index, part in enumerate(owner.content):
        found = equal(part, value)
        if found is True:
            return index
        if found is None:
            machine.risk(None, "ValueError")
            return machine.unknown("is a place in a list that is not known", call.node)
    raise Raised("ValueError")


def _count(machine: Machine, owner: Any, call: Call) -> object:
    return apply(machine, call.node, lambda one, value: one.count(value), owner, *arguments_of(call, 1))


def arguments_of(call: Call, count: int) -> tuple[object, ...]:
    if len(call.arguments) != count or call.keywords:
        raise Raised("TypeError")
    return call.arguments


_Method = Callable[[Machine, Any, Call], object]
LIST_METHODS: dict[str, _Method] = {
    "append": _append,
    "extend": _extend,
    "insert": _insert,
    "remove": _remove,
    "pop": pop_element,
    "reverse": _reverse,
    "sort": _sort,
    "clear": cleared,
    "copy": copied,
    "index": _index,
    "count": _count,
}
