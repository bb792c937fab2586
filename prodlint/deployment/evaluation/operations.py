"""Operators of Python on values that may be partly unknown, none of which costs more than it should."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any, cast

from prodlint.deployment.evaluation.concrete import (
    DEEPEST,
    MOST_BITS,
    MOST_ELEMENTS,
    MOST_TEXT,
    NotConcrete,
    apply,
    is_key,
    on_defaults,
)
from prodlint.deployment.evaluation.cpus import calculated
from prodlint.deployment.evaluation.domain import (
    ClassValue,
    Cpus,
    DictValue,
    Driven,
    External,
    Fresh,
    FunctionValue,
    Gap,
    InstanceValue,
    IteratorValue,
    ListValue,
    ModuleValue,
    NamespaceValue,
    Opaque,
    PathValue,
    Raised,
    SetValue,
    is_marked,
    is_plain,
)
from prodlint.deployment.evaluation.fresh import made_of
from prodlint.deployment.evaluation.machine import Machine
from prodlint.regex import regex

__all__ = [
    "binary",
    "compare",
    "contains",
    "elements_of",
    "equal",
    "merged",
    "subscript",
    "truth",
    "unary",
]


def truth(machine: Machine, node: ast.AST, value: object) -> object:
    """Whether a value counts as true: a bool, or a Driven or Opaque of one."""
    if isinstance(value, Driven):
        return on_defaults(machine, node, lambda default: truth(machine, node, default), value)
    if (isinstance(value, Cpus) and value.least >= 1) or isinstance(value, Fresh):
        return True
    if isinstance(value, Opaque):
        machine.risk()
        return value
    if isinstance(value, (ListValue, DictValue, SetValue)):
        content = value.content
        if isinstance(content, Opaque):
            return content
        return _any_part(machine, node, content)
    if isinstance(value, tuple):
        return _any_part(machine, node, cast("tuple[object, ...]", value))
    if isinstance(value, (PathValue, FunctionValue, ClassValue, ModuleValue, NamespaceValue)):
        return True
    if is_plain(value):
        return bool(value)
    return machine.unknown("is not known to be true", node, value)


def _any_part(machine: Machine, node: ast.AST, content: Iterable[object]) -> object:
    parts = list(content)
    if any(not isinstance(part, Gap) for part in parts):
        return True
    return machine.unknown("may be empty", node) if parts else False


_UNARY: dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}


def unary(machine: Machine, node: ast.AST, kind: type, value: object) -> object:
    """`-x`, `+x`, `~x`, `not x`."""
    if kind is ast.Not:
        found = truth(machine, node, value)
        if isinstance(found, Driven):
            return on_defaults(machine, node, lambda default: not default, found)
        return found if isinstance(found, Opaque) else not found
    return apply(machine, node, _UNARY[kind], value)


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, int) and exponent > 1 and isinstance(base, int):
        if base.bit_length() * exponent > MOST_BITS:
            raise NotConcrete("is too large a number")
    elif not isinstance(base, (int, float)) or not isinstance(exponent, (int, float)):
        raise NotConcrete("is not evaluated")
    return base**exponent


def _shifted(value: Any, by: Any) -> Any:
    if isinstance(by, int) and by > MOST_BITS:
        raise NotConcrete("is too large a number")
    return value << by


def _times(one: Any, other: Any) -> Any:
    for value, count in ((one, other), (other, one)):
        if isinstance(value, (str, bytes, tuple, list)) and isinstance(count, int):
            limit = MOST_TEXT if isinstance(value, (str, bytes)) else MOST_ELEMENTS
            if len(value) * max(count, 0) > limit:
                raise NotConcrete("is too large")
    return one * other


# `%1000000s` and `{:1000000}` make a long text of a short one.
_WIDE = regex(r"\d{5,}|\*")


def _modulo(one: Any, other: Any) -> Any:
    if isinstance(one, (str, bytes)):
        text = one if isinstance(one, str) else one.decode("latin-1")
        if _WIDE.search(text):
            raise NotConcrete("is too large")
        shown = other if isinstance(other, tuple) else (other,)
        if any(map(is_marked, shown)) and "%" in text.replace("%s", "").replace("%%", ""):
            raise NotConcrete("depends on where the repository lies")
    return one % other


_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _times,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _modulo,
    ast.Pow: _power,
    ast.LShift: _shifted,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}


def binary(machine: Machine, node: ast.AST, kind: type, left: object, right: object) -> object:
    """`left + right` and the other operators."""
    if isinstance(left, Driven) or isinstance(right, Driven):
        return on_defaults(machine, node, lambda one, other: binary(machine, node, kind, one, other), left, right)
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        counted = calculated(kind, left, right)
        if counted is not None:
            return counted
        made = made_of(left, right) if kind in (ast.Add, ast.Mod) else None
        if made is not None:
            return made
        machine.risk()
        machine.taint("was used with an unknown object", node, *_instances(left, right))
        return machine.unknown("is not known", node, left, right)
    if kind is ast.Div and (isinstance(left, PathValue) or isinstance(right, PathValue)):
        return _joined_path(machine, node, left, right)
    if kind is ast.Add and isinstance(left, ListValue) and isinstance(right, ListValue):
        if isinstance(left.content, tuple) and isinstance(right.content, tuple):
            return _sized(machine, node, machine.list, (*left.content, *right.content))
        return machine.unknown("is not known", node, left.content, right.content)
    if kind is ast.Add and isinstance(left, tuple) and isinstance(right, tuple):
        return _sized(machine, node, tuple, (*left, *right))
    if kind is ast.BitOr and isinstance(left, DictValue) and isinstance(right, DictValue):
        if isinstance(left.content, dict) and isinstance(right.content, dict):
            return machine.dict(merged(machine, node, left.content, right.content))
        return machine.unknown("is not known", node, left.content, right.content)
    if kind is ast.BitOr and any(isinstance(one, (External, ClassValue)) for one in (left, right)):
        return machine.unknown("is a type", node)
    allow = "sets" if isinstance(left, (SetValue, frozenset)) else "paths" if kind in (ast.Add, ast.Mod) else ""
    return apply(machine, node, _BINARY.get(kind, _not_evaluated), left, right, allow=allow)


def _not_evaluated(*values: object) -> object:
    raise NotConcrete("is not evaluated")


def _instances(*values: object) -> tuple[object, ...]:
    # `unknown + [..]` may call code of an unknown class, which gets the list.
    return tuple(value for value in values if not isinstance(value, Opaque))


def _sized(machine: Machine, node: ast.AST, make: Callable[[tuple[object, ...]], object], parts: Any) -> object:
    if len(parts) > MOST_ELEMENTS:
        return machine.unknown("has too many elements", node)
    machine.charge(1 + len(parts) // 16)
    return make(parts)


def merged(machine: Machine, node: ast.AST, first: dict[Any, object], second: dict[Any, object]) -> dict[Any, object]:
    """The content of a dictionary after it was updated with another."""
    if any(isinstance(key, Gap) for key in second):
        # What is not known to be in the second may replace each value of the first.
        first = {key: machine.unknown("may be replaced", node, value) for key, value in first.items()}
    made = {key: value for key, value in first.items() if not isinstance(key, Gap)}
    made.update((key, value) for key, value in second.items() if not isinstance(key, Gap))
    gaps = [(key, value) for content in (first, second) for key, value in content.items() if isinstance(key, Gap)]
    if gaps:
        made[gaps[0][0]] = machine.unknown("is not known", node, *(value for _, value in gaps))
    return made


def _joined_path(machine: Machine, node: ast.AST, left: object, right: object) -> object:
    parts = [one.text if isinstance(one, PathValue) else one for one in (left, right)]
    if not all(isinstance(part, str) for part in parts):
        raise Raised("TypeError")
    machine.charge()
    text = str(PurePosixPath(parts[0]) / parts[1])  # type: ignore[arg-type, operator]
    return PathValue(text) if len(text) < MOST_TEXT else machine.unknown("is too large", node)


def equal(one: object, other: object, depth: int = 0) -> bool | None:
    """Whether two values are equal; None when that is not known."""
    if isinstance(one, (Opaque, Driven, Gap)) or isinstance(other, (Opaque, Driven, Gap)) or depth > DEEPEST:
        return None
    if is_plain(one) and is_plain(other):
        if is_marked(one) or is_marked(other):
            return True if one == other else None
        return bool(one == other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return _equal_sequences(one, other, depth)
    if isinstance(one, ListValue) and isinstance(other, ListValue):
        if isinstance(one.content, Opaque) or isinstance(other.content, Opaque):
            return None
        return _equal_sequences(one.content, other.content, depth)
    if isinstance(one, DictValue) and isinstance(other, DictValue):
        return _equal_mappings(one.content, other.content, depth)
    if isinstance(one, SetValue) and isinstance(other, (SetValue, frozenset)):
        content = other.content if isinstance(other, SetValue) else other
        if any(isinstance(part, Opaque) for side in (one.content, content) for part in _iterable(side)):
            return None
        return bool(one.content == content)
    if isinstance(one, PathValue) and isinstance(other, PathValue):
        return True if one.text == other.text else None if is_marked(one.text) or is_marked(other.text) else False
    if isinstance(one, External) and isinstance(other, External) and one.name == other.name:
        return True
    unsettled = (External, InstanceValue, IteratorValue)
    if isinstance(one, unsettled) or isinstance(other, unsettled):
        return True if one is other else None
    return one is other or (type(one) is type(other) and _same_path(one, other))


def _same_path(one: object, other: object) -> bool:
    return isinstance(one, ModuleValue) and isinstance(other, ModuleValue) and one.path == other.path


def _iterable(content: Any) -> Iterable[object]:
    return (content,) if isinstance(content, Opaque) else content


def _equal_sequences(one: tuple[object, ...], other: tuple[object, ...], depth: int) -> bool | None:
    if any(isinstance(part, Gap) for part in (*one, *other)):
        return None
    if len(one) != len(other):
        return False
    answers = [equal(left, right, depth + 1) for left, right in zip(one, other, strict=True)]
    return False if False in answers else None if None in answers else True


def _equal_mappings(one: Any, other: Any, depth: int) -> bool | None:
    if isinstance(one, Opaque) or isinstance(other, Opaque):
        return None
    if any(isinstance(key, Gap) for key in (*one, *other)):
        return None
    if one.keys() != other.keys():
        return False
    answers = [equal(one[key], other[key], depth + 1) for key in one]
    return False if False in answers else None if None in answers else True


_ORDER: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def compare(machine: Machine, node: ast.AST, kind: type, left: object, right: object) -> object:
    """One comparison: a bool, or a Driven or Opaque of one."""
    if isinstance(left, Driven) or isinstance(right, Driven):
        return on_defaults(machine, node, lambda one, other: compare(machine, node, kind, one, other), left, right)
    if kind in _ORDER:
        return apply(machine, node, _ORDER[kind], left, right, allow="sets")
    found: bool | None
    if kind in (ast.Is, ast.IsNot):
        found = _identical(left, right)
    elif kind in (ast.In, ast.NotIn):
        inside = contains(machine, node, right, left)
        if not isinstance(inside, bool):
            return unary(machine, node, ast.Not, inside) if kind is ast.NotIn else inside
        found = inside
    else:
        found = equal(left, right)
        if found is None:
            # Of containers whose parts are driven alone, the defaults may be compared.
            made = apply(machine, node, operator.eq, left, right, allow="sets")
            return unary(machine, node, ast.Not, made) if kind is ast.NotEq else made
    if found is None:
        machine.risk()
        return machine.unknown("is compared with something that is not known", node, left, right)
    return found if kind in (ast.Is, ast.In, ast.Eq) else not found


def _identical(left: object, right: object) -> bool | None:
    single = (bool, type(None), type(Ellipsis))
    unsettled = (Opaque, External)
    if isinstance(left, unsettled) or isinstance(right, unsettled):
        return None
    if isinstance(left, single) or isinstance(right, single):
        return left is right
    if left is right and not is_plain(left):
        return True
    return None if is_plain(left) or type(left) is type(right) else False


def contains(machine: Machine, node: ast.AST, container: object, item: object) -> object:
    """`item in container`: a bool, or a Driven or Opaque of one."""
    if isinstance(container, Driven) or isinstance(item, Driven):
        return on_defaults(machine, node, lambda one, other: contains(machine, node, one, other), container, item)
    parts: Any
    if isinstance(container, (ListValue, DictValue, SetValue)):
        parts = container.content
    elif isinstance(container, tuple):
        parts = cast("tuple[object, ...]", container)
    elif is_plain(container):
        return apply(machine, node, operator.contains, container, item, allow="sets")
    else:
        machine.risk()
        return machine.unknown("is not known", node, container, item)
    if isinstance(parts, Opaque):
        return parts
    machine.charge(1 + len(parts) // 8)
    if isinstance(parts, (dict, frozenset)) and is_key(item):
        if item in parts:
            return True
        unknown = next((part for part in parts if isinstance(part, (Gap, Opaque))), None)
        return False if unknown is None else machine.unknown(unknown.reason, node)
    answers = [equal(part, item) for part in parts]
    if True in answers:
        return True
    if None not in answers:
        return False
    if isinstance(container, (ListValue, tuple)):
        return apply(machine, node, operator.contains, container, item)
    return machine.unknown("may be in it", node, item)


def elements_of(value: object) -> tuple[object, ...] | None:
    """The elements that iterating yields, each of them there for certain; None when that is not known."""
    if isinstance(value, ListValue):
        value = value.content
    elif isinstance(value, IteratorValue):
        value = value.parts
    elif isinstance(value, DictValue) and isinstance(value.content, dict):
        value = tuple(value.content)
    elif isinstance(value, (SetValue, frozenset)):
        content = value.content if isinstance(value, SetValue) else value
        if isinstance(content, Opaque) or len(content) > 1 or any(isinstance(part, Opaque) for part in content):
            return None
        value = tuple(content)
    elif isinstance(value, (str, bytes, range)):
        return tuple(value) if len(value) <= MOST_ELEMENTS and not is_marked(value) else None
    if not isinstance(value, tuple) or any(isinstance(part, Gap) for part in value):
        return None
    return cast("tuple[object, ...]", value)


def subscript(machine: Machine, node: ast.AST, owner: object, key: object) -> object:
    """`owner[key]` for the containers of Python."""
    if isinstance(owner, Driven) or isinstance(key, Driven):
        return on_defaults(machine, node, lambda one, other: subscript(machine, node, one, other), owner, key)
    parts: Any = owner.content if isinstance(owner, (ListValue, DictValue)) else owner
    if isinstance(parts, Fresh) and isinstance(key, slice):
        return parts
    if isinstance(parts, Opaque):
        machine.risk()
        return machine.unknown(parts.reason, node, parts, owner)
    if isinstance(parts, dict):
        if not is_key(key):
            machine.risk()
            return machine.unknown("is looked up by something that is not known", node, key, *parts.values())
        if key in parts:
            return parts[key]
        gap = next((part for part in parts if isinstance(part, Gap)), None)
        if gap is None:
            raise Raised("KeyError")
        machine.risk(None, "KeyError")
        return machine.unknown(gap.reason, node, parts[gap])
    if isinstance(parts, tuple) and isinstance(key, (int, slice)):
        return _element(machine, node, owner, cast("tuple[object, ...]", parts), key)
    if isinstance(owner, (str, bytes, range)) and isinstance(key, (int, slice)):
        return apply(machine, node, lambda one: one[key], owner)
    machine.risk()
    return machine.unknown("is looked up in something that is not known", node, owner, key)


def _element(machine: Machine, node: ast.AST, owner: object, parts: tuple[object, ...], key: int | slice) -> object:
    gaps = [index for index, part in enumerate(parts) if isinstance(part, Gap)]
    if isinstance(key, slice):
        if gaps or not all(bound is None or isinstance(bound, int) for bound in (key.start, key.stop, key.step)):
            return machine.unknown("is a part of something that is not known", node, *parts)
        if key.step == 0:
            raise Raised("ValueError")
        return machine.list(parts[key]) if isinstance(owner, ListValue) else parts[key]
    if gaps and not (0 <= key < gaps[0] or (key < 0 and len(parts) + key > gaps[-1])):
        machine.risk()
        return machine.unknown("is an element of something that is not known", node, *parts)
    if not -len(parts) <= key < len(parts):
        raise Raised("IndexError")
    return parts[key]
