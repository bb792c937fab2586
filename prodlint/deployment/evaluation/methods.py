"""Methods of Python's own types, on values that may be partly unknown."""

from __future__ import annotations

from prodlint.deployment.evaluation.concrete import MOST_ELEMENTS, MOST_TEXT, NotConcrete, apply, on_defaults
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    RAISES,
    DictValue,
    Driven,
    ListValue,
    Opaque,
    PathValue,
    Raised,
    SetValue,
    as_text,
    as_variable,
    is_plain,
)
from prodlint.deployment.evaluation.fresh import made_of
from prodlint.deployment.evaluation.join import Decision
from prodlint.deployment.evaluation.lists import LIST_METHODS, reason_of
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.deployment.evaluation.mappings import DICT_METHODS, SET_CHANGES
from prodlint.deployment.evaluation.paths import path_method
from prodlint.regex import regex

__all__ = ["MUTATING", "call_method"]

MUTATING = frozenset(
    "append extend insert remove pop popitem reverse sort clear update setdefault add discard "
    "intersection_update difference_update symmetric_difference_update".split()
)
# What a text stands for stays the same.
_READING = frozenset("strip lstrip rstrip lower upper casefold split".split())
_TEXT_METHODS = frozenset(
    "split rsplit strip lstrip rstrip lower upper title capitalize swapcase casefold startswith endswith "
    "removeprefix removesuffix find rfind index rindex count partition rpartition splitlines isdigit isalpha "
    "isalnum isnumeric isdecimal isspace islower isupper istitle isidentifier isascii isprintable encode".split()
)
_BYTES_METHODS = frozenset("decode strip lstrip rstrip split lower upper startswith endswith hex".split())
_SET_METHODS = frozenset(
    "union difference intersection symmetric_difference issubset issuperset isdisjoint copy".split()
)
# Attributes, indexes and conversions in a format, and widths that make a long text of a short one.
_FORMAT_BEYOND = regex(r"\{[^{}]*[.\[!]|\d{4,}|\{[^{}]*\{")


def call_method(machine: Machine, owner: object, name: str, call: Call) -> object:
    """What a method returns. Raises Raised where Python certainly raises."""
    node = call.node
    machine.charge()
    if isinstance(owner, Driven):
        return _driven_method(machine, owner, name, call)
    if call.is_open or isinstance(owner, Opaque):
        machine.risk()
        machine.taint(f"was given to {name}()", node, owner, *call.values)
        return machine.unknown(f"is what {name}() returns", node, owner)
    if isinstance(owner, str):
        return _text_method(machine, owner, name, call)
    if isinstance(owner, PathValue):
        return path_method(machine, owner, name, call)
    if isinstance(owner, ListValue):
        method = LIST_METHODS.get(name)
    elif isinstance(owner, DictValue):
        method = DICT_METHODS.get(name)
    elif isinstance(owner, SetValue):
        method = SET_CHANGES.get(name)
        if method is None and name in _SET_METHODS:
            return apply(machine, node, lambda one, *rest: getattr(one, name)(*rest), owner, *call.values, allow="sets")
    elif (isinstance(owner, tuple) and name in ("index", "count")) or (
        isinstance(owner, bytes) and name in _BYTES_METHODS
    ):
        return apply(machine, node, lambda one, *rest: getattr(one, name)(*rest), owner, *call.arguments)
    else:
        method = None
    if owner is None:
        raise Raised("AttributeError")
    if method is None:
        machine.risk()
        machine.taint(f"was given to {name}()", node, owner, *call.values)
        return machine.unknown(f"is what {name}() returns", node, owner)
    if isinstance(owner, (ListValue, DictValue, SetValue)) and isinstance(owner.content, Opaque):
        machine.risk()
        if name in MUTATING:
            content = machine.unknown(owner.content.reason, node, owner.content, *call.values)
            machine.put(owner, "content", content)
        return machine.unknown(owner.content.reason, node, owner.content, owner, *call.values)
    return method(machine, owner, call)


def _driven_method(machine: Machine, owner: Driven, name: str, call: Call) -> object:
    if owner.default is RAISES or owner.default is ABSENT:
        machine.taint(f"was given to {name}()", call.node, *owner.holds, *call.values)
        return _read(machine.raising(owner.names, call.node), owner, name, call)
    if name not in MUTATING or is_plain(owner.default):
        inner = Call(call.node, call.arguments, call.keywords, call.is_open)
        made = on_defaults(machine, call.node, lambda default: call_method(machine, default, name, inner), owner)
        return _read(made, owner, name, call)
    decision = Decision(reason_of(owner.names), machine.span(call.node), owner.names, True)
    other = machine.unknown(decision.reason, call.node, *owner.holds)
    return machine.fork(
        decision,
        lambda: call_method(machine, owner.default, name, call),
        lambda: call_method(machine, other, name, call),
    )


def _read(made: object, owner: Driven, name: str, call: Call) -> object:
    """What a method makes of a variable: still what it says, or even its text."""
    if name not in _READING:
        return made
    return as_variable(made, owner) if name == "split" or call.values else as_text(made, owner)


def _text_method(machine: Machine, owner: str, name: str, call: Call) -> object:
    node = call.node
    if name == "join" and len(call.arguments) == 1:
        return made_of(call.arguments[0]) or apply(machine, node, _joined, owner, call.arguments[0], allow="paths")
    if name == "format":
        return _format(machine, owner, call)
    if name == "replace":
        allow = "paths" if call.arguments[:1] == ("\\",) else ""
        return apply(machine, node, _replaced, owner, *call.arguments, allow=allow)
    if name in ("zfill", "ljust", "rjust", "center"):
        return apply(machine, node, lambda one, width, *rest: _padded(one, name, width, *rest), owner, *call.arguments)
    if name in _TEXT_METHODS:
        keywords = dict(call.keywords)
        allow = "paths" if name == "rstrip" and call.arguments[:1] == ("/",) and not owner.endswith("/") else ""
        return apply(
            machine,
            node,
            lambda one, *rest, **named: getattr(one, name)(*rest, **named),
            owner,
            *call.arguments,
            keywords=keywords,
            allow=allow,
        )
    machine.risk()
    machine.taint(f"was given to {name}()", node, *call.values)
    return machine.unknown(f"is what {name}() returns", node)


def _joined(separator: str, parts: list[str]) -> str:
    if len(separator) * len(parts) + sum(len(part) for part in parts) > MOST_TEXT:
        raise NotConcrete("is too large")
    return separator.join(parts)


def _format(machine: Machine, owner: str, call: Call) -> object:
    if _FORMAT_BEYOND.search(owner):
        return machine.unknown("is formatted in a way that is not followed", call.node, *call.values)
    allow = "" if ":" in owner else "paths"
    keywords = dict(call.keywords)
    values = [one.text if isinstance(one, PathValue) else one for one in call.arguments]
    return made_of(*values, *keywords.values()) or apply(
        machine, call.node, str.format, owner, *values, keywords=keywords, allow=allow
    )


def _replaced(text: str, old: str, new: str, *count: int) -> str:
    if len(text) + (text.count(old) if old else len(text) + 1) * len(new) > MOST_TEXT:
        raise NotConcrete("is too large")
    return text.replace(old, new, *count)


def _padded(text: str, name: str, width: int, *fill: str) -> str:
    if width > MOST_ELEMENTS:
        raise NotConcrete("is too large")
    padded: str = getattr(text, name)(width, *fill)
    return padded
