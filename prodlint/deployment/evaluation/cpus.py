"""Numbers that are computed from the CPUs of the machine: `cpu_count() * 2 + 1`, `min(cpu_count(), 8)`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from math import ceil, floor

from prodlint.deployment.evaluation.concrete import on_defaults
from prodlint.deployment.evaluation.domain import Cpus, CpuSet, Driven, Limited, ListValue
from prodlint.deployment.evaluation.machine import Call, Machine
from prodlint.record import replace

__all__ = ["CPU_COUNTS", "calculated", "cpu_count", "cpu_set", "cpus_in", "whole", "with_limit"]

CPU_COUNTS = (
    "multiprocessing.cpu_count",
    "os.cpu_count",
    "os.process_cpu_count",
    "psutil.cpu_count",
    "joblib.cpu_count",
)
_LARGEST = 10_000
_LONGEST = 60


def cpu_count(machine: Machine, call: Call) -> object:
    """The CPUs of the machine: at least one."""
    return Cpus("depends on the number of CPUs", machine.span(call.node))


def cpu_set(machine: Machine, call: Call) -> object:
    """The CPUs that the process may run on."""
    return CpuSet("depends on the CPUs", machine.span(call.node))


def cpus_in(machine: Machine, call: Call, value: object) -> Cpus | None:
    """How many CPUs such a set holds; None for all else."""
    return Cpus("depends on the number of CPUs", machine.span(call.node)) if isinstance(value, CpuSet) else None


def calculated(kind: type, left: object, right: object) -> Cpus | None:
    """A number of CPUs times, plus, minus or by a plain number; None for all else."""
    if isinstance(right, Cpus) and kind in (ast.Mult, ast.Add):
        left, right = right, left
    if not isinstance(left, Cpus) or isinstance(right, bool) or not isinstance(right, (int, float)):
        return None
    if not abs(right) <= _LARGEST or len(left.formula) > _LONGEST:
        return None
    if kind is ast.Add:
        return _made(left, "+" if right >= 0 else "-", abs(right), lambda one: one + right)
    if kind is ast.Sub:
        return _made(left, "-" if right >= 0 else "+", abs(right), lambda one: one - right)
    if kind is ast.Mult and right > 0:
        return _made(left, "×", right, lambda one: one * right)
    if kind in (ast.Div, ast.FloorDiv) and right > 0:
        return _made(left, "/", right, lambda one: one // right if kind is ast.FloorDiv else one / right)
    return None


def _made(value: Cpus, sign: str, number: float, of: Callable[[float], float]) -> Cpus:
    formula = value.formula
    if sign in "×/" and any(mark in formula for mark in ("+", "-", ",")):
        formula = f"({formula})"
    if number != (1 if sign in "×/" else 0):
        formula = f"{formula} {sign} {number:g}"
    most = None if value.most is None else of(value.most)
    return replace(value, formula=formula, least=of(value.least), most=most)


def whole(function: Callable[[Machine, Call], object]) -> Callable[[Machine, Call], object]:
    """`int` and `round`: a number of CPUs stays what it is, and so does one that a platform chooses."""

    def called(machine: Machine, call: Call) -> object:
        if len(call.arguments) == 1 and isinstance(call.arguments[0], Limited) and not call.keywords:
            return call.arguments[0]
        if not _is_counted(call) or len(call.arguments) != 1:
            return function(machine, call)
        return on_defaults(machine, call.node, _rounded, *call.arguments)

    return called


def _rounded(value: object) -> object:
    if not isinstance(value, Cpus):
        return value
    return replace(value, least=floor(value.least), most=None if value.most is None else ceil(value.most))


def with_limit(function: Callable[[Machine, Call], object], is_most: bool) -> Callable[[Machine, Call], object]:
    """`min` and `max` of a number of CPUs and a plain number."""

    def limited(machine: Machine, call: Call, one: object, other: object) -> object:
        value, limit = (one, other) if isinstance(one, Cpus) else (other, one)
        is_number = isinstance(limit, (int, float)) and not isinstance(limit, bool)
        if not isinstance(value, Cpus) or not is_number or len(value.formula) > _LONGEST:
            return machine.unknown("depends on the number of CPUs", call.node)
        assert isinstance(limit, (int, float))
        most: float | None
        if is_most:
            most = limit if value.most is None else min(limit, value.most)
            if value.least >= limit:
                return limit
            formula = f"{value.formula}, at most {limit:g}"
            return replace(value, formula=formula, least=min(value.least, limit), most=most)
        if value.least >= limit:
            return value
        if value.most is not None and value.most <= limit:
            return limit
        return replace(value, formula=f"{value.formula}, at least {limit:g}", least=limit)

    def called(machine: Machine, call: Call) -> object:
        told = _numbers_of(call)
        if not _is_counted(told) or len(told.arguments) != 2:
            return function(machine, call)
        return on_defaults(machine, call.node, lambda one, other: limited(machine, call, one, other), *told.arguments)

    return called


def _numbers_of(call: Call) -> Call:
    """`min([one, other])` is `min(one, other)`."""
    held = call.arguments[0] if len(call.arguments) == 1 else None
    parts = held.content if isinstance(held, ListValue) else held
    return Call(call.node, parts, call.keywords) if isinstance(parts, tuple) else call


def _is_counted(call: Call) -> bool:
    values = [value.default if isinstance(value, Driven) else value for value in call.arguments]
    return not call.keywords and any(isinstance(value, Cpus) for value in values)
