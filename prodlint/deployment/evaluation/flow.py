"""Loops, `try` and `with`: bodies that may run any number of times, or end at any place."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any, cast

from prodlint.deployment.evaluation.binding import bind, bind_name
from prodlint.deployment.evaluation.domain import ABSENT, RAISES, Driven, External, Gap, Raised, ReaderValue
from prodlint.deployment.evaluation.exits import bound_names, has_exit
from prodlint.deployment.evaluation.join import Decision, Outcome, Region, Risk, Signal, Undecided
from prodlint.deployment.evaluation.lists import parts_of, reason_of
from prodlint.deployment.evaluation.machine import Machine
from prodlint.deployment.evaluation.operations import elements_of, truth
from prodlint.syntax.python_tree import nodes_in

__all__ = ["loop", "run_try", "run_with"]

_MOST_ROUNDS = 256
_Following = Callable[[], object]
_Ended = Callable[[_Following], object]


# Loops


def loop(machine: Machine, node: ast.For | ast.While) -> object:
    """Run a loop; a Signal of kind `maybe` when it may have returned."""
    if isinstance(node, ast.While):
        return _decided_loop(machine, node, lambda: _while(machine, node), ())
    iterable = machine.expression(node.iter)
    if isinstance(iterable, Driven) and iterable.default not in (RAISES, ABSENT) and not has_exit(machine, node):
        decision = Decision(reason_of(iterable.names), machine.span(node.iter), iterable.names, True)
        default = iterable.default
        unknown = machine.unknown(decision.reason, node.iter, *iterable.holds)
        machine.fork(decision, lambda: _for_each(machine, node, default), lambda: _for_each(machine, node, unknown))
        return None
    return _for_each(machine, node, iterable)


def _for_each(machine: Machine, node: ast.For, iterable: object) -> object:
    elements = elements_of(iterable)
    if elements is None or len(elements) > _MOST_ROUNDS:
        parts = () if isinstance(iterable, Driven) else parts_of(machine, node.iter, iterable)
        return _unknown_rounds(machine, node, (*parts, iterable))
    return _decided_loop(machine, node, lambda: _rounds(machine, node, elements), (*elements, iterable))


def _decided_loop(
    machine: Machine, node: ast.For | ast.While, run: Callable[[], object], elements: tuple[object, ...]
) -> object:
    try:
        outcome = machine.branch(run)
    except Undecided:
        return _unknown_rounds(machine, node, elements)
    machine.redo(outcome)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def _rounds(machine: Machine, node: ast.For, elements: tuple[object, ...]) -> object:
    for element in elements:
        bind(machine, node.target, element)
        signal = machine.block(node.body)
        if isinstance(signal, Signal) and signal.kind != "continue":
            return None if signal.kind == "break" else signal
    return machine.block(node.orelse)


def _while(machine: Machine, node: ast.While) -> object:
    for _ in range(_MOST_ROUNDS):
        decided = truth(machine, node.test, machine.expression(node.test))
        if decided is False:
            return machine.block(node.orelse)
        if decided is not True:
            raise Undecided
        signal = machine.block(node.body)
        if isinstance(signal, Signal) and signal.kind != "continue":
            return None if signal.kind == "break" else signal
    raise Undecided


def _unknown_rounds(machine: Machine, node: ast.For | ast.While, elements: tuple[object, ...]) -> object:
    """A loop of which nobody knows how often it runs: what its body changes is unknown behind it."""
    reason = "depends on how often a loop runs"
    machine.risk()
    flat = tuple(part for one in elements for part in (one.holds if isinstance(one, Gap) else (one,)))

    def once() -> object:
        if isinstance(node, ast.For):
            bind(machine, node.target, machine.unknown("is an element that is not known", node, *flat))
        else:
            machine.expression(node.test)
        return machine.block(node.body)

    for name, place in bound_names(node):
        if name != "*" and name in _own_cells(machine):
            bind_name(machine, name, machine.unknown(reason, place, _own_cells(machine)[name], *flat), place)
    known: set[object] = set()
    returned: list[object] = []
    machine.lenient += 1
    try:
        for _ in range(4):
            outcome = machine.branch(once)
            if isinstance(outcome.value, Signal) and outcome.value.kind == "return":
                returned.append(outcome.value.value)
            machine.forget(outcome, reason, node)
            if outcome.changes.keys() <= known:
                break
            known |= outcome.changes.keys()
        if node.orelse:
            machine.forget(machine.branch(lambda: machine.block(node.orelse)), reason, node)
    finally:
        machine.lenient -= 1
    for name, place in bound_names(node):
        if name != "*" and name not in _own_cells(machine):
            bind_name(machine, name, machine.unknown(reason, place, *flat), place)
    if any(isinstance(part, ast.Return) for part in nodes_in(node)):
        return Signal("maybe", tuple(returned))
    return None


def _own_cells(machine: Machine) -> dict[Any, object]:
    return machine.frame.cells


# with


def run_with(machine: Machine, node: ast.With, following: _Following | None = None) -> object:
    suppressed: list[ast.expr] = []
    restore: list[tuple[ReaderValue, object]] = []
    for item in node.items:
        call = item.context_expr
        if isinstance(call, ast.Call):
            function = machine.expression(call.func)
            if isinstance(function, External) and function.name == "contextlib.suppress":
                suppressed += call.args
                continue
            owner = getattr(function, "owner", None)
            if isinstance(owner, ReaderValue) and getattr(function, "name", "") == "prefixed" and call.args:
                before = owner.options.get("prefix", "")
                prefix = machine.expression(call.args[0])
                joined = before + prefix if isinstance(before, str) and isinstance(prefix, str) else None
                restore.append((owner, before))
                machine.put(owner.options, "prefix", joined if joined is not None else machine.unknown("?", node))
                if item.optional_vars is not None:
                    bind(machine, item.optional_vars, owner)
                continue
        value = machine.expression(item.context_expr)
        machine.risk()
        if item.optional_vars is not None:
            bind(machine, item.optional_vars, machine.unknown("is what a context gives", item.context_expr, value))

    def ended() -> object:
        for owner, before in restore:
            machine.put(owner.options, "prefix", before)
        return following() if following is not None else None

    if suppressed:
        handler = ast.ExceptHandler(type=ast.Tuple(elts=suppressed, ctx=ast.Load()), name=None, body=[ast.Pass()])
        made = ast.Try(body=node.body, handlers=[handler], orelse=[], finalbody=[])
        for part in (made, handler, handler.type, handler.body[0]):
            assert part is not None
            ast.copy_location(part, node)
        return run_try(machine, made, ended)
    if following is None and not restore:
        return machine.block(node.body)
    return machine.block(node.body, ended)


# try


def run_try(machine: Machine, node: ast.Try, following: _Following | None = None) -> object:
    """Run a `try` statement, then what follows it where that is given."""
    if following is not None and any(has_exit(machine, part) for part in node.finalbody):
        return _swallowing(machine, node, following)
    if not node.finalbody or not machine.regions:
        return _try(machine, node, following)
    thrown: Collection[Risk] = ()
    try:
        with machine.intercepted() as thrown:
            return _try(machine, node, following)
    finally:
        # Whatever leaves it with an error has run `finally` on its way.
        if thrown:
            final = machine.branch(lambda: machine.block(node.finalbody))
            for risk in thrown:
                machine.pass_on(risk, final)


def _swallowing(machine: Machine, node: ast.Try, following: _Following) -> object:
    """A `try` whose `finally` may leave it, and the error with it: whatever it changes is unknown."""
    reason = "depends on how a `finally` ends"
    machine.risk()
    machine.lenient += 1
    try:
        for body in (node.body, *(one.body for one in node.handlers), node.orelse, node.finalbody):
            machine.forget(machine.branch(partial(machine.block, body)), reason, node)
    finally:
        machine.lenient -= 1
    if not any(isinstance(part, ast.Return) for part in nodes_in(node)):
        raise Undecided
    return _perhaps(machine, node, Signal("maybe", ()), following)


def _try(machine: Machine, node: ast.Try, following: _Following | None) -> object:
    outcome, risks = _body(machine, node)
    found = {risk: _handlers_for(machine, node, risk) for risk in risks}
    caught = {risk: catching for risk, catching in found.items() if catching}
    handlers = _unique(one for catching in caught.values() for one in catching)
    for risk in caught:
        machine.reads |= risk.names or frozenset()
    for risk in risks:
        if risk not in caught or risk.kind is None:
            machine.risk(risk.names, risk.kind, *risk.outcomes, *(() if risk.is_clean else (outcome,)))
    ended = partial(_ended, machine, node, following)
    if outcome.error is not None:
        return _raised(machine, node, outcome, outcome.error, caught, handlers, ended)

    def success() -> object:
        machine.redo(outcome)
        signal = outcome.value
        if signal is None:
            return ended(lambda: _inner(machine, node.orelse))
        if not node.orelse:
            return ended(lambda: signal)
        return _perhaps(machine, node, signal, lambda: ended(lambda: _inner(machine, node.orelse)), ended)

    def failure() -> object:
        _forget_where_raised(machine, node, outcome, caught)
        return _handled(machine, node, handlers, ended)

    return machine.fork(_decision(machine, node, caught, outcome.value), success, failure) if caught else success()


def _body(machine: Machine, node: ast.Try) -> tuple[Outcome, Collection[Risk]]:
    """The body, run and taken back, and the errors that may be raised in it."""
    regions: list[Region] = []

    def body() -> object:
        with machine.region() as region:
            regions.append(region)
            return _inner(machine, node.body)

    outcome = machine.branch(body)
    return outcome, regions[0].risks if regions else ()


def _raised(
    machine: Machine,
    node: ast.Try,
    outcome: Outcome,
    error: Raised,
    caught: Collection[Risk],
    handlers: list[ast.ExceptHandler],
    ended: _Ended,
) -> object:
    """What follows a body that raises for certain, and perhaps something else before it comes to that."""
    certain = _handlers_for(machine, node, Risk(None, error.kind, False))
    if not caught:
        machine.redo(outcome)
        if certain:
            return _handled(machine, node, certain, ended)
        machine.block(node.finalbody)
        raise error
    if not certain:
        machine.risk(None, error.kind, outcome)
    _forget_where_raised(machine, node, outcome, caught)
    machine.forget(outcome, _WHERE_RAISED, node)
    return _handled(machine, node, _unique([*certain, *handlers]), ended)


def _ended(machine: Machine, node: ast.Try, following: _Following | None, run: _Following) -> object:
    """Run one end of a `try`, then its `finally` and what follows it."""
    try:
        signal = run()
    except Raised:
        machine.block(node.finalbody)
        raise
    machine.block(node.finalbody)
    if following is None:
        return signal
    return following() if signal is None else _perhaps(machine, node, signal, following)


def _forget_where_raised(machine: Machine, node: ast.Try, outcome: Outcome, caught: Collection[Risk]) -> None:
    """What the body changed before it raised is unknown to its handlers."""
    if not all(risk.is_clean for risk in caught):
        machine.forget(outcome, _WHERE_RAISED, node)
    for one in dict.fromkeys(one for risk in caught for one in risk.outcomes):
        machine.forget(one, _WHERE_RAISED, node)


def _inner(machine: Machine, body: list[ast.stmt]) -> object:
    """Run a block whose end is not yet the end of what follows; None where it comes to its end."""
    signal = machine.block(body, lambda: Signal("through"))
    return None if isinstance(signal, Signal) and signal.kind == "through" else signal


def _perhaps(
    machine: Machine,
    node: ast.Try,
    signal: object,
    following: _Following,
    ended: _Ended = lambda run: run(),
) -> object:
    """What a block left, or what follows it where nobody knows whether it returned."""
    if not isinstance(signal, Signal) or signal.kind != "maybe":
        return ended(lambda: signal)
    decision = Decision("depends on whether it has returned", machine.span(node))
    unknown = machine.unknown(decision.reason, node, *cast("tuple[object, ...]", signal.value))
    return machine.fork(decision, lambda: ended(lambda: Signal("return", unknown)), following)


_WHERE_RAISED = "depends on where an error is raised"


def _decision(machine: Machine, node: ast.Try, caught: Collection[Risk], ended: object) -> Decision:
    names = {risk.names for risk in caught}
    driving = next(iter(names)) if len(names) == 1 else None
    may_have_left = isinstance(ended, Signal) and ended.kind == "maybe"
    if driving is not None and not may_have_left:
        return Decision(reason_of(driving), machine.span(node), driving, False)
    return Decision("depends on whether an error is raised", machine.span(node))


def _unique(handlers: Iterable[ast.ExceptHandler]) -> list[ast.ExceptHandler]:
    return list({id(handler): handler for handler in handlers}.values())


def _handled(
    machine: Machine,
    node: ast.Try,
    handlers: list[ast.ExceptHandler],
    ended: _Ended,
) -> object:
    """Run the handlers of which one catches, and what follows."""

    def run(handler: ast.ExceptHandler) -> object:
        if handler.name:
            bind_name(machine, handler.name, machine.unknown("is an error", handler), handler)
        signal = _inner(machine, handler.body)
        if handler.name:
            machine.put(machine.frame.cells, handler.name, ABSENT)
        return signal

    if len(handlers) == 1:
        return ended(lambda: run(handlers[0]))
    decision = Decision("depends on which error is raised", machine.span(node))
    return machine.fork(
        decision, lambda: ended(lambda: run(handlers[0])), lambda: _handled(machine, node, handlers[1:], ended)
    )


_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})


def _handlers_for(machine: Machine, node: ast.Try, risk: Risk) -> list[ast.ExceptHandler]:
    """The handlers that may catch an error: the first that certainly does, and those in front that may."""
    found: list[ast.ExceptHandler] = []
    for handler in node.handlers:
        kinds = _kinds_of(machine, handler)
        if risk.kind is None:
            # A call that nobody knows raises anything, but it does not import.
            if kinds is None or not kinds <= _IMPORT_ERRORS:
                found.append(handler)
            continue
        if kinds is None or any(_is_kind(risk.kind, kind) for kind in kinds):
            found.append(handler)
            break
    return found


def _kinds_of(machine: Machine, handler: ast.ExceptHandler) -> frozenset[str] | None:
    """The names of the classes that a handler catches; None when it catches everything."""
    if handler.type is None:
        return None
    elements = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = [one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", None) for one in elements]
    if any(name is None or name in ("Exception", "BaseException") for name in names):
        return None
    return frozenset(name for name in names if name is not None)


def _is_kind(kind: str, caught: str) -> bool:
    if kind == caught:
        return True
    one, other = getattr(builtins, kind, None), getattr(builtins, caught, None)
    return isinstance(one, type) and isinstance(other, type) and issubclass(one, other)
