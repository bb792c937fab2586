"""Two branches that nothing decides: how each ended, and what holds behind them.

What both leave alike is known, the rest depends on what decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from prodlint.deployment.evaluation.domain import (
    ABSENT,
    BoundMethod,
    ClassValue,
    DictValue,
    Driven,
    FunctionValue,
    Gap,
    InstanceValue,
    ListValue,
    ModuleValue,
    ObjectValue,
    OneOf,
    Opaque,
    Raised,
    SetValue,
    Told,
    held_objects,
)
from prodlint.record import Entity, Record
from prodlint.source import Span

__all__ = [
    "MOST_HELD",
    "Changes",
    "Decision",
    "Join",
    "Outcome",
    "Region",
    "Risk",
    "Signal",
    "Undecided",
    "grown",
]

MOST_HELD = 64
"""More objects than this are not kept apart behind something unknown: they count as changed at once."""


class Decision(Entity):
    """What chooses between two branches: variables, and which branch runs when none is set; or it is not known."""

    reason: str
    span: Span | None
    names: frozenset[str] | None = None
    first_is_default: bool = False


class Signal(Entity):
    """A statement that ends the block it stands in: `return` with its value, `break`, `continue`.

    In the blocks of `try`, `through` is their end, and `maybe` says that nobody knows whether they returned: its
    value are the values that they may have returned.
    """

    kind: str
    value: object = None


Changes = dict[tuple[int, object], tuple[Any, Any, object, object]]


class Outcome(Entity):
    """How a branch ended: with a value or with an error, and what it changed."""

    value: object
    error: Raised | None
    changes: Changes


class Risk(Record):
    """An error that may be raised in the body of a `try`: unless variables are set, or by who knows what.

    `is_clean` says that the body had changed nothing yet, but for what the `outcomes` of its branches did.
    """

    names: frozenset[str] | None
    kind: str | None
    is_clean: bool
    outcomes: tuple[Outcome, ...] = ()


class Region:
    """The body of a `try` while it is evaluated."""

    __slots__ = ("level", "risks")

    def __init__(self, level: int) -> None:
        self.level = level
        # Each once, in their order: a body of a hundred lines may raise the same at each of them.
        self.risks: dict[Risk, None] = {}


class Undecided(Exception):
    """Two branches end in ways that cannot be joined: one leaves the loop, the other goes on."""


_MOST_CHOICES = 8
_MAY_RETURN = ({"return", "through"}, {"maybe", "through"}, {"maybe", "return"}, {"maybe"})


def _returned(signal: Signal) -> tuple[object, ...]:
    if signal.kind == "maybe":
        return cast("tuple[object, ...]", signal.value)
    return (signal.value,) if signal.kind == "return" else ()


class Maker(Protocol):
    """What makes values, and pays for them."""

    lenient: int

    def charge(self, steps: int = 1) -> None: ...

    def list(self, elements: Iterable[object]) -> ListValue: ...

    def dict(self, content: Mapping[Any, object]) -> DictValue: ...

    def taint(self, reason: str, node: None, *values: object) -> None: ...


class Join:
    """The comparison of what two branches leave."""

    def __init__(self, machine: Maker, decision: Decision, serial: int) -> None:
        self._machine = machine
        self._decision = decision
        self._serial = serial
        # Objects made in one branch, with their counterpart in the other: one has one.
        self._pairs: dict[int, object] = {}
        self._joined: dict[int, object] = {}

    def cell(self, target: object, key: object, one: object, other: object) -> object:
        """What a cell holds after either of the branches."""
        if one is other:
            return one
        if key == "rest" and isinstance(target, ModuleValue):
            return one or other
        if isinstance(one, ModuleValue) or isinstance(other, ModuleValue):
            if isinstance(one, ModuleValue) and other is ABSENT:
                return one
            if isinstance(other, ModuleValue) and one is ABSENT:
                return other
            if isinstance(one, ModuleValue) and isinstance(other, ModuleValue) and one.path == other.path:
                return one
        if isinstance(target, ObjectValue):
            return self._content(target, one, other)
        return self.value(one, other)

    def value(self, one: object, other: object) -> object:
        """What something is after either of the branches."""
        self._machine.charge()
        if isinstance(one, Signal) or isinstance(other, Signal):
            return self._signal(one, other)
        if one is other or self._same(one, other):
            return one
        if isinstance(one, ListValue) and isinstance(other, ListValue):
            if self._joined.get(id(one)) is not None and self._pairs.get(id(one)) is other:
                return self._joined[id(one)]
            if self._is_pair(one, other) and self._worth_merging(one.content, other.content):
                joined = self._machine.list(self._sequence(one.content, other.content))
                self._joined[id(one)] = joined
                return joined
        elif isinstance(one, tuple) and isinstance(other, tuple) and self._worth_merging(one, other):
            return self._sequence(one, other)
        elif isinstance(one, DictValue) and isinstance(other, DictValue) and self._decision.names is None:
            if self._joined.get(id(one)) is not None and self._pairs.get(id(one)) is other:
                return self._joined[id(one)]
            is_known = isinstance(one.content, dict) and isinstance(other.content, dict)
            if self._is_pair(one, other) and is_known:
                made = self._machine.dict(self._mapping(one.content, other.content))
                self._joined[id(one)] = made
                return made
        return self._undecided(one, other)

    def _signal(self, one: object, other: object) -> Signal:
        if isinstance(one, Signal) and isinstance(other, Signal):
            if {one.kind, other.kind} in _MAY_RETURN:
                return Signal("maybe", (*_returned(one), *_returned(other)))
            if one.kind == other.kind:
                return Signal(one.kind, self.value(one.value, other.value))
        if self._machine.lenient:
            return Signal("continue")
        raise Undecided

    def _undecided(self, one: object, other: object) -> object:
        decision = self._decision
        if decision.names is None:
            reason = decision.reason
            for value in (one, other):
                if isinstance(value, Opaque):
                    reason = value.reason
            left, right = _choices(one), _choices(other)
            if left and right and len(left) + len(right) <= _MOST_CHOICES:
                return OneOf(reason, decision.span, (), (*left, *right))
            return Opaque(reason, decision.span, self._held(one, other))
        default, rest = (one, other) if decision.first_is_default else (other, one)
        if isinstance(default, Opaque) and not isinstance(default, Told):
            return Opaque(default.reason, default.span, self._held(one, other))
        names = decision.names
        span = decision.span
        if isinstance(default, Driven):
            return Driven(names | default.names, default.default, span, self._held(rest, *default.holds))
        return Driven(names, default, span, self._held(rest))

    def _held(self, *values: object) -> tuple[object, ...]:
        holds = held_objects(values)
        if len(holds) > MOST_HELD:
            self._machine.taint(self._decision.reason, None, *holds)
            return ()
        return holds

    def _is_pair(self, one: ObjectValue, other: ObjectValue) -> bool:
        """Whether two objects can be taken for one: both are new, and neither has another counterpart."""
        if one.born <= self._serial or other.born <= self._serial:
            return False
        if self._pairs.setdefault(id(one), other) is not other:
            return False
        return self._pairs.setdefault(id(other), one) is one

    def _same(self, one: object, other: object, depth: int = 0) -> bool:
        """Whether two values are the same for all that can be done with them."""
        if one is other:
            return True
        if type(one) is not type(other) or depth > 40:
            return False
        self._machine.charge()
        if isinstance(one, tuple) and isinstance(other, tuple):
            return len(one) == len(other) and all(
                self._same(left, right, depth + 1) for left, right in zip(one, other, strict=True)
            )
        if isinstance(one, ObjectValue) and isinstance(other, ObjectValue):
            if not self._is_pair(one, other):
                return False
            left, right = one.content, other.content
            if isinstance(left, dict) and isinstance(right, dict):
                return list(left) == list(right) and all(self._same(left[key], right[key], depth + 1) for key in left)
            if isinstance(left, frozenset):
                return bool(left == right)
            return isinstance(left, tuple) and self._same(left, right, depth + 1)
        if isinstance(one, Driven) and isinstance(other, Driven):
            return (
                one.names == other.names
                and one.is_variable is other.is_variable
                and one.reading is other.reading
                and not one.holds
                and not other.holds
                and self._same(one.default, other.default, depth + 1)
            )
        if isinstance(one, FunctionValue) and isinstance(other, FunctionValue):
            return one.node is other.node and one.scope.kind == "module" and not one.defaults and not other.defaults
        if isinstance(one, (ListValue, DictValue, SetValue, ClassValue, InstanceValue, Opaque, Gap, BoundMethod)):
            return False
        if isinstance(one, float) and one != one:
            return bool(other != other)
        try:
            return bool(one == other) and repr(one) == repr(other)
        except Exception:
            return False

    def _worth_merging(self, one: object, other: object) -> bool:
        if not isinstance(one, tuple) or not isinstance(other, tuple):
            return False
        if self._decision.names is None:
            return True
        before, behind = self._common(one, other)
        return before + behind > 0

    def _common(self, one: tuple[object, ...], other: tuple[object, ...]) -> tuple[int, int]:
        """How many elements two sequences share at their beginning and at their end."""
        shorter = min(len(one), len(other))
        before = 0
        while before < shorter and self._same(one[before], other[before]):
            before += 1
        behind = 0
        while behind < shorter - before and self._same(one[-1 - behind], other[-1 - behind]):
            behind += 1
        return before, behind

    def _sequence(self, one: tuple[object, ...], other: tuple[object, ...]) -> tuple[object, ...]:
        before, behind = self._common(one, other)
        left, right = one[before : len(one) - behind], other[before : len(other) - behind]
        if not left and not right:
            return one
        middle: tuple[object, ...]
        if len(left) == len(right) and not any(isinstance(part, Gap) for part in (*left, *right)):
            middle = tuple(self.value(first, second) for first, second in zip(left, right, strict=True))
        else:
            decision = self._decision
            default = (left if decision.first_is_default else right) if decision.names is not None else None
            holds = self._held(*left, *right)
            middle = (Gap(decision.reason, decision.span, decision.names or frozenset(), default, holds),)
        return (*one[:before], *middle, *one[len(one) - behind :])

    def _mapping(self, one: dict[Any, object], other: dict[Any, object]) -> dict[Any, object]:
        made = {key: self.value(one[key], other[key]) for key in one if key in other}
        if list(one) != list(other):
            missing = [table[key] for table in (one, other) for key in table if key not in made]
            gap = Gap(self._decision.reason, self._decision.span)
            made = {key: value for key, value in made.items() if not isinstance(key, Gap)}
            made[gap] = Opaque(gap.reason, gap.span, self._held(*missing))
        return made

    def _content(self, target: ObjectValue, one: Any, other: Any) -> object:
        unknown = one if isinstance(one, Opaque) else other if isinstance(other, Opaque) else None
        if unknown is not None:
            parts: list[object] = []
            for side in (one, other):
                parts += (
                    [side] if isinstance(side, Opaque) else [*side, *side.values()] if isinstance(side, dict) else side
                )
            return Opaque(unknown.reason, unknown.span, self._held(*parts))
        if isinstance(target, ListValue):
            return self._sequence(one, other)
        if isinstance(target, DictValue):
            return self._mapping(one, other)
        shared = one & other
        if shared == one == other:
            return one
        return shared | {Opaque(self._decision.reason, self._decision.span)}


def _choices(value: object) -> tuple[object, ...]:
    """The plain values of which something is one; none where that is not known."""
    return value.choices if isinstance(value, OneOf) else (value,) if isinstance(value, str | None) else ()


def grown(old: tuple[object, ...], new: tuple[object, ...]) -> int | None:
    """Where elements were put into a list, None when that is not all that was done to it."""
    before = 0
    while before < min(len(old), len(new)) and old[before] is new[before]:
        before += 1
    behind = len(old) - before
    is_kept = behind <= len(new) - before and all(
        one is other for one, other in zip(old[before:], new[len(new) - behind :], strict=True)
    )
    return before if is_kept else None
