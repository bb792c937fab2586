"""Dictionaries and sets and their methods, and `x[key] = value`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, cast

from prodlint.deployment.evaluation.concrete import MOST_ELEMENTS, is_key, on_defaults
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
    is_plain,
)
from prodlint.deployment.evaluation.join import Decision
from prodlint.deployment.evaluation.lists import (
    arguments_of,
    cleared,
    copied,
    first_gap,
    gap_of,
    parts_of,
    pop_element,
    reason_of,
)
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.operations import contains, merged, subscript

__all__ = ["DICT_METHODS", "SET_CHANGES", "delete_item", "set_item", "update"]


# Dictionaries.


def update(machine: Machine, node: ast.AST, target: DictValue | SetValue, value: object) -> None:
    """`target.update(value)` for a dictionary or set."""
    content = target.content
    machine.charge(1 + len(content) // 16 if not isinstance(content, Opaque) else 1)
    if isinstance(content, Opaque):
        machine.put(target, "content", machine.unknown(content.reason, node, content, value))
        return
    if isinstance(target, SetValue):
        parts = parts_of(machine, node, value) if not isinstance(value, (SetValue, frozenset)) else _members(value)
        machine.put(target, "content", content | _set_members(machine, node, parts))
        return
    machine.put(target, "content", merged(machine, node, content, _mapping(machine, node, value)))


def _members(value: SetValue | frozenset[object]) -> tuple[object, ...]:
    content = value.content if isinstance(value, SetValue) else value
    return (content,) if isinstance(content, Opaque) else tuple(content)


def _set_members(machine: Machine, node: ast.AST, parts: tuple[object, ...]) -> frozenset[object]:
    return frozenset(part if is_key(part) else machine.unknown("is not known", node, part) for part in parts)


def _mapping(machine: Machine, node: ast.AST, value: object) -> dict[Any, object]:
    """The content of a dictionary made of a value: a dictionary, or pairs."""
    if isinstance(value, DictValue) and isinstance(value.content, dict):
        return value.content
    found: dict[Any, object] = {}
    parts = () if isinstance(value, (DictValue, Opaque, Driven)) else parts_of(machine, node, value)
    is_known = bool(parts) or isinstance(value, (ListValue, tuple, IteratorValue))
    for part in parts:
        pair = parts_of(machine, node, part) if not isinstance(part, Gap) else ()
        if len(pair) == 2 and is_key(pair[0]):
            found[pair[0]] = pair[1]
        else:
            is_known = False
            found = {key: machine.unknown("may be replaced", node, one) for key, one in found.items()}
    if not is_known:
        unknown = machine.unknown("is not known", node, value)
        found[Gap(unknown.reason, unknown.span)] = unknown
    return found


def _get(machine: Machine, owner: Any, call: Call) -> object:
    key, default = call.get(0, "key"), call.get(1, "default", None)
    if isinstance(key, Driven):
        return on_defaults(machine, call.node, lambda one: _get(machine, owner, Call(call.node, (one, default))), key)
    content = owner.content
    if is_key(key) and key not in content and not any(isinstance(part, Gap) for part in content):
        return default
    found = subscript(machine, call.node, owner, key)
    return machine.unknown(found.reason, call.node, found, default) if isinstance(found, Opaque) else found


def _setdefault(machine: Machine, owner: Any, call: Call) -> object:
    key, default = call.get(0, "key"), call.get(1, "default", None)
    content = owner.content
    if is_key(key) and key in content:
        return content[key]
    if not is_key(key) or any(isinstance(part, Gap) for part in content):
        value = machine.unknown("may have been set before", call.node, default, *content.values())
        set_item(machine, call.node, owner, key, value)
        return value
    set_item(machine, call.node, owner, key, default)
    return default


def _pop_key(machine: Machine, owner: Any, call: Call) -> object:
    key, default = call.get(0, "key"), call.get(1, "default")
    content = owner.content
    if not is_key(key):
        machine.risk()
        unknown = machine.unknown("is removed by a key that is not known", call.node, key, *content.values())
        machine.put(owner, "content", unknown)
        return unknown
    if key in content:
        machine.put(owner, "content", {one: value for one, value in content.items() if one != key})
        return content[key]
    if any(isinstance(part, Gap) for part in content):
        machine.risk(None, "KeyError")
        return machine.unknown("may be in it", call.node, default, *content.values())
    if default is ABSENT:
        raise Raised("KeyError")
    return default


def _update(machine: Machine, owner: Any, call: Call) -> object:
    for value in call.arguments:
        update(machine, call.node, owner, value)
    if call.keywords and isinstance(owner, DictValue) and isinstance(owner.content, dict):
        machine.put(owner, "content", merged(machine, call.node, owner.content, dict(call.keywords)))
    return None


def _keys(machine: Machine, owner: Any, call: Call) -> object:
    return _iterated(machine, owner, call, tuple(owner.content))


def _values(machine: Machine, owner: Any, call: Call) -> object:
    return _iterated(machine, owner, call, tuple(owner.content.values()))


def _items(machine: Machine, owner: Any, call: Call) -> object:
    return _iterated(machine, owner, call, tuple(owner.content.items()))


def _iterated(machine: Machine, owner: Any, call: Call, parts: tuple[object, ...]) -> object:
    # Where further keys stand among those that are known, nobody knows.
    if any(isinstance(key, Gap) for key in owner.content):
        return IteratorValue((gap_of(machine, call.node, tuple(owner.content.values())),))
    return IteratorValue(parts)


def set_item(machine: Machine, node: ast.AST, owner: object, key: object, value: object) -> None:
    """`owner[key] = value` for the containers of Python."""
    if isinstance(owner, Driven) and owner.default not in (RAISES, ABSENT):
        decision = Decision(reason_of(owner.names), machine.span(node), owner.names, True)
        other = machine.unknown(decision.reason, node, *owner.holds)
        default = owner.default

        def on_default() -> None:
            set_item(machine, node, default, key, value)

        machine.fork(decision, on_default, lambda: set_item(machine, node, other, key, value))
        return
    content = owner.content if isinstance(owner, (ListValue, DictValue)) else None
    machine.charge(1 + (len(content) // 16 if isinstance(content, (tuple, dict)) else 0))
    if isinstance(owner, DictValue) and isinstance(content, dict) and is_key(key):
        machine.put(
            owner,
            "content",
            {**content, key: value} if len(content) < MOST_ELEMENTS else machine.unknown("has too many elements", node),
        )
    elif isinstance(owner, DictValue) and isinstance(content, dict):
        unknown = machine.unknown("has a key that is not known", node, value)
        machine.put(owner, "content", merged(machine, node, content, {Gap(unknown.reason, unknown.span): unknown}))
    elif isinstance(owner, ListValue) and isinstance(content, tuple) and isinstance(key, int):
        subscript(machine, node, owner, key)
        gap = first_gap(content)
        if gap == len(content) or 0 <= key < gap:
            at = key if key >= 0 else len(content) + key
            machine.put(owner, "content", (*content[:at], value, *content[at + 1 :]))
        else:
            machine.put(owner, "content", (gap_of(machine, node, (*content, value)),))
    elif isinstance(owner, ListValue) and isinstance(content, tuple):
        machine.put(owner, "content", (gap_of(machine, node, (*content, value)),))
    elif is_plain(owner) or isinstance(owner, tuple):
        raise Raised("TypeError")
    else:
        machine.risk()
        machine.taint("was put into something that is not known", node, owner, value)


def delete_item(machine: Machine, node: ast.AST, owner: object, key: object) -> None:
    """`del owner[key]` for the containers of Python."""
    if isinstance(owner, DictValue) and isinstance(owner.content, dict):
        _pop_key(machine, owner, Call(cast("ast.expr", node), (key,)))
    elif isinstance(owner, ListValue) and isinstance(owner.content, tuple) and isinstance(key, int):
        pop_element(machine, owner, Call(cast("ast.expr", node), (key,)))
    else:
        machine.risk()
        machine.taint("lost something that is not known", node, owner)


# Sets.


def _add(machine: Machine, owner: Any, call: Call) -> object:
    machine.put(owner, "content", owner.content | _set_members(machine, call.node, arguments_of(call, 1)))
    return None


def _discard(machine: Machine, owner: Any, call: Call) -> object:
    (value,) = arguments_of(call, 1)
    if not is_key(value):
        machine.put(owner, "content", machine.unknown("lost a member that is not known", call.node))
        return None
    unknown = any(isinstance(part, Opaque) for part in owner.content)
    if unknown:
        machine.risk(None, "KeyError")
    machine.put(owner, "content", owner.content - {value})
    return None


def _remove_member(machine: Machine, owner: Any, call: Call) -> object:
    inside = contains(machine, call.node, owner, arguments_of(call, 1)[0])
    if inside is False:
        raise Raised("KeyError")
    return _discard(machine, owner, call)


_Method = Callable[[Machine, Any, Call], object]
DICT_METHODS: dict[str, _Method] = {
    "get": _get,
    "setdefault": _setdefault,
    "pop": _pop_key,
    "update": _update,
    "keys": _keys,
    "values": _values,
    "items": _items,
    "copy": copied,
    "clear": cleared,
}
SET_CHANGES: dict[str, _Method] = {
    "add": _add,
    "discard": _discard,
    "remove": _remove_member,
    "update": _update,
    "clear": cleared,
}
