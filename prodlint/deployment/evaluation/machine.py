"""The state of an evaluation: what it may cost, what was changed, and the branches that nothing decides.

Every change is noted, so that a branch can be run, taken back, and compared with the other one. What
both leave alike is known; the rest depends on what decides.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prodlint.deployment.condition import Lookup
from prodlint.deployment.evaluation.domain import (
    ABSENT,
    RAISES,
    UNSET,
    AppValue,
    Assigned,
    Cells,
    DictValue,
    Driven,
    Gap,
    InstanceValue,
    ListValue,
    ModuleValue,
    NamespaceValue,
    ObjectValue,
    Opaque,
    Raised,
    SetValue,
    Told,
    held_objects,
)
from prodlint.deployment.evaluation.held_files import HeldFiles
from prodlint.deployment.evaluation.join import MOST_HELD, Changes, Decision, Join, Outcome, Region, Risk, Signal, grown
from prodlint.deployment.filemap import CHECKOUT, FileMap
from prodlint.deployment.repository import Repository
from prodlint.deployment.value import UNKNOWN, Answer
from prodlint.record import Entity, field
from prodlint.source import Span

__all__ = [
    "MOST_STEPS",
    "MOST_STEPS_OF_A_MODULE",
    "Assigned",
    "Call",
    "Exhausted",
    "Frame",
    "Machine",
]

MOST_STEPS = 150_000
MOST_STEPS_OF_A_MODULE = 50_000
DEEPEST = 120


class Exhausted(Exception):
    """The evaluation costs more than it may."""


class _Level:
    """What was changed since a branch was begun: the first old value of each cell."""

    __slots__ = ("changes", "serial")

    def __init__(self, serial: int) -> None:
        self.serial = serial
        self.changes: dict[tuple[int, object], tuple[Any, Any, object]] = {}


class Frame:
    """The names that a piece of code sees: its own, those around it, those of its module."""

    __slots__ = ("cells", "global_names", "kind", "module", "outer")

    def __init__(
        self,
        module: ModuleValue,
        cells: Cells,
        kind: str = "module",
        outer: Frame | None = None,
        global_names: frozenset[str] = frozenset(),
    ) -> None:
        self.module = module
        self.cells = cells
        self.kind = kind
        self.outer = outer
        self.global_names = global_names


class Call(Entity):
    """The arguments of a call. `is_open` when there may be more than these."""

    node: ast.expr
    arguments: tuple[object, ...] = ()
    keywords: Mapping[str, object] = field(default_factory=dict)
    is_open: bool = False

    def get(self, position: int, name: str, default: object = ABSENT) -> object:
        """One argument, by position or by keyword."""
        if position < len(self.arguments):
            return self.arguments[position]
        return self.keywords.get(name, default)

    @property
    def values(self) -> tuple[object, ...]:
        return (*self.arguments, *self.keywords.values())


class _Depth:
    """One level deeper in what is evaluated, as long as it is entered."""

    def __init__(self) -> None:
        self.level = 0

    def __enter__(self) -> None:
        if self.level >= DEEPEST:
            raise Exhausted
        self.level += 1

    def __exit__(self, *error: object) -> None:
        self.level -= 1


class Machine(ABC):
    """One evaluation. What evaluates expressions and modules is filled in by `evaluation.run`."""

    def __init__(
        self,
        repository: Repository,
        roots: tuple[str, ...],
        lookup: Lookup,
        argv: tuple[str | None, ...] | None = None,
        installed: Callable[[str], Answer] = lambda module: UNKNOWN,
        files: FileMap = CHECKOUT,
    ) -> None:
        self.repository = repository
        self.held = HeldFiles(repository, files)
        self.roots = roots
        self.lookup = lookup
        self.argv = argv
        self.installed = installed
        self.steps = MOST_STEPS
        self.deeper = _Depth()
        self.serial = 0
        self.variables = Cells(0)
        self.assigned: list[Assigned] = []
        self.apps: list[AppValue] = []
        self.dotenv = Cells(0)
        self.modules = Cells(0)
        self.system = Cells(0)
        self.reads: set[str] = set()
        self.names: tuple[str, ...] = ()
        self.regions: list[Region] = []
        self.calls = 0
        self.lenient = 0
        self.called: set[ast.AST] | None = None
        self.exits: dict[int, tuple[bool, bool]] = {}
        self._log: list[_Level] = []
        # The numbers of the levels that changed something, each above the one before it.
        self._changed: list[int] = []
        self.frame: Frame

    # What `evaluation.run` adds.

    @abstractmethod
    def expression(self, node: ast.expr) -> object:
        """What an expression is in the current frame. Raises Raised where Python certainly raises."""

    @abstractmethod
    def call(self, function: object, call: Call) -> object:
        """What a call returns."""

    @abstractmethod
    def attribute(self, owner: object, name: str, node: ast.expr) -> object:
        """What an attribute holds."""

    @abstractmethod
    def block(self, body: list[ast.stmt], then: Callable[[], object] | None = None) -> object:
        """Run statements, then what follows them; a Signal when one ends the block."""

    @abstractmethod
    def outside(self, name: str) -> object:
        """A variable as it is outside of the evaluated code, ABSENT when it is not set."""

    @abstractmethod
    def load(self, path: str, dotted: str) -> ModuleValue | None:
        """A module of the repository, once it ran; None for a file that is no Python."""

    # Cost.

    def charge(self, steps: int = 1) -> None:
        """Pay for some work."""
        self.steps -= steps
        if self.steps < 0:
            raise Exhausted

    @contextmanager
    def within(self, frame: Frame) -> Iterator[None]:
        """Evaluate code that sees other names."""
        outer = self.frame
        self.frame = frame
        try:
            yield
        finally:
            self.frame = outer

    # Making values.

    def span(self, node: ast.AST) -> Span:
        found: Span = self.frame.module.module.span(node)
        return found

    def born(self) -> int:
        self.serial += 1
        return self.serial

    def list(self, elements: Iterable[object]) -> ListValue:
        content = tuple(elements)
        self.charge(1 + len(content) // 16)
        return ListValue(content, self.born())

    def dict(self, content: Mapping[Any, object]) -> DictValue:
        self.charge(1 + len(content) // 16)
        return DictValue(dict(content), self.born())

    def set(self, members: Iterable[object]) -> SetValue:
        content = frozenset(members)
        self.charge(1 + len(content) // 16)
        return SetValue(content, self.born())

    def cells(self) -> Cells:
        return Cells(self.born())

    def unknown(self, reason: str, node: ast.AST | None, *values: object) -> Opaque:
        """Something unknown made of some values; the reason of the first that is unknown itself is handed on."""
        span = None
        for value in values:
            if isinstance(value, Opaque):
                reason, span = value.reason, value.span
                break
        holds = held_objects(values)
        if len(holds) > MOST_HELD:
            self.taint(reason, node, *holds)
            holds = ()
        if span is None and node is not None:
            span = self.span(node)
        return Opaque(reason, span, holds)

    def driven(self, names: frozenset[str], default: object, node: ast.AST | None, *others: object) -> object:
        """What some variables decide; `others` is what may hold when they are set."""
        span = self.span(node) if node is not None else None
        if isinstance(default, Opaque) and not isinstance(default, Told):
            said = self.unknown(default.reason, node, default, *others)
            shown = " or ".join(f"${name}" for name in sorted(names)[:3])
            is_told = not shown or said.reason.startswith("is set by")
            return said if is_told else Opaque(f"is set by {shown}, else {said.reason}", said.span, said.holds)
        if isinstance(default, Driven):
            return Driven(names | default.names, default.default, span, held_objects((*others, *default.holds)))
        return Driven(names, default, span, held_objects(others))

    # Errors that may be raised.

    @contextmanager
    def region(self) -> Iterator[Region]:
        """The body of a `try`, begun as a branch."""
        region = Region(len(self._log) - 1)
        self.regions.append(region)
        try:
            yield region
        finally:
            self.regions.remove(region)

    @property
    def is_certain(self) -> bool:
        """Whether what runs now runs for certain, and no `try` is around it."""
        return not self._log and not self.regions

    def risk(self, names: frozenset[str] | None = None, kind: str | None = None, *outcomes: Outcome) -> None:
        """An error may be raised here: unless some variables are set, or nobody knows when.

        `outcomes` are those of the branches that raise it, whose changes then stay.
        """
        if self.regions:
            region = self.regions[-1]
            is_clean = not self._changed or self._changed[-1] < region.level
            region.risks[Risk(names, kind, is_clean, tuple(one for one in outcomes if one.changes))] = None

    @contextmanager
    def intercepted(self) -> Iterator[Collection[Risk]]:
        """Collect the errors that may be raised on their way to the `try` that waits for them."""
        region = Region(self.regions[-1].level)
        self.regions.append(region)
        try:
            yield region.risks
        finally:
            self.regions.remove(region)

    def pass_on(self, risk: Risk, outcome: Outcome) -> None:
        """Hand an error on that was intercepted, with what was done meanwhile."""
        self.regions[-1].risks[Risk(risk.names, risk.kind, risk.is_clean, (*risk.outcomes, outcome))] = None

    def raising(self, names: Iterable[str], node: ast.AST) -> object:
        """What is made of a value that raised already when none of `names` is set."""
        return Driven(frozenset(names), RAISES, self.span(node))

    def fail(self, kind: str, names: Iterable[str], node: ast.AST) -> object:
        """An operation that raises when none of `names` is set; with no names it raises for certain."""
        driving = frozenset(names)
        if not driving:
            raise Raised(kind)
        self.risk(driving, kind)
        return Driven(driving, RAISES, self.span(node))

    # Changes.

    def put(self, target: Any, key: Any, value: object) -> None:
        """Change a name of some Cells, or a slot of an object."""
        if self._log and target.born <= self._log[-1].serial:
            mark = (id(target), key)
            if mark not in self._log[-1].changes:
                old = self._held_by(target, key)
                if not self._log[-1].changes:
                    self._changed.append(len(self._log) - 1)
                self._log[-1].changes[mark] = (target, key, old)
        self._write(target, key, value)

    @staticmethod
    def _write(target: Any, key: Any, value: object) -> None:
        if not isinstance(target, Cells):
            setattr(target, key, value)
        elif value is ABSENT:
            target.pop(key, None)
        else:
            target[key] = value

    def branch(self, action: Callable[[], object]) -> Outcome:
        """Run something and take its changes back."""
        self.charge()
        level = _Level(self.serial)
        self._log.append(level)
        value: object = None
        error = None
        try:
            with self.deeper:
                value = action()
        except Raised as raised:
            error = raised
        finally:
            self._log.pop()
            if level.changes:
                self._changed.pop()
            changes: Changes = {}
            for mark, (target, key, old) in level.changes.items():
                new = self._held_by(target, key)
                changes[mark] = (target, key, old, new)
                self._write(target, key, old)
        self.charge(len(changes))
        return Outcome(value, error, changes)

    def redo(self, outcome: Outcome) -> None:
        """Make the changes of a branch stay."""
        for target, key, _, new in outcome.changes.values():
            self.put(target, key, new)

    def forget(self, outcome: Outcome, reason: str, node: ast.AST) -> None:
        """Whatever a branch changed is unknown from here on; of a list that only grew, the new part alone."""
        for target, key, old, new in outcome.changes.values():
            now = self._held_by(target, key)
            parts: list[object] = []
            for value in (old, new, now):
                parts += value.values() if isinstance(value, dict) else (value,)
            unknown = self.unknown(reason, node, *parts)
            if isinstance(target, ListValue) and now is old and isinstance(old, tuple) and isinstance(new, tuple):
                kept = grown(old, new)
                if kept is not None:
                    gap = Gap(unknown.reason, unknown.span, holds=unknown.holds)
                    self.put(target, key, (*old[:kept], gap, *old[kept:]))
                    continue
            self.put(target, key, unknown)

    @staticmethod
    def _held_by(target: Any, key: Any) -> Any:
        return target.get(key, ABSENT) if isinstance(target, Cells) else getattr(target, key)

    def fork(self, decision: Decision, first: Callable[[], object], second: Callable[[], object]) -> object:
        """Run two branches of which one is taken, and join what they leave; the joined value is returned.

        A branch that certainly raises is not taken, or its error is caught: then it counts as a risk.
        """
        serial = self.serial
        # The default runs last: its writes are the ones that decide.
        if decision.names is not None and decision.first_is_default:
            right = self.branch(second)
            left = self.branch(first)
        else:
            left = self.branch(first)
            right = self.branch(second)
        if (left.error is None) is not (right.error is None):
            return self._one_raises(decision, left, right)
        join = Join(self, decision, serial)
        for mark in {**left.changes, **right.changes}:
            target, key, old, new = left.changes.get(mark) or right.changes[mark]
            one = new if mark in left.changes else old
            other = right.changes[mark][3] if mark in right.changes else old
            if target is self.variables:
                one, other = self._variable(key, one), self._variable(key, other)
            self.put(target, key, join.cell(target, key, one, other))
        if left.error is not None and right.error is not None:
            if left.error.kind != right.error.kind:
                self.risk(None, right.error.kind)
            raise left.error
        return join.value(left.value, right.value)

    def _variable(self, name: str, value: object) -> object:
        """A variable that the code did not write is what it was outside."""
        if value is not ABSENT:
            return value
        found = self.outside(name)
        if isinstance(found, Driven) and found.default is ABSENT:
            return Driven(found.names, UNSET, found.span, found.holds)
        return UNSET if found is ABSENT else found

    def _one_raises(self, decision: Decision, left: Outcome, right: Outcome) -> object:
        raising, going = (left, right) if left.error is not None else (right, left)
        assert raising.error is not None
        self.redo(going)
        if decision.names is not None and (raising is left) is decision.first_is_default:
            self.risk(decision.names, raising.error.kind, raising)
            if going.value is None or isinstance(going.value, Signal):
                return going.value
            return Driven(decision.names, RAISES, decision.span, held_objects([going.value]))
        self.risk(None, raising.error.kind, raising)
        if decision.names is not None and going.value is not None and not isinstance(going.value, Signal):
            return self.driven(decision.names, going.value, None)
        return going.value

    # What unknown code may do.

    def taint(self, reason: str, node: ast.AST | None, *values: object) -> None:
        """Unknown code has had its hands on some values: what they hold is not known any more."""
        waiting = list(held_objects(values))
        span = self.span(node) if node is not None else None
        while waiting:
            one: Any = waiting.pop()
            self.charge()
            if isinstance(one, NamespaceValue):
                self.open_module(one.module, reason, span)
            elif isinstance(one, InstanceValue):
                for key, value in list(one.cells.items()):
                    if not isinstance(value, Opaque):
                        waiting += held_objects([value])
                        self.put(one.cells, key, Opaque(reason, span))
            elif isinstance(one, ObjectValue) and not isinstance(one.content, Opaque):
                waiting += _parts(one)
                self.put(one, "content", Opaque(reason, span))

    def open_module(self, module: ModuleValue, reason: str, span: Span | None) -> None:
        """Any name of a module may have been bound or changed."""
        self.put(module, "rest", Opaque(reason, span))
        for key, value in list(module.cells.items()):
            self.put(module.cells, key, Opaque(reason, span, held_objects([value])))


def _parts(one: ObjectValue) -> tuple[object, ...]:
    content = one.content
    return held_objects([*content, *content.values()] if isinstance(content, dict) else content)
