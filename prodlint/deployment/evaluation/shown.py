"""What an evaluation found, as values of the model: known, driven by a variable, or unknown with the reason."""

from __future__ import annotations

from typing import Any, cast

from prodlint.deployment.evaluation.domain import (
    ABSENT,
    MARK,
    RAISES,
    BoundMethod,
    ClassValue,
    Cpus,
    DictValue,
    Driven,
    External,
    Fresh,
    FunctionValue,
    Gap,
    InstanceValue,
    Limited,
    ListValue,
    Method,
    ModuleValue,
    Opaque,
    PathValue,
    SetValue,
    is_plain,
)
from prodlint.deployment.evaluation.lists import reason_of
from prodlint.deployment.value import (
    NO,
    UNKNOWN,
    YES,
    Answer,
    Bounded,
    EnvDriven,
    JointlyDriven,
    Known,
    OnlyWhenSet,
    PerCpu,
    PerProcess,
    Unknown,
    Value,
    per_cpu,
)
from prodlint.source import Span

__all__ = ["ROOT", "Rest", "has_item", "is_whole", "shown"]

ROOT = "/<repository>"
"""What the path of the repository is called in a value: `/<repository>/shop/db.sqlite3`."""


class Rest(Unknown):
    """In a list or tuple, or as a key and value of a dictionary: any number of parts that are not known."""


_MOST_PARTS = 20_000
_NOBODY: frozenset[str] = frozenset()


def shown(value: object, span: Span) -> Value[object]:
    """A value of an evaluation as one of the model."""
    return _Showing(span).value(value, _NOBODY)


class _NotShown(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Showing:
    """One value while it is shown: how much of it may still be, and what the part at hand lies in."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._left = _MOST_PARTS
        self._around: set[int] = set()

    def value(self, value: object, unset: frozenset[str]) -> Value[object]:
        """A value as it is when some variables are not set."""
        span = self._span
        if isinstance(value, Cpus):
            return per_cpu(value.formula, value.least, value.most, value.span or span)
        if isinstance(value, Fresh):
            return PerProcess(value.reason, span, value.maker, value.span)
        if isinstance(value, Limited):
            return Bounded(value.reason, value.span or span, value.least, value.most)
        if isinstance(value, Opaque):
            return Unknown(value.reason, value.span or span)
        if isinstance(value, Driven):
            names = value.names - unset
            if not names and value.default is not RAISES and value.default is not ABSENT:
                return self.value(value.default, unset)
            if len(names) != 1:
                return self._several(value, unset)
            (name,) = names
            form = "" if value.is_variable else None
            reading, read_at = value.reading, value.span if value.reading is not None else None
            if value.default is RAISES:
                return EnvDriven(name, None, span, True, form, reading, read_at)
            if value.default is ABSENT:
                return OnlyWhenSet(f"is only there when {name} is set", value.span or span, name)
            default = self.value(value.default, unset | value.names)
            if isinstance(default, PerCpu | PerProcess):
                return EnvDriven(name, default, span, form=form)
            if not isinstance(default, Known):
                return default
            return EnvDriven(name, default.value, span, False, form, reading, read_at)
        try:
            return Known(self._part(value, unset), span)
        except _NotShown as error:
            return Unknown(error.reason, span)

    def _several(self, value: Driven, unset: frozenset[str]) -> Value[object]:
        """What more than one variable decides."""
        reason, span = reason_of(value.names), value.span or self._span
        if value.default is RAISES or value.default is ABSENT:
            return Unknown(reason, span)
        default = self.value(value.default, unset | value.names)
        names = tuple(sorted(value.names - unset))
        if not isinstance(default, Known | PerCpu | PerProcess):
            return Unknown(reason, span)
        return JointlyDriven(reason, span, names, default.value if isinstance(default, Known) else default)

    def _part(self, value: object, unset: frozenset[str]) -> object:
        self._left -= 1
        if self._left < 0 or len(self._around) > 60:
            raise _NotShown("is too large to be shown")
        if isinstance(value, str):
            return value.replace(f"/{MARK}", ROOT) if MARK in value else value
        if is_plain(value):
            return value
        if isinstance(value, PathValue):
            return value.text.replace(f"/{MARK}", ROOT)
        parts = value.content if isinstance(value, (ListValue, DictValue, SetValue)) else value
        if isinstance(parts, Opaque):
            raise _NotShown(parts.reason)
        if id(value) in self._around:
            raise _NotShown("holds itself")
        self._around.add(id(value))
        try:
            if isinstance(parts, tuple):
                inner = self._parts(cast("tuple[object, ...]", parts), unset)
                return inner if isinstance(value, ListValue) else tuple(inner)
            if isinstance(parts, frozenset):
                return {self._inner(part, unset) for part in cast("frozenset[object]", parts)}
            if isinstance(parts, dict):
                return self._mapping(parts, unset)
        finally:
            self._around.discard(id(value))
        raise _NotShown(_kind_of(value))

    def _parts(self, parts: tuple[object, ...], unset: frozenset[str]) -> list[object]:
        found: list[object] = []
        for part in parts:
            if not isinstance(part, Gap):
                found.append(self._inner(part, unset))
            elif part.default is not None and part.names <= unset:
                found += self._parts(part.default, unset)
            else:
                found.append(Rest(part.reason, part.span or self._span))
        return found

    def _mapping(self, parts: dict[Any, object], unset: frozenset[str]) -> dict[object, object]:
        found: dict[object, object] = {}
        for key, part in parts.items():
            if isinstance(key, Gap):
                rest = Rest(key.reason, key.span or self._span)
                found[rest] = rest
            else:
                found[self._inner(key, unset)] = self._inner(part, unset)
        return found

    def _inner(self, value: object, unset: frozenset[str]) -> object:
        if isinstance(value, (Opaque, Driven)):
            inner = self.value(value, unset)
            return inner.value if isinstance(inner, Known) else inner
        try:
            return self._part(value, unset)
        except _NotShown as error:
            if self._left < 0:
                raise
            return Unknown(error.reason, self._span)


def _kind_of(value: object) -> str:
    if isinstance(value, External):
        return f"is {value.name.removeprefix('builtins.')}, which is not of this repository"
    kinds = {
        FunctionValue: "is a function",
        BoundMethod: "is a function",
        Method: "is a function",
        ClassValue: "is a class",
        InstanceValue: "is an object of a class",
        ModuleValue: "is a module",
    }
    return kinds.get(type(value), "is an object")


def is_whole(value: object) -> bool:
    """Whether all of a value is known: a Known (or its value) with no Unknown or EnvDriven anywhere in it."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Known):
            waiting.append(one.value)
        elif isinstance(one, Unknown | EnvDriven):
            return False
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            waiting += one
    return True


def has_item(value: Value[object] | None, item: object) -> Answer:
    """Whether a list, tuple or set holds an item, or a dictionary a key."""
    if not isinstance(value, Known) or not isinstance(value.value, (list, tuple, set, frozenset, dict)):
        return UNKNOWN
    parts: list[object] = list(value.value)
    if any(part == item for part in parts if not isinstance(part, Unknown | EnvDriven)):
        return YES
    return NO if all(is_whole(part) for part in parts) else UNKNOWN
