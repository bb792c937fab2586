"""Statements of Python: run in order, both ways where nothing decides."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

from prodlint.deployment.evaluation.binding import bind, bind_name, inplace, note_write, put_item, unbind
from prodlint.deployment.evaluation.domain import ABSENT, ClassValue, Driven, External, FunctionValue, Raised
from prodlint.deployment.evaluation.environment import read_variable, required
from prodlint.deployment.evaluation.exits import bound_names, has_exit
from prodlint.deployment.evaluation.expressions import choose, defaults_of, look_up
from prodlint.deployment.evaluation.imports import run_import
from prodlint.deployment.evaluation.join import Decision, Signal
from prodlint.deployment.evaluation.machine import Frame, Machine
from prodlint.deployment.evaluation.methods import MUTATING
from prodlint.deployment.evaluation.objects import lineage_of
from prodlint.deployment.evaluation.operations import compare, subscript, truth
from prodlint.syntax.python_tree import nodes_in

__all__ = ["block"]

_Following = Callable[[], object]


def block(machine: Machine, body: list[ast.stmt], then: _Following | None = None) -> object:
    """Run statements, then what follows them; a Signal when one of them ends the block."""
    for index, node in enumerate(body):
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.Match)) and has_exit(machine, node):
            return _leaving(machine, node, partial(block, machine, body[index + 1 :], then))
        signal = _statement(machine, node)
        if signal is not None:
            return signal
    return then() if then is not None else None


def _leaving(machine: Machine, node: ast.stmt, following: _Following) -> object:
    """Run a statement that may end the block, and what follows where it does not."""
    machine.charge()
    with machine.deeper:
        if isinstance(node, ast.If):
            return _if(machine, node, following)
        if isinstance(node, (ast.Try, ast.With)):
            return _flow(machine, node, following)
        if isinstance(node, (ast.For, ast.While)):
            signal = _flow(machine, node)
            if isinstance(signal, Signal) and signal.kind == "maybe":
                decision = Decision("depends on how often a loop runs", machine.span(node))
                unknown = machine.unknown(decision.reason, node, signal.value)
                return machine.fork(decision, lambda: Signal("return", unknown), following)
            return signal if signal is not None else following()
        assert isinstance(node, ast.Match)
        return _match(machine, node, following)


def _flow(
    machine: Machine, node: ast.For | ast.While | ast.Try | ast.With, following: _Following | None = None
) -> object:
    """A loop, `try` or `with`: many a module that settings are read from has none."""
    from prodlint.deployment.evaluation.flow import loop, run_try, run_with

    if isinstance(node, ast.Try):
        return run_try(machine, node, following)
    return run_with(machine, node, following) if isinstance(node, ast.With) else loop(machine, node)


def _statement(machine: Machine, node: ast.stmt) -> object:
    machine.charge()
    run = _KINDS.get(type(node))
    outer = machine.reads
    if machine.frame.kind == "module":
        machine.reads = set(outer)
    try:
        with machine.deeper:
            if run is None:
                machine.risk()
                _smudge(machine, node, "is written in a way that is not evaluated")
                return None
            return run(machine, node)
    except Raised as error:
        if not machine.is_certain or machine.frame.kind != "module" or isinstance(node, ast.Raise):
            raise
        # The module does not load at all. What others than this statement say is still worth telling.
        _smudge(machine, node, f"cannot be computed: {error.kind}")
        return None
    finally:
        machine.reads = outer


def _smudge(machine: Machine, node: ast.stmt, reason: str) -> None:
    """What a statement would have bound is not known."""
    for name, place in bound_names(node):
        if name == "*":
            machine.open_module(machine.frame.module, reason, machine.span(node))
        else:
            bind_name(machine, name, machine.unknown(reason, place), place)


# Simple statements


def _assign(machine: Machine, node: ast.Assign) -> None:
    value = machine.expression(node.value)
    for target in node.targets:
        bind(machine, target, value)


def _annotated(machine: Machine, node: ast.AnnAssign) -> None:
    if node.value is not None:
        bind(machine, node.target, machine.expression(node.value))


def _augmented(machine: Machine, node: ast.AugAssign) -> None:
    target = node.target
    kind = type(node.op)
    if isinstance(target, ast.Name):
        current = look_up(machine, target.id, target)
        if current is ABSENT:
            raise Raised("NameError")
        made = inplace(machine, node, kind, current, machine.expression(node.value))
        bind(machine, target, made)
    elif isinstance(target, ast.Subscript):
        owner = machine.expression(target.value)
        if isinstance(target.slice, ast.Slice):
            machine.risk()
            machine.taint("is changed in a part", node, owner)
            return
        key = machine.expression(target.slice)
        if isinstance(owner, External) and owner.name == "os.environ":
            current = required(machine, read_variable(machine, key, node), "KeyError", node)
        else:
            current = subscript(machine, target, owner, key)
        put_item(machine, target, owner, key, inplace(machine, node, kind, current, machine.expression(node.value)))
        note_write(machine, target)
    else:
        current = machine.expression(target)
        bind(machine, target, inplace(machine, node, kind, current, machine.expression(node.value)))


def _expression(machine: Machine, node: ast.Expr) -> None:
    machine.expression(node.value)
    call = node.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in MUTATING:
        note_write(machine, call.func)


def _delete(machine: Machine, node: ast.Delete) -> None:
    for target in node.targets:
        unbind(machine, target)


def _raise(machine: Machine, node: ast.Raise) -> None:
    raised: ast.expr | None = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    name = raised.attr if isinstance(raised, ast.Attribute) else raised.id if isinstance(raised, ast.Name) else ""
    raise Raised(name if name[:1].isupper() else "Exception")


def _assert(machine: Machine, node: ast.Assert) -> None:
    decided = truth(machine, node.test, machine.expression(node.test))
    if decided is False:
        raise Raised("AssertionError")
    if isinstance(decided, Driven):
        machine.risk(decided.names if decided.default is not True else None, "AssertionError")
    elif decided is not True:
        machine.risk(None, "AssertionError")


def _return(machine: Machine, node: ast.Return) -> Signal:
    value = None if node.value is None else machine.expression(node.value)
    return Signal("return", value)


def _nothing(machine: Machine, node: ast.stmt) -> None:
    return None


# Conditions


def _if(machine: Machine, node: ast.If, following: _Following | None = None) -> object:
    decided = truth(machine, node.test, machine.expression(node.test))
    return choose(
        machine,
        node.test,
        decided,
        lambda: block(machine, node.body, following),
        lambda: block(machine, node.orelse, following),
    )


def _match(machine: Machine, node: ast.Match, following: _Following | None = None) -> object:
    subject = machine.expression(node.subject)
    return _cases(machine, node, subject, 0, following)


def _cases(machine: Machine, node: ast.Match, subject: object, index: int, following: _Following | None) -> object:
    if index >= len(node.cases):
        return following() if following is not None else None
    case = node.cases[index]
    matched = _matches(machine, case.pattern, subject)
    if case.guard is not None and matched is not False:
        matched = machine.unknown("is guarded", case.pattern)
    return choose(
        machine,
        case.pattern,
        matched,
        lambda: block(machine, case.body, following),
        lambda: _cases(machine, node, subject, index + 1, following),
    )


def _matches(machine: Machine, pattern: ast.pattern, subject: object) -> object:

    if isinstance(pattern, ast.MatchValue):
        return compare(machine, pattern, ast.Eq, subject, machine.expression(pattern.value))
    if isinstance(pattern, ast.MatchSingleton):
        return compare(machine, pattern, ast.Is, subject, pattern.value)
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
        if pattern.name is not None:
            bind_name(machine, pattern.name, subject, pattern)
        return True
    if isinstance(pattern, ast.MatchOr):
        answers = [_matches(machine, one, subject) for one in pattern.patterns]
        if True in answers:
            return True
        if all(answer is False for answer in answers):
            return False
    for part in nodes_in(pattern):
        name = getattr(part, "name", None) or getattr(part, "rest", None)
        if isinstance(part, (ast.MatchAs, ast.MatchStar, ast.MatchMapping)) and name:
            bind_name(machine, name, machine.unknown("is a part of what was matched", pattern, subject), pattern)
    return machine.unknown("is matched in a way that is not evaluated", pattern)


# Definitions


def _function(machine: Machine, node: ast.FunctionDef) -> None:
    value: object = FunctionValue(node, machine.frame, defaults_of(machine, node.args))
    for decorator in reversed(node.decorator_list):
        value = _decorated(machine, decorator, value)
    bind_name(machine, node.name, value, node)


_KINDS_OF_FUNCTIONS = {
    "property": "property",
    "staticmethod": "staticmethod",
    "classmethod": "classmethod",
    "functools.cached_property": "cached",
}
_TRANSPARENT = frozenset({"functools.lru_cache", "functools.cache", "typing.final", "typing.no_type_check"})


def _decorated(machine: Machine, decorator: ast.expr, value: object) -> object:
    name = machine.expression(decorator.func if isinstance(decorator, ast.Call) else decorator)
    if isinstance(name, External) and isinstance(value, FunctionValue):
        kind = _KINDS_OF_FUNCTIONS.get(name.name.removeprefix("builtins."))
        if kind is not None:
            return FunctionValue(value.node, value.scope, value.defaults, kind)
        if name.name in _TRANSPARENT:
            return value
        if name.name == "pydantic.computed_field":
            kept = value.kind if value.kind == "cached" else "property"
            return FunctionValue(value.node, value.scope, value.defaults, kept)
    if isinstance(name, External) and isinstance(value, ClassValue):
        if name.name in ("dataclasses.dataclass", "attr.s", "attrs.define"):
            value.is_dataclass = name.name == "dataclasses.dataclass"
            if value.is_dataclass:
                return value
        if name.name in _TRANSPARENT:
            return value
    machine.risk()
    return machine.unknown("is made by a decorator", decorator, value)


def _coroutine(machine: Machine, node: ast.AsyncFunctionDef) -> None:
    bind_name(machine, node.name, machine.unknown("is a coroutine", node), node)


def _class(machine: Machine, node: ast.ClassDef) -> None:
    bases: list[object] = []
    for base in node.bases:
        found = machine.expression(base)
        bases.append(found if isinstance(found, (ClassValue, External)) else External("a class that is not known"))
    if any(keyword.arg == "metaclass" for keyword in node.keywords):
        bases.append(External("a metaclass"))
    cls = ClassValue(node, machine.frame.module, tuple(bases), machine.born())
    lineage = lineage_of(cls)
    if lineage is None:
        raise Raised("TypeError")
    cls.lineage = lineage
    cls.annotations = {
        one.target.id: one for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    with machine.within(Frame(machine.frame.module, cls.cells, "class", machine.frame)):
        block(machine, node.body)
    value: object = cls
    for decorator in reversed(node.decorator_list):
        value = _decorated(machine, decorator, value)
    bind_name(machine, node.name, value, node)


_KINDS: dict[type, Callable[[Machine, Any], object]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
    ast.Delete: _delete,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Return: _return,
    ast.Break: lambda machine, node: Signal("break"),
    ast.Continue: lambda machine, node: Signal("continue"),
    ast.Pass: _nothing,
    ast.Global: _nothing,
    ast.If: _if,
    ast.Match: _match,
    ast.For: _flow,
    ast.While: _flow,
    ast.With: _flow,
    ast.Try: _flow,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _coroutine,
    ast.ClassDef: _class,
    ast.Import: run_import,
    ast.ImportFrom: run_import,
}
